"""How sure a place is that rests on an anchor: on the end of the scan, or on numbers of restart markers.

Each posterior weighs the place that the anchor gives against what would look the same by chance or belong to something
else. The shares below are assumptions about damage, not measurements of one kind of medium.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from restore.segments.laid import LaidSegment
from restore.segments.path_kernels import PADDING_BITS
from restore.segments.paths import ReadPath
from restore.segments.places import AT_LEAST, LEVEL_SHARE, OF_COUNT
from restore.segments.scan_cut import Cut
from restore.segments.told import Told

_MISSING: Final = 0.2
"""Share of gaps whose bytes say nothing of how much is lost: pieces are missing, doubled or put in."""

_NOT_ITS_OWN: Final = 1e-3
"""Share of scans whose last data read as this picture's and end on a marker without being its end: half of them are
another picture's, whose end is as good, half stand in front of two bytes that happen to be FF D9."""

_PADDED: Final = 0.95
"""Share of ends that are padded with ones, as ITU-T T.81, F.1.2.3 asks for."""

_MOST_TOLD: Final = 6.0
"""Most nats that a thumbnail counts for."""

_COMES_ROUND: Final = 0.05
"""Share of broken restart intervals at which so many intervals are missing that the numbers come round."""

_NUMBERS: Final = 8
_MOST_ROWS: Final = 30.0


def end_posterior(cut: Cut, path: ReadPath, lost: int, expected: float, total: int, told_nats: float = 0.0) -> float:
    """Probability that a path that ends where the scan does ends the picture.

    A stretch that does not end a scan has an MCU end within its last 8 bits, and ones behind it, in 2 of as many cases
    as an MCU has bits.

    Args:
        lost: MCUs of the picture (`total` in all) that the place leaves out; expected: as many as the gaps' bytes are.
        told_nats: by which the thumbnail speaks for the place.
    """
    bits = max(1.0, float(path.positions[-1] - path.positions[0]) / max(1, path.count))
    ones = is_padded(cut, path)
    kept = sum(0.5**padding for padding in range(PADDING_BITS))
    chance = min(1.0, (kept if ones else PADDING_BITS - kept) / bits)
    own = _PADDED if ones else 1.0 - _PADDED
    deviation = OF_COUNT * expected + AT_LEAST
    near = float(np.exp(-0.5 * ((lost - expected) / deviation) ** 2)) / (deviation * float(np.sqrt(2.0 * np.pi)))
    here = (1.0 - _NOT_ITS_OWN) * own * (_MISSING / total + (1.0 - _MISSING) * near) * float(np.exp(told_nats))
    elsewhere = _NOT_ITS_OWN * (own + chance) / 2.0 / total
    return here / (here + elsewhere)


def is_padded(cut: Cut, path: ReadPath) -> bool:
    """Whether only ones stand between the end of a path and the end of its piece."""
    end = int(path.positions[-1])
    left = 8 * cut.pieces[path.piece].end - end
    if not 0 < left < PADDING_BITS:
        return left == 0
    return int(cut.data[end >> 3]) & ((1 << left) - 1) == (1 << left) - 1


def told_nats(segment: LaidSegment, told: Told | None) -> float:
    """Nats by which a thumbnail speaks for the place of a segment, at whatever level it stands."""
    if told is None or segment.first is None:
        return 0.0
    levels = segment.rows.levels
    nats = told.likelihood(levels, segment.first, told.offset(levels, segment.first)).sum()
    return float(np.clip(LEVEL_SHARE * nats, -_MOST_TOLD, _MOST_TOLD))


def numbered_posterior(size: float, usual: float, rows_nats: float = 0.0) -> float:
    """Probability that what stands behind a broken interval is numbered right, and not a multiple of 8 too low.

    That whole intervals, each of the right number of MCUs and ended by the next number, come about by chance is out of
    the question.

    Args:
        size, usual: bytes of the broken interval and of a whole one.
        rows_nats: by which rows that touch speak for the place against the best one further on.
    """
    apart = (size - usual) / (OF_COUNT * usual + AT_LEAST)
    near = float(np.exp(-0.5 * apart**2)) / (OF_COUNT * float(np.sqrt(2.0 * np.pi)))
    gained = float(np.exp(np.clip(rows_nats, -_MOST_ROWS, _MOST_ROWS)))
    here = ((1.0 - _COMES_ROUND) * near + _COMES_ROUND * (1.0 - 1.0 / _NUMBERS)) * gained
    return here / (here + _COMES_ROUND / _NUMBERS)
