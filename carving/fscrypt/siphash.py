"""SipHash-2-4 of 64-bit numbers, as fscrypt hashes those of inodes (J.-P. Aumasson, D. J. Bernstein, "SipHash: a fast
short-input PRF", 2012)."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

Words = NDArray[np.uint64]

_INITIAL: Final = (0x736F6D6570736575, 0x646F72616E646F6D, 0x6C7967656E657261, 0x7465646279746573)
_LENGTH: Final = np.uint64(8 << 56)
"""The last word of a message of eight bytes."""


def siphash_of_numbers(numbers: Words, key: bytes) -> Words:
    """The 64-bit hashes of 64-bit numbers, each as eight little-endian bytes, under a key of 16 bytes: uint64 (n,)."""
    halves = np.frombuffer(key, "<u8")
    v0, v1, v2, v3 = (np.full(numbers.size, halves[index % 2] ^ np.uint64(_INITIAL[index])) for index in range(4))
    for word in (numbers, np.full(numbers.size, _LENGTH)):
        v3 = v3 ^ word
        v0, v1, v2, v3 = _rounds(v0, v1, v2, v3, 2)
        v0 = v0 ^ word
    v0, v1, v2, v3 = _rounds(v0, v1, v2 ^ np.uint64(0xFF), v3, 4)
    hashes: Words = v0 ^ v1 ^ v2 ^ v3
    return hashes


def _rounds(v0: Words, v1: Words, v2: Words, v3: Words, count: int) -> tuple[Words, Words, Words, Words]:
    for _ in range(count):  # additions wrap at 64 bits
        v0 = v0 + v1
        v1 = _turned(v1, 13) ^ v0
        v0 = _turned(v0, 32)
        v2 = v2 + v3
        v3 = _turned(v3, 16) ^ v2
        v0 = v0 + v3
        v3 = _turned(v3, 21) ^ v0
        v2 = v2 + v1
        v1 = _turned(v1, 17) ^ v2
        v2 = _turned(v2, 32)
    return v0, v1, v2, v3


def _turned(words: Words, bits: int) -> Words:
    return words << np.uint64(bits) | words >> np.uint64(64 - bits)
