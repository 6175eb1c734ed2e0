"""The robust decoder: a full-size picture out of any damaged baseline, extended or progressive JPEG.

After W. Liu et al., "Bitstream-Corrupted JPEG Images are Restorable", CVPR 2023, section 3.1: an MCU that fails is
dropped and decoding goes on one bit later, until every MCU is filled. Restart intervals, any sampling, several scans
and progressive pictures go beyond the paper.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from carving.errors import JpegStructureError
from carving.jpeg.markers import JpegHeader
from carving.jpeg.tables import QuantTable
from restore.decoding.decoded import Decoded, Event, EventKind, McuTable
from restore.decoding.findings import ScanMap, interval_findings, marker_findings, unit_findings
from restore.decoding.opening import open_header
from restore.decoding.progressive import ProgressiveScan, ScanProgress
from restore.decoding.restarts import intervals
from restore.decoding.scans import Scans, block_targets, find_scans, flat_lookups, scan_tables
from restore.decoding.stream import EntropyStream, unstuff

__all__ = [
    "Decoded",
    "Event",
    "EventKind",
    "McuTable",
    "block_targets",
    "decode",
    "flat_lookups",
    "scan_tables",
]


def decode(jpeg: bytes) -> Decoded:
    """Decode the JPEG that begins with `jpeg`; damage in its scans never stops it.

    Raises:
        JpegStructureError: the header cannot be read.
        UnsupportedJpegError: a kind of JPEG that is not decoded here.
    """
    header, noticed = open_header(jpeg)
    events = list(noticed)
    frame = header.frame
    scans = find_scans(jpeg, header)
    header = _with_quant_tables(header, scans)
    coefficients = np.zeros((frame.mcu_count, frame.blocks_per_mcu, 64), dtype=np.int16)
    progress = ScanProgress()
    first: tuple[McuTable, EntropyStream] | None = None
    unreadable = scans.unreadable
    complaint: JpegStructureError | None = None
    for part in scans.parts:
        current = progress.with_sound_tables(part.header)
        start = current.scan.entropy_start
        stream = unstuff(jpeg, start, part.end, restart_interval=current.restart_interval)
        try:
            table, found = _decode_scan(current, stream, coefficients, progress)
        except JpegStructureError as error:
            complaint = complaint or error
            unreadable += 1
            continue
        events.extend(found)
        first = first or (table, stream)
    if first is None:
        assert complaint is not None  # there is at least one scan
        raise complaint
    if unreadable:
        events.append(Event(EventKind.SCAN_UNREADABLE, 0, unreadable))
    if not scans.complete:
        events.append(Event(EventKind.NO_EOI, frame.mcu_count - 1, 1))
    return Decoded(header, coefficients, first[0], tuple(events), first[1], scans.end)


def _with_quant_tables(header: JpegHeader, scans: Scans) -> JpegHeader:
    """The header with the table of each component as its first scan has it, which may come after the header.

    Raises:
        JpegStructureError: a table was never defined.
    """
    tables: dict[int, QuantTable] = {}
    components = []
    for index, component in enumerate(header.frame.components):
        slot = component.quant_table
        for part in scans.parts:
            if index in {selected.index for selected in part.header.scan.components}:
                table = part.header.quant_tables.get(slot)
                if table is None:
                    raise JpegStructureError(
                        f"component {index} uses quantisation table {slot}, which is not defined; the header is damaged"
                    )
                if tables.get(slot, table) != table:  # the file has put another table into the slot meanwhile
                    slot = 4 + index
                tables[slot] = table
                break
        components.append(replace(component, quant_table=slot))
    frame = replace(header.frame, components=tuple(components))
    return replace(header, frame=frame, quant_tables=header.quant_tables | tables)


def _decode_scan(
    header: JpegHeader, stream: EntropyStream, coefficients: NDArray[np.int16], progress: ScanProgress
) -> tuple[McuTable, list[Event]]:
    if header.frame.progressive:
        scan = ProgressiveScan(header, stream, coefficients)
        events = scan.decode(progress)
        if scan.lost_table is not None:
            progress.lose_table(header, *scan.lost_table)
        return scan.table, events
    return _decode_sequential(header, stream, coefficients)


def _decode_sequential(
    header: JpegHeader, stream: EntropyStream, coefficients: NDArray[np.int16]
) -> tuple[McuTable, list[Event]]:
    from restore.decoding.entropy_kernels import decode_robust

    targets, owners = block_targets(header)
    lookups = flat_lookups(scan_tables(header))
    units = targets.shape[0]
    table = McuTable(np.full(units, -1, dtype=np.int64), np.zeros(units, dtype=np.int32))
    cut = intervals(
        stream.restart_positions,
        stream.restart_numbers,
        size=stream.size,
        unit_count=units,
        restart_interval=header.restart_interval,
    )
    ends = []
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
        ends.append((interval, int(end)))
    where = ScanMap(targets, header.frame.blocks_per_mcu)
    tails = interval_findings(stream, ends, header.restart_interval, where)
    return table, marker_findings(stream, cut, header.restart_interval, where) + tails + unit_findings(table, where)
