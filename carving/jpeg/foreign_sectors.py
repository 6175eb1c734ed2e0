"""Sectors that are plainly not entropy-coded data, and the change point they give away."""

from __future__ import annotations

from typing import Final

from carving.jpeg.directory_sectors import is_directory_sector

SECTOR: Final = 512
"""File systems place and end file data on multiples of this many bytes."""
_TEXT: Final = bytes(range(0x20, 0x7F)) + b"\t\n\r"
_FILLER_TAIL: Final = 8


def is_filler(sector: bytes) -> bool:
    """Whether all bytes are the same."""
    return sector == sector[:1] * len(sector)


def is_foreign(sector: bytes) -> bool:
    """Whether the bytes are filler, text or a directory; others cannot be told from entropy-coded data so simply."""
    return is_filler(sector) or len(sector.translate(None, _TEXT)) * 50 <= len(sector) or is_directory_sector(sector)


def longest_foreign(data: bytes, start: int, stop: int) -> int:
    """Length in bytes of the longest run of whole foreign sectors between two offsets."""
    longest = run = 0
    for offset in range(-(-start // SECTOR) * SECTOR, stop - SECTOR + 1, SECTOR):
        run = run + SECTOR if is_foreign(data[offset : offset + SECTOR]) else 0
        longest = max(longest, run)
    return longest


def change_point(data: bytes, start: int, stop: int) -> int:
    """Where usable data that run at least to `start` end: at the first foreign sector before `stop`, without filler.

    One byte of the filler is kept where it may be the 00 stuffed behind an FF.
    """
    for offset in range(-(-start // SECTOR) * SECTOR, stop - SECTOR + 1, SECTOR):
        if is_foreign(data[offset : offset + SECTOR]):
            stop = offset
            break
    if stop <= start:
        return start
    kept = data[start:stop]
    stripped = kept.rstrip(kept[-1:])
    if len(kept) - len(stripped) < _FILLER_TAIL:
        return stop
    return start + len(stripped) + (1 if stripped.endswith(b"\xff") else 0)
