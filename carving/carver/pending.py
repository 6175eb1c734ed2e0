"""What becomes of files that break off: joined to where they go on, or handed on as they are."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial, reduce
from typing import TYPE_CHECKING, Final

from carving.carver.block_map import BlockMap, without
from carving.carver.candidates import Candidate
from carving.carver.donors import Families
from carving.fragments import Fragment
from carving.jpeg.header_walk import walk_header
from carving.jpeg.picture_walk import sound_header
from carving.jpeg.results import Check, Ending
from carving.source import ByteSource, Run, common_runs
from carving.support.side_by_side import in_order

if TYPE_CHECKING:
    from carving.carver.bifragment import Join
    from carving.carver.multifragment import ManyJoined

_BEHIND_FLAW: Final = 8192
_DOUBT: Final = 12288
"""Bytes before a flaw that may be another file's."""


@dataclass(frozen=True, slots=True)
class Pending:
    """A candidate that waits for the end of the scan, without its bytes."""

    offset: int
    size: int
    ending: Ending
    check: Check


def pending(candidate: Candidate) -> Pending:
    """What is kept of a broken candidate."""
    assert candidate.check is not None  # else it would not be known to be broken
    return Pending(candidate.runs[0].offset, len(candidate.data), candidate.ending, candidate.check)


def resolve_pending(
    source: ByteSource,
    layer: str,
    waiting: list[Pending],
    blocks: BlockMap,
    families: Families,
    longest: int,
    threads: int = 1,
    unowned: tuple[Run, ...] | None = None,
) -> Iterator[Fragment]:
    """Yield every waiting file, joined where a join is found; the map then knows which blocks they take.

    All are searched for in the same free blocks; where two find the same ones, the second searches the rest. Those
    that nothing makes whole in two pieces are tried in more; what then stands alone reaches to where its rest ends
    behind damage, if that is right behind it.

    Args:
        source: read from that many threads.
        layer: name of the scanned view.
        waiting: the files.
        blocks: which blocks are free, and which are taken.
        families: learns of the files that stay cut off.
        longest: bytes of the longest file believed.
        threads: how many search side by side.
        unowned: stretches that belong to no file; what begins in one of them is searched for there first.

    Raises:
        EvidenceError: the source cannot be read.
    """
    for entry in waiting:
        blocks.take(Run(entry.offset, max(0, min(entry.size, entry.check.offset) - _DOUBT)))
    free = blocks.free_runs() if waiting else []
    places = _FreePlaces(free, unowned or (), common_runs(free, unowned or ()))
    alone: list[Pending] = []
    taken: list[Run] = []
    for entry, found in in_order(partial(_join, source, places=places), waiting, threads):
        join = found
        if join is not None and any(_overlap(join.second, run) for run in taken):
            join = _join(source, entry, places=places.without(taken))
        if join is None:
            alone.append(entry)
            continue
        blocks.take(join.first)
        blocks.take(join.second)
        taken.append(join.second)
        yield _joined(source, entry.check, (join.first, join.second), join.witnessed).fragment(source, layer)
    left: list[Pending] = []
    for entry in alone:
        many = _join_many(source, entry, reduce(without, taken, free))
        if many is None:
            left.append(entry)
            continue
        taken += many.runs[1:]
        for run in many.runs:
            blocks.take(run)
        yield _joined(source, entry.check, many.runs, many.witnessed).fragment(source, layer)
    for entry in left:
        limit = min(blocks.next_taken(entry.offset + entry.size, source.size), entry.offset + longest)
        yield _alone(source, entry, limit, blocks, families).fragment(source, layer)


@dataclass(frozen=True, slots=True)
class _FreePlaces:
    """Where files can go on.

    Attributes:
        free: runs of blocks that were taken for nothing else.
        unowned: the stretches that no file of a file system has, () where that is not known.
        preferred: what lies in both.
    """

    free: list[Run]
    unowned: tuple[Run, ...]
    preferred: list[Run]

    def without(self, taken: list[Run]) -> _FreePlaces:
        """What is left of them when stretches are taken out."""
        return _FreePlaces(reduce(without, taken, self.free), self.unowned, reduce(without, taken, self.preferred))

    def first_for(self, offset: int) -> list[Run]:
        """Where a file that begins at `offset` is looked for first: nowhere, if it is a file's own beginning."""
        index = bisect_right(self.unowned, offset, key=lambda run: run.offset) - 1
        return self.preferred if index >= 0 and offset < self.unowned[index].end else []


def _join(source: ByteSource, entry: Pending, *, places: _FreePlaces) -> Join | None:
    from carving.carver.bifragment import Broken, join_far

    head = source.read_at(entry.offset, max(entry.size, entry.check.reached) + _BEHIND_FLAW)
    broken = Broken(entry.offset, head, entry.size, entry.check)
    return join_far(source, broken, places.free, places.first_for(entry.offset))


def _join_many(source: ByteSource, entry: Pending, free: list[Run]) -> ManyJoined | None:
    from carving.carver.bifragment import Broken
    from carving.carver.multifragment import join_many

    head = source.read_at(entry.offset, max(entry.size, entry.check.reached) + _BEHIND_FLAW)
    return join_many(source, Broken(entry.offset, head, entry.size, entry.check), free)


def _alone(source: ByteSource, entry: Pending, limit: int, blocks: BlockMap, families: Families) -> Candidate:
    """A file that is cut off, or goes on behind damage."""
    from carving.carver.extending import extended_size

    size, closed = extended_size(source, entry.offset, entry.size, entry.check, limit)
    data = source.read_at(entry.offset, size)
    walk = walk_header(data)
    run = Run(entry.offset, size)
    blocks.take(run)
    header = sound_header(data, walk)
    if header is not None and size == entry.size:
        families.note_head(data, header, entry.offset)
    return Candidate((run,), data, walk.segments, Ending.EOI if closed else entry.ending, entry.check)


def _overlap(one: Run, other: Run) -> bool:
    return one.offset < other.end and other.offset < one.end


def without_gap(source: ByteSource, candidate: Candidate) -> Candidate:
    """The candidate without a short gap inside it, where leaving that out makes it whole.

    Raises:
        EvidenceError: the source cannot be read.
    """
    from carving.carver.bifragment import Broken, join_near

    check = candidate.check
    if check is None or check.whole or candidate.ending is not Ending.EOI:
        return candidate
    offset = candidate.runs[0].offset
    join = join_near(source, Broken(offset, candidate.data, len(candidate.data), check))
    if join is None:
        return candidate
    runs = (join.first, join.second)
    return replace(_joined(source, check, runs, join.witnessed), header=candidate.header)


def _joined(source: ByteSource, check: Check, runs: tuple[Run, ...], witnessed: bool | None) -> Candidate:
    data = b"".join(source.read_at(run.offset, run.length) for run in runs)
    whole = Check(check.mcus, check.mcus, len(data), len(data), whole=True)
    return Candidate(runs, data, walk_header(data).segments, Ending.EOI, whole, witnessed=witnessed)
