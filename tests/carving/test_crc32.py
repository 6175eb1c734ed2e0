"""CRC-32 by polynomials against zlib's, which goes byte by byte."""

from __future__ import annotations

import random
import zlib

import pytest

from carving.crc32 import crc32_of_two, crc32_then_repeated


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
