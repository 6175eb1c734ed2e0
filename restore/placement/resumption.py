"""Where a path under repair goes on behind a sign of damage.

Either the path as it stands recovers (the damage stayed within its MCUs), or what follows is anchored anew by shift and
DC offsets.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from restore.placement.anchor_kernels import best_anchor, earliest, follow
from restore.placement.state.segment import LARGEST_SHIFT
from restore.scan.contracts import COMPLETE, DROPPED
from restore.scan.extend_kernels import NEVER
from restore.scan.scan import Scan, Stretch

_RECOVERED: Final = 60.0
"""Nats that the path must win back within `_RECOVERY_MCUS` to count as recovered."""

_RECOVERY_MCUS: Final = 12
_PROBE_MCUS: Final = 24
_ANCHOR_SCORE: Final = 150.0
"""Nats a stretch must score at its anchor."""

_BETTER: Final = 15.0
"""Nats by which an anchor must beat the path as it stands."""

_PROBES: Final = (10, 20, 40, 80)
"""How many MCUs behind the damage the stretch to be anchored begins, tried in turn."""


@dataclass(frozen=True, eq=False)
class Anchor:
    """Where the path goes on: MCU, place in bits of the file, DC predictors; `stays` where it may go on as it
    stands."""

    mcu: int
    place: int
    predictors: NDArray[np.int64]
    stays: bool

    def lay(self, scan: Scan) -> None:
        """Make it the path's next row."""
        scan.path.places[self.mcu] = self.place
        scan.path.predictors[self.mcu] = self.predictors
        scan.path.scores[self.mcu] = 0.0


def resume(scan: Scan, stretch: Stretch) -> Anchor | None:
    """Where the path goes on behind a sign of damage, laid as its next row; None where it cannot go on.

    With restart intervals a path that does not recover begins again at the next marker, else it is anchored anew.
    """
    if scan.layout.restart_interval == 0:
        anchor = _anchor(scan, stretch)
    elif stretch.why == DROPPED and _recovers(scan, stretch):
        place, predictors = scan.path.places[stretch.mcu], scan.path.predictors[stretch.mcu].astype(np.int64)
        return Anchor(stretch.mcu, int(place), predictors, stays=True)
    else:
        anchor = _next_interval(scan, stretch.best_mcu)
    if anchor is None or (not anchor.stays and anchor.mcu < stretch.best_mcu):
        return None
    if not anchor.stays:
        anchor.lay(scan)
    return anchor


def _recovers(scan: Scan, stretch: Stretch) -> bool:
    """Whether the path as it stands goes on well behind a drop."""
    ahead = scan.walk(stretch.mcu, stretch.mcu + _RECOVERY_MCUS, 40.0)
    return ahead.score - stretch.score >= _RECOVERED or ahead.why == COMPLETE


def _next_interval(scan: Scan, good: int) -> Anchor | None:
    """Begin again at the next restart marker behind MCU `good`; None where there is none."""
    interval = scan.layout.restart_interval
    following = good // interval + 1
    first = int(scan.path.places[good]) >> 3
    for start, number in restart_markers(scan.raw, first, scan.end):
        skip = (number + 1 - following) % 8
        if skip > 3:
            continue  # an invented marker, or one of long ago
        mcu = (following + skip) * interval
        if mcu >= scan.layout.mcu_count:
            return None
        return Anchor(mcu, 8 * start, np.zeros(4, dtype=np.int64), stays=False)
    return None


def restart_markers(raw: NDArray[np.uint8], first: int, end: int) -> Iterator[tuple[int, int]]:
    """Offset behind, and number of, every restart marker in `raw[first:end]`."""
    step = 1 << 16
    for start in range(first, end, step):
        piece = raw[start : min(start + step + 1, end)]
        for index in np.flatnonzero((piece[:-1] == 0xFF) & (piece[1:] >= 0xD0) & (piece[1:] <= 0xD7)):
            yield start + int(index) + 2, int(piece[index + 1]) & 7


def _anchor(scan: Scan, stretch: Stretch) -> Anchor | None:
    """Anchor what follows a stretch; None where nothing fits."""
    good = stretch.best_mcu
    places = np.zeros(max(_PROBES) + 1, dtype=np.int64)
    window = min(int(8 * (max(_PROBES) + 6 * _PROBE_MCUS) * scan.mcu_bytes) + 4096, scan.work.marks.size - 64)
    start = int(scan.path.places[good])
    offsets, predictors = np.zeros(4, dtype=np.int64), np.zeros(4, dtype=np.int64)
    unmoved = scan.walk(good, good + max(_PROBES) + 1, NEVER)
    as_it_stands = scan.path.places[good : unmoved.mcu].copy()
    stored = scan.path.predictors[good : unmoved.mcu].copy()
    scan.path.known[good:] = 0
    found = follow(scan.raw, start, scan.end, window, scan.layout, scan.codes, scan.work, places)
    for probe in _PROBES:
        if probe >= found:
            break
        scan.spent += 2 * LARGEST_SHIFT * _PROBE_MCUS
        first = max(good, good + probe - LARGEST_SHIFT)
        last = min(good + probe + LARGEST_SHIFT, scan.layout.mcu_count - 2)
        score, mcu = best_anchor(
            scan.raw,
            int(places[probe]),
            scan.end,
            window,
            first,
            last,
            _PROBE_MCUS,
            scan.layout,
            scan.codes,
            scan.model,
            scan.path,
            scan.own,
            scan.work,
            scan.examined,
            offsets,
        )
        on_path = probe < as_it_stands.size and as_it_stands[probe] == places[probe]
        if on_path:
            plain = scan.probe(int(places[probe]), good + probe, stored[probe].astype(np.int64), 6 * _PROBE_MCUS)
            if plain >= score - _BETTER and plain >= _ANCHOR_SCORE:
                scan.walk(good, stretch.mcu, NEVER)
                return Anchor(stretch.mcu, int(as_it_stands[probe]), offsets, stays=True)
        if mcu < 0 or score < min(_ANCHOR_SCORE, 3.0 * (scan.layout.mcu_count - mcu)):
            continue
        begin = earliest(
            scan.raw,
            places,
            probe,
            mcu,
            good,
            scan.end,
            window,
            scan.layout,
            scan.codes,
            scan.model,
            scan.path,
            scan.own,
            scan.work,
            scan.examined,
            offsets,
            predictors,
        )
        return Anchor(mcu - (probe - begin), int(places[begin]), predictors, stays=False)
    return None
