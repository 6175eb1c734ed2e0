"""SipHash-2-4 of one 64-bit number, as fscrypt hashes inode numbers (J.-P. Aumasson and D. J. Bernstein, "SipHash: a
fast short-input PRF", 2012)."""

from __future__ import annotations

from typing import Final

_MASK: Final = (1 << 64) - 1
_INITIAL: Final = (0x736F6D6570736575, 0x646F72616E646F6D, 0x6C7967656E657261, 0x7465646279746573)


def siphash_of_number(number: int, key: bytes) -> int:
    """The 64-bit hash of a 64-bit number, little-endian, under a key of 16 bytes."""
    low, high = int.from_bytes(key[:8], "little"), int.from_bytes(key[8:16], "little")
    state = [value ^ word for value, word in zip(_INITIAL, (low, high, low, high), strict=True)]
    for word in (number & _MASK, 8 << 56):
        state[3] ^= word
        _rounds(state, 2)
        state[0] ^= word
    state[2] ^= 0xFF
    _rounds(state, 4)
    return state[0] ^ state[1] ^ state[2] ^ state[3]


def _rounds(state: list[int], count: int) -> None:
    v0, v1, v2, v3 = state
    for _ in range(count):
        v0 = (v0 + v1) & _MASK
        v1 = _turned(v1, 13) ^ v0
        v0 = _turned(v0, 32)
        v2 = (v2 + v3) & _MASK
        v3 = _turned(v3, 16) ^ v2
        v0 = (v0 + v3) & _MASK
        v3 = _turned(v3, 21) ^ v0
        v2 = (v2 + v1) & _MASK
        v1 = _turned(v1, 17) ^ v2
        v2 = _turned(v2, 32)
    state[:] = v0, v1, v2, v3


def _turned(word: int, bits: int) -> int:
    return (word << bits | word >> (64 - bits)) & _MASK
