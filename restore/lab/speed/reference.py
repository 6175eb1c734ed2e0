"""A baseline JPEG entropy decoder in plain Python, as the standard's flow charts give it (ITU-T T.81, F.2.2).

It is here to be read and to be compared with: the oracle of the compiled kernels, and the slow end of the benchmark. It
takes sound baseline and extended sequential files with one interleaved scan, and knows nothing of damage.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from carving.errors import UnsupportedJpegError
from carving.jpeg.markers import RST0, RST7, JpegHeader, read_header
from carving.jpeg.tables import ZIGZAG, HuffmanTable

_Codes = dict[tuple[int, int], int]


def reference_coefficients(jpeg: bytes) -> NDArray[np.int16]:
    """Quantised coefficients of an undamaged file, int16 (MCUs, blocks per MCU, 64), row-major, DC as absolute value.

    Raises:
        JpegStructureError: the header cannot be read.
        UnsupportedJpegError: a progressive file, or one of several scans.
        EOFError: the entropy-coded data end early, as those of a damaged file may.
        ValueError: they hold a code that stands for nothing.
    """
    header = read_header(jpeg)
    frame = header.frame
    if not header.interleaved:
        raise UnsupportedJpegError("the reference decoder takes files of one interleaved sequential scan")
    coefficients = np.zeros((frame.mcu_count, frame.blocks_per_mcu, 64), dtype=np.int16)
    interval = header.restart_interval or frame.mcu_count
    pieces = _intervals(jpeg, header.scan.entropy_start)
    for first in range(0, frame.mcu_count, interval):
        last = min(first + interval, frame.mcu_count)
        _decode_interval(header, _bits(next(pieces)), coefficients[first:last])
    return coefficients


def _intervals(jpeg: bytes, start: int) -> Iterator[bytes]:
    """The unstuffed bytes between restart markers, up to any other marker."""
    piece = bytearray()
    position = start
    while position < len(jpeg):
        byte = jpeg[position]
        following = jpeg[position + 1] if position + 1 < len(jpeg) else 0
        if byte != 0xFF:
            piece.append(byte)
            position += 1
            continue
        position += 2
        if following == 0:
            piece.append(0xFF)
        elif RST0 <= following <= RST7:
            yield bytes(piece)
            piece.clear()
        else:
            break
    yield bytes(piece)


def _bits(data: bytes) -> Iterator[int]:
    for byte in data:
        for shift in range(7, -1, -1):
            yield byte >> shift & 1
    raise EOFError("the entropy-coded data end inside an MCU")


def _decode_interval(header: JpegHeader, bits: Iterator[int], mcus: NDArray[np.int16]) -> None:
    frame = header.frame
    plan = []
    for selected in header.scan.components:
        component = frame.components[selected.index]
        dc_codes, ac_codes = _codes(header.dc_tables[selected.dc_table]), _codes(header.ac_tables[selected.ac_table])
        plan.append((component.horizontal * component.vertical, dc_codes, ac_codes))
    predictions = [0] * len(plan)
    for mcu in mcus:
        block = 0
        for index, (count, dc_codes, ac_codes) in enumerate(plan):
            for _ in range(count):
                predictions[index] += _extended(bits, _symbol(bits, dc_codes))
                mcu[block, 0] = predictions[index]
                _decode_ac(bits, ac_codes, mcu[block])
                block += 1


def _decode_ac(bits: Iterator[int], codes: _Codes, block: NDArray[np.int16]) -> None:
    position = 1
    while position < 64:
        run, size = divmod(_symbol(bits, codes), 16)
        if size == 0 and run != 15:
            return
        position += run
        if size:
            block[ZIGZAG[position]] = _extended(bits, size)
        position += 1


def _codes(table: HuffmanTable) -> _Codes:
    return {(code, length): symbol for code, length, symbol in table.codes}


def _symbol(bits: Iterator[int], codes: _Codes) -> int:
    code = 0
    for length in range(1, 17):
        code = code << 1 | next(bits)
        symbol = codes.get((code, length))
        if symbol is not None:
            return symbol
    raise ValueError("no such Huffman code")


def _extended(bits: Iterator[int], size: int) -> int:
    """`size` bits as a signed amplitude (T.81, F.2.2.1: RECEIVE and EXTEND)."""
    value = 0
    for _ in range(size):
        value = value << 1 | next(bits)
    return value if size == 0 or value >> (size - 1) else value - (1 << size) + 1
