"""Bit errors of a storage medium: drawn, applied, and told from a pair of byte strings."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from carving.errors import UsageError

_SEED_DOMAIN: Final = b"carve-restore bit errors\0"


@dataclass(frozen=True, slots=True, order=True)
class Flip:
    """One flipped bit of the medium: byte offset, and bit from 0, the most significant."""

    offset: int
    bit: int


def generator(seed: int, ber: float, content: bytes) -> np.random.Generator:
    """The random numbers for one file: they depend on what it holds, not on its name or its place in a list."""
    recipe = _SEED_DOMAIN + f"{seed} {ber!r} ".encode("ascii") + hashlib.sha256(content).digest()
    return np.random.default_rng(int.from_bytes(hashlib.sha256(recipe).digest(), "big"))


def draw_flips(random: np.random.Generator, first: int, end: int, ber: float) -> tuple[Flip, ...]:
    """Flip every bit of the bytes `[first, end)` with probability `ber`, independently; in ascending order.

    Raises:
        UsageError: `ber` is no probability.
    """
    if not 0 <= ber <= 1:
        raise UsageError(f"a bit error rate lies between 0 and 1, not at {ber}")
    bits = 8 * max(0, end - first)
    chosen = np.sort(random.choice(bits, size=random.binomial(bits, ber), replace=False, shuffle=False))
    return tuple(Flip(first + int(bit) // 8, int(bit) % 8) for bit in chosen)


def apply_flips(data: bytes, flips: tuple[Flip, ...]) -> bytes:
    """`data` with these bits inverted."""
    flipped = bytearray(data)
    for flip in flips:
        flipped[flip.offset] ^= 0x80 >> flip.bit
    return bytes(flipped)


def differing_bits(before: bytes, after: bytes) -> tuple[Flip, ...]:
    """The flips that turn `before` into `after`, which must be as long; ascending."""
    offsets = differing_bytes(before, after)
    changed = np.frombuffer(before, dtype=np.uint8)[offsets] ^ np.frombuffer(after, dtype=np.uint8)[offsets]
    rows, bits = np.nonzero(np.unpackbits(changed[:, np.newaxis], axis=1))
    return tuple(Flip(int(offsets[row]), int(bit)) for row, bit in zip(rows, bits, strict=True))


def differing_bytes(before: bytes, after: bytes) -> NDArray[np.int64]:
    """Offsets of the bytes in which two strings of one length differ, int64, ascending."""
    if len(before) != len(after):
        raise UsageError(f"{len(before)} bytes cannot be compared with {len(after)}")
    return np.flatnonzero(np.frombuffer(before, dtype=np.uint8) != np.frombuffer(after, dtype=np.uint8))
