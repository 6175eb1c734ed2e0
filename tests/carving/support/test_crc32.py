"""CRC-32 by polynomials against zlib's, which goes byte by byte."""

from __future__ import annotations

import random
import zlib

import pytest

from carving.support.crc32 import crc32_of_two, crc32_single_flip, crc32_then_repeated


@pytest.mark.parametrize("length", [0, 1, 7, 4096, 100_003])
def test_two_parts(length: int) -> None:
    first, second = random.Random(length).randbytes(777), random.Random(-length).randbytes(length)
    assert crc32_of_two(zlib.crc32(first), zlib.crc32(second), length) == zlib.crc32(first + second)


@pytest.mark.parametrize(("pattern", "count"), [(bytes(4), 0), (bytes(4), 1), (b"abcd", 3), (b"\xff", 99_999)])
def test_repeated(pattern: bytes, count: int) -> None:
    assert crc32_then_repeated(zlib.crc32(b"before"), pattern, count) == zlib.crc32(b"before" + pattern * count)


def test_exabytes_take_no_longer() -> None:
    half = crc32_then_repeated(0, bytes(4), 1 << 57)
    assert crc32_then_repeated(half, bytes(4), 1 << 57) == crc32_then_repeated(0, bytes(4), 1 << 58)


@pytest.mark.parametrize("length", [1, 2, 9, 100, 65_537])
def test_the_bit_that_was_flipped(length: int) -> None:
    chance = random.Random(length)
    data = bytearray(chance.randbytes(length))
    before = zlib.crc32(data)
    places = {(0, 0), (length - 1, 7), *((chance.randrange(length), chance.randrange(8)) for _ in range(20))}
    for byte, bit in places:
        data[byte] ^= 128 >> bit
        assert crc32_single_flip(before ^ zlib.crc32(data), length) == (byte, bit)
        data[byte] ^= 128 >> bit


def test_two_bits_are_no_single_one() -> None:
    chance = random.Random(1)
    data = bytearray(chance.randbytes(5000))
    before = zlib.crc32(data)
    found = 0
    for _ in range(50):
        for byte in (first := chance.randrange(4000), first + 1 + chance.randrange(900)):
            data[byte] ^= 128 >> chance.randrange(8)
        found += crc32_single_flip(before ^ zlib.crc32(data), len(data)) is not None
        before = zlib.crc32(data)
    assert found == 0
    assert crc32_single_flip(0, 5000) is None
