"""Check a GPT: the CRC-32 of its header and of its table of partitions, of which a copy ends the medium.

Layout: UEFI specification 2.10, section 5.3.
"""

from __future__ import annotations

import struct
from functools import cache
from typing import Final

from carving.file_systems.structures.checking import StructureChecks
from carving.file_systems.structures.checksums import (
    CRC32,
    Checksum,
    SeededCheck,
    crc_checksum,
    crc_of_zeros,
    crc_responses,
)
from carving.flips.model import Bytes
from carving.source import Run

_SIGNATURE: Final = b"EFI PART"
_HEADER: Final = 92
_ONES: Final = 0xFFFFFFFF
_MOST_ENTRIES: Final = 256


def check_gpt(checks: StructureChecks, start: int) -> None:
    """Check the partition table of a medium that begins at byte 0; nothing where there is none.

    Raises:
        EvidenceError: the source cannot be read.
    """
    if start:
        return
    for sector in (512, 4096):
        header = _header(checks, "header", Run(sector, _HEADER))
        if header is None:
            continue
        table = _table(checks, header, sector)
        if table is None or _holds(checks, header, table):
            return
        check = _entries_check(header, table)
        end = checks.source.size // sector * sector - sector
        other = _header(checks, "header at the end", Run(end, _HEADER))
        copy = None if other is None else _table(checks, other, sector)
        if other is not None and copy is not None and copy.length == table.length and _holds(checks, other, copy):
            if not checks.mend_quietly("partition table", table, check):
                checks.take_copy("partition table", table, copy)
        else:
            checks.holds("partition table", table, check)
        return


def _header(checks: StructureChecks, name: str, run: Run) -> bytes | None:
    """A header whose checksum holds, now if need be that a flip is reversed."""
    data = checks.read(run)
    if data is None or not data.any():
        return None
    check = SeededCheck(_header_checksum(), _constant(_HEADER, 0))
    if check.residual(data):
        if data[:8].tobytes() == _SIGNATURE:
            checks.mend(name, run, check, _is_header)
        else:
            checks.mend_quietly(name, run, check, _is_header)
    found = checks.read(run)
    return found.tobytes() if found is not None and check.residual(found) == 0 and _is_header(found) else None


def _is_header(data: Bytes) -> bool:
    raw = data.tobytes()
    return raw[:8] == _SIGNATURE and struct.unpack_from("<I", raw, 12)[0] == _HEADER


def _table(checks: StructureChecks, header: bytes, sector: int) -> Run | None:
    """Where the table lies that a header leads to; None where it is of another size than any table's."""
    block, count, size = struct.unpack_from("<QII", header, 72)
    if size != 128 or not 0 < count <= _MOST_ENTRIES or block * sector > checks.source.size:
        return None
    return Run(block * sector, count * size)


def _holds(checks: StructureChecks, header: bytes, table: Run) -> bool:
    data = checks.read(table)
    if data is None:
        return False
    return _entries_check(header, table).residual(data) == 0


def _entries_check(header: bytes, table: Run) -> SeededCheck:
    """The checksum of a table, which stands in its header."""
    (stored,) = struct.unpack_from("<I", header, 88)
    return SeededCheck(_entries(table.length), _constant(table.length, stored))


def _constant(size: int, stored: int) -> int:
    """What the beginning, the inversion at the end and a checksum that is stored elsewhere add to a residual."""
    return crc_of_zeros(CRC32, _ONES, size) ^ _ONES ^ stored


@cache
def _header_checksum() -> Checksum:
    return crc_checksum("CRC-32", CRC32, _HEADER, _HEADER, range(16, 20))


@cache
def _entries(size: int) -> Checksum:
    return Checksum("CRC-32", 32, crc_responses(CRC32, size))
