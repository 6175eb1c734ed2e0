"""Which stretches of the image an Android sparse file, or several that share one image, have something for."""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from carving.errors import EvidenceError
from carving.media.android_sparse.sparse_chunks import ChunkKind, walk_chunks
from carving.media.android_sparse.sparse_header import MAGIC, SparseHeader, read_sparse_header
from carving.source import ByteSource

_MOST_FILES: Final = 1000


@dataclass(eq=False)
class Stretches:
    """The stretches of an image that something stands behind, in order and apart; 24 bytes of memory each.

    Attributes:
        starts, ends: bytes of the image.
        places: for each, the byte of the source below where its data begin, or -1 - v where it is filled with the
            32-bit number v (little-endian).
        files: the sparse files one behind the other in the source below: where each begins, and its header.
        end: where the last of them ends.
        has_checksum: whether a CRC-32 is stored in one of them.
        fault: why the rest of the image cannot be read; None where all can.
    """

    starts: array[int] = field(default_factory=lambda: array("q"))
    ends: array[int] = field(default_factory=lambda: array("q"))
    places: array[int] = field(default_factory=lambda: array("q"))
    files: list[tuple[int, SparseHeader]] = field(default_factory=list)
    end: int = 0
    has_checksum: bool = False
    fault: str | None = None


def read_stretches(below: ByteSource, where: str) -> Stretches:
    """The stretches of the sparse file at the start of a source, and of those of the same geometry right behind it.

    Raises:
        EvidenceError: the first file header makes no sense, not one chunk can be read, or two files have different data
            for the same bytes of the image.
    """
    found = Stretches()
    first = read_sparse_header(below, 0, where)
    header = first
    while header.block_size == first.block_size and header.blocks == first.blocks:
        found.files.append((found.end, header))
        _take(below, header, found, where)
        follows = below.read_at(found.end, len(MAGIC)) == MAGIC and len(found.files) < _MOST_FILES
        if found.fault is not None or not follows:
            break
        header = read_sparse_header(below, found.end, where)
    _put_in_order(found, where)
    return found


def _take(below: ByteSource, header: SparseHeader, found: Stretches, where: str) -> None:
    """Take in the chunks of the file that begins where the one before ends."""
    count, offset = 0, found.end
    found.has_checksum |= header.checksum != 0
    try:
        for chunk in walk_chunks(below, header, offset):
            count += 1
            found.end = chunk.place + chunk.stored
            found.has_checksum |= chunk.kind is ChunkKind.CRC32
            length = chunk.stored if chunk.kind is ChunkKind.RAW else chunk.length
            if length == 0 or chunk.kind in (ChunkKind.DONT_CARE, ChunkKind.CRC32):
                continue
            found.starts.append(chunk.start)
            found.ends.append(chunk.start + length)
            fill = int.from_bytes(chunk.value, "little")
            found.places.append(chunk.place if chunk.kind is ChunkKind.RAW else -1 - fill)
    except EvidenceError as error:
        told = f"the Android sparse image {where} is damaged or cut off: {error}"
        if count == 0 and offset == 0:
            raise EvidenceError(told) from error
        reached = found.ends[-1] if found.ends else 0
        found.fault = f"{told}; the bytes of the image from {reached} on cannot be read"


def _put_in_order(found: Stretches, where: str) -> None:
    """Files share an image in any order, but no bytes of it."""
    starts, ends = (np.frombuffer(values, dtype=np.int64) for values in (found.starts, found.ends))
    if (starts[1:] < ends[:-1]).any():
        order = np.argsort(starts, kind="stable")
        starts, ends = starts[order], ends[order]
        places = np.frombuffer(found.places, dtype=np.int64)[order]
        twice = np.flatnonzero(starts[1:] < ends[:-1])
        if twice.size:
            raise EvidenceError(
                f"{where} holds several sparse files that do not belong together: they have different data for byte "
                f"{int(starts[twice[0] + 1])} of the image"
            )
        found.starts, found.ends, found.places = (array("q", values.tobytes()) for values in (starts, ends, places))
