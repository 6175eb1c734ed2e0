"""A map of a source in blocks: which of them can hold entropy-coded data that belong to no file found so far."""

from __future__ import annotations

from bisect import bisect_left, insort
from typing import Final

import numpy as np
from numpy.typing import NDArray

from carving.source import Run

_MOST_STARTS: Final = 1 << 16
_BLOCK: Final = 4096
_LONGEST_MUTE: Final = 16


WindowBlocks = tuple[int, NDArray[np.uint8]]
"""The blocks of a window: how many, and a bit for each, set where it can hold entropy-coded data."""


def judge(data: bytes, span: int) -> tuple[WindowBlocks | None, list[int]]:
    """Judge the first `span` bytes of a window: its blocks, None where none is coded, and where FF D8 FF stands."""
    from carving.carver.block_kernels import BLOCK, CODED, ENDING, MUTE, look_over

    size = min(span, len(data))
    classes = np.zeros(-(-size // BLOCK), dtype=np.uint8)
    starts = np.zeros(_MOST_STARTS, dtype=np.int64)
    words = np.frombuffer(data, dtype=np.uint64, count=size // 8)
    found = look_over(words, np.frombuffer(data, dtype=np.uint8), classes, starts)
    anywhere = [int(start) for start in starts[: min(found, _MOST_STARTS)]]
    coded = (classes == CODED) | (classes == ENDING)
    if not coded.any():
        return None, anywhere
    return (coded.size, np.packbits(_bridged(coded, classes == MUTE))), anywhere


class BlockMap:
    """One bit for each block of 4096 bytes (32 MiB for a TiB), and the stretches that are taken by files."""

    def __init__(self) -> None:
        self._windows: dict[int, WindowBlocks] = {}
        self._taken: list[tuple[int, int]] = []

    def note(self, offset: int, blocks: WindowBlocks) -> None:
        """Put in what was judged of a window that begins at `offset`."""
        self._windows[offset] = blocks

    def take(self, run: Run) -> None:
        """Note that the bytes of a run belong to a file."""
        insort(self._taken, (run.offset, run.end))

    def next_taken(self, place: int, size: int) -> int:
        """Where the first file begins at or behind a place of a source of `size` bytes; its end where none does."""
        index = bisect_left(self._taken, (place, 0))
        return self._taken[index][0] if index < len(self._taken) else size

    def free_runs(self) -> list[Run]:
        """Stretches of free blocks with entropy-coded data, in order, each with the block before it if that is mute."""
        from carving.carver.block_kernels import BLOCK

        runs: list[Run] = []
        for base, (size, packed) in sorted(self._windows.items()):
            coded = np.unpackbits(packed, count=size)
            first = max(0, bisect_left(self._taken, (base, base)) - 1)
            last = bisect_left(self._taken, (base + size * BLOCK, 0))
            for start, end in self._taken[first:last]:
                if end > base:
                    coded[max(0, (start - base) // BLOCK) : -(-(end - base) // BLOCK)] = 0
            edges = np.flatnonzero(np.diff(np.concatenate(([0], coded.astype(np.int8), [0]))))
            for first, behind in edges.reshape(-1, 2).tolist():
                offset = base + first * BLOCK
                if runs and runs[-1].end >= offset:
                    offset = runs.pop().offset
                runs.append(Run(offset, base + behind * BLOCK - offset))
        return runs


def _bridged(coded: NDArray[np.bool_], mute: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """With the mute block before each coded one and short mute stretches between two: smooth parts of pictures."""
    coded = coded.copy()
    coded[:-1] |= mute[:-1] & coded[1:]
    edges = np.flatnonzero(np.diff(np.concatenate(([0], mute.astype(np.int8), [0])))).reshape(-1, 2)
    for first, behind in edges.tolist():
        inside = first > 0 and behind < coded.size and coded[first - 1] and coded[behind]
        if inside and behind - first <= _LONGEST_MUTE:
            coded[first:behind] = True
    return coded


def without(runs: list[Run], taken: Run) -> list[Run]:
    """What is left of the runs when the blocks of one stretch are taken out of them."""
    left: list[Run] = []
    for run in runs:
        before = Run(run.offset, max(0, min(run.end, taken.offset) - run.offset))
        start = max(run.offset, taken.end + -(taken.end - run.offset) % _BLOCK)
        behind = Run(start, max(0, run.end - start))
        left += [part for part in (before, behind) if part.length >= _BLOCK]
    return left
