"""The medium inside an EWF image as a source of bytes; damaged chunks read as zeros and are listed."""

from __future__ import annotations

import zlib
from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

from carving.media.ewf.image import EwfImage, read_image
from carving.media.ewf.tables import ChunkMap, StoredChunk
from carving.source import ByteSource, Run, clamp, merge

DEFAULT_CACHE_BYTES: Final = 32 << 20
"""Decoded chunks kept in memory."""


class EwfSource(ByteSource):
    """The bytes of an acquired medium.

    The bottom of the stack: offsets count bytes of the medium, not of the segment files, and `trace` is the identity.
    A chunk whose checksum is wrong reads as zeros, and from then on its range is in `damaged`.
    """

    def __init__(self, image: EwfImage, cache_bytes: int = DEFAULT_CACHE_BYTES) -> None:
        """Wrap an image that `read_image` opened; `cache_bytes` bounds the decoded chunks kept."""
        self._image = image
        self._files = image.files
        self._chunk_size = image.geometry.chunk_size
        self._map = ChunkMap(image.files, image.tables, image.boundaries, footer=not image.geometry.legacy)
        self._cache: OrderedDict[int, bytes] = OrderedDict()
        self._cache_chunks = max(1, cache_bytes // self._chunk_size)
        self._damaged: set[int] = set()

    @property
    def name(self) -> str:
        return "E01" if len(self.paths) == 1 else f"E01 ({len(self.paths)} segments)"

    @property
    def paths(self) -> tuple[Path, ...]:
        """The segment files in order."""
        return self._files.paths

    @property
    def size(self) -> int:
        return self._image.geometry.media_size

    @property
    def below(self) -> None:
        return None

    @property
    def stored_digests(self) -> Mapping[str, str]:
        """Digests of the medium that the acquisition stored, hex by `md5` and `sha1`; may be empty."""
        return MappingProxyType(self._image.digests)

    @property
    def stored_md5(self) -> str | None:
        return self._image.digests.get("md5")

    @property
    def stored_sha1(self) -> str | None:
        return self._image.digests.get("sha1")

    @property
    def acquisition_errors(self) -> tuple[Run, ...]:
        """Ranges that could not be read from the medium when it was acquired."""
        return self._image.acquisition_errors

    @property
    def damaged(self) -> tuple[Run, ...]:
        """Ranges read so far whose chunks failed their checksum; they were returned as zeros."""
        starts = (chunk * self._chunk_size for chunk in sorted(self._damaged))
        return merge(tuple(clamp(start, self._chunk_size, self.size) for start in starts))

    @property
    def remarks(self) -> tuple[str, ...]:
        """What an examiner should know about how the image is stored."""
        return self._image.remarks

    def read_at(self, offset: int, length: int) -> bytes:
        wanted = clamp(offset, length, self.size)
        if wanted.length == 0:
            return b""
        size = self._chunk_size
        first, last = wanted.offset // size, (wanted.end - 1) // size
        head = wanted.offset - first * size
        if first == last:
            return self._chunk(first)[head : head + wanted.length]
        parts = [self._chunk(chunk) for chunk in range(first, last + 1)]
        parts[0] = parts[0][head:]
        parts[-1] = parts[-1][: wanted.end - last * size]
        return b"".join(parts)

    def trace(self, offset: int, length: int) -> tuple[Run, ...]:
        return (clamp(offset, length, self.size),)

    def close(self) -> None:
        self._cache.clear()
        self._files.close()

    def _chunk(self, chunk: int) -> bytes:
        data = self._cache.get(chunk)
        if data is not None:
            self._cache.move_to_end(chunk)
            return data
        expected = min(self._chunk_size, self.size - chunk * self._chunk_size)
        stored = self._map.find(chunk)
        decoded = self._inflate(stored, expected) if stored.compressed else self._plain(stored, expected)
        if decoded is None:
            self._damaged.add(chunk)
            decoded = bytes(expected)
        self._cache[chunk] = decoded
        if len(self._cache) > self._cache_chunks:
            self._cache.popitem(last=False)
        return decoded

    def _inflate(self, stored: StoredChunk, expected: int) -> bytes | None:
        longest = self._chunk_size + self._chunk_size // 8 + 1024
        raw = self._files.read(stored.segment, stored.offset, min(stored.size, longest))
        inflater = zlib.decompressobj()
        try:
            data = inflater.decompress(raw, self._chunk_size + 1)
        except zlib.error:  # the stream is broken or its own Adler-32 is wrong
            return None
        if not inflater.eof or not expected <= len(data) <= self._chunk_size:
            return None
        return data if len(data) == expected else data[:expected]

    def _plain(self, stored: StoredChunk, expected: int) -> bytes | None:
        raw = self._files.read(stored.segment, stored.offset, min(stored.size, self._chunk_size + 4))
        for size in dict.fromkeys((expected, self._chunk_size, len(raw) - 4)):  # the last chunk may be stored longer
            if size < expected:
                continue
            checksum = raw[size : size + 4]
            if len(checksum) == 4 and zlib.adler32(raw[:size]) == int.from_bytes(checksum, "little"):
                return raw[:expected]
        return None


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
