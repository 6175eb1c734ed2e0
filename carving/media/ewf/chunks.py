"""Chunks of an EWF image as they are stored, compressed or plain, back to bytes of the medium; no bit is thrown away.

A damaged chunk gives what can be had of it: a plain one its stored bytes, of which perhaps one bit is wrong; a
compressed one what inflating yields up to where it breaks, and zeros behind. Whoever reverses flipped bits needs that.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field
from typing import Final

from deflate import DeflateError, zlib_decompress

_PIECE: Final = 8
"""Bytes given to a broken stream at a time: what these decode to is lost when they break it."""
_ZLIB_HEADER: Final = 2


@dataclass(frozen=True, slots=True)
class StoredBytes:
    """A chunk as it is in the file; a little of what follows may be there too.

    `expected` is the number of bytes of the medium it stands for, less than a full chunk only at the end.
    """

    raw: bytes
    compressed: bool
    expected: int


@dataclass(frozen=True, slots=True)
class Chunk:
    """A chunk of the medium, whether its checksum says that it is as it was acquired, and how many of its bytes could
    be had at all where it does not; zeros stand for the others."""

    data: bytes
    sound: bool
    had: int | None = field(default=None, compare=False)


def stored_limit(chunk_size: int) -> int:
    """Most bytes that a chunk can take in the file, with room for what deflate adds to what it cannot compress."""
    return chunk_size + chunk_size // 8 + 1024


def decode_chunk(stored: StoredBytes, chunk_size: int) -> Chunk:
    """Decode one chunk; `chunk_size` is that of a full one in bytes."""
    raw, expected = stored.raw, stored.expected
    if not stored.compressed:
        return _plain(raw, expected, chunk_size)
    try:
        data = zlib_decompress(raw, chunk_size)
    except DeflateError:  # broken, its own Adler-32 wrong, or longer than a chunk
        return _cut_short(_salvaged(raw, expected), expected)
    if len(data) < expected:
        return _cut_short(bytes(data), expected)
    return Chunk(bytes(memoryview(data)[:expected]), sound=True)


def held_bytes(stored: StoredBytes, chunk_size: int) -> int | None:
    """How many bytes of the medium a chunk holds, which may be more than `expected`; None where its checksum fails."""
    raw = stored.raw
    if stored.compressed:
        try:
            return len(zlib_decompress(raw, chunk_size))
        except DeflateError:
            return None
    size = len(raw) - 4
    return size if size >= 0 and zlib.adler32(raw[:size]) == int.from_bytes(raw[size:], "little") else None


def _plain(raw: bytes, expected: int, chunk_size: int) -> Chunk:
    for size in dict.fromkeys((expected, chunk_size, len(raw) - 4)):  # the last chunk may be stored longer
        checksum = raw[size : size + 4]
        if size >= expected and len(checksum) == 4 and zlib.adler32(raw[:size]) == int.from_bytes(checksum, "little"):
            return Chunk(raw[:expected], sound=True)
    return _cut_short(raw[:expected], expected)


def _cut_short(data: bytes, expected: int) -> Chunk:
    """What could be had of a damaged chunk."""
    return Chunk(data.ljust(expected, b"\0"), sound=False, had=len(data))


def _salvaged(raw: bytes, expected: int) -> bytes:
    inflater = zlib.decompressobj(wbits=-zlib.MAX_WBITS)  # without header and checksum, which may be what is damaged
    parts: list[bytes] = []
    left = expected
    try:
        for start in range(_ZLIB_HEADER, len(raw), _PIECE):
            part = inflater.decompress(raw[start : start + _PIECE], left)
            parts.append(part)
            left -= len(part)
            while left and inflater.unconsumed_tail:
                part = inflater.decompress(inflater.unconsumed_tail, left)
                parts.append(part)
                left -= len(part)
            if left == 0 or inflater.eof:
                break
    except zlib.error:
        pass
    return b"".join(parts)
