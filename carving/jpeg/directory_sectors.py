"""Sectors of directories and file tables (FAT, exFAT, NTFS): they compress badly, but are no entropy-coded data.

Records are as Microsoft's "FAT32 File System Specification" and "exFAT file system specification" give them, and as the
NTFS documentation of the Linux kernel does. What is looked for is so narrow that entropy-coded data never have it.
"""

from __future__ import annotations

import struct
from typing import Final

_RECORD: Final = 32
_FEWEST: Final = 3
"""Records that make a directory of a sector."""
_FEWEST_ZEROS: Final = 24
"""Zeros in 512 bytes that every directory has; entropy-coded data have two or so, unless they are very flat."""
_LONG_NAME: Final = 0x0F
_ATTRIBUTES: Final = 0x3F
_CASE_BITS: Final = 0x18
_FORBIDDEN: Final = frozenset(b'"*+,./:;<=>?[\\]|' + bytes(range(0x20)) + bytes(range(0x61, 0x7B)))
"""Bytes that no short name of FAT holds; the first one may be a mark."""
_MARKS: Final = frozenset((0x05, 0xE5, ord(".")))
_IN_USE: Final = 0x80
_BITMAP, _UPCASE, _LABEL = 0x81, 0x82, 0x83
_FILE, _STREAM, _NAME = 0x85, 0xC0, 0xC1
_LONGEST_LABEL: Final = 11
_MOST_SECONDARY: Final = 18
_MOST_FLAGS: Final = 3
_FILE_NAME: Final = 0x42
"""Bytes of an NTFS file name attribute without the name."""
_ENTRY: Final = 16
_TIMES: Final = range(0x0180_0000, 0x0280_0000)
"""Upper halves of NTFS times from 1943 to 2190, and not one a byte short of it."""
_SIGNATURES: Final = (b"FILE", b"INDX")
_LARGEST_FIXUP: Final = 0x100


def is_directory_sector(sector: bytes) -> bool:
    """Whether a sector of 512 bytes, or less at the end of a source, is part of a directory or of a file table."""
    if sector.count(0) < _FEWEST_ZEROS:
        return False
    return _is_fat(sector) or _is_exfat(sector) or _is_ntfs(sector)


def _is_fat(sector: bytes) -> bool:
    """Whether all records but one in eight are those of a FAT directory, up to the first that is empty."""
    good = bad = 0
    for at in range(0, len(sector) - _RECORD + 1, _RECORD):
        record = sector[at : at + _RECORD]
        if not record[0]:
            if record.strip(b"\0"):
                bad += 1
            continue
        if _is_short_name(record) or _is_long_name(record):
            good += 1
        else:
            bad += 1
    return good >= _FEWEST and bad * 8 <= good


def _is_short_name(record: bytes) -> bool:
    attributes, case = record[11], record[12]
    if attributes & ~_ATTRIBUTES or attributes == _LONG_NAME or case & ~_CASE_BITS:
        return False
    if (record[0] in _FORBIDDEN and record[0] not in _MARKS) or any(
        byte in _FORBIDDEN for byte in record[1:11] if record[0] != ord(".")
    ):
        return False
    time, date = int.from_bytes(record[22:24], "little"), int.from_bytes(record[24:26], "little")
    return date == 0 or (1 <= date >> 5 & 15 <= 12 and date & 31 > 0 and time >> 11 < 24 and time >> 5 & 63 < 60)


def _is_long_name(record: bytes) -> bool:
    number = record[0] & 0x3F
    is_deleted = record[0] == 0xE5
    return (
        record[11] == _LONG_NAME
        and record[12] == 0
        and record[26:28] == b"\0\0"
        and (is_deleted or (1 <= number <= 20 and not record[0] & 0x80))
    )


def _is_exfat(sector: bytes) -> bool:
    """Whether all records but one in eight are those of files in an exFAT directory, in use or not, up to the end."""
    good = bad = 0
    for at in range(0, len(sector) - _RECORD + 1, _RECORD):
        record = sector[at : at + _RECORD]
        if not record[0]:
            bad += bool(record.strip(b"\0"))
        elif _is_exfat_record(record):
            good += 1
        else:
            bad += 1
    return good >= _FEWEST and bad * 8 <= good


def _is_exfat_record(record: bytes) -> bool:
    kind = record[0] | _IN_USE
    if kind == _FILE:
        return 2 <= record[1] <= _MOST_SECONDARY and record[6:8] == b"\0\0" and record[25:] == bytes(7)
    if kind == _STREAM:
        valid, length = int.from_bytes(record[8:16], "little"), int.from_bytes(record[24:32], "little")
        return record[1] <= _MOST_FLAGS and record[2] == 0 and record[3] > 0 and valid <= length
    if kind in (_BITMAP, _UPCASE):
        return record[8:20] == bytes(12) and record[1] <= 1
    if kind == _LABEL:
        return record[1] <= _LONGEST_LABEL and record[24:] == bytes(8)
    return kind == _NAME and record[1] == 0 and record[2:4] != b"\0\0"


def _is_ntfs(sector: bytes) -> bool:
    """Whether a record of the file table or an index block begins, or an entry of a directory's index is there."""
    if sector.startswith(_SIGNATURES):
        place, count = (int.from_bytes(sector[at : at + 2], "little") for at in (4, 6))
        return 0x28 <= place < _LARGEST_FIXUP and 2 <= count <= 129
    for at in range(0, len(sector) - _ENTRY - _FILE_NAME, 8):
        length, key = struct.unpack_from("<HH", sector, at + 8)
        if key != _FILE_NAME + 2 * sector[at + _ENTRY + 64] or not key + _ENTRY <= length < key + _ENTRY + 16:
            continue
        times = struct.unpack_from("<4Q", sector, at + _ENTRY + 8)
        if length % 8 == 0 and all(time >> 32 in _TIMES for time in times):
            return True
    return False
