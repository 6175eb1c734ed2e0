"""The bytes of a source that no file occupies, joined: a deleted file around a living one is whole again."""

from __future__ import annotations

from dataclasses import replace

from carving.fragments import Fragment
from carving.source import HOLE_OFFSET, ByteSource, Run, merge, runs_below
from carving.stored_files.file_source import FileSource


class UnallocatedSource(FileSource):
    """Chosen stretches of the source below, one behind the other."""

    def __init__(self, below: ByteSource, runs: tuple[Run, ...]) -> None:
        """Args: the source, and the stretches of it in order; they must lie within it."""
        super().__init__(below, runs, "unallocated")


def placed_below(fragment: Fragment, source: ByteSource) -> Fragment:
    """A fragment that was carved from a layer, with its offset and runs counted in the layer below."""
    runs = merge(runs_below(source, fragment.byte_runs))
    return replace(fragment, offset=next(run.offset for run in runs if run.offset != HOLE_OFFSET), byte_runs=runs)
