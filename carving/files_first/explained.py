"""Which bytes of a source the files that were taken explain, so that they are not searched again."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import replace

from carving.fragments import Fragment
from carving.jpeg.header_walk import walk_header
from carving.jpeg.picture_walk import check_picture, sound_header
from carving.source import HOLE_OFFSET, ByteSource, Run, clamp, evidence_runs, merge
from carving.sources.in_place import LayerInPlace


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


class UnexplainedSource(LayerInPlace):
    """The source below with zeros for what is explained; those bytes are not even read."""

    def __init__(self, below: ByteSource, explained: Explained) -> None:
        super().__init__(below)
        self._explained = explained

    def read_at(self, offset: int, length: int) -> bytes:
        wanted = clamp(offset, length, self.size)
        covered = self._explained.within(wanted)
        if not covered:
            return self.below.read_at(wanted.offset, wanted.length)
        data = bytearray(wanted.length)
        for part in self._explained.left_of(wanted):
            data[part.offset - wanted.offset : part.end - wanted.offset] = self.below.read_at(part.offset, part.length)
        return bytes(data)


def without_explained(fragment: Fragment, source: ByteSource, explained: Explained) -> Fragment | None:
    """A fragment that was carved around explained bytes, without these; None where nothing is left of it."""
    if not any(explained.within(run) for run in fragment.byte_runs):
        return fragment
    parts: list[bytes] = []
    runs: list[Run] = []
    position = 0
    for run in fragment.byte_runs:
        for part in explained.left_of(run):
            start = position + part.offset - run.offset
            parts.append(fragment.data[start : start + part.length])
            runs.append(part)
        position += run.length
    data = b"".join(parts)
    if not runs or runs[0].offset != fragment.offset:
        return None
    checked = None if fragment.borrowed is not None else check_picture(data, sound_header(data, walk_header(data)))
    return replace(
        fragment,
        data=data,
        byte_runs=merge(tuple(runs)),
        evidence_runs=merge(tuple(low for run in runs for low in evidence_runs(source, run.offset, run.length))),
        check=checked,
    )
