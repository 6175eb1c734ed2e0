"""Which bytes of a source are explained by what was found there, so that nobody looks for anything else in them."""

from __future__ import annotations

from bisect import bisect_left, bisect_right

from carving.source import HOLE_OFFSET, Run


class Explained:
    """Stretches of a source, none of which touches another."""

    def __init__(self) -> None:
        self._starts: list[int] = []
        self._ends: list[int] = []

    def add(self, run: Run) -> None:
        """Note that the bytes of a run are explained; a hole has none."""
        if run.offset == HOLE_OFFSET or run.length <= 0:
            return
        first = bisect_left(self._ends, run.offset)
        last = bisect_right(self._starts, run.end)
        start = min([run.offset, *self._starts[first : first + 1]]) if first < last else run.offset
        end = max([run.end, *self._ends[last - 1 : last]]) if first < last else run.end
        self._starts[first:last] = [start]
        self._ends[first:last] = [end]

    def within(self, run: Run) -> tuple[Run, ...]:
        """The parts of a run that are explained, in order."""
        first, last = bisect_right(self._ends, run.offset), bisect_left(self._starts, run.end)
        parts = zip(self._starts[first:last], self._ends[first:last], strict=True)
        return tuple(Run(max(start, run.offset), min(end, run.end) - max(start, run.offset)) for start, end in parts)

    def covers(self, run: Run) -> bool:
        """Whether all of a run is explained."""
        return self.within(run) == (run,)

    def left_of(self, run: Run) -> tuple[Run, ...]:
        """The parts of a run that are not explained, in order."""
        left: list[Run] = []
        position = run.offset
        for part in self.within(run):
            left.append(Run(position, part.offset - position))
            position = part.end
        left.append(Run(position, run.end - position))
        return tuple(part for part in left if part.length)
