"""CRC-32 (IEEE 802.3) of bytes that need not be there one by one: long stretches of zeros, or of four bytes repeated.

A CRC is a remainder of polynomials over GF(2): appending n zero bytes multiplies its register by x^(8n). Polynomials
are integers of 32 bits with the coefficient of x^31 in the lowest bit, as zlib keeps its register. Source: Ross N.
Williams, "A painless guide to CRC error detection algorithms", sections 5 to 11.
"""

from __future__ import annotations

import zlib
from functools import cache
from math import isqrt
from typing import Final

_POLYNOMIAL: Final = 0xEDB88320
_ONE: Final = 1 << 31
_MASK: Final = 0xFFFFFFFF
_ORDER: Final = 0xFFFFFFFF
"""x to this power is 1, for the polynomial is primitive."""


def crc32_of_two(first: int, second: int, second_length: int) -> int:
    """The CRC-32 of bytes A followed by bytes B, from those of A and of B, and the length of B."""
    return _times(first, _shift(second_length)) ^ second


def crc32_then_repeated(crc: int, pattern: bytes, count: int) -> int:
    """The CRC-32 of bytes whose CRC-32 is `crc`, followed by `count` times the pattern.

    The work grows with the logarithm of `count`.
    """
    block, length = zlib.crc32(pattern), len(pattern)
    while count:
        if count & 1:
            crc = crc32_of_two(crc, block, length)
        block, length = crc32_of_two(block, block, length), 2 * length
        count >>= 1
    return crc


@cache
def _power(exponent: int) -> int:
    """x^(8 · 2^exponent)."""
    if exponent == 0:
        return _ONE >> 8
    half = _power(exponent - 1)
    return _times(half, half)


def _shift(length: int) -> int:
    """x^(8 · length)."""
    product, exponent = _ONE, 0
    while length:
        if length & 1:
            product = _times(product, _power(exponent))
        length >>= 1
        exponent += 1
    return product


def _times(left: int, right: int) -> int:
    """The product of two polynomials modulo the CRC's."""
    product = 0
    while left:
        if left & _ONE:
            product ^= right
        left = left << 1 & _MASK
        right = right >> 1 ^ (_POLYNOMIAL if right & 1 else 0)
    return product


def crc32_single_flip(difference: int, length: int) -> tuple[int, int] | None:
    """Which single bit, flipped in `length` bytes, changes their CRC-32 by `difference`; None where no one bit does.

    The difference of a flip with k bits behind it is x^(32 + k); k is found as a discrete logarithm, by steps of two
    sizes (Shanks). Another damage than one bit leads to some bit, too, by a chance of 8 · length in 2^32.

    Args:
        difference: exclusive or of the CRC-32s before and after.
        length: of the data, in bytes.

    Returns:
        Byte and bit (0 = most significant).
    """
    if difference == 0 or length == 0:
        return None
    bits = 8 * length
    small: dict[int, int] = {}
    value = _to_the(32)
    steps = max(1, isqrt(bits - 1) + 1)
    for step in range(steps):
        small.setdefault(value, step)
        value = value >> 1 ^ (_POLYNOMIAL if value & 1 else 0)
    back = _to_the(_ORDER - steps)
    value = difference
    for large in range(-(-bits // steps)):
        found = small.get(value)
        if found is not None:
            behind = large * steps + found
            return (length - 1 - behind // 8, behind % 8) if behind < bits else None
        value = _times(value, back)
    return None


def _to_the(exponent: int) -> int:
    """x^exponent."""
    product, square = _ONE, _ONE >> 1
    while exponent:
        if exponent & 1:
            product = _times(product, square)
        square = _times(square, square)
        exponent >>= 1
    return product
