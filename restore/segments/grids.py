"""Foreign bytes at a fixed period, such as the page pointers of a database: left out, the whole scan decodes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Final

import numpy as np
from numpy.typing import NDArray

from carving.errors import JpegError
from restore.decoding.decoded import Decoded
from restore.decoding.robust import decode
from restore.guard.continuity import border_costs

_PERIODS: Final = (512, 1024, 2048, 4096, 8192, 16384, 32768, 65536)
"""Sizes of pages and sectors."""

_WIDTH: Final = 4
"""Bytes of a page's pointer to the next (SQLite file format, 1.6)."""

_FEWEST: Final = 2
"""Pointers that have to be numbered in turn."""

_IN_TURN: Final = 0.7
_TRIED: Final = 4


@dataclass(frozen=True, eq=False, slots=True)
class Grid:
    """Foreign bytes at `first` and every `period` bytes from there on.

    Attributes:
        lead: foreign bytes directly before the first of them: where a database's record leaves its own page, the
            pointer to the next page stands before that page's own.
        kept: int64, offset in the file of each byte that is left.
        decoded: what decodes without them.
    """

    first: int
    period: int
    lead: int
    kept: NDArray[np.int64]
    decoded: Decoded


def find_grid(data: bytes, start: int) -> Grid | None:
    """The grid of foreign bytes in a file without which it decodes to its last bit, if there is one.

    Args:
        data: the file; start: offset of its scan's data.
    """
    for first, period in islice(_candidates(data), _TRIED):
        tried = [_without(data, first, period, lead) for lead in (0, _WIDTH) if first - lead >= 0]
        sound = [grid for grid in tried if grid is not None and grid.decoded.end > start]
        if sound:
            return min(sound, key=_unevenness)
    return None


def _unevenness(grid: Grid) -> float:
    """What the borders of MCUs cost."""
    costs = border_costs(grid.decoded.header, grid.decoded.coefficients)
    return float(sum(cost.sum(dtype=np.float64) for cost in costs))


def _candidates(data: bytes) -> Iterator[tuple[int, int]]:
    """Where numbers stand at a fixed period that go up by one, the likeliest first."""
    raw = np.frombuffer(data, dtype=np.uint8).astype(np.int64)
    if raw.size < _WIDTH + 1:
        return
    numbers = (raw[:-3] << 24) | (raw[1:-2] << 16) | (raw[2:-1] << 8) | raw[3:]
    found = []
    for period in _PERIODS:
        if numbers.size <= _FEWEST * period:
            continue
        in_turn = numbers[period:] - numbers[:-period] == 1
        pages = -(-in_turn.size // period)
        padded = np.zeros(pages * period, dtype=np.bool_)
        padded[: in_turn.size] = in_turn
        counts = padded.reshape(pages, period).sum(axis=0)
        for phase in np.argsort(counts)[::-1][:2].tolist():
            there = len(range(phase, in_turn.size, period))
            if counts[phase] >= max(_FEWEST, _IN_TURN * (there - 1)):
                found.append((int(counts[phase]), int(phase), period))
    for _, phase, period in sorted(found, reverse=True):
        column = numbers[phase::period]
        pages_behind = np.flatnonzero(np.diff(column) == 1)
        first = phase + int(pages_behind[0]) * period
        yield first, period


def _without(data: bytes, first: int, period: int, lead: int) -> Grid | None:
    """The grid if a file decodes to its last bit without it."""
    places = np.arange(len(data))
    foreign = (places >= first - lead) & ((places < first) | ((places - first) % period < _WIDTH))
    kept = np.flatnonzero(~foreign)
    try:
        decoded = decode(np.frombuffer(data, dtype=np.uint8)[kept].tobytes())
    except JpegError:
        return None
    return Grid(first, period, lead, kept, decoded) if decoded.flawless else None
