"""The bytes of a source that no file occupies, joined: a deleted file around a living one is whole again."""

from __future__ import annotations

from dataclasses import replace

from carving.file_systems.stored_files.file_source import FileSource
from carving.fragments import Fragment
from carving.source import HOLE_OFFSET, ByteSource, Run, common_runs, merge, runs_below


class UnallocatedSource(FileSource):
    """Chosen stretches of the source below, one behind the other."""

    def __init__(self, below: ByteSource, runs: tuple[Run, ...]) -> None:
        """Args: the source, and the stretches of it in order; they must lie within it."""
        super().__init__(below, runs, "unallocated")


def placed_above(runs: tuple[Run, ...], chosen: tuple[Run, ...]) -> tuple[Run, ...]:
    """Runs of a source as they are counted in a layer that has chosen stretches of it one behind the other."""
    above: list[Run] = []
    position = 0
    common = common_runs(runs, chosen)
    index = 0
    for stretch in chosen:
        while index < len(common) and common[index].offset < stretch.end:
            above.append(Run(position + common[index].offset - stretch.offset, common[index].length))
            index += 1
        position += stretch.length
    return merge(tuple(above))


def placed_below(fragment: Fragment, source: ByteSource) -> Fragment:
    """A fragment that was carved from a layer, with its offset and runs counted in the layer below, and so the place of
    the file that lends it a header."""
    runs = merge(runs_below(source, fragment.byte_runs))
    borrowed = fragment.borrowed
    if borrowed is not None:
        borrowed = replace(borrowed, lender=source.trace(borrowed.lender, 1)[0].offset)
    first = next(run.offset for run in runs if run.offset != HOLE_OFFSET)
    return replace(fragment, offset=first, byte_runs=runs, borrowed=borrowed)
