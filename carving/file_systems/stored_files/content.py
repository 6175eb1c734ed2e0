"""Where the content of a file lies: runs in the order of its bytes, holes among them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from carving.source import HOLE_OFFSET, Run

Piece = tuple[int, Run]
"""A stretch of a file: its first byte in the file, and where it lies."""


@dataclass(frozen=True, slots=True)
class Content:
    """The content of one file.

    Attributes:
        runs: where it lies in the source, in order and as long as the file; holes stand at `HOLE_OFFSET`.
        begins_as_jpeg: whether its first bytes are those of a JPEG.
        unit: bytes that NTFS has compressed together; 0 where the content is stored as it is. The runs of a compressed
            unit are those of what is stored, then a hole as long as what was saved.
    """

    runs: tuple[Run, ...]
    begins_as_jpeg: bool = False
    unit: int = 0

    @property
    def size(self) -> int:
        """Bytes of the file."""
        return sum(run.length for run in self.runs)

    @property
    def stored(self) -> tuple[Run, ...]:
        """The runs that lie on the medium."""
        return tuple(run for run in self.runs if run.offset != HOLE_OFFSET)

    @property
    def is_in_pieces(self) -> bool:
        """Whether its bytes are not simply one stretch of the source."""
        return len(self.runs) > 1 or self.unit > 0


def laid_out(pieces: Iterable[Piece], size: int) -> tuple[Run, ...]:
    """The runs of a file of `size` bytes: its pieces in order, with holes where there is none, cut to that size.

    Where two pieces claim the same bytes of the file the earlier in order of place counts.
    """
    runs: list[Run] = []
    position = 0
    for start, run in sorted(pieces, key=lambda piece: piece[0]):
        begin, end = max(start, position), min(start + run.length, size)
        if end <= begin:
            continue
        _append(runs, Run(HOLE_OFFSET, begin - position))
        hole = run.offset == HOLE_OFFSET
        _append(runs, Run(HOLE_OFFSET if hole else run.offset + begin - start, end - begin))
        position = end
    _append(runs, Run(HOLE_OFFSET, size - position))
    return tuple(runs)


def _append(runs: list[Run], run: Run) -> None:
    """Add a run, joined to the last one where it goes on from there, or where both are holes."""
    if run.length <= 0:
        return
    last = runs[-1] if runs else None
    if last is not None and (last.end == run.offset or last.offset == run.offset == HOLE_OFFSET):
        runs[-1] = Run(last.offset, last.length + run.length)
    else:
        runs.append(run)


def cut(runs: Iterable[Run], size: int) -> tuple[Run, ...]:
    """The first `size` bytes of runs."""
    kept: list[Run] = []
    for run in runs:
        length = min(run.length, size)
        if length > 0:
            kept.append(Run(run.offset, length))
        size -= length
    return tuple(kept)
