"""Inflate a deflated stretch of a source, up to a bound.

Source: RFC 1951, by zlib.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import Final

from carving.source import ByteSource, Run

_PIECE: Final = 256 << 10


@dataclass(frozen=True, slots=True)
class Inflated:
    """What came out of a deflated stretch; `trouble` says in words why that is not all, or None."""

    data: bytes
    trouble: str | None


def inflate(source: ByteSource, run: Run, size: int) -> Inflated:
    """Inflate a stretch to the `size` bytes that it is said to hold; no more is made of it.

    Raises:
        EvidenceError: the source cannot be read.
    """
    stream = zlib.decompressobj(-zlib.MAX_WBITS)
    out = bytearray()
    position = run.offset
    try:
        while not stream.eof:
            piece = stream.unconsumed_tail
            if not piece:
                piece = source.read_at(position, min(_PIECE, run.end - position))
                position += len(piece)
                if not piece:
                    return Inflated(bytes(out), f"its compressed bytes end after {len(out)} of {size} bytes")
            out += stream.decompress(piece, size - len(out) + 1)
            if len(out) > size:
                return Inflated(bytes(out[:size]), f"it would inflate to more than the {size} bytes that are declared")
    except zlib.error:
        return Inflated(bytes(out), f"its compressed bytes are damaged behind {len(out)} of {size} bytes")
    if len(out) < size:
        return Inflated(bytes(out), f"it inflates to {len(out)} bytes, {size} are declared")
    return Inflated(bytes(out), None)


def first_bytes(compressed: bytes, count: int) -> bytes:
    """The first bytes that the beginning of a deflated stretch inflates to; fewer where it makes no sense."""
    try:
        return zlib.decompressobj(-zlib.MAX_WBITS).decompress(compressed, count)
    except zlib.error:
        return b""
