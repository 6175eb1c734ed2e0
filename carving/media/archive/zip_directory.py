"""The central directory of a ZIP archive: found from its end, and read header by header, never as a whole.

A phone's file system makes a directory of hundreds of megabytes; the standard library reads it into memory at once.
Source: PKWARE APPNOTE 6.3.10, sections 4.3.7 to 4.3.16 and 4.5.3 (ZIP64).
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from carving.errors import EvidenceError
from carving.source import ByteSource, Run

CENTRAL: Final = b"PK\x01\x02"
_END: Final = struct.Struct("<4s4H2IH")
_END_SIGNATURE: Final = b"PK\x05\x06"
_LONGEST_COMMENT: Final = 0xFFFF
_LOCATOR: Final = struct.Struct("<4sIQI")
_LOCATOR_SIGNATURE: Final = b"PK\x06\x07"
_END64: Final = struct.Struct("<4sQ2H2I4Q")
_END64_SIGNATURE: Final = b"PK\x06\x06"
_HEADER: Final = struct.Struct("<4s6H3I5H2I")
_FULL32: Final = 0xFFFFFFFF
_FULL16: Final = 0xFFFF
_ZIP64_FIELD: Final = 0x0001
_TIMES_FIELD: Final = 0x5455
_PIECE: Final = 1 << 20
_LONGEST_HEADER: Final = _HEADER.size + 3 * 0xFFFF


@dataclass(frozen=True, slots=True)
class CentralDirectory:
    """Where the central directory lies, how many entries its end record declares, and what offsets in it count from."""

    run: Run
    count: int
    start: int


@dataclass(frozen=True, slots=True)
class CentralHeader:
    """What the directory says of one entry.

    Attributes:
        name: as stored; `is_utf8` where a flag says how.
        system: on which it was made, 3 for Unix.
        attributes: as that system has them; the upper 16 bits are Unix's mode.
        flags, method, crc32, packed, size: bit field, compression, CRC-32 of the content, bytes compressed and not.
        place: of its local header, counted from the start of the archive.
        modified: seconds since 1970 UTC where a field tells, else None.
        dos_time: date and time as MS-DOS keeps them, in a zone that is not told.
    """

    name: bytes
    is_utf8: bool
    system: int
    attributes: int
    flags: int
    method: int
    crc32: int
    packed: int
    size: int
    place: int
    modified: int | None
    dos_time: int


def find_directory(source: ByteSource) -> CentralDirectory | None:
    """The central directory by the record at the end of the archive; None where there is no such record.

    Raises:
        EvidenceError: the archive is one of several files, or its directory does not lie in it.
    """
    tail_size = min(source.size, _END.size + _LONGEST_COMMENT)
    tail_start = source.size - tail_size
    tail = source.read_at(tail_start, tail_size)
    at = _last_record(tail)
    if at is None:
        return None
    _, disk, first_disk, _, count, size, offset, _ = _END.unpack_from(tail, at)
    end = tail_start + at
    if (found := _find_zip64(source, end)) is not None:
        end, disk, first_disk, count, size, offset = found
    if disk not in (0, _FULL16, _FULL32) or first_disk not in (0, _FULL16, _FULL32):
        raise EvidenceError(f"it is file {disk + 1} of an archive in several; `zip -s 0 --out whole.zip` joins them")
    start = end - size
    if start >= 0 and (size == 0 or source.read_at(start, 4) == CENTRAL):
        return CentralDirectory(Run(start, size), count, start - offset)
    if offset + size <= source.size and source.read_at(offset, 4) == CENTRAL:
        return CentralDirectory(Run(offset, size), count, 0)
    raise EvidenceError(f"its central directory is not at byte {offset}, where its last record says")


def is_last_of_several(source: ByteSource) -> bool:
    """Whether a source ends with the last record, without a comment, of an archive in several files."""
    tail = source.read_at(max(0, source.size - _END.size), _END.size)
    return len(tail) == _END.size and tail.startswith(_END_SIGNATURE) and _END.unpack(tail)[1] not in (0, _FULL16)


def _last_record(tail: bytes) -> int | None:
    """Where in the end of an archive its last record begins: the one whose comment ends the archive, else the last."""
    last = None
    at = tail.rfind(_END_SIGNATURE)
    while at >= 0:
        if at + _END.size <= len(tail):
            if at + _END.size + int.from_bytes(tail[at + 20 : at + 22], "little") == len(tail):
                return at
            last = at if last is None else last
        at = tail.rfind(_END_SIGNATURE, 0, at)
    return last


def _find_zip64(source: ByteSource, end: int) -> tuple[int, int, int, int, int, int] | None:
    """The ZIP64 record at the end: its place, disk, first disk, entries, size and offset of the directory."""
    if end < _LOCATOR.size:
        return None
    signature, _, place, _ = _LOCATOR.unpack(source.read_at(end - _LOCATOR.size, _LOCATOR.size))
    if signature != _LOCATOR_SIGNATURE:
        return None
    for where in (place, end - _LOCATOR.size - _END64.size):
        data = source.read_at(where, _END64.size) if 0 <= where <= source.size else b""
        if len(data) == _END64.size and data.startswith(_END64_SIGNATURE):
            _, _, _, _, disk, first_disk, _, count, size, offset = _END64.unpack(data)
            return where, disk, first_disk, count, size, offset
    return None


def read_headers(
    source: ByteSource, directory: CentralDirectory, fault: Callable[[str], None]
) -> Iterator[CentralHeader]:
    """Yield the headers of a central directory; from one that is damaged on, the next that can be found.

    `fault` hears of damage.

    Raises:
        EvidenceError: the source cannot be read.
    """
    position, end = directory.run.offset, directory.run.end
    buffer, base, count = b"", position, 0
    while position < end:
        if position + _LONGEST_HEADER > base + len(buffer) and base + len(buffer) < end:
            buffer, base = source.read_at(position, min(_PIECE, end - position)), position
        at = position - base
        header, length = _read_header(buffer, at)
        if header is None:
            found = _next_header(source, position + 1, end)
            fault(f"the central directory of the ZIP archive is damaged at byte {position}")
            if found is None:
                return
            position = found
            continue
        count += 1
        yield header
        position += length
    if count != directory.count:
        fault(f"the central directory of the ZIP archive lists {count} entries, its last record says {directory.count}")


def _next_header(source: ByteSource, position: int, end: int) -> int | None:
    while position < end:
        piece = source.read_at(position, min(_PIECE, end - position))
        at = piece.find(CENTRAL)
        if at >= 0:
            return position + at
        if position + len(piece) >= end:
            return None
        position += len(piece) - len(CENTRAL) + 1
    return None


def _read_header(buffer: bytes, at: int) -> tuple[CentralHeader | None, int]:
    """The header at a place of a buffer and its length; None where there is none."""
    if len(buffer) - at < _HEADER.size or buffer[at : at + 4] != CENTRAL:
        return None, 0
    fields = _HEADER.unpack_from(buffer, at)
    _, made_by, _, flags, method, time, date, crc32, packed, size, name_size, extra_size, note_size = fields[:13]
    attributes, place = fields[15:]
    length = _HEADER.size + name_size + extra_size + note_size
    if at + length > len(buffer):
        return None, 0
    name_at = at + _HEADER.size
    extra = dict(extra_fields(buffer[name_at + name_size : name_at + name_size + extra_size]))
    size, packed, place = widened((size, packed, place), extra)
    times = extra.get(_TIMES_FIELD, b"")
    modified = int.from_bytes(times[1:5], "little", signed=True) if len(times) >= 5 and times[0] & 1 else None
    name = buffer[name_at : name_at + name_size]
    header = CentralHeader(
        name,
        bool(flags & 0x800),
        made_by >> 8,
        attributes,
        flags,
        method,
        crc32,
        packed,
        size,
        place,
        modified,
        date << 16 | time,
    )
    return header, length


def widened(values: tuple[int, int, int], extra: Mapping[int, bytes]) -> tuple[int, int, int]:
    """Size, packed size and place; each that is all ones stands in the ZIP64 field, in this order."""
    field = extra.get(_ZIP64_FIELD, b"")
    wide = [int.from_bytes(field[place : place + 8], "little") for place in range(0, len(field) - 7, 8)]
    taken = iter(wide)
    size, packed, place = (next(taken, value) if value == _FULL32 else value for value in values)
    return size, packed, place


def extra_fields(extra: bytes) -> Iterator[tuple[int, bytes]]:
    """The extra fields of a header: number and data; what is cut off at the end is left out."""
    at = 0
    while at + 4 <= len(extra):
        number, size = struct.unpack_from("<HH", extra, at)
        if at + 4 + size > len(extra):
            return
        yield number, extra[at + 4 : at + 4 + size]
        at += 4 + size
