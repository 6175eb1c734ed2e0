"""The block decoder against a plain-Python one, on bits that may mean anything."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from carving.jpeg.tables import (
    STANDARD_AC_CHROMA,
    STANDARD_AC_LUMA,
    STANDARD_DC_CHROMA,
    STANDARD_DC_LUMA,
    ZIGZAG,
    HuffmanTable,
)
from restore.decoding.entropy_kernels import FAILED, STREAM_PADDING, decode_block
from restore.decoding.lookup import Lookup
from restore.decoding.robust import decode
from restore.decoding.scans import flat_lookups
from tests.restore.decoding.bits import Bits, code_of, packed
from tests.restore.decoding.pictures import by_libjpeg, jpeg, texture

LONG_DC = HuffmanTable((0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 4), bytes((0, 15, 14, 11, 3, 9, 16, 200)))
LONG_AC = HuffmanTable(
    (0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 6), bytes((0, 0x0F, 0xF0, 0x31, 0xEF, 0x12, 0xF1, 0x40, 0x0A, 0x01))
)
"""Codes beyond the first-level table, impossible DC sizes, and amplitudes of 15 bits."""


def reference_block(bits: Bits, dc: HuffmanTable, ac: HuffmanTable) -> tuple[list[int], int]:
    """The 64 coefficients without DC, and the DC difference. Raises `ValueError` for an invalid code."""
    block = [0] * 64
    size = bits.symbol(dc)
    if size > 15:
        raise ValueError("no DC difference has so many bits")
    difference = bits.amplitude(size)
    position = 0
    while position < 63:
        run, size = divmod(bits.symbol(ac), 16)
        if size == 0 and run < 15:
            break
        position += run + 1
        if position > 63:
            raise ValueError("beyond the block")
        if size:
            value = bits.amplitude(size)
            block[ZIGZAG[position]] = value if -32768 <= value <= 32767 else 0
    return block, difference


def compiled_block(data: bytes, bit: int, lookup: Lookup) -> tuple[int, int, NDArray[np.int16]]:
    stream = np.frombuffer(data + bytes(STREAM_PADDING), dtype=np.uint8)
    coefficients = np.zeros(192, dtype=np.int16)
    end, difference = decode_block(
        stream, bit, 2, 3, lookup.fast, lookup.limits, lookup.offsets, lookup.symbols, coefficients, 64
    )
    assert not coefficients[:64].any()
    assert not coefficients[128:].any()
    return end, difference, coefficients[64:128]


@pytest.mark.parametrize(
    ("dc", "ac"),
    [(STANDARD_DC_LUMA, STANDARD_AC_LUMA), (STANDARD_DC_CHROMA, STANDARD_AC_CHROMA), (LONG_DC, LONG_AC)],
)
def test_any_bits(dc: HuffmanTable, ac: HuffmanTable) -> None:
    lookup = flat_lookups([(STANDARD_DC_CHROMA, STANDARD_AC_CHROMA), (dc, ac)])
    rng = np.random.default_rng(7)
    outcomes = {True: 0, False: 0}
    for _ in range(1500):
        few, many = rng.choice([0, 0x40, 0xFE]), rng.choice([0xFF, 0x3F])
        data = (rng.integers(0, 256, 160) & many | few).astype(np.uint8).tobytes()
        start = int(rng.integers(0, 70))
        bits = Bits(data, start)
        end, difference, block = compiled_block(data, start, lookup)
        try:
            expected, expected_difference = reference_block(bits, dc, ac)
        except ValueError:
            assert end == FAILED
            outcomes[False] += 1
            continue
        assert (end, difference) == (bits.position, expected_difference)
        assert block.tolist() == expected
        outcomes[True] += 1
    assert min(outcomes.values()) > 20


def test_the_longest_block_stays_inside_the_padding() -> None:
    code = code_of(LONG_AC, 0x0F)
    data = packed(code_of(LONG_DC, 15) + "1" * 15 + (code + "1" * 15) * 63)
    end, difference, block = compiled_block(data, 0, flat_lookups([(LONG_DC, LONG_AC)] * 2))
    assert end == 16 * 0 + 12 + 15 + 63 * (12 + 15)
    assert difference == 32767
    assert (block[1:] == 32767).all()


@pytest.mark.parametrize("progressive", [False, True])
def test_noise_in_place_of_a_scan_ends_in_a_picture(progressive: bool) -> None:
    picture = jpeg(texture(100, 80), progressive=progressive)
    start = picture.find(b"\xff\xda") + 14
    for seed in range(20):
        noise = np.random.default_rng(seed).integers(0, 256, 3000, dtype=np.uint8).tobytes()
        decoded = decode(picture[:start] + noise.replace(b"\xff", b"\xff\0") + b"\xff\xd9")
        assert decoded.pixels.shape == (80, 100, 3)
        assert decoded.events


def test_every_single_bit_flip_ends_in_a_picture() -> None:
    picture = jpeg(texture(40, 24), quality=60)
    start = picture.find(b"\xff\xda") + 14
    intact = by_libjpeg(picture)
    changed = 0
    for bit in range(8 * start, 8 * len(picture) - 16):
        damaged = bytearray(picture)
        damaged[bit // 8] ^= 0x80 >> bit % 8
        pixels = decode(bytes(damaged)).pixels
        assert pixels.shape == intact.shape
        changed += not np.array_equal(pixels, intact)
    assert changed > 0.95 * 8 * (len(picture) - start - 2)
