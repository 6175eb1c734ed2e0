"""Damaged progressive pictures: what one scan loses, the others still give."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from carving.jpeg.markers import read_header
from carving.jpeg.tables import ZIGZAG, HuffmanTable
from restore.decoding.entropy_kernels import STREAM_PADDING
from restore.decoding.lookup import symbol_lookup
from restore.decoding.progressive_kernels import decode_ac_first
from restore.decoding.robust import Decoded, EventKind, decode
from restore.decoding.scans import ScanPart, find_scans
from tests.restore.decoding.bits import code_of, packed
from tests.restore.decoding.pictures import jpeg, texture

PICTURE = jpeg(texture(240, 176), quality=85, progressive=True)
WHOLE = decode(PICTURE)
PARTS = find_scans(PICTURE, read_header(PICTURE)).parts


def part(spectral_start: int, component: int = 0, *, high: int = 0) -> ScanPart:
    """The scan that codes (or, with `high`, refines down from that bit) a band of a component."""
    return next(
        found
        for found in PARTS
        if found.header.scan.spectral_start == spectral_start
        and found.header.scan.approximation_high == high
        and component in {selected.index for selected in found.header.scan.components}
    )


def psnr(pixels: NDArray[np.uint8]) -> float:
    error = np.mean((pixels.astype(np.float64) - WHOLE.pixels) ** 2)
    return math.inf if error == 0 else 10 * math.log10(255**2 / error)


def damaged_inside(scan: ScanPart, share: float) -> bytes:
    """The picture with 128 ones, which are no code, in a scan's data at a share of their length."""
    start = scan.header.scan.entropy_start
    place = start + round((scan.end - start) * share)
    return PICTURE[:place] + b"\xff\0" * 16 + PICTURE[place + 32 :]


def flipped(place: int, mask: int) -> bytes:
    data = bytearray(PICTURE)
    data[place] ^= mask
    return bytes(data)


def test_libjpegs_script_is_what_these_tests_assume() -> None:
    assert WHOLE.events == ()
    assert len(PARTS) == 10


def dropped_from(decoded: Decoded) -> int:
    """The first MCU whose refinement was dropped; the number of MCUs where none was."""
    drops = [event.mcu for event in decoded.events if event.kind is EventKind.REFINEMENT_DROPPED]
    return min(drops, default=WHOLE.header.frame.mcu_count)


def test_a_damaged_refinement_keeps_what_was_known_before() -> None:
    """Much of a refinement is correction bits, whose damage nothing shows; what shows is dropped from there on."""
    scan = part(1, 0, high=1)
    columns = WHOLE.header.frame.mcu_columns
    seen = 0
    for share in np.linspace(0.05, 0.9, 18):
        decoded = decode(damaged_inside(scan, share))
        difference = np.abs(decoded.coefficients.astype(int) - WHOLE.coefficients)
        assert not difference[:, :, 0].any()
        assert not difference[:, 4:].any()
        first = dropped_from(decoded)
        if first > WHOLE.header.frame.mcu_count - 2 * columns:
            continue
        seen += 1
        assert {event.kind for event in decoded.events} <= {EventKind.REFINEMENT_DROPPED, EventKind.SPURIOUS_MARKER}
        behind = slice(first + columns, None)
        assert difference[behind].max() <= 1
        assert not (np.abs(decoded.coefficients[behind, :4, 1:]) & 1).any()  # the refined bit is zero
        assert psnr(decoded.pixels) > 30
    assert seen > 5


def test_refinement_behind_damage_of_the_first_scan_is_dropped() -> None:
    """The refinement of damaged coefficients would be read out of step; the picture is better without."""
    scan = part(6, 0)
    columns = WHOLE.header.frame.mcu_columns
    seen = 0
    for share in np.linspace(0.05, 0.9, 18):
        decoded = decode(damaged_inside(scan, share))
        found = [event.mcu for event in decoded.events if event.kind is EventKind.RESYNCHRONISED]
        if found and dropped_from(decoded) < WHOLE.header.frame.mcu_count:
            seen += 1
            behind = decoded.coefficients[max(min(found), dropped_from(decoded)) + columns :, :4, 1:]
            assert not (np.abs(behind) & 3).any()  # neither of the two refined bits
    assert seen > 3


