"""The MCU count against the frame header of sound pictures and against a plain-Python reader of bit strings."""

from __future__ import annotations

import random
from typing import Any

import pytest

from carving.jpeg.markers import JpegHeader, read_header
from carving.jpeg.mcu_count import mcus_between
from tests.carving.memory import jpeg


@pytest.mark.parametrize("options", [{"subsampling": 0}, {"subsampling": 1}, {"subsampling": 2}, {"optimize": True}])
def test_a_sound_picture_counts_what_its_header_says(options: dict[str, Any]) -> None:
    data = jpeg(1, **options)
    header = read_header(data)
    assert mcus_between(data, header.scan.entropy_start, len(data) - 2, header) == header.frame.mcu_count


def test_restart_markers_are_counted() -> None:
    data = jpeg(1, restart_marker_blocks=5)
    header = read_header(data)
    counted = mcus_between(data, header.scan.entropy_start, len(data) - 2, header)
    assert counted is not None
    assert 0 < header.frame.mcu_count - counted <= 5


def test_progressive_scans_are_not_counted() -> None:
    data = jpeg(1, progressive=True)
    header = read_header(data)
    assert mcus_between(data, header.scan.entropy_start, len(data) - 2, header) is None


def test_damaged_data_count_as_the_reference_says() -> None:
    source = random.Random(3)
    for seed in range(6):
        data = bytearray(jpeg(seed, 128, 96, subsampling=2))
        header = read_header(bytes(data))
        start = header.scan.entropy_start
        for _ in range(seed):
            data[source.randrange(start, len(data) - 2)] = source.randrange(255)
        counted = mcus_between(bytes(data), start, len(data) - 2, header)
        assert counted == _reference(bytes(data[start:-2]), header)


def _reference(stored: bytes, header: JpegHeader) -> int:
    """The count by dictionaries of code strings; two bytes of zeros behind the end may still be read."""
    plain = stored.replace(b"\xff\x00", b"\xff")
    bits = "".join(f"{byte:08b}" for byte in plain) + "0" * 64
    components = [(header.frame.components[entry.index], entry) for entry in header.scan.components]
    tables = [
        (_codes(header.dc_tables[entry.dc_table].codes), _codes(header.ac_tables[entry.ac_table].codes))
        for component, entry in components
        for _ in range(component.horizontal * component.vertical)
    ]
    position = count = 0
    while position < 8 * len(plain):
        for dc_codes, ac_codes in tables:
            position, sound = _skip_block(bits, position, dc_codes, ac_codes)
            if not sound:
                position += 1
                break
            if position >= 8 * len(plain) + 16:
                return count
        else:
            count += 1
    return count


def _codes(entries: tuple[tuple[int, int, int], ...]) -> dict[str, int]:
    return {f"{code:0{length}b}": symbol for code, length, symbol in entries}


def _skip_block(bits: str, position: int, dc_codes: dict[str, int], ac_codes: dict[str, int]) -> tuple[int, bool]:
    index = 0
    while index < 64:
        codes = ac_codes if index else dc_codes
        matches = [length for length in range(1, 17) if bits[position : position + length] in codes]
        if not matches:
            return position, False
        symbol = codes[bits[position : position + matches[0]]]
        if index == 0 and symbol > 15:
            return position, False
        position += matches[0]
        if index and symbol & 15 == 0:
            if symbol == 0:
                return position, True
            if symbol != 0xF0:
                return position, False
            index += 16
        else:
            index += 1 if index == 0 else 1 + (symbol >> 4)
            position += symbol & 15
    return position, index == 64
