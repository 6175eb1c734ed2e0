"""Which bytes of a file stand where, to compare its versions with each other."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator

from carving.file_systems.f2fs.records import F2fsFile, F2fsRun


class Placement:
    """The data of one version of a file, by place in the file and in the source."""

    def __init__(self, file: F2fsFile) -> None:
        self._inline = file.inline
        self._by_shift: dict[int, tuple[list[int], list[int]]] = {}
        for run in file.runs:
            if run.physical is not None:
                starts, ends = self._by_shift.setdefault(run.physical - run.logical, ([], []))
                starts.append(run.logical)
                ends.append(run.logical + run.length)

    def holds(self, file: F2fsFile) -> bool:
        """Whether all data of another version stand at the same places in this one."""
        if file.inline is not None or self._inline is not None:
            return file.inline == self._inline
        return all(self._holds(run) for run in file.runs if run.physical is not None)

    def shared(self, run: F2fsRun) -> Iterator[tuple[int, int]]:
        """The stretches of a run of another version that stand at the same places in this one, from its own start."""
        if run.physical is None or run.physical - run.logical not in self._by_shift:
            return
        starts, ends = self._by_shift[run.physical - run.logical]
        end = run.logical + run.length
        for index in range(max(bisect_right(starts, run.logical) - 1, 0), len(starts)):
            if starts[index] >= end:
                return
            if ends[index] > run.logical:
                yield max(starts[index] - run.logical, 0), min(ends[index], end) - run.logical

    def _holds(self, run: F2fsRun) -> bool:
        return sum(end - start for start, end in self.shared(run)) == run.length