def test_damage_of_one_component_leaves_the_others_alone() -> None:
    decoded = decode(damaged_inside(part(1, 2), 0.3))
    assert np.array_equal(decoded.coefficients[:, :5], WHOLE.coefficients[:, :5])
    assert not np.array_equal(decoded.coefficients[:, 5], WHOLE.coefficients[:, 5])
    assert decoded.events


@pytest.mark.parametrize("spectral_start", [0, 1, 6])
def test_a_first_scan_goes_on_behind_damage(spectral_start: int) -> None:
    decoded = decode(damaged_inside(part(spectral_start), 0.8))
    assert decoded.events
    first_quarter = WHOLE.coefficients.shape[0] // 4
    assert np.array_equal(decoded.coefficients[:first_quarter, :, 0], WHOLE.coefficients[:first_quarter, :, 0])
    assert decoded.pixels.shape == WHOLE.pixels.shape


@pytest.mark.parametrize("number", range(9))
@pytest.mark.parametrize("what", ["marker", "counts", "length", "scan header"])
def test_a_broken_header_costs_its_own_scan(number: int, what: str) -> None:
    """Between two scans stand a DHT (not before the refinement of DC, which has no codes) and an SOS segment."""
    place = PARTS[number].end
    has_table = PICTURE[place + 1] == 0xC4
    if what == "scan header" or not has_table:
        data = flipped(PICTURE.find(b"\xff\xda", place) + 1, 0x04)
    elif what == "marker":
        data = flipped(place + 1, 0x01)
    elif what == "length":
        data = flipped(place + 2, 0x10)
    else:
        data = flipped(place + 5 + 4, 0x01)
    decoded = decode(data)
    lost = PARTS[number + 1].header.scan
    assert decoded.events
    assert decoded.pixels.shape == WHOLE.pixels.shape
    equal = (decoded.coefficients == WHOLE.coefficients).all(axis=0)
    reach = slice(1, 64) if lost.spectral_start else slice(0, 1)  # later scans refine all AC coefficients at once
    assert equal[:, np.setdiff1d(np.arange(64), ZIGZAG[reach])].all()
    touched = {selected.index for selected in lost.components}
    blocks = [0, 0, 0, 0, 1, 2]
    assert equal[[owner not in touched for owner in blocks]].all()
    if lost.approximation_high:
        assert np.abs(decoded.coefficients.astype(int) - WHOLE.coefficients).max() <= 1 << lost.approximation_high
        assert psnr(decoded.pixels) > 25


@pytest.mark.parametrize("seed", range(12))
def test_random_flips_never_stop_the_decoder(seed: int) -> None:
    rng = np.random.default_rng(seed)
    data = bytearray(PICTURE)
    start = PARTS[0].header.scan.entropy_start
    for bit in rng.integers(8 * start, 8 * len(data), 1 << (seed % 8)):
        data[bit // 8] ^= 0x80 >> int(bit) % 8
    decoded = decode(bytes(data))
    assert decoded.pixels.shape == WHOLE.pixels.shape


def test_an_end_of_band_run_beyond_the_picture_is_no_code() -> None:
    """Unless nothing follows it: a sloppy encoder may well end so."""
    table = HuffmanTable((0, 2, 1) + (0,) * 13, bytes((0x00, 0x01, 0xE0)))
    end_of_band, level, long_run = (code_of(table, symbol) for symbol in (0x00, 0x01, 0xE0))
    lookup = symbol_lookup(table)
    targets = np.arange(6, dtype=np.int32).reshape(-1, 1)

    def decoded(bits: str) -> tuple[list[int], list[int]]:
        """First AC coefficient, and failed starting points, of six blocks."""
        data = packed(bits)
        stream = np.frombuffer(data + bytes(STREAM_PADDING), dtype=np.uint8)
        coefficients = np.zeros(6 * 64, dtype=np.int16)
        positions, retries = np.full(6, -1, dtype=np.int64), np.zeros(6, dtype=np.int32)
        span = (0, 8 * len(data), 0, 6)
        decode_ac_first(stream, *span, targets, *lookup, 1, 5, 0, coefficients, positions, retries)
        return coefficients[1::64].tolist(), retries.tolist()

    block = level + "1" + end_of_band
    assert decoded(block * 6) == ([1] * 6, [0] * 6)
    assert decoded(block * 2 + long_run + "1" * 14) == ([1, 1, 0, 0, 0, 0], [0] * 6)
    found, retries = decoded(block * 2 + long_run + "1" * 14 + block * 4)
    assert found[:2] == [1, 1]
    assert 1 in found[2:]
    assert retries[2] > 0
