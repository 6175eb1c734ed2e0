"""The carver: one pass over a byte source that yields every JPEG in it, whole or damaged, with bounded memory.

Files that decode from their header to their EOI come first, in the order of their offsets, as soon as they are found;
those that break off follow when all is known that they might go on with.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import lcm

from carving.blocks import BlockMap
from carving.candidates import read_candidate
from carving.errors import UsageError
from carving.fragments import Fragment
from carving.jpeg.signatures import LOOK, find_starts
from carving.mending import Pending, mend, pending, without_gap
from carving.orphans import Families, find_orphans
from carving.source import ByteSource

_CLUSTER = 4096


def carve(
    source: ByteSource,
    *,
    layer: str = "decrypted",
    alignment: int = 512,
    window: int = 16 << 20,
    max_file_size: int = 64 << 20,
) -> Iterator[Fragment]:
    """Yield the JPEGs in `source`; no byte is in two of them.

    An undamaged file comes back exact to its EOI, padding behind it left out. A damaged header or scan does not end a
    fragment: false markers are passed over, and a picture without EOI ends where its data stop looking entropy-coded,
    before the next file, or at a limit. A file in two runs is joined where that makes it whole. Thumbnails are part of
    their file, never fragments of their own.

    Args:
        source: what to scan; about `window` plus two times `max_file_size` bytes of it are in memory at most.
        layer: name of the scanned view, copied into every fragment.
        alignment: files whose beginning is damaged are found at multiples of this many bytes, others anywhere.
        window: bytes scanned at a time.
        max_file_size: the longest file believed.

    Raises:
        UsageError: a parameter is not positive.
        EvidenceError: the source cannot be read.
    """
    for name, value in (("alignment", alignment), ("window", window), ("maximum file size", max_file_size)):
        if value < 1:
            raise UsageError(f"the {name} must be at least 1, not {value}")
    step = lcm(alignment, _CLUSTER)
    span = max(step, window - window % step)
    blocks, families = BlockMap(), Families()
    waiting: list[Pending] = []
    blank = bytes(span + LOOK)
    position = free = passed = 0
    while position < source.size:
        scanned = _Window(source, position, source.read_at(position, span + LOOK))
        if scanned.data == blank:
            position += span
            continue
        anywhere = blocks.look(position, scanned.data, span)
        for start in sorted({*find_starts(scanned.data, span, alignment), *anywhere}):
            offset = position + start
            if offset < free:
                continue
            limit = min(max_file_size, source.size - offset)
            candidate = read_candidate(scanned.read, offset, limit, alignment)
            if candidate is None:
                continue
            if candidate.is_broken:
                free = offset + len(candidate.data)
                waiting.append(pending(candidate))
                continue
            candidate = without_gap(source, candidate)
            passed = free = candidate.runs[-1].end
            for run in candidate.runs:
                blocks.take(run)
            if candidate.check is not None and candidate.check.whole:
                families.note(candidate.data, offset)
            yield candidate.fragment(source, layer)
        position = max(position + span, passed - passed % step)
    yield from mend(source, layer, waiting, blocks)
    yield from find_orphans(source, layer, blocks, families)


@dataclass(frozen=True, slots=True)
class _Window:
    """The bytes being scanned; what lies inside them is not read (and decrypted) again."""

    source: ByteSource
    offset: int
    data: bytes

    def read(self, offset: int, length: int) -> bytes:
        if offset + length <= self.offset + len(self.data):
            return self.data[offset - self.offset : offset - self.offset + length]
        return self.source.read_at(offset, length)
