"""The robust decoder: a full-size picture out of any damaged baseline or extended sequential JPEG.

After W. Liu et al., "Bitstream-Corrupted JPEG Images are Restorable", CVPR 2023, section 3.1: an MCU that fails is
dropped and
decoding goes on one bit later, until every MCU is filled. Restart intervals, any sampling and several scans go
beyond the paper.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from functools import cached_property
from math import ceil

import numpy as np
from numpy.typing import NDArray

from carving.errors import JpegError, JpegStructureError, UnsupportedJpegError
from carving.jpeg.entropy_walk import find_entropy_end
from carving.jpeg.markers import EOI, JpegHeader, read_header
from carving.jpeg.tables import HuffmanTable
from restore.decode.lookup import Lookup, ac_lookup, dc_lookup
from restore.decode.restarts import intervals
from restore.decode.stream import EntropyStream, unstuff


class EventKind(enum.StrEnum):
    """What the decoder noticed that an undamaged file does not show."""

    RESYNCHRONISED = "resynchronised"
    """`count` starting points failed before this MCU decoded."""
    STREAM_ENDED = "stream ended"
    """`count` MCUs from this one on found no more data."""
    BITS_LEFT = "bits left"
    """`count` bits, beyond the padding of one byte, were left behind the interval that ends before this MCU."""
    BAD_PADDING = "bad padding"
    """The bits that fill the last byte before a marker are not ones."""
    SPURIOUS_MARKER = "spurious marker"
    """`count` markers stand where no marker may be (anywhere in the scan)."""
    RESTART_LOST = "restart marker lost"
    """`count` restart markers are missing behind this MCU."""
    NO_EOI = "no end of image"
    """The scan does not end on EOI."""
    SCAN_UNREADABLE = "scan unreadable"
    """A later scan's header or tables are damaged; what earlier scans gave stands."""


@dataclass(frozen=True, slots=True)
class Event:
    """One finding: its kind, the MCU (in scan order) it concerns, and how many."""

    kind: EventKind
    mcu: int
    count: int


@dataclass(frozen=True, eq=False)
class McuTable:
    """Where each MCU was decoded from.

    Attributes:
        bit_positions: int64 (MCUs,), first bit in the unstuffed stream of the scan; -1 where the stream had ended.
        retries: int32 (MCUs,), starting points that failed before it.
    """

    bit_positions: NDArray[np.int64]
    retries: NDArray[np.int32]


@dataclass(frozen=True, eq=False)
class Decoded:
    """A decoded JPEG, damaged or not.

    Attributes:
        header: the header in force at its first scan.
        coefficients: int16 (MCUs, blocks per MCU, 64): quantised, row-major within a block, DC as absolute value. Of
        the blocks of
            an MCU, those of the first component come first, each component's in rows.
        mcus: where each MCU came from (of the first scan).
        events: what was noticed; empty for an undamaged file.
        stream: the unstuffed data of the first scan.
        end: offset in the file behind the EOI, or behind the last byte used.
    """

    header: JpegHeader
    coefficients: NDArray[np.int16]
    mcus: McuTable
    events: tuple[Event, ...]
    stream: EntropyStream
    end: int

    @cached_property
    def pixels(self) -> NDArray[np.uint8]:
        """RGB, uint8 (height, width, 3), as libjpeg-turbo renders these coefficients."""
        from restore.decode.pixels import render

        return render(self.header, self.coefficients)


def decode(jpeg: bytes) -> Decoded:
    """Decode the JPEG that begins with `jpeg`; damage in the scan never stops it.

    Raises:
        JpegStructureError: the header cannot be read.
        UnsupportedJpegError: a kind of JPEG that is not decoded here.
    """
    header = read_header(jpeg)
    if header.frame.progressive:
        raise UnsupportedJpegError("progressive JPEG is not supported yet")
    frame = header.frame
    coefficients = np.zeros((frame.mcu_count, frame.blocks_per_mcu, 64), dtype=np.int16)
    first: tuple[McuTable, EntropyStream] | None = None
    events: list[Event] = []
    current = header
    missing = set(range(len(frame.components)))
    while True:
        found = find_entropy_end(jpeg, current.scan.entropy_start, current)
        stream = unstuff(jpeg, current.scan.entropy_start, found.end_offset, restart_interval=current.restart_interval)
        mcus, noticed = _decode_scan(current, stream, coefficients)
        events.extend(noticed)
        first = first or (mcus, stream)
        missing -= {component.index for component in current.scan.components}
        if found.marker in (None, EOI) or not missing:
            break
        try:
            current = read_header(jpeg, found.end_offset, current)
        except JpegError:
            events.append(Event(EventKind.SCAN_UNREADABLE, 0, len(missing)))
            break
    end = found.end_offset + 2 if found.marker == EOI else found.end_offset
    if found.marker != EOI:
        events.append(Event(EventKind.NO_EOI, frame.mcu_count - 1, 1))
    return Decoded(header, coefficients, first[0], tuple(events), first[1], end)


