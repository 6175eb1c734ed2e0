"""Blocks of a journal, laid out by hand."""

from __future__ import annotations

import struct

BLOCK = 1024
MAGIC = b"\xc0\x3b\x39\x98"


def header(kind: int, sequence: int) -> bytes:
    return MAGIC + struct.pack(">II", kind, sequence)


def superblock(count: int, features: int) -> bytes:
    return (header(4, 0) + struct.pack(">IIIIIII", BLOCK, count, 1, 1, 0, 0, 0) + struct.pack(">I", features)).ljust(
        BLOCK, b"\0"
    )


def descriptor(sequence: int, blocks: list[int], features: int, escaped: tuple[int, ...] = ()) -> bytes:
    """A descriptor block as jbd2 writes it (Linux `fs/jbd2/commit.c`)."""
    out = bytearray(header(1, sequence))
    for index, block in enumerate(blocks):
        flags = (2 if index else 0) | (8 if index + 1 == len(blocks) else 0) | (1 if block in escaped else 0)
        low, high = block & 0xFFFFFFFF, block >> 32
        if features & 0x10:
            out += struct.pack(">IIII", low, flags, high, 0)
        else:
            out += struct.pack(">IHH", low, 0, flags)
            out += struct.pack(">I", high) if features & 2 else b""
            out += bytes(2) if features & 8 else b""
        out += b"" if index else bytes(range(16))
    return bytes(out.ljust(BLOCK, b"\0"))
