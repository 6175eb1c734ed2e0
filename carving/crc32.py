"""CRC-32 (IEEE 802.3) of bytes that need not be there one by one: long stretches of zeros, or of four bytes repeated.

A CRC is a remainder of polynomials over GF(2): appending n zero bytes multiplies its register by x^(8n). Polynomials
are integers of 32 bits with the coefficient of x^31 in the lowest bit, as zlib keeps its register. Source: Ross N.
Williams, "A painless guide to CRC error detection algorithms", sections 5 to 11.
"""

from __future__ import annotations

import zlib
from functools import cache
from typing import Final

_POLYNOMIAL: Final = 0xEDB88320
_ONE: Final = 1 << 31
_MASK: Final = 0xFFFFFFFF


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
