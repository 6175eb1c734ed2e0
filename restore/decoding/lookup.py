"""Look-up tables for the entropy decoder, built once per Huffman table.

A first-level table answers `LOOKAHEAD` bits at once. Its entry holds code, run and, where the amplitude bits fit as
well, the decoded coefficient (the combined table of stb_image and libjpeg-turbo issue 525). Longer codes go through the
canonical limits of T.81 annex F.2.2.3.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from carving.jpeg.tables import HuffmanTable

LOOKAHEAD: Final = 10
"""Bits answered by one first-level look-up; the entries of one table then fill 4 KiB."""

COMPLETE: Final = 1 << 5
"""Entry flag: run and coefficient are all in the entry."""

CODE_ONLY: Final = 1 << 6
"""Entry flag: the code is known, its amplitude bits are still to be read."""

END_OF_BLOCK: Final = 128
"""Step stored for EOB, beyond any position, so that one comparison ends the block."""

RUN_SHIFT: Final = 7
VALUE_SHIFT: Final = 16
STEP_MASK: Final = (1 << (VALUE_SHIFT - RUN_SHIFT)) - 1


class Lookup(NamedTuple):
    """Decoding tables of one Huffman table.

    Attributes:
        fast: int32 (1 << LOOKAHEAD,): bits 0-4 bits consumed, 5-6 flags, then, where `COMPLETE`, bits 7-15 step (run
            + 1, or `END_OF_BLOCK`) and 16-31 coefficient, else 7-15 run and 16-31 amplitude size; 0 where the code is
            longer than `LOOKAHEAD` or does not exist.
        limits: int64 (18,): first 16-bit left-aligned value beyond the codes of each length; entry 17 is a sentinel.
        offsets: int64 (17,): index of a length's first symbol minus its first code.
        symbols: uint8 (256,): symbols in code order.
    """

    fast: NDArray[np.int32]
    limits: NDArray[np.int64]
    offsets: NDArray[np.int64]
    symbols: NDArray[np.uint8]


def extend(bits: int, size: int) -> int:
    """Amplitude from its `size` raw bits (T.81 F.2.2.1, EXTEND)."""
    return bits if size == 0 or bits >> (size - 1) else bits - (1 << size) + 1


def _fast_entries(table: HuffmanTable, *, is_dc: bool) -> NDArray[np.int32]:
    fast = np.zeros(1 << LOOKAHEAD, dtype=np.int64)
    for code, length, symbol in table.codes:
        if length > LOOKAHEAD:
            continue
        run, size = (0, symbol) if is_dc else (symbol >> 4, symbol & 15)
        if is_dc and size > 15:
            continue
        first = code << (LOOKAHEAD - length)
        if size == 0 and (is_dc or run != 15):
            step = 0 if is_dc else END_OF_BLOCK
            fast[first : first + (1 << (LOOKAHEAD - length))] = length | COMPLETE | step << RUN_SHIFT
        elif size and length + size <= LOOKAHEAD:
            spare = LOOKAHEAD - length - size
            for bits in range(1 << size):
                start = first + (bits << spare)
                value = extend(bits, size) & 0xFFFF
                fast[start : start + (1 << spare)] = (
                    (length + size) | COMPLETE | (run + 1) << RUN_SHIFT | value << VALUE_SHIFT
                )
        else:
            entry = length | CODE_ONLY | run << RUN_SHIFT | size << VALUE_SHIFT
            fast[first : first + (1 << (LOOKAHEAD - length))] = entry
    return fast.astype(np.uint32).view(np.int32)


def _canonical(table: HuffmanTable) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.uint8]]:
    limits = np.zeros(18, dtype=np.int64)
    offsets = np.zeros(17, dtype=np.int64)
    code = index = 0
    for length, count in enumerate(table.counts, start=1):
        offsets[length] = index - code
        code += count
        index += count
        limits[length] = code << (16 - length)
        code <<= 1
    limits[17] = 1 << 62
    symbols = np.zeros(256, dtype=np.uint8)
    symbols[: len(table.symbols)] = np.frombuffer(table.symbols, dtype=np.uint8)
    return limits, offsets, symbols


@lru_cache(maxsize=256)
def dc_lookup(table: HuffmanTable) -> Lookup:
    """Tables for DC differences."""
    return Lookup(_fast_entries(table, is_dc=True), *_canonical(table))


@lru_cache(maxsize=256)
def ac_lookup(table: HuffmanTable) -> Lookup:
    """Tables for AC coefficients."""
    return Lookup(_fast_entries(table, is_dc=False), *_canonical(table))


@lru_cache(maxsize=256)
def symbol_lookup(table: HuffmanTable) -> Lookup:
    """Tables that give symbols only, for progressive scans; `fast` holds symbol << 8 | code length, 0 for none."""
    fast = np.zeros(1 << LOOKAHEAD, dtype=np.int32)
    for code, length, symbol in table.codes:
        if length <= LOOKAHEAD:
            first = code << (LOOKAHEAD - length)
            fast[first : first + (1 << (LOOKAHEAD - length))] = symbol << 8 | length
    return Lookup(fast, *_canonical(table))
