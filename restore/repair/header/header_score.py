"""How likely a header is as a whole, in nats: whether it can be read, whether its tables are ones that encoders write,
whether its fields agree with each other and with the Exif data, and whether the scan decodes with them.

Scores compare versions of one header; most terms are penalties for what cameras hardly ever write.
"""

from __future__ import annotations

from functools import lru_cache, partial
from typing import Final

import numpy as np
from numpy.typing import NDArray

from carving.errors import JpegError
from carving.jpeg.markers import APP1, DRI, SOS, Frame, JpegHeader, ScanHeader, read_header
from carving.jpeg.tables import (
    STANDARD_AC_CHROMA,
    STANDARD_AC_LUMA,
    STANDARD_DC_CHROMA,
    STANDARD_DC_LUMA,
    HuffmanTable,
    QuantTable,
)
from carving.jpeg.tiff import picture_size
from restore.decoding.restarts import Interval
from restore.repair.header.header_primer import standard_steps

UNREADABLE: Final = -300.0
_OWN_TABLE: Final = -25.0
"""A Huffman or quantisation table of the encoder's own instead of a common one."""
_ODD: Final = -15.0
"""A field that is possible but hardly ever written."""
_BROKEN: Final = -45.0
"""What no encoder writes on purpose: a table that is a common one but for a few places, half a set of tables."""
_FAILURE: Final = -4.0
_MOST_FAILURES: Final = 40
_TRIAL_MCUS: Final = 256
TRIAL_BYTES: Final = 4096
"""Bytes of the scan that a header is tried on."""
FAILING: Final = 0.08
"""Share of MCUs at the beginning of a scan that fail only when the header is wrong."""

_LARGE: Final = 6
"""Twice the least difference of a step that is not rounding."""
_FEW: Final = 2
"""Places in which a table may differ from a standard one that it is meant to be."""
_STANDARD_DC: Final = (STANDARD_DC_LUMA, STANDARD_DC_CHROMA)
_STANDARD_AC: Final = (STANDARD_AC_LUMA, STANDARD_AC_CHROMA)
_LARGEST_DC: Final = 11
_LARGEST_AC: Final = 10
_RUN_15: Final = 0xF0


def read_quietly(data: bytes) -> JpegHeader | None:
    """The header, None where it cannot be read."""
    try:
        return read_header(data)
    except JpegError:
        return None


def score_fields(header: JpegHeader, data: bytes) -> float:
    """What the tables and fields of a header speak for: 0 for the usual, less for the odd."""
    score = sum(_huffman(table, _STANDARD_DC[slot & 1], is_dc=True) for slot, table in header.dc_tables.items())
    score += sum(_huffman(table, _STANDARD_AC[slot & 1], is_dc=False) for slot, table in header.ac_tables.items())
    score += sum(_quant(table) for table in header.quant_tables.values())
    score += _frame(header.frame) + _scan(header.frame, header.scan) + _tables_named(header)
    lengths = {
        SOS: 8 + 2 * len(header.scan.components),
        DRI: 6,
        header.frame.marker: 10 + 3 * len(header.frame.components),
    }
    score += sum(_BROKEN for entry in header.segments if entry.length != lengths.get(entry.marker, entry.length))
    size = exif_size(header, data)
    if size is not None and sorted(size) != sorted((header.frame.width, header.frame.height)):
        score += _ODD
    return score


def contradicts(header: JpegHeader, data: bytes) -> bool:
    """Whether a readable header contradicts itself or its Exif data, or has a table that is nearly a common one."""
    size = exif_size(header, data)
    if size is not None and sorted(size) != sorted((header.frame.width, header.frame.height)):
        return True
    tables = [(table, _STANDARD_DC, True) for table in header.dc_tables.values()]
    tables += [(table, _STANDARD_AC, False) for table in header.ac_tables.values()]
    for table, standards, is_dc in tables:
        own = _huffman(table, standards[0], is_dc=is_dc)
        if table not in standards and (own < _OWN_TABLE or any(map(partial(_is_near, table), standards))):
            return True
    if any(
        table.steps not in _common_steps() and _is_nearly_common(table.steps) for table in header.quant_tables.values()
    ):
        return True
    return _tables_named(header) < 0 or _scan(header.frame, header.scan) < 0 or _frame(header.frame) < 0


def _is_near(table: HuffmanTable, standard: HuffmanTable) -> bool:
    """Whether a table differs from a standard one in a few places only."""
    if len(table.symbols) != len(standard.symbols):
        return False
    pairs = zip((*table.counts, *table.symbols), (*standard.counts, *standard.symbols), strict=True)
    different: int = sum(one != other for one, other in pairs)
    return different <= _FEW


def _is_nearly_common(steps: tuple[int, ...]) -> bool:
    """Whether one step that is quite another keeps a quantisation table from being a common one; some encoders round
    in their own way."""
    away = np.abs(_common_array() - np.array(steps))
    alone = (away > 0).sum(axis=1) == 1
    return bool((alone & (2 * away.max(axis=1) > _LARGE)).any())


def exif_size(header: JpegHeader, data: bytes) -> tuple[int, int] | None:
    """Width and height of the picture as its Exif data give them; None where they do not."""
    for segment in header.segments:
        if segment.marker == APP1 and data[segment.offset + 4 : segment.offset + 10] == b"Exif\0\0":
            return picture_size(data[segment.offset + 10 : segment.end])
    return None


def failing_share(header: JpegHeader, data: bytes) -> float:
    """The share of MCUs at the beginning of a scan that do not decode at the first try; 1 without any."""
    return _trial(header, data)[0]


