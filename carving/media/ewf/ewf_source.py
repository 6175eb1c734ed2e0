"""The medium inside an EWF image as a source of bytes; damaged chunks are read as far as they go, and listed."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path
from threading import Lock
from types import MappingProxyType
from typing import Final

from carving.media.ewf.chunk_tables import ChunkMap
from carving.media.ewf.chunks import Chunk, StoredBytes, decode_chunk, held_bytes, stored_limit
from carving.media.ewf.decoding_pool import DecodingPool
from carving.media.ewf.image import EwfImage, read_image
from carving.source import ByteSource, Run, clamp, merge
from carving.support.intervals import interval_set_of, union

DEFAULT_CACHE_BYTES: Final = 32 << 20
"""Decoded chunks kept in memory."""
_BATCH_BYTES: Final = 4 << 20
"""Decoded bytes that are asked for at once, and that are decoded ahead."""
_LONG_READ: Final = 1 << 20
"""Bytes of a read that is taken for part of a scan."""


class EwfSource(ByteSource):
    """The bytes of an acquired medium.

    The bottom of the stack: offsets count bytes of the medium, not of the segment files, and `trace` is the identity.
    A chunk whose checksum is wrong reads as what is stored, or can be inflated of it, then zeros; from then on its
    range is in `damaged`.

    An image of a file counts whole sectors only, although its last chunk, and its digests, have all of the file: what
    that chunk holds behind the last whole sector belongs to the medium, too.
    """

    def __init__(self, image: EwfImage, cache_bytes: int = DEFAULT_CACHE_BYTES) -> None:
        """Wrap an image that `read_image` opened; `cache_bytes` bounds the decoded chunks kept."""
        self._image = image
        self._files = image.files
        self._chunk_size = image.geometry.chunk_size
        self._map = ChunkMap(image.files, image.tables, image.boundaries, footer=not image.geometry.legacy)
        self._size = image.geometry.media_size
        self._lock = Lock()
        self._rest = self._behind_last_sector()
        self._size += self._rest
        self._cache: OrderedDict[int, bytes] = OrderedDict()
        self._cache_chunks = max(1, cache_bytes // self._chunk_size)
        self._damaged: dict[int, int | None] = {}
        self._errors = interval_set_of(image.acquisition_errors, self._size)
        self._pool = DecodingPool(self._decode)
        self._batch_chunks = max(1, _BATCH_BYTES // self._chunk_size)

    @property
    def name(self) -> str:
        return "E01" if len(self.paths) == 1 else f"E01 ({len(self.paths)} segments)"

    @property
    def paths(self) -> tuple[Path, ...]:
        """The segment files in order."""
        return self._files.paths

    @property
    def size(self) -> int:
        return self._size

    @property
    def below(self) -> None:
        return None

    @property
    def stored_digests(self) -> Mapping[str, str]:
        """Digests of the medium that the acquisition stored, hex by `md5` and `sha1`; may be empty."""
        return MappingProxyType(self._image.digests)

    @property
    def acquisition_errors(self) -> tuple[Run, ...]:
        """Ranges that could not be read from the medium when it was acquired."""
        return self._image.acquisition_errors

    @property
    def damaged(self) -> tuple[Run, ...]:
        """Ranges read so far whose chunks failed their checksum: some of their bytes are wrong."""
        starts = (chunk * self._chunk_size for chunk in sorted(self._damaged))
        return merge(tuple(clamp(start, self._chunk_size, self.size) for start in starts))

    def bad_runs(self, offset: int, length: int) -> tuple[Run, ...]:
        """What could not be read when the medium was acquired, and the zeros that stand for what a damaged chunk has
        lost, as far as chunks were read. What a damaged chunk still has is most likely right, but for a bit or two."""
        wanted = clamp(offset, length, self.size)
        size = self._chunk_size
        lost = (
            clamp(
                max(chunk * size + had, wanted.offset),
                min(chunk * size + size, wanted.end) - max(chunk * size + had, wanted.offset),
                self.size,
            )
            for chunk in range(wanted.offset // size, -(-wanted.end // size))
            if (had := self._damaged.get(chunk)) is not None
        )
        return union((*self._errors.within(wanted.offset, wanted.length), *lost))

    @property
    def remarks(self) -> tuple[str, ...]:
        """What an examiner should know about how the image is stored."""
        if not self._rest:
            return self._image.remarks
        counted = self._image.geometry.media_size
        told = f"the volume section counts {counted} bytes in whole sectors; {self._rest} more that are stored are read"
        return (*self._image.remarks, told)

    def read_at(self, offset: int, length: int) -> bytes:
        wanted = clamp(offset, length, self.size)
        if wanted.length == 0:
            return b""
        size = self._chunk_size
        first, last = wanted.offset // size, (wanted.end - 1) // size
        head = wanted.offset - first * size
        parts: list[bytes] = []
        for start in range(first, last + 1, self._batch_chunks):
            parts += self._decoded(range(start, min(start + self._batch_chunks, last + 1)))
        if wanted.length >= _LONG_READ:
            self._look_ahead(last + 1)
        if first == last:
            return parts[0][head : head + wanted.length]
        parts[0] = parts[0][head:]
        parts[-1] = parts[-1][: wanted.end - last * size]
        return b"".join(parts)

    def trace(self, offset: int, length: int) -> tuple[Run, ...]:
        return (clamp(offset, length, self.size),)

    def close(self) -> None:
        self._cache.clear()
        self._pool.close()
        self._files.close()

    def _decoded(self, chunks: range) -> list[bytes]:
        """The chunks as bytes of the medium, from memory or decoded side by side; at most one batch of them."""
        found = {chunk: self._cache[chunk] for chunk in chunks if chunk in self._cache}
        for chunk, decoded in self._pool.chunks([chunk for chunk in chunks if chunk not in found]).items():
            found[chunk] = decoded.data
            if not decoded.sound:
                self._damaged[chunk] = decoded.had
        for chunk in chunks:
            self._cache[chunk] = found[chunk]
            self._cache.move_to_end(chunk)
        while len(self._cache) > self._cache_chunks:
            self._cache.popitem(last=False)
        return [found[chunk] for chunk in chunks]

    def _look_ahead(self, first: int) -> None:
        """Whoever reads much at once goes on reading behind it."""
        end = min(first + self._batch_chunks, -(-self.size // self._chunk_size))
        self._pool.go_ahead([chunk for chunk in range(first, end) if chunk not in self._cache])

    def _decode(self, chunk: int) -> Chunk:
        """Read and decode one chunk; may be called by several threads."""
        return decode_chunk(self._stored(chunk), self._chunk_size)

    def _stored(self, chunk: int) -> StoredBytes:
        with self._lock:
            place = self._map.find(chunk)
            raw = self._files.read(place.segment, place.offset, min(place.size, stored_limit(self._chunk_size)))
        return StoredBytes(raw, place.compressed, min(self._chunk_size, self._size - chunk * self._chunk_size))

    def _behind_last_sector(self) -> int:
        """Bytes that the last chunk holds behind the last sector counted, if they are less than a sector."""
        geometry = self._image.geometry
        chunk, counted = divmod(geometry.media_size, self._chunk_size)
        if chunk >= sum(table.count for table in self._image.tables):
            return 0
        more = (held_bytes(self._stored(chunk), self._chunk_size) or 0) - counted
        return more if 0 < more < geometry.bytes_per_sector else 0


def open_ewf(path: Path, cache_bytes: int = DEFAULT_CACHE_BYTES) -> EwfSource:
    """Open an E01 or S01 image by any of its segments.

    Args:
        path: a segment file.
        cache_bytes: memory for decoded chunks.

    Raises:
        SegmentMissingError: a segment is not there; the message names it.
        EvidenceError: not EWF, empty, truncated, or damaged where the whole depends on it.
    """
    return EwfSource(read_image(path), cache_bytes)
