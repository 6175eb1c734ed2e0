"""Whether flips explain the gaps that a search over segments found: they are looked for there and nowhere else."""

from __future__ import annotations

from typing import Final

from carving.flips.model import FlipModel
from restore.repair.search.code_search import search_of
from restore.repair.search.flip_search import SIGNS, FlipSearch
from restore.repair.search.scan_repair import Effort
from restore.repair.search.search_limits import ALARM, BACKTRACK, DROP
from restore.scan.contracts import ALARMED
from restore.scan.extend_kernels import NEVER
from restore.scan.preparation import lay_path, recalibrate
from restore.scan.scan import Scan
from restore.segments.search import Explanation

_BEHIND: Final = 48
"""MCUs behind the last that is sure, within which what a flip does to a scan shows."""

_MOST_GAPS: Final = 8
"""Gaps that are tried: of so many flips one at least is found by itself."""


def flips_explain(scan: Scan, model: FlipModel, effort: Effort, found: Explanation) -> bool:
    """Whether a flip explains a gap and is beyond doubt, by all that is asked of flips elsewhere.

    Behind a gap of any kind many bits bring a scan back into step that lost a few MCUs: there all gain alike.

    The scan's path and model are then what the segments leave; its bytes are as they were.
    """
    scan.restart()
    lay_path(scan, found.starts, found.known, found.coefficients)
    recalibrate(scan)
    search = search_of(scan, model, effort.expansions, ALARM)
    explained = any(_is_flip(scan, search, first) for first in _firsts(found)[:_MOST_GAPS])
    scan.restart()
    return explained


def _firsts(found: Explanation) -> list[int]:
    """The MCUs behind segments that something is missing behind."""
    count = found.known.size
    ends = [segment.first_mcu + segment.mcus for segment in found.segments if segment.first_mcu is not None]
    return [end for end in ends if end < count or found.segments[-1].first_mcu is None]


def _is_flip(scan: Scan, search: FlipSearch, first: int) -> bool:
    """Whether a flip is found that explains the signs of damage about MCU `first`, from where on nothing is sure."""
    mcu = base = max(0, first - BACKTRACK)
    end = min(first + _BEHIND, scan.layout.mcu_count)
    scan.path.scores[base] = 0.0
    while mcu < end:
        stretch = scan.walk(mcu, end, DROP, search.alarm)
        if stretch.why not in SIGNS:
            return False
        start = max(base, min(stretch.best_mcu, stretch.mcu - 1) - BACKTRACK)
        found = search.resolve(start)
        if found or stretch.why != ALARMED:
            return any(reversal.certain for reversal in found)
        scan.walk(start, stretch.mcu, NEVER)
        scan.examined[scan.path.places[max(stretch.best_mcu, start) : stretch.mcu] >> 3] = 1
        mcu = max(base, stretch.mcu - 1)
    return False
