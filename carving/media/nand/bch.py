"""Binary BCH codes as NAND controllers use them: tables of one code, and the correction of many code words.

Field arithmetic and decoding follow S. Lin and D. Costello, "Error Control Coding", chapter 6. The parity is the
remainder of the message by the generator polynomial, the first bit the highest power; the same as in the Linux kernel.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from carving.errors import UsageError
from carving.media.nand.layout import BchSettings

Bytes = NDArray[np.uint8]

_FIELDS: Final = range(5, 16)
_MOST_WORDS: Final = 64
"""Code words listed for one that cannot be corrected; there are hundreds under codes that correct fewer than 4 bits."""
_REVERSED: Final = np.array([int(f"{byte:08b}"[::-1], 2) for byte in range(256)], dtype=np.uint8)


@dataclass(frozen=True, eq=False)
class BchCode:
    """A code for messages of one length.

    Attributes:
        message: bytes of a message.
        parity: bytes of its parity, the last one padded with unused bits.
        strength: bit errors that are corrected in a code word.
        degree: of the generator polynomial: bits of the parity.
        powers, logarithms: int32 tables of the field.
        remainders: uint64 (4, 256, words): what a byte 0 to 3 bytes above the parity leaves, aligned to the left.
        bits: uint8 (256,): each byte with its bits in the order of the code.
        mask: uint8 (parity,): what was inverted, as it shows in the parity.
    """

    message: int
    parity: int
    strength: int
    degree: int
    powers: NDArray[np.int32]
    logarithms: NDArray[np.int32]
    remainders: NDArray[np.uint64]
    bits: Bytes
    mask: Bytes

    def encode(self, messages: Bytes) -> Bytes:
        """The parities of messages, uint8 (words, message): uint8 (words, parity), in the code's own order of bits and
        without what is inverted."""
        from carving.media.nand.bch_kernels import encode

        words = np.zeros((messages.shape[0], self.remainders.shape[2]), dtype=np.uint64)
        encode(messages, self.bits, self.remainders, words)
        return words.astype(">u8").view(np.uint8)[:, : self.parity]

    def correct(self, messages: Bytes, parities: Bytes) -> NDArray[np.int16]:
        """Correct code words in place.

        Args:
            messages: uint8 (words, message); parities: uint8 (words, parity), both C-contiguous.

        Returns:
            int16 (words,): bits corrected, -1 where there are more errors than the code corrects.
        """
        from carving.media.nand.bch_kernels import correct

        counts = np.zeros(messages.shape[0], dtype=np.int16)
        correct(
            messages,
            parities,
            self.bits,
            self.mask,
            self.remainders,
            self.powers,
            self.logarithms,
            self.strength,
            self.degree,
            counts,
        )
        return counts

    def beyond(self, message: Bytes, parity: Bytes) -> tuple[tuple[tuple[int, int], ...], ...]:
        """What an uncorrectable code word may be if it has one error more than can be corrected.

        Args:
            message: uint8 (message,); parity: uint8 (parity,).

        Returns:
            For each code word at that distance the bits to flip: (byte of message and parity, bit, 0 the highest). The
            expected number of wrong ones is C(bits, strength + 1) / 2^degree: for 512 bytes 2 where 4 errors are
            corrected, and one in 15,000 cases where 8 are.
        """
        from carving.media.nand.bch_kernels import add_parity, divide
        from carving.media.nand.chase_kernels import words_beyond

        rest = np.zeros(self.remainders.shape[2], dtype=np.uint64)
        divide(message, self.bits, self.remainders, rest)
        add_parity(parity, self.bits, self.mask, self.degree, rest)
        length = 8 * self.message + self.degree
        found = np.zeros((_MOST_WORDS, self.strength + 1), dtype=np.int32)
        count = words_beyond(rest, self.strength, self.degree, length, self.powers, self.logarithms, found)
        places = length - 1 - found[:count].astype(np.int64)
        reverse = 7 if self.bits[1] != 1 else 0
        return tuple(tuple((place >> 3, (place & 7) ^ reverse) for place in row) for row in places.tolist())


def parity_bytes(settings: BchSettings) -> int:
    """Bytes of the parity of a code word.

    Raises:
        UsageError: there is no such code.
    """
    return -(-(_generator(settings.field, settings.polynomial, settings.strength).bit_length() - 1) // 8)


@cache
def bch_code(settings: BchSettings, message: int) -> BchCode:
    """The tables of a code for messages of `message` bytes.

    Raises:
        UsageError: there is no such code, or its words are shorter than that.
    """
    powers, logarithms = _field(settings.field, settings.polynomial)
    generator = _generator(settings.field, settings.polynomial, settings.strength)
    degree = generator.bit_length() - 1
    if 8 * message + degree > (1 << settings.field) - 1:
        raise UsageError(f"a BCH code over GF(2^{settings.field}) has no room for {message} bytes and {degree} bits")
    parity = -(-degree // 8)
    whole = (1 << (8 * parity)) - 1
    leaves = _byte_remainders(generator)
    ones = _remainder_of_ones(message, leaves, degree)
    masks = {"nothing": 0, "parity": whole, "message": ones, "both": ones ^ whole}
    return BchCode(
        message=message,
        parity=parity,
        strength=settings.strength,
        degree=degree,
        powers=np.array(powers + powers, dtype=np.int32),
        logarithms=np.array(logarithms, dtype=np.int32),
        remainders=_in_words(generator, leaves),
        bits=_REVERSED if settings.bits == "lsb" else np.arange(256, dtype=np.uint8),
        mask=np.frombuffer(masks[settings.inverted].to_bytes(parity, "big"), dtype=np.uint8),
    )


@cache
def _field(degree: int, polynomial: int) -> tuple[list[int], list[int]]:
    """Powers of the field's generator, and logarithms; that of 0 is -1."""
    if degree not in _FIELDS:
        raise UsageError(f"ecc.field must be {_FIELDS.start} to {_FIELDS.stop - 1}, not {degree}")
    size = (1 << degree) - 1
    powers, element = [], 1
    for _ in range(size):
        powers.append(element)
        element <<= 1
        if element > size:
            element ^= polynomial
    logarithms = [-1] * (size + 1)
    for exponent, element in enumerate(powers):
        if not 0 < element <= size or logarithms[element] >= 0:
            raise UsageError(f"ecc.polynomial {polynomial:#x} is not a primitive polynomial of degree {degree}")
        logarithms[element] = exponent
    return powers, logarithms


