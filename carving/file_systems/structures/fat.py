"""Check the two copies of a file allocation table: where they differ, and the first is damaged, the second is right.

Under encryption a flip redraws a cipher block, so that the flip itself says which copy it is in. On a plain medium one
bit differs, and chains tell: an entry that leads out of the volume, into a free cluster or where another entry leads
to as well, or ends a chain that goes on, is wrong. Layout: Microsoft, "FAT: general overview of on-disk format" 1.03.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from carving.file_systems.structures.checking import StructureChecks
from carving.file_systems.structures.copies import mend_as_copy, mend_by_copy
from carving.flips.model import Bytes
from carving.flips.of_fragment import runs_model
from carving.source import Run

_SECTOR: Final = 512
_CHUNK: Final = 1 << 20
_MOST_TABLE_BYTES: Final = 64 << 20
_MOST_SECTORS: Final = 4096
_VALUE: Final = 0x0FFFFFFF


@dataclass(frozen=True, slots=True)
class FatTables:
    """Where the tables lie: bytes of one, bytes of an entry (2 or 4), and clusters of the volume."""

    first: Run
    second: Run
    width: int
    clusters: int


def check_fat(checks: StructureChecks, start: int) -> None:
    """Check the FAT16 or FAT32 that begins at a byte of the source; nothing where there is none with two tables.

    Raises:
        EvidenceError: the source cannot be read.
    """
    boot = checks.source.read_at(start, _SECTOR)
    tables = read_tables(boot, start)
    if tables is None and (copy := checks.source.read_at(start + 6 * _SECTOR, _SECTOR)):
        tables = read_tables(copy, start)
        if tables is None or copy[82:87] != b"FAT32":
            return
        mend_by_copy(checks, "boot sector", Run(start, _SECTOR), Run(start + 6 * _SECTOR, _SECTOR))
    if tables is None or tables.first.length > _MOST_TABLE_BYTES:
        return
    differing = list(_differing(checks, tables))
    if not differing:
        return
    encrypted = runs_model(checks.source.below, (Run(differing[0].offset, _SECTOR),)).encrypted
    data = checks.read(tables.first)
    if data is None:
        return
    chains = _Chains(data.view(f"<u{tables.width}").astype(np.uint32) & np.uint32(_VALUE), tables)
    for run in differing:
        copy_run = Run(run.offset + tables.second.offset - tables.first.offset, _SECTOR)
        other = checks.read(copy_run)
        if encrypted and mend_as_copy(checks, "file allocation table", run, copy_run):
            continue
        if other is not None and chains.prefer(run.offset - tables.first.offset, other):
            mend_by_copy(checks, "file allocation table", run, copy_run)


def read_tables(boot: bytes, start: int) -> FatTables | None:
    """Where a boot sector says the tables lie; None where it is none, or of one table, or of FAT12."""
    if len(boot) < _SECTOR or boot[510:512] != b"\x55\xaa" or boot[0] not in (0xEB, 0xE9):
        return None
    sector, per_cluster, reserved, count, entries, total, _, short = struct.unpack_from("<HBHBHHBH", boot, 11)
    total, size = total or struct.unpack_from("<I", boot, 32)[0], short or struct.unpack_from("<I", boot, 36)[0]
    if sector not in (512, 1024, 2048, 4096) or per_cluster.bit_count() != 1 or count != 2 or not size or not reserved:
        return None
    clusters = (total - reserved - count * size - -(-32 * entries // sector)) // per_cluster
    if clusters < 4085:
        return None
    width = 2 if clusters < 65525 else 4
    length = min(size * sector, (clusters + 2) * width + _SECTOR - 1) // _SECTOR * _SECTOR
    first = start + reserved * sector
    return FatTables(Run(first, length), Run(first + size * sector, length), width, clusters)


def _differing(checks: StructureChecks, tables: FatTables) -> list[Run]:
    """The sectors of the first table that are not those of the second; the two words at its start hold no cluster."""
    found: list[Run] = []
    for at in range(0, tables.first.length, _CHUNK):
        length = min(_CHUNK, tables.first.length - at)
        one, two = (checks.read(Run(run.offset + at, length)) for run in (tables.first, tables.second))
        if one is None or two is None:
            return found
        differ = one != two
        if at == 0:
            differ[: 2 * tables.width] = False
        sectors = np.flatnonzero(differ.reshape(-1, _SECTOR).any(axis=1)).tolist()
        found += [Run(tables.first.offset + at + sector * _SECTOR, _SECTOR) for sector in sectors]
        if len(found) > _MOST_SECTORS:
            return found[:_MOST_SECTORS]
    return found


class _Chains:
    """The chains of the first table, to judge single entries by."""

    def __init__(self, values: NDArray[np.uint32], tables: FatTables) -> None:
        self._values = values
        self._tables = tables
        self._end = 0xFFF7 if tables.width == 2 else 0x0FFFFFF7
        leading = values[(values >= 2) & (values < tables.clusters + 2)]
        self._leads = np.bincount(leading, minlength=tables.clusters + 2)

    def prefer(self, at: int, other: Bytes) -> bool:
        """Whether the entries of a sector that differ are all sound in the other table, and some are not in this one.

        Args:
            at: byte of the table where the sector begins.
            other: the sector there.
        """
        first = at // self._tables.width
        theirs = other.view(f"<u{self._tables.width}").astype(np.uint32) & np.uint32(_VALUE)
        ours = self._values[first : first + theirs.size]
        changed = np.flatnonzero(ours != theirs)
        changed = changed[changed + first >= 2]
        sound = [
            (self._fits(first + int(index), int(ours[index]), 1), self._fits(first + int(index), int(theirs[index]), 0))
            for index in changed
        ]
        return bool(sound) and all(good for _, good in sound) and not all(good for good, _ in sound)

    def _fits(self, cluster: int, value: int, counted: int) -> bool:
        """Whether an entry agrees with the others, `counted` saying that it is among those that were counted."""
        led_to = cluster < self._leads.size and self._leads[cluster] > 0
        if value == 0:
            return not led_to
        if value >= self._end:
            return True
        if not 2 <= value < self._tables.clusters + 2:
            return False
        return bool(self._values[value] != 0 and self._leads[value] == counted)
