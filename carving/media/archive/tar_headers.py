"""The headers of a TAR archive: ustar, pax and GNU.

Source: POSIX.1-2017, `pax`, "ustar Interchange Format" and "pax Extended Header"; GNU tar manual, "Basic Tar Format"
and "Storing Sparse Files".
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

BLOCK: Final = 512
MAGIC: Final = b"ustar"
MAGIC_AT: Final = 257
_CHECKSUM: Final = slice(148, 156)
_NUL: Final = b"\0"
_GNU_SPARSE_AT: Final = 386
_SPARSE_ENTRY: Final = 24


@dataclass(frozen=True, slots=True)
class TarHeader:
    """One header block.

    Attributes:
        name, link: paths as stored.
        kind: the type flag, one byte.
        size: bytes of data in the archive.
        modified: seconds since 1970.
        sound: whether its checksum fits.
        block: the block itself.
    """

    name: bytes
    link: bytes
    kind: bytes
    size: int
    modified: int
    sound: bool
    block: bytes


def read_tar_header(block: bytes) -> TarHeader | None:
    """A header block of 512 bytes; None where it is none: without the magic, or with a size that is no number."""
    if len(block) != BLOCK or not block.startswith(MAGIC, MAGIC_AT):
        return None
    size, modified = read_number(block[124:136]), read_number(block[136:148])
    if size is None or size < 0:
        return None
    name = _text(block[0:100])
    is_gnu = block[MAGIC_AT + 5 : MAGIC_AT + 6] == b" "
    if not is_gnu and (prefix := _text(block[345:500])):
        name = prefix + b"/" + name
    return TarHeader(name, _text(block[157:257]), block[156:157], size, modified or 0, _is_sound(block), block)


def read_number(field: bytes) -> int | None:
    """A number in octal digits, or in base 256 where the first bit is set; None where it is neither."""
    if field[:1] >= b"\x80":
        value = int.from_bytes(field, "big")
        bits = 8 * len(field)
        return value - (1 << bits) if field[0] & 0x40 else value - (1 << (bits - 1))
    digits = field.partition(_NUL)[0].strip()
    if any(digit not in b"01234567" for digit in digits):
        return None
    return int(digits or b"0", 8)


def read_pax_records(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """The records `length keyword=value` of an extended header, as far as they make sense."""
    at = 0
    while at < len(data):
        digits, blank, _ = data[at : at + 20].partition(b" ")
        if not blank or not digits.isdigit():
            return
        end = at + int(digits)
        record = data[at + len(digits) + 1 : end]
        keyword, equals, value = record.partition(b"=")
        if end <= at or end > len(data) or not equals or not value.endswith(b"\n"):
            return
        yield keyword, value[:-1]
        at = end


def gnu_sparse_entries(block: bytes, is_extension: bool) -> tuple[list[tuple[int, int]], bool]:
    """Offset and length of the pieces of a sparse file that an old GNU header lists, and whether more blocks follow."""
    at, count = (0, 21) if is_extension else (_GNU_SPARSE_AT, 4)
    pieces = []
    for place in range(at, at + count * _SPARSE_ENTRY, _SPARSE_ENTRY):
        offset, length = read_number(block[place : place + 12]), read_number(block[place + 12 : place + 24])
        if offset is None or length is None or (offset, length) == (0, 0):
            break
        pieces.append((offset, length))
    return pieces, block[at + count * _SPARSE_ENTRY] != 0


def gnu_real_size(block: bytes) -> int | None:
    """The size of a sparse file with its holes, by an old GNU header."""
    return read_number(block[483:495])


def _text(field: bytes) -> bytes:
    return field.partition(_NUL)[0]


def _is_sound(block: bytes) -> bool:
    stored = read_number(block[_CHECKSUM])
    blank = block[: _CHECKSUM.start] + b" " * 8 + block[_CHECKSUM.stop :]
    signed = sum(byte - 256 if byte > 127 else byte for byte in blank)
    return stored in (sum(blank), signed)