@cache
def _generator(field: int, polynomial: int, strength: int) -> int:
    """The generator polynomial: the product of the minimal polynomials of the first odd powers, as bits."""
    powers, logarithms = _field(field, polynomial)
    order = len(powers)
    if not 0 < 2 * strength < order:
        raise UsageError(f"ecc.strength must be 1 to {(order - 1) // 2}, not {strength}")
    generator, done = 1, set[int]()
    for exponent in range(1, 2 * strength, 2):
        if exponent in done:
            continue
        minimal, conjugate = [1], exponent  # coefficients in the field, lowest first
        while conjugate not in done:
            done.add(conjugate)
            shifted = [0, *minimal]
            scaled = [powers[(logarithms[value] + conjugate) % order] if value else 0 for value in minimal] + [0]
            minimal = [low ^ high for low, high in zip(shifted, scaled, strict=True)]
            conjugate = conjugate * 2 % order
        generator = _product(generator, sum(1 << place for place, value in enumerate(minimal) if value))
    return generator


def _product(left: int, right: int) -> int:
    """Product of two polynomials over GF(2)."""
    product = 0
    while right:
        if right & 1:
            product ^= left
        left, right = left << 1, right >> 1
    return product


def _byte_remainders(generator: int) -> list[int]:
    """What each byte above the parity leaves: byte · x^degree modulo the generator polynomial."""
    degree = generator.bit_length() - 1
    leaves, remainder = [0], generator ^ 1 << degree
    for _ in range(8):  # each bit doubles the list
        leaves += [known ^ remainder for known in leaves]
        remainder <<= 1
        if remainder >> degree & 1:
            remainder ^= generator
    return leaves


def _remainder_of_ones(size: int, leaves: list[int], degree: int) -> int:
    """Parity of `size` bytes FF, aligned to the left of whole bytes."""
    width = max(degree, 8)
    rest = 0
    for _ in range(size):
        rest = (rest << 8 & (1 << width) - 1) ^ leaves[rest >> (width - 8) ^ 0xFF] << (width - degree)
    return rest >> (width - degree) << (-degree % 8)


def _in_words(generator: int, leaves: list[int]) -> NDArray[np.uint64]:
    """Remainders of a byte above the parity and of one 1, 2 and 3 bytes above that."""
    degree = generator.bit_length() - 1
    words = -(-degree // 64)
    tables = [leaves]
    for _ in range(3):
        tables.append([_times_byte(leaf, generator) for leaf in tables[-1]])
    aligned = b"".join((leaf << (64 * words - degree)).to_bytes(8 * words, "big") for row in tables for leaf in row)
    return np.frombuffer(aligned, dtype=">u8").astype(np.uint64).reshape(4, 256, words)


def _times_byte(remainder: int, generator: int) -> int:
    """remainder · x^8 modulo the generator polynomial."""
    degree = generator.bit_length() - 1
    for _ in range(8):
        remainder <<= 1
        if remainder >> degree & 1:
            remainder ^= generator
    return remainder
