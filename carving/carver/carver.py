"""The carver: one pass over a byte source that yields every JPEG in it, whole or damaged, with bounded memory.

Files that decode from their header to their EOI come first, in the order of their offsets, as soon as they are found;
those that break off follow when all is known that they might go on with.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from math import lcm

from carving.carver.block_map import BlockMap
from carving.carver.database_pictures import DatabasePictures
from carving.carver.donors import Families
from carving.carver.headerless import find_headerless
from carving.carver.pending import Pending, pending, resolve_pending, without_gap
from carving.carver.windows import Search, Windows
from carving.errors import UsageError
from carving.fragments import Fragment
from carving.known_bad import with_known_bad
from carving.source import ByteSource, Run
from carving.sources.shared import SharedSource

_CLUSTER = 4096


def carve(
    source: ByteSource,
    *,
    layer: str = "decrypted",
    alignment: int = 512,
    window: int = 16 << 20,
    max_file_size: int = 64 << 20,
    threads: int = 1,
    families: Families | None = None,
    remains: Callable[[Run], None] | None = None,
    unowned: tuple[Run, ...] | None = None,
) -> Iterator[Fragment]:
    """Yield the JPEGs in `source`; no byte is in two of them.

    An undamaged file comes back exact to its EOI, padding behind it left out. A damaged header or scan does not end a
    fragment: false markers are passed over, and a picture without EOI ends where its data stop looking entropy-coded,
    before the next file, or at a limit. A file in two runs is joined where that makes it whole; a picture in an SQLite
    database is joined as the database chains its pieces. Thumbnails are part of
    their file, never fragments of their own.

    Args:
        source: what to scan; for each thread about `window` plus two times `max_file_size` bytes of it are in memory
            at most.
        layer: name of the scanned view, copied into every fragment.
        alignment: files whose beginning is damaged are found at multiples of this many bytes, others anywhere.
        window: bytes scanned at a time.
        max_file_size: the longest file believed.
        threads: how many look at the source ahead; more than one only where nobody else reads it meanwhile.
        families: files from elsewhere that can lend their tables to pieces without a header.
        remains: hears what was passed over: what databases left of a picture where its row was before.
        unowned: stretches that belong to no file, in order, where a file system tells: there the second run of a file
            that begins in one of them is looked for first.

    Raises:
        UsageError: a parameter is not positive.
        EvidenceError: the source cannot be read.
    """
    given = {"alignment": alignment, "window": window, "maximum file size": max_file_size, "number of threads": threads}
    for name, value in given.items():
        if value < 1:
            raise UsageError(f"the {name} must be at least 1, not {value}")
    for fragment in _found(source, layer, alignment, window, max_file_size, threads, families, remains, unowned):
        yield with_known_bad(source, fragment)


def _found(
    source: ByteSource,
    layer: str,
    alignment: int,
    window: int,
    max_file_size: int,
    threads: int,
    families: Families | None,
    remains: Callable[[Run], None] | None,
    unowned: tuple[Run, ...] | None,
) -> Iterator[Fragment]:
    """The fragments, as `carve` is asked for them."""
    step = lcm(alignment, _CLUSTER)
    span = max(step, window - window % step)
    search = Search(SharedSource(source), span, alignment, max_file_size)
    blocks, families = BlockMap(), Families() if families is None else families
    databases = DatabasePictures(search.source, layer, max_file_size, blocks, families, remains)
    waiting: list[Pending] = []
    free = 0
    windows = Windows(search, threads)
    for found in windows:
        if found.blocks is not None:
            blocks.note(found.offset, found.blocks)
        for start in sorted({*found.starts, *found.databases}):
            if start in found.databases:
                yield from databases.in_database(start)
                continue
            if start < free or databases.covers(start):
                continue
            candidate = found.candidate(search, start)
            if candidate is None:
                continue
            if candidate.is_broken:
                free = candidate.runs[-1].end
                waiting.append(pending(candidate))
                continue
            candidate = without_gap(search.source, candidate)
            windows.passed = free = candidate.runs[-1].end
            for run in candidate.runs:
                blocks.take(run)
            if candidate.header is not None and candidate.check is not None and candidate.check.whole:
                families.note(candidate.data, candidate.header, start)
            yield candidate.fragment(source, layer)
    yield from resolve_pending(search.source, layer, waiting, blocks, families, max_file_size, threads, unowned)
    yield from find_headerless(search.source, layer, blocks, families, threads)
