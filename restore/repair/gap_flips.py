"""Whether flips explain the gaps that a search over segments found: they are looked for there and nowhere else."""

from __future__ import annotations

from typing import Final

import numpy as np

from carving.flips.model import FlipModel
from restore.repair.search.code_search import search_of
from restore.repair.search.flip_search import SIGNS, FlipSearch
from restore.repair.search.hypotheses import Reversal
from restore.repair.search.scan_repair import Effort
from restore.repair.search.search_limits import ALARM, BACKTRACK, DOUBT, DROP
from restore.scan.contracts import ALARMED
from restore.scan.extend_kernels import NEVER
from restore.scan.preparation import lay_path, recalibrate
from restore.scan.scan import Scan
from restore.segments.search import Explanation

_BEHIND: Final = 48
"""MCUs behind the last that is sure, within which what a flip does to a scan shows."""

_BEFORE: Final = 2
_CLEAN: Final = 2.0
"""MCUs in front of a gap that are looked at, and what they may lack once a flip is reversed, in `DOUBT`: the two of an
inserted byte that a wrong flip left lacked 15 and 16 spreads."""

_MOST_GAPS: Final = 8
"""Gaps that are tried: of so many flips one at least is found by itself."""


def flips_explain(scan: Scan, model: FlipModel, effort: Effort, found: Explanation) -> bool:
    """Whether a flip explains a gap and is beyond doubt, by all that is asked of flips elsewhere.

    Behind a gap of any kind some bit brings a scan back into step that lost a few MCUs, and gains by all that follows.
    Only the right one leaves no MCU in front of it that looks as damage does.

    The scan's path and model are then what the segments leave; its bytes are as they were.
    """
    scan.restart()
    lay_path(scan, found.starts, found.known, found.coefficients)
    recalibrate(scan)
    search = search_of(scan, model, effort.expansions, ALARM)
    explained = any(_is_flip(scan, model, search, first) for first in _firsts(found)[:_MOST_GAPS])
    scan.restart()
    return explained


def _firsts(found: Explanation) -> list[int]:
    """The MCUs behind segments that something is missing behind."""
    count = found.known.size
    ends = [segment.first_mcu + segment.mcus for segment in found.segments if segment.first_mcu is not None]
    return [end for end in ends if end < count or found.segments[-1].first_mcu is None]


def _is_flip(scan: Scan, model: FlipModel, search: FlipSearch, first: int) -> bool:
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
            return any(reversal.certain for reversal in found) and _is_clean(scan, model, base, first, found)
        scan.walk(start, stretch.mcu, NEVER)
        scan.examined[scan.path.places[max(stretch.best_mcu, start) : stretch.mcu] >> 3] = 1
        mcu = max(base, stretch.mcu - 1)
    return False


def _is_clean(scan: Scan, model: FlipModel, base: int, first: int, found: tuple[Reversal, ...]) -> bool:
    """Whether flips that are reversed in the bytes leave no sign of damage between MCU `first` and what is behind."""
    behind = 8 * max(int(model.starts[reversal.unit] + model.reaches[reversal.unit]) for reversal in found)
    end = scan.walk(base, min(first + 2 * _BEHIND, scan.layout.mcu_count), NEVER).mcu - base
    places, scores = scan.path.places[base:], scan.path.scores[base:]
    last = min(int(np.searchsorted(places[:end], behind)) + 1, first + _BEHIND - base, end)
    begin = max(0, first - _BEFORE - base)
    bits = np.diff(places[begin : last + 1]).astype(np.float64)
    expected = scan.model.expected
    lacks = (expected.score(bits) - np.diff(scores[begin : last + 1])) / max(expected.spread, 1e-9)
    return not lacks.size or float(lacks.max()) <= _CLEAN * DOUBT
