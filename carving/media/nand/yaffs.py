"""YAFFS2: packed tags in the spare bytes say to which file a page belongs, so that files come out in one piece.

Tags are four 32-bit numbers: sequence number of the block, object, chunk (0 for the object's header), bytes in use; see
`yaffs_packedtags2.h` of the YAFFS2 source and the implementation notes of The Sleuth Kit. Objects follow each other by
number, each from a page of its own: first its header, then its chunks. Names and lengths are not needed for that.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from carving.media.nand.arranged import HOLE, Arranged, Pages, ReadSpare, field
from carving.media.nand.layout import ByteOrder, YaffsOrder

LOWEST_SEQUENCE: Final = 0x1000
HIGHEST_SEQUENCE: Final = 0xEFFF_FF00
EXTRA_HEADER: Final = 1 << 31
"""Chunk numbers with this bit are headers that keep parts of themselves in the other fields."""
_OBJECT_BITS: Final = 0x0FFF_FFFF
"""In such a header the highest bits of the object number are its type."""
_LONGEST_GAP: Final = 4096
"""Missing pages in a row that are kept as a hole; more would be a lie or a sparse file."""


def arrange_files(places: Pages, per_block: int, order: YaffsOrder, read_spare: ReadSpare) -> Arranged:
    """Put the pages of files together; of pages with the same object and chunk the newest counts.

    Args:
        places: of the pages in the dump; within a block pages are written in order.
        per_block: pages of a block.
        order: where the tags stand.
        read_spare: reads spare bytes.
    """
    sequence, objects, chunks = tags(read_spare(places), order)
    chunks = np.where(chunks & EXTRA_HEADER, 0, chunks)
    tagged = np.flatnonzero(is_tagged(sequence, objects, chunks, places.size))
    tagged = tagged[np.lexsort((tagged % per_block, sequence[tagged], chunks[tagged], objects[tagged]))]
    if tagged.size == 0:
        return Arranged(np.zeros(0, dtype=np.int64), 0, remarks=("no page carries YAFFS2 tags",))
    same = (np.diff(objects[tagged]) == 0) & (np.diff(chunks[tagged]) == 0)
    newest = tagged[np.append(~same, True)]
    found, following = objects[newest], chunks[newest]
    gaps = np.zeros(newest.size, dtype=np.int64)  # missing chunks in front of each
    inner = np.flatnonzero(np.diff(found) == 0) + 1
    gaps[inner] = following[inner] - following[inner - 1] - 1
    firsts = np.flatnonzero(np.append(True, np.diff(found) != 0))
    gaps[firsts] = np.maximum(following[firsts] - 1, 0)
    kept = np.where(gaps <= _LONGEST_GAP, gaps, 0)
    kept = kept if int(kept.sum()) <= places.size else np.zeros_like(kept)
    positions = np.cumsum(kept + 1) - 1
    ordered = np.full(int(positions[-1]) + 1, HOLE, dtype=np.int64)
    ordered[positions] = places[newest]
    remarks = [f"{firsts.size} YAFFS2 objects; files stand one after the other, each in one piece"]
    if older := tagged.size - newest.size:
        remarks.append(f"{older} pages hold older versions of a chunk")
    if missing := int(gaps.sum()):
        remarks.append(f"{missing} pages of files are missing; {int(kept.sum())} of them read as FF in their place")
    return Arranged(ordered, ordered.size, remarks=tuple(remarks))


def tags(spare: NDArray[np.uint8], order: YaffsOrder) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Sequence, object and chunk number in the tags of pages; each int64 (pages,)."""
    columns = [_number(spare, order.offset + 4 * place, order.byte_order) for place in range(3)]
    sequence, objects, chunks = columns
    return sequence, np.where(chunks & EXTRA_HEADER, objects & _OBJECT_BITS, objects), chunks


def is_tagged(
    sequence: NDArray[np.int64], objects: NDArray[np.int64], chunks: NDArray[np.int64], pages: int
) -> NDArray[np.bool_]:
    """Whether tags can be those of a file in a dump of `pages` pages; headers have chunk 0 here."""
    written = (sequence >= LOWEST_SEQUENCE) & (sequence <= HIGHEST_SEQUENCE)
    return written & (objects > 0) & (objects <= _OBJECT_BITS) & (chunks <= pages)


def _number(spare: NDArray[np.uint8], offset: int, byte_order: ByteOrder) -> NDArray[np.int64]:
    return field(spare, offset, 4, byte_order).astype(np.int64)
