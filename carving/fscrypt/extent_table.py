"""Which stretches of a source hold units of which encrypted file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from carving.fscrypt.keyring import FileIdentity
from carving.source import Run
from carving.sources.explained_bytes import Explained

_WORDS: Final = np.int64


@dataclass(frozen=True, slots=True)
class EncryptedExtent:
    """A stretch of a source that holds consecutive units of one file, from its unit number `first` on."""

    run: Run
    first: int
    file: FileIdentity
    unit: int


class ExtentTable:
    """Stretches of whole units in order of their place; none overlaps another. It can be pickled."""

    def __init__(self, extents: list[EncryptedExtent]) -> None:
        """Args: the stretches; where two overlap, the one that comes first in the list keeps the bytes."""
        taken = Explained()
        kept: list[tuple[int, int, int, int, int]] = []
        files: dict[FileIdentity, int] = {}
        for extent in extents:
            number = files.setdefault(extent.file, len(files))
            for part in taken.left_of(extent.run):
                skipped = part.offset - extent.run.offset
                kept.append((part.offset, part.length, extent.first + skipped // extent.unit, number, extent.unit))
            taken.add(extent.run)
        kept.sort()
        columns = np.array(kept, dtype=_WORDS).reshape(-1, 5)
        self._files = tuple(files)
        self._starts: NDArray[np.int64] = columns[:, 0].copy()
        self._ends: NDArray[np.int64] = columns[:, 0] + columns[:, 1]
        self._details: NDArray[np.int64] = columns[:, 2:].copy()

    def __len__(self) -> int:
        return int(self._starts.size)

    def within(self, wanted: Run) -> Iterator[tuple[Run, EncryptedExtent]]:
        """The parts of a stretch that are encrypted, in order, each with the extent it lies in."""
        first = int(np.searchsorted(self._ends, wanted.offset, side="right"))
        last = int(np.searchsorted(self._starts, wanted.end, side="left"))
        for index in range(first, last):
            start, end = int(self._starts[index]), int(self._ends[index])
            unit_number, file, unit = self._details[index].tolist()
            extent = EncryptedExtent(Run(start, end - start), unit_number, self._files[file], unit)
            inside = max(start, wanted.offset)
            yield Run(inside, min(end, wanted.end) - inside), extent

    def covers(self, run: Run) -> bool:
        """Whether all of a stretch is encrypted."""
        return sum(part.length for part, _ in self.within(run)) == run.length

    def others_than(self, runs: tuple[Run, ...]) -> Iterator[Run]:
        """The parts of runs, which stand in order, that are not encrypted."""
        for run in runs:
            position = run.offset
            for part, _ in self.within(run):
                if part.offset > position:
                    yield Run(position, part.offset - position)
                position = part.end
            if position < run.end:
                yield Run(position, run.end - position)
