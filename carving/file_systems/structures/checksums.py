"""Checksums as functions of bits: what each byte of a structure does to the difference of computed and stored checksum.

A CRC is linear over GF(2): it is the exclusive or of what every byte by itself contributes. So is the difference of a
computed and a stored CRC, the residual, which is 0 where the checksum holds; a flipped bit changes it by its own part,
whatever the other bits are (W. W. Peterson and D. T. Brown, "Cyclic codes for error detection", Proc. IRE 49, 1961).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from carving.flips.model import Bytes

Words = NDArray[np.uint32]

CRC32C: Final = 0x82F63B78
"""Polynomial of Castagnoli, bits reversed (RFC 3720, appendix B.4)."""
CRC32: Final = 0xEDB88320
"""Polynomial of IEEE 802.3, bits reversed."""
_CHUNK: Final = 1 << 20


@dataclass(frozen=True, slots=True, eq=False)
class Checksum:
    """The residual of one kind of structure as a function of its bytes.

    Attributes:
        name: what people call it.
        bits: width of the checksum.
        responses: what each value of each byte adds to the residual, uint32 (bytes, 256).
    """

    name: str
    bits: int
    responses: Words

    def residuals(self, rows: Bytes) -> Words:
        """The part of the residual that the bytes make, for structures as rows: uint32 (rows,)."""
        count, size = rows.shape
        table = self.responses.reshape(-1)
        places = np.arange(size, dtype=np.intp) * 256
        step = max(1, _CHUNK // max(1, size))
        parts = [
            np.bitwise_xor.reduce(table[places + rows[start : start + step]], axis=1) for start in range(0, count, step)
        ]
        return np.concatenate([np.zeros(0, dtype=np.uint32), *parts])


@dataclass(frozen=True, slots=True, eq=False)
class SeededCheck:
    """The checksum of one structure, begun with bytes that stand elsewhere: these make the constant part."""

    checksum: Checksum
    constant: int

    @property
    def bits(self) -> int:
        return self.checksum.bits

    def residual(self, data: Bytes) -> int:
        """By how much computed and stored checksum of the structure differ."""
        return int(self.checksum.residuals(data[np.newaxis])[0]) ^ self.constant

    def residuals(self, data: Bytes, start: int, variants: Bytes) -> Words:
        """See `carving.file_systems.structures.reversal.StructureCheck`."""
        parts = Checksum("", self.bits, self.checksum.responses[start : start + variants.shape[1]])
        before = self.residual(data) ^ int(parts.residuals(data[np.newaxis, start : start + variants.shape[1]])[0])
        return parts.residuals(variants) ^ np.uint32(before)


def crc_of(data: bytes, polynomial: int, start: int) -> int:
    """A reflected CRC of some bytes, begun at `start` and not inverted at its end."""
    table = _byte_table(polynomial).tolist()
    value = start
    for byte in data:
        value = value >> 8 ^ table[(value ^ byte) & 255]
    return int(value)


def crc_checksum(
    name: str, polynomial: int, covered: int, size: int, fields: Iterable[int], taken_as_zero: bool = True
) -> Checksum:
    """The residual of structures of `size` bytes, of which the first `covered` go into a CRC.

    Args:
        name: what people call it.
        polynomial: of the CRC, bits reversed.
        covered: bytes that are summed.
        size: bytes of the structure.
        fields: where the bytes of the stored checksum stand, the least significant first.
        taken_as_zero: whether those among them that are covered count as zeros.
    """
    responses = np.zeros((size, 256), dtype=np.uint32)
    responses[:covered] = crc_responses(polynomial, covered)
    places = tuple(fields)
    for order, place in enumerate(places):
        stored = np.arange(256, dtype=np.uint32) << np.uint32(8 * order)
        responses[place] = stored if taken_as_zero or place >= covered else responses[place] ^ stored
    bits = 8 * len(places)
    return Checksum(name, bits, responses & np.uint32((1 << bits) - 1))


@cache
def crc_responses(polynomial: int, size: int) -> Words:
    """What each value of each of `size` bytes adds to their CRC: uint32 (size, 256)."""
    table = _byte_table(polynomial)
    responses = np.zeros((size, 256), dtype=np.uint32)
    value = table
    for place in range(size - 1, -1, -1):
        responses[place] = value
        value = value >> np.uint32(8) ^ table[value & np.uint32(255)]
    return responses


@cache
def crc_of_zeros(polynomial: int, start: int, count: int) -> int:
    """A CRC begun at `start`, over `count` zeros."""
    if count < 4:
        return crc_of(bytes(count), polynomial, start)
    responses = crc_responses(polynomial, count)
    return int(
        np.bitwise_xor.reduce([responses[place, value] for place, value in enumerate(start.to_bytes(4, "little"))])
    )


@cache
def _byte_table(polynomial: int) -> Words:
    value = np.arange(256, dtype=np.uint32)
    for _ in range(8):
        value = value >> np.uint32(1) ^ np.uint32(polynomial) * (value & np.uint32(1))
    return value