def block_targets(header: JpegHeader) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Where the blocks of the current scan go.

    Returns:
        int32 (units, blocks per unit): flat block index in the coefficient array; and int64 (blocks per unit,):
        index of each block's
        component in the scan. A scan of one component is coded block by block and leaves out the padding blocks
        (T.81 A.2.2, A.2.3).
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
    mcus = np.arange(frame.mcu_count, dtype=np.int64)[:, np.newaxis]
    return (mcus * per_mcu + np.array(parts)).astype(np.int32), np.array(owners, dtype=np.int64)


def scan_tables(header: JpegHeader) -> list[tuple[HuffmanTable, HuffmanTable]]:
    """The DC and AC Huffman tables of each component of the current scan.

    Raises:
        JpegStructureError: the scan names a table that was never defined.
    """
    tables = []
    for selected in header.scan.components:
        dc_table, ac_table = header.dc_tables.get(selected.dc_table), header.ac_tables.get(selected.ac_table)
        if dc_table is None or ac_table is None:
            raise JpegStructureError(
                f"the scan uses Huffman tables {selected.dc_table} and {selected.ac_table}, which are not defined"
            )
        tables.append((dc_table, ac_table))
    return tables


def flat_lookups(tables: list[tuple[HuffmanTable, HuffmanTable]]) -> Lookup:
    """Look-ups of all tables as flat arrays: component i's DC table is number 2 * i, its AC table 2 * i + 1."""
    lookups = [lookup for dc_table, ac_table in tables for lookup in (dc_lookup(dc_table), ac_lookup(ac_table))]
    return Lookup(
        np.concatenate([lookup.fast for lookup in lookups]),
        np.concatenate([lookup.limits for lookup in lookups]),
        np.concatenate([lookup.offsets for lookup in lookups]),
        np.concatenate([lookup.symbols for lookup in lookups]),
    )


def _decode_scan(
    header: JpegHeader, stream: EntropyStream, coefficients: NDArray[np.int16]
) -> tuple[McuTable, list[Event]]:
    from restore.decode.kernels import decode_robust

    targets, owners = block_targets(header)
    lookups = flat_lookups(scan_tables(header))
    units = targets.shape[0]
    table = McuTable(np.full(units, -1, dtype=np.int64), np.zeros(units, dtype=np.int32))
    events: list[Event] = []
    if stream.spurious_markers:
        events.append(Event(EventKind.SPURIOUS_MARKER, 0, stream.spurious_markers))
    cut = intervals(
        stream.restart_positions,
        stream.restart_numbers,
        size=stream.size,
        unit_count=units,
        restart_interval=header.restart_interval,
    )
    for interval in cut:
        end = decode_robust(
            stream.data,
            interval.first_bit,
            interval.end_bit,
            interval.first_unit,
            interval.end_unit,
            targets,
            owners,
            2 * owners,
            2 * owners + 1,
            lookups.fast,
            lookups.limits,
            lookups.offsets,
            lookups.symbols,
            coefficients.reshape(-1),
            table.bit_positions,
            table.retries,
        )
        left = interval.end_bit - end
        if left >= 8:
            events.append(Event(EventKind.BITS_LEFT, interval.end_unit, left))
        elif left > 0 and stream.data[interval.end_bit // 8 - 1] | (0xFF << left) & 0xFF != 0xFF:
            events.append(Event(EventKind.BAD_PADDING, interval.end_unit - 1, left))
        span = interval.end_unit - interval.first_unit
        if header.restart_interval and span > header.restart_interval:
            lost = -(-span // header.restart_interval) - 1
            events.append(Event(EventKind.RESTART_LOST, interval.first_unit, lost))
    failed = np.flatnonzero((table.retries > 0) & (table.bit_positions >= 0))
    events.extend(Event(EventKind.RESYNCHRONISED, int(unit), int(table.retries[unit])) for unit in failed)
    events.extend(_ended(table.bit_positions))
    return table, events


def _ended(bit_positions: NDArray[np.int64]) -> list[Event]:
    """One event per stretch of units that found no data."""
    empty = np.concatenate([[False], bit_positions < 0, [False]])
    edges = np.flatnonzero(np.diff(empty.astype(np.int8)))
    return [Event(EventKind.STREAM_ENDED, int(a), int(b - a)) for a, b in zip(edges[::2], edges[1::2], strict=True)]