def score_trial(header: JpegHeader, data: bytes) -> float:
    """What trying the header on the first bytes of the scan speaks for."""
    return _FAILURE * min(_trial(header, data)[1], _MOST_FAILURES)


def _trial(header: JpegHeader, data: bytes) -> tuple[float, int]:
    """Share of MCUs that fail, and number of failures, at the beginning of the scan."""
    from restore.decoding.entropy_kernels import decode_robust
    from restore.decoding.scans import block_targets, flat_lookups, scan_tables
    from restore.decoding.stream import unstuff

    if not header.interleaved:
        return 0.0, 0
    start = header.scan.entropy_start
    stop = data.find(b"\xff\xd9", start, start + TRIAL_BYTES)
    stop = min(len(data), start + TRIAL_BYTES) if stop < 0 else stop
    stream = unstuff(data, start, stop, restart_interval=header.restart_interval)
    try:
        lookups = flat_lookups(scan_tables(header))
    except JpegError:
        return 1.0, _MOST_FAILURES
    count = min(_TRIAL_MCUS, header.frame.mcu_count)
    small = Frame(header.frame.marker, 8 * header.frame.max_horizontal * count, 1, header.frame.components)
    targets, owners = block_targets(JpegHeader(small, header.scan))
    positions, retries = np.full(count, -1, dtype=np.int64), np.zeros(count, dtype=np.int32)
    coefficients = np.zeros(targets.size * 64, dtype=np.int16)
    marks = stream.restart_positions.tolist()
    unit, first, tried = 0, 0, 0
    for end in (*marks, stream.size):
        stop = min(unit + (header.restart_interval or count), count)
        part = Interval(8 * first, 8 * end, unit, stop)
        decode_robust(
            stream.data, part.first_bit, part.end_bit, part.first_unit, part.end_unit, targets, owners,
            2 * owners, 2 * owners + 1, lookups.fast, lookups.limits, lookups.offsets, lookups.symbols,
            coefficients, positions, retries,
        )  # fmt: skip
        unit, first = stop, end
        tried = unit
        if unit == count:
            break
    found = (positions[:tried] >= 0) & (positions[:tried] < 8 * stream.size - 1024)  # the last is cut off
    failed = (retries[:tried] > 0) & found
    if not found.any():
        return 1.0, _MOST_FAILURES
    return float(failed.sum() / found.sum()), int(failed.sum())


def _huffman(table: HuffmanTable, standard: HuffmanTable, *, is_dc: bool) -> float:
    if table == standard:
        return 0.0
    if is_dc:
        wrong = sum(symbol > _LARGEST_DC for symbol in table.symbols)
    else:
        wrong = sum(
            symbol & 15 > _LARGEST_AC or (symbol & 15 == 0 and symbol not in (0, _RUN_15)) for symbol in table.symbols
        )
    twice = len(table.symbols) - len(set(table.symbols))
    room = 1
    for count in table.counts[: max((index for index, count in enumerate(table.counts) if count), default=0) + 1]:
        room = 2 * room - count
    base = _BROKEN if _is_near(table, standard) else _OWN_TABLE
    return base + _ODD * min(wrong + twice, 6) + (0.0 if room == 1 else _ODD)


@lru_cache(maxsize=1)
def _common_steps() -> frozenset[tuple[int, ...]]:
    return frozenset(tuple(steps) for quality in range(1, 101) for steps in standard_steps(quality))


@lru_cache(maxsize=1)
def _common_array() -> NDArray[np.int64]:
    return np.array(sorted(_common_steps()), dtype=np.int64)


def _quant(table: QuantTable) -> float:
    zeros = sum(step == 0 for step in table.steps)
    if table.steps in _common_steps():
        return 0.0
    return (_BROKEN if _is_nearly_common(table.steps) else _OWN_TABLE) + _ODD * min(zeros, 4)


def _frame(frame: Frame) -> float:
    identifiers = tuple(component.identifier for component in frame.components)
    usual = tuple(range(1, 1 + len(identifiers))), tuple(range(len(identifiers)))
    score = 0.0 if identifiers in usual else _ODD
    if len(frame.components) == 3:
        luma, *chroma = ((component.horizontal, component.vertical) for component in frame.components)
        score += 0.0 if luma in ((1, 1), (2, 1), (1, 2), (2, 2), (4, 1)) else _ODD
        score += sum(_ODD for sampling in chroma if sampling != (1, 1))
        score += 0.0 if frame.components[0].quant_table == 0 else _ODD
    return score


def _scan(frame: Frame, scan: ScanHeader) -> float:
    if frame.progressive:
        return 0.0
    spectrum = (scan.spectral_start, scan.spectral_end, scan.approximation_high, scan.approximation_low)
    score = 0.0 if spectrum == (0, 63, 0, 0) else _BROKEN
    score += sum(_ODD for place, entry in enumerate(scan.components) if entry.index != place)
    return score + sum(_ODD for entry in scan.components if entry.dc_table != entry.ac_table)


def _tables_named(header: JpegHeader) -> float:
    """Tables that are named but not there, or there but not named."""
    named_quant = {component.quant_table for component in header.frame.components}
    score = _ODD * len(named_quant - set(header.quant_tables)) * 2
    if header.interleaved:
        named_dc = {entry.dc_table for entry in header.scan.components}
        named_ac = {entry.ac_table for entry in header.scan.components}
        score += _set_of_tables(named_dc, set(header.dc_tables)) + _set_of_tables(named_ac, set(header.ac_tables))
    return score


def _set_of_tables(named: set[int], there: set[int]) -> float:
    """Files without any tables mean the standard ones; one that has some of those it names was meant to have all."""
    if not there:
        return _ODD
    return _BROKEN * len(named - there) + _ODD * len(there - named)
