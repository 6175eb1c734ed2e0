"""The scans of a file: where each begins and ends, which blocks it codes, and with which tables."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import Final

import numpy as np
from numpy.typing import NDArray

from carving.errors import JpegError, JpegStructureError
from carving.jpeg.entropy_walk import find_entropy_end
from carving.jpeg.markers import DNL, EOI, JpegHeader, read_header
from carving.jpeg.plausibility import next_scan
from carving.jpeg.tables import (
    STANDARD_AC_CHROMA,
    STANDARD_AC_LUMA,
    STANDARD_DC_CHROMA,
    STANDARD_DC_LUMA,
    HuffmanTable,
)
from restore.decoding.lookup import Lookup, ac_lookup, dc_lookup

MAX_SCANS: Final = 256
"""More scans than any encoder writes; files with thousands exist only to keep decoders busy."""

_DNL_START: Final = bytes((0xFF, DNL, 0, 4))
_STANDARD_TABLES: Final = {0: (STANDARD_DC_LUMA, STANDARD_AC_LUMA), 1: (STANDARD_DC_CHROMA, STANDARD_AC_CHROMA)}


@dataclass(frozen=True, slots=True)
class ScanPart:
    """One scan: the header in force, and the offset behind its entropy-coded data."""

    header: JpegHeader
    end: int


@dataclass(frozen=True, slots=True)
class Scans:
    """All scans of a file that could be read.

    Attributes:
        parts: at least one.
        unreadable: number of scans whose header no longer makes sense.
        end: offset behind the EOI, or behind the last entropy-coded byte.
        complete: the last scan ends on EOI.
    """

    parts: tuple[ScanPart, ...]
    unreadable: int
    end: int
    complete: bool


def find_scans(jpeg: bytes, header: JpegHeader) -> Scans:
    """Find the scans of a file from its first one on; one with a broken header is passed over."""
    parts: list[ScanPart] = []
    missing = set(range(len(header.frame.components)))
    unreadable = 0
    current, readable = header, True
    start = header.scan.entropy_start
    while True:
        found = find_entropy_end(jpeg, start, current)
        if readable:
            parts.append(ScanPart(current, _data_end(jpeg, start, found.end_offset)))
            missing -= {component.index for component in current.scan.components}
        done = not header.frame.progressive and not missing
        if done or found.marker in (None, EOI) or len(parts) + unreadable >= MAX_SCANS:
            break
        try:
            current, readable = read_header(jpeg, found.end_offset, current), True
            start = current.scan.entropy_start
        except JpegError:
            unreadable += 1
            following, readable = next_scan(jpeg, found.end_offset), False
            if following is None:
                break
            start = following
    complete = found.marker == EOI
    end = found.end_offset + 2 if complete else min(found.end_offset, len(jpeg))
    return Scans(tuple(parts), unreadable, end, complete)


def _data_end(jpeg: bytes, start: int, end: int) -> int:
    """Where the data before a marker end: fill bytes (T.81 B.1.1.2) and a DNL segment are not among them."""
    end = min(end, len(jpeg))
    if jpeg[end - 6 : end - 2] == _DNL_START:
        end -= 6
    while end > start and jpeg[end - 1] == 0xFF:
        end -= 1
    return max(start, end)


def block_targets(header: JpegHeader) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Where the blocks of the current scan go.

    Returns:
        int32 (units, blocks per unit): flat block index in the coefficient array; and int64 (blocks per unit,):
        index of each block's component in the scan. A scan of one component is coded block by block and leaves out
        the padding blocks (T.81 A.2.2, A.2.3).
    """
    frame = header.frame
    first_blocks = np.cumsum([0] + [component.horizontal * component.vertical for component in frame.components])
    per_mcu = int(first_blocks[-1])
    if len(header.scan.components) == 1:
        index = header.scan.components[0].index
        component = frame.components[index]
        columns = ceil(ceil(frame.width * component.horizontal / frame.max_horizontal) / 8)
        rows = ceil(ceil(frame.height * component.vertical / frame.max_vertical) / 8)
        y, x = np.divmod(np.arange(rows * columns, dtype=np.int64), columns)
        mcu = y // component.vertical * frame.mcu_columns + x // component.horizontal
        part = y % component.vertical * component.horizontal + x % component.horizontal
        targets = mcu * per_mcu + first_blocks[index] + part
        return targets.astype(np.int32).reshape(-1, 1), np.zeros(1, dtype=np.int64)
    parts: list[int] = []
    owners: list[int] = []
    for place, selected in enumerate(header.scan.components):
        size = int(first_blocks[selected.index + 1] - first_blocks[selected.index])
        parts.extend(range(int(first_blocks[selected.index]), int(first_blocks[selected.index]) + size))
        owners.extend([place] * size)
    mcus = np.arange(frame.mcu_count, dtype=np.int32)[:, np.newaxis]
    return mcus * np.int32(per_mcu) + np.array(parts, dtype=np.int32), np.array(owners, dtype=np.int64)


def scan_tables(header: JpegHeader) -> list[tuple[HuffmanTable, HuffmanTable]]:
    """The DC and AC Huffman tables of each component of the current scan.

    A file without tables means the typical ones, as Motion JPEG frames do (and libjpeg reads them).

    Raises:
        JpegStructureError: the scan names a table that was never defined.
    """
    tables = []
    for selected in header.scan.components:
        standard_dc, _ = _STANDARD_TABLES.get(selected.dc_table, (None, None))
        _, standard_ac = _STANDARD_TABLES.get(selected.ac_table, (None, None))
        dc_table = header.dc_tables.get(selected.dc_table, standard_dc)
        ac_table = header.ac_tables.get(selected.ac_table, standard_ac)
        if dc_table is None or ac_table is None:
            raise JpegStructureError(
                f"the scan uses Huffman tables {selected.dc_table} and {selected.ac_table}, which are not defined"
            )
        tables.append((dc_table, ac_table))
    return tables


def flat_lookups(tables: list[tuple[HuffmanTable, HuffmanTable]]) -> Lookup:
    """Look-ups of all tables as flat arrays: component i's DC table is number 2 * i, its AC table 2 * i + 1."""
    return join_lookups([look for dc_table, ac_table in tables for look in (dc_lookup(dc_table), ac_lookup(ac_table))])


def join_lookups(lookups: list[Lookup]) -> Lookup:
    """Look-ups one after the other as flat arrays."""
    return Lookup(
        np.concatenate([lookup.fast for lookup in lookups]),
        np.concatenate([lookup.limits for lookup in lookups]),
        np.concatenate([lookup.offsets for lookup in lookups]),
        np.concatenate([lookup.symbols for lookup in lookups]),
    )
