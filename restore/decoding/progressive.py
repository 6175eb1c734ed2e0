"""Progressive JPEG (T.81 annex G), scan by scan: each kind of scan has its own way to go on behind damage.

First scans resynchronise like sequential ones, block by block. A refinement has meaning only on top of exactly what
its encoder had before it, so behind damage it is believed only when it ends where it should, and dropped otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from carving.errors import JpegStructureError
from carving.jpeg.markers import COM, DHT, DQT, DRI, SOS, JpegHeader
from carving.jpeg.tables import HuffmanTable
from restore.decoding.decoded import Event, EventKind, McuTable
from restore.decoding.findings import ScanMap, interval_findings, marker_findings, unit_findings
from restore.decoding.lookup import Lookup, symbol_lookup
from restore.decoding.restarts import Interval, intervals
from restore.decoding.scans import block_targets, join_lookups
from restore.decoding.stream import EntropyStream

_BETWEEN_SCANS: Final = frozenset((DHT, DQT, DRI, SOS, COM))
_SHORTEST_DHT: Final = 4 + 17 + 1
_LONGEST_DHT: Final = 4 + 4 * (17 + 256)

_Outcome = tuple[list[tuple[Interval, int]], list[Event]]
"""The intervals that were read to their end, each with the bit position there, and what was noticed."""


@dataclass
class ScanProgress:
    """What is known about each component of the frame while its scans come in.

    Attributes:
        levels: bit down to which each coefficient is known, int8 (64,) in zigzag order; -1 where no scan gave it.
        damage: stretches of units (first, end) whose AC coefficients may not be what the encoder had.
        stale: Huffman tables whose redefinition was destroyed; scans that still name them had others.
    """

    levels: dict[int, NDArray[np.int8]] = field(default_factory=dict)
    damage: dict[int, list[tuple[int, int]]] = field(default_factory=dict)
    stale: list[HuffmanTable] = field(default_factory=list)

    def level(self, component: int) -> NDArray[np.int8]:
        """The levels of one component, to be updated in place."""
        return self.levels.setdefault(component, np.full(64, -1, dtype=np.int8))

    def spoil(self, component: int, first_unit: int, end_unit: int) -> None:
        """Note damage."""
        self.damage.setdefault(component, []).append((first_unit, end_unit))

    def lose_table(self, header: JpegHeader, kind: int, slot: int) -> None:
        """Note that what `header` has in a slot of DC (kind 0) or AC tables (1) is no longer what the file means."""
        table = (header.ac_tables if kind else header.dc_tables).get(slot)
        if table is not None:
            self.stale.append(table)

    def with_sound_tables(self, header: JpegHeader) -> JpegHeader:
        """The header without stale tables."""
        if not self.stale:
            return header
        stale = {id(table) for table in self.stale}
        return replace(
            header,
            dc_tables={slot: table for slot, table in header.dc_tables.items() if id(table) not in stale},
            ac_tables={slot: table for slot, table in header.ac_tables.items() if id(table) not in stale},
        )

    def first_damage(self, component: int, interval: Interval) -> int:
        """The first damaged unit of an interval; its end where there is none."""
        overlaps = (
            max(first, interval.first_unit)
            for first, end in self.damage.get(component, ())
            if first < interval.end_unit and end > interval.first_unit
        )
        return min(overlaps, default=interval.end_unit)


class ProgressiveScan:
    """One scan at work on the coefficients of the picture."""

    def __init__(self, header: JpegHeader, stream: EntropyStream, coefficients: NDArray[np.int16]) -> None:
        """Set out to decode `stream` into `coefficients` (MCUs, blocks per MCU, 64).

        Raises:
            JpegStructureError: the scan names a Huffman table that was never defined.
        """
        self._scan = header.scan
        self._stream = stream
        self._coefficients = coefficients.reshape(-1)
        self._targets, self._owners = block_targets(header)
        self._where = ScanMap(self._targets, header.frame.blocks_per_mcu)
        self._lookup = _lookup(header)
        units = self._targets.shape[0]
        self.lost_table: tuple[int, int] | None = None
        """Class (0 DC, 1 AC) and slot of a table whose definition behind this scan is destroyed; set by `decode`."""
        self.table = McuTable(np.full(units, -1, dtype=np.int64), np.zeros(units, dtype=np.int32))
        self._restart_interval = header.restart_interval
        self._intervals = intervals(
            stream.restart_positions,
            stream.restart_numbers,
            size=stream.size,
            unit_count=units,
            restart_interval=header.restart_interval,
        )

    def decode(self, progress: ScanProgress) -> list[Event]:
        """Decode the scan on top of what earlier scans gave.

        Raises:
            JpegStructureError: it refines what no scan has given.
        """
        scan = self._scan
        band = slice(scan.spectral_start, scan.spectral_end + 1)
        levels = [progress.level(selected.index)[band] for selected in scan.components]
        if not scan.approximation_high:
            ends, events = self._first(progress)
        elif scan.spectral_start == 0:
            ends, events = self._refine_dc()
        elif (levels[0] != scan.approximation_high).any():
            raise JpegStructureError("a scan refines coefficients that no earlier scan has given")
        else:
            ends, events = self._refine_ac(progress)
        for level in levels:
            level[:] = scan.approximation_low
        self.lost_table = _destroyed_table(self._stream, ends[-1][1]) if ends else None
        tails = [(interval, end) for interval, end in ends if self._left(interval, end) == interval.end_bit - end]
        tail_events = interval_findings(self._stream, tails, self._restart_interval, self._where)
        marker_events = marker_findings(self._stream, self._intervals, self._restart_interval, self._where)
        return marker_events + tail_events + events

    def _first(self, progress: ScanProgress) -> _Outcome:
        ends = [(interval, self._first_pass(interval)) for interval in self._intervals]
        if self._scan.spectral_start > 0:
            for interval, end in ends:
                self._note_damage(progress, interval, self._left(interval, end))
        return ends, unit_findings(self.table, self._where)

    def _first_pass(self, interval: Interval) -> int:
        from restore.decoding import progressive_kernels as kernels

        scan, look = self._scan, self._lookup
        bounds = interval.first_bit, interval.end_bit, interval.first_unit, interval.end_unit
        codes = look.fast, look.limits, look.offsets, look.symbols
        found = self.table.bit_positions, self.table.retries
        if scan.spectral_start == 0:
            return int(
                kernels.decode_dc_first(
                    self._stream.data,
                    *bounds,
                    self._targets,
                    self._owners,
                    *codes,
                    scan.approximation_low,
                    self._coefficients,
                    *found,
                )
            )
        return int(
            kernels.decode_ac_first(
                self._stream.data,
                *bounds,
                self._targets,
                *codes,
                scan.spectral_start,
                scan.spectral_end,
                scan.approximation_low,
                self._coefficients,
                *found,
            )
        )

    def _note_damage(self, progress: ScanProgress, interval: Interval, left: int) -> None:
        """Behind its first failed unit an interval is damaged; all of it where it has bits left but nothing failed."""
        part = slice(interval.first_unit, interval.end_unit)
        odd = np.flatnonzero((self.table.retries[part] > 0) | (self.table.bit_positions[part] < 0))
        if odd.size:
            progress.spoil(self._scan.components[0].index, interval.first_unit + int(odd[0]), interval.end_unit)
        elif left >= 8:
            progress.spoil(self._scan.components[0].index, interval.first_unit, interval.end_unit)

    def _refine_dc(self) -> _Outcome:
        from restore.decoding import progressive_kernels as kernels

        ends, events = [], []
        for interval in self._intervals:
            end, reached = kernels.refine_dc(
                self._stream.data,
                interval.first_bit,
                interval.end_bit,
                interval.first_unit,
                interval.end_unit,
                self._targets,
                self._scan.approximation_low,
                self._coefficients,
            )
            self.table.bit_positions[interval.first_unit : reached] = interval.first_bit
            ends.append((interval, int(end)))
            if reached < interval.end_unit:
                events.append(self._dropped(int(reached), interval))
        return ends, events

    def _refine_ac(self, progress: ScanProgress) -> _Outcome:
        from restore.decoding import progressive_kernels as kernels

        component = self._scan.components[0].index
        look = self._lookup
        ends, events = [], []
        for interval in self._intervals:
            end, reached = kernels.refine_ac(
                self._stream.data,
                interval.first_bit,
                interval.end_bit,
                interval.first_unit,
                interval.end_unit,
                self._targets,
                look.fast,
                look.limits,
                look.offsets,
                look.symbols,
                self._scan.spectral_start,
                self._scan.spectral_end,
                self._scan.approximation_low,
                self._coefficients,
            )
            self.table.bit_positions[interval.first_unit : reached] = interval.first_bit
            failed = reached < interval.end_unit
            believed = int(reached)
            if failed or self._left(interval, int(end)) >= 8:
                believed = min(believed, progress.first_damage(component, interval))
            if believed < interval.end_unit:
                kernels.clear_bits(
                    self._targets,
                    believed,
                    min(int(reached) + 1, interval.end_unit),
                    self._scan.spectral_start,
                    self._scan.spectral_end,
                    self._scan.approximation_low,
                    self._coefficients,
                )
                progress.spoil(component, believed, interval.end_unit)
                events.append(self._dropped(believed, interval))
            if not failed:
                ends.append((interval, int(end)))
        return ends, events

    def _dropped(self, first_unit: int, interval: Interval) -> Event:
        blocks = (interval.end_unit - first_unit) * self._targets.shape[1]
        return Event(EventKind.REFINEMENT_DROPPED, self._where.first_mcu(first_unit), blocks)

    def _left(self, interval: Interval, end: int) -> int:
        """Bits left behind an interval; none where only the header of the next scan has lost its form."""
        left = interval.end_bit - end
        index = -(-end // 8)
        data = self._stream.data
        if left >= 24 and data[index] == 0xFF and int(data[index + 1]) in _BETWEEN_SCANS:
            place = int(np.searchsorted(self._stream.removed, index + 1))
            if place == self._stream.removed.size or self._stream.removed[place] != index + 1:
                return 0
        return left


def _destroyed_table(stream: EntropyStream, end_bit: int) -> tuple[int, int] | None:
    """Class and slot of the Huffman table that the next scan was to get, where its DHT segment is broken.

    What is left behind the last unit then still looks like that segment: two of its marker's bytes and its length
    are right.
    """
    rest = stream.data[-(-end_bit // 8) : stream.size]
    if not _SHORTEST_DHT <= rest.size <= _LONGEST_DHT:
        return None
    length = int(rest[2]) << 8 | int(rest[3])
    if (int(rest[0]) == 0xFF) + (int(rest[1]) == DHT) + (length == rest.size - 2) < 2:
        return None
    return int(rest[4]) >> 4 & 1, int(rest[4]) & 3


def _lookup(header: JpegHeader) -> Lookup:
    """The tables this scan needs, one per component; one without codes for a refinement of DC, which has none."""
    scan = header.scan
    if scan.spectral_start == 0 and scan.approximation_high:
        return symbol_lookup(HuffmanTable((0,) * 16, b""))
    found = []
    for selected in scan.components:
        slot = selected.ac_table if scan.spectral_start else selected.dc_table
        table = (header.ac_tables if scan.spectral_start else header.dc_tables).get(slot)
        if table is None:
            raise JpegStructureError(f"the scan uses Huffman table {slot}, which is not defined")
        found.append(symbol_lookup(table))
    return join_lookups(found)
