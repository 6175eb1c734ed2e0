"""Which bytes of a source the files that were taken explain, so that they are not searched again."""

from __future__ import annotations

from dataclasses import replace

from carving.fragments import Fragment
from carving.jpeg.header_walk import walk_header
from carving.jpeg.picture_walk import check_picture, sound_header
from carving.source import ByteSource, Run, clamp, evidence_runs, merge
from carving.sources.explained_bytes import Explained
from carving.sources.in_place import LayerInPlace


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
        known_bad=(),  # counted in its bytes as they were
    )
