"""Quantisation and Huffman tables as a JPEG stores them (ITU-T T.81, annexes B and K)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

ZIGZAG: NDArray[np.uint8] = np.array(
    [0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7, 14, 21,
     28, 35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54,
     47, 55, 62, 63],
    dtype=np.uint8,
)  # fmt: skip
"""Natural (row-major) index of each zigzag position (T.81 figure 5)."""


@dataclass(frozen=True)
class HuffmanTable:
    """A Huffman table as DHT gives it: how many codes of each length 1..16, and their symbols in order."""

    counts: tuple[int, ...]
    symbols: bytes

    @cached_property
    def codes(self) -> tuple[tuple[int, int, int], ...]:
        """`(code, length, symbol)` of every entry (T.81 annex C)."""
        entries: list[tuple[int, int, int]] = []
        code = 0
        position = 0
        for length, count in enumerate(self.counts, start=1):
            for _ in range(count):
                entries.append((code, length, self.symbols[position]))
                code += 1
                position += 1
            code <<= 1
        return tuple(entries)

    @property
    def is_prefix_code(self) -> bool:
        """Whether the lengths fit into a binary tree; a table that does not is damaged."""
        room = 1
        for count in self.counts:
            room = room * 2 - count
            if room < 0:
                return False
        return True


@dataclass(frozen=True)
class QuantTable:
    """64 quantisation steps in zigzag order, and whether they were stored in 16 bits."""

    steps: tuple[int, ...]
    wide: bool

    def natural(self) -> NDArray[np.int32]:
        """The steps in row-major order, shape (64,)."""
        table = np.zeros(64, dtype=np.int32)
        table[ZIGZAG] = np.array(self.steps, dtype=np.int32)
        return table


def _standard(counts: str, symbols: str) -> HuffmanTable:
    return HuffmanTable(tuple(bytes.fromhex(counts)), bytes.fromhex(symbols))


_DC_SYMBOLS = "000102030405060708090a0b"
STANDARD_DC_LUMA = _standard("00010501010101010100000000000000", _DC_SYMBOLS)
STANDARD_DC_CHROMA = _standard("00030101010101010101010000000000", _DC_SYMBOLS)
STANDARD_AC_LUMA = _standard(
    "0002010303020403050504040000017d",
    "01020300041105122131410613516107227114328191a1082342b1c11552d1f02433627282090a161718191a25262728292a3435363738393a"
    "434445464748494a535455565758595a636465666768696a737475767778797a838485868788898a92939495969798999aa2a3a4a5a6a7a8"
    "a9aab2b3b4b5b6b7b8b9bac2c3c4c5c6c7c8c9cad2d3d4d5d6d7d8d9dae1e2e3e4e5e6e7e8e9eaf1f2f3f4f5f6f7f8f9fa",
)
STANDARD_AC_CHROMA = _standard(
    "00020102040403040705040400010277",
    "000102031104052131061241510761711322328108144291a1b1c109233352f0156272d10a162434e125f11718191a262728292a35363738"
    "393a434445464748494a535455565758595a636465666768696a737475767778797a82838485868788898a92939495969798999aa2a3a4a5"
    "a6a7a8a9aab2b3b4b5b6b7b8b9bac2c3c4c5c6c7c8c9cad2d3d4d5d6d7d8d9dae2e3e4e5e6e7e8e9eaf2f3f4f5f6f7f8f9fa",
)
"""The typical tables of T.81 annex K.3, which most cameras write unchanged."""
