"""The CRC-32s that an Android sparse file stores of its image, computed anew."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from typing import Final

from carving.errors import EvidenceError
from carving.media.android_sparse.sparse_chunks import ChunkKind, SparseChunk, walk_chunks
from carving.media.android_sparse.sparse_header import SparseHeader
from carving.source import ByteSource
from carving.support.crc32 import crc32_then_repeated

_BUFFER: Final = 4 << 20
_MOST_NAMED: Final = 4


def wrong_checksums(
    below: ByteSource, header: SparseHeader, offset: int, pause: Callable[[], None]
) -> tuple[tuple[int, int, int], ...]:
    """The CRC-32s that do not fit: the image's bytes that each covers, the stored and the computed one.

    Bytes that nobody cared for count as zeros. The first four that are wrong are told; one of bytes that cannot be
    read is left out.

    Args:
        below: the source that holds the sparse file.
        header: of the file.
        offset: where it begins.
        pause: called now and then.
    """
    crc, wrong = 0, []
    whole = True
    try:
        for chunk in walk_chunks(below, header, offset):
            if chunk.kind is ChunkKind.CRC32:
                stored = int.from_bytes(chunk.value, "little")
                if stored != crc:
                    wrong.append((chunk.start, stored, crc))
            else:
                crc = _grown(crc, below, chunk, pause)
            if len(wrong) == _MOST_NAMED:
                return tuple(wrong)
    except EvidenceError:  # said when the image is opened
        whole = False
    if whole and header.checksum not in (0, crc):
        wrong.append((header.image_size, header.checksum, crc))
    return tuple(wrong)


def _grown(crc: int, below: ByteSource, chunk: SparseChunk, pause: Callable[[], None]) -> int:
    if chunk.kind is not ChunkKind.RAW:
        return crc32_then_repeated(crc, chunk.value or bytes(4), chunk.length // 4)
    for start in range(0, chunk.stored, _BUFFER):
        pause()
        crc = zlib.crc32(below.read_at(chunk.place + start, min(_BUFFER, chunk.stored - start)), crc)
    return crc
