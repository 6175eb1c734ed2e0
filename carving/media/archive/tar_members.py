"""The members of a TAR archive, one after the other, also behind damage: from header to header, nothing kept in memory.

The standard library reads extended headers of any size into memory, and keeps every member that it has seen.
Source: as `carving.media.archive.tar_headers`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from carving.media.archive.entries import ArchiveFindings
from carving.media.archive.tar_headers import (
    BLOCK,
    MAGIC,
    MAGIC_AT,
    TarHeader,
    gnu_real_size,
    gnu_sparse_entries,
    read_pax_records,
    read_tar_header,
)
from carving.source import ByteSource, Run

_LONGEST_EXTENSION: Final = 1 << 20
"""Bytes of an extended header or a long name that are read."""
_MOST_PIECES: Final = 65_536
_PIECE: Final = 1 << 20
_LONG_NAME, _LONG_LINK, _PAX, _GLOBAL, _SOLARIS = b"L", b"K", b"x", b"g", b"X"
_EXTENSIONS: Final = (_LONG_NAME, _LONG_LINK, _PAX, _GLOBAL, _SOLARIS)
_OLD_SPARSE: Final = b"S"


@dataclass(frozen=True, slots=True)
class Member:
    """One member.

    Attributes:
        name, kind, modified: as its headers say.
        size: bytes of its content, holes included.
        data: where in the archive its data lie.
        pieces: for a sparse file, offset in the content and length of every piece of the data; else None.
    """

    name: bytes
    kind: bytes
    modified: int
    size: int
    data: Run
    pieces: tuple[tuple[int, int], ...] | None


@dataclass
class _Extended:
    """What extended headers say of the member that follows."""

    name: bytes | None = None
    records: dict[bytes, bytes] = field(default_factory=dict)
    pieces: list[tuple[int, int]] = field(default_factory=list)


class TarMembers:
    """Walks through an archive; findings hear of what is damaged or cut off."""

    def __init__(self, medium: ByteSource, findings: ArchiveFindings) -> None:
        self._medium = medium
        self._findings = findings

    def __iter__(self) -> Iterator[Member]:
        """Yield the members.

        Raises:
            EvidenceError: the medium cannot be read.
        """
        position = 0
        extended = _Extended()
        while position + BLOCK <= self._medium.size:
            block = self._medium.read_at(position, BLOCK)
            header = read_tar_header(block)
            if header is None or not (header.sound or self._fits(header, position)):
                following = self._next_header(position + BLOCK)
                if block.strip(b"\0"):
                    self._findings.fault(f"the TAR archive is damaged at byte {position}, where a header should be")
                elif following is not None:
                    self._findings.left_out("headers that follow the end of the archive, as another one joined to it")
                if following is None:
                    return
                position, extended = following, _Extended()
                continue
            if not header.sound:
                self._findings.left_out("headers whose checksum is wrong, read all the same")
            data = Run(position + BLOCK, header.size)
            if header.kind in _EXTENSIONS:
                self._extend(extended, header, data)
                position = _behind(data)
                continue
            member, end = self._member(header, position + BLOCK, extended)
            extended = _Extended()
            if member is not None:
                yield member
            position = end

    def _fits(self, header: TarHeader, position: int) -> bool:
        """Whether a header with a wrong checksum leads to another one, to the end mark, or to the end."""
        end = _behind(Run(position + BLOCK, header.size))
        block = self._medium.read_at(end, BLOCK)
        following = read_tar_header(block)
        return end == self._medium.size or block == bytes(BLOCK) or (following is not None and following.sound)

    def _next_header(self, position: int) -> int | None:
        """The next block that is a header with a checksum that fits."""
        while position < self._medium.size:
            piece = self._medium.read_at(position, _PIECE)
            at = piece.find(MAGIC)
            while at >= 0:
                if (at - MAGIC_AT) % BLOCK == 0 and at >= MAGIC_AT:
                    start = at - MAGIC_AT
                    header = read_tar_header(piece[start : start + BLOCK])
                    if header is not None and header.sound:
                        return position + start
                at = piece.find(MAGIC, at + 1)
            position += _PIECE
        return None

    def _extend(self, extended: _Extended, header: TarHeader, data: Run) -> None:
        """Take in an extended header or a long name for the next member."""
        if header.kind in (_LONG_LINK, _GLOBAL):  # nobody names every member in a global header
            return
        if data.length > _LONGEST_EXTENSION:
            self._findings.left_out(f"extended headers of more than {_LONGEST_EXTENSION} bytes, not read")
            return
        content = self._medium.read_at(data.offset, data.length)
        if header.kind == _LONG_NAME:
            extended.name = content.partition(b"\0")[0]
            return
        offset: int | None = None
        for keyword, value in read_pax_records(content):
            if keyword == b"GNU.sparse.offset":
                offset = _decimal(value)
            elif keyword == b"GNU.sparse.numbytes":
                length = _decimal(value)
                if offset is not None and length is not None and len(extended.pieces) < _MOST_PIECES:
                    extended.pieces.append((offset, length))
                offset = None
            else:
                extended.records[keyword] = value

    def _member(self, header: TarHeader, place: int, extended: _Extended) -> tuple[Member | None, int]:
        """The member of a header whose data begin at `place`, with what extends it; and the byte behind its data."""
        records = extended.records
        size = _decimal(records.get(b"size", b""))
        size = header.size if size is None else size
        name = records.get(b"GNU.sparse.name") or records.get(b"path") or extended.name or header.name
        modified = _decimal(records.get(b"mtime", b"").partition(b".")[0])
        modified = header.modified if modified is None else modified
        pieces: list[tuple[int, int]] | None = extended.pieces or None
        real: int | None = size
        data = Run(place, size)
        end = _behind(data)
        if header.kind == _OLD_SPARSE:
            pieces, place = self._old_sparse(header, place)
            real = gnu_real_size(header.block)
            data = Run(place, size)
            end = _behind(data)
        elif b"GNU.sparse.major" in records:
            pieces, used = self._map_in_data(data)
            real = _decimal(records.get(b"GNU.sparse.realsize", b""))
            data = Run(place + used, size - used)
        elif pieces is not None or b"GNU.sparse.map" in records:
            if b"GNU.sparse.map" in records:
                pieces = _pairs(records[b"GNU.sparse.map"].split(b","))
            real = _decimal(records.get(b"GNU.sparse.size", b""))
        if real is None or data.length < 0 or (pieces is not None and not _makes_sense(pieces, real, data.length)):
            self._findings.left_out("sparse files whose map contradicts itself, not read", _shown(name))
            return None, end
        there = min(data.length, max(0, self._medium.size - data.offset))
        if there < data.length:
            self._findings.fault(
                f"the TAR archive is cut off: of {_shown(name)}, {there} of {data.length} bytes are there"
            )
        if pieces is None:
            real = there
        return Member(name, header.kind, modified, real, Run(data.offset, there), _frozen(pieces)), end

    def _old_sparse(self, header: TarHeader, place: int) -> tuple[list[tuple[int, int]], int]:
        """The map in an old GNU header and the blocks that follow it; and where the data begin."""
        pieces, more = gnu_sparse_entries(header.block, is_extension=False)
        while more and len(pieces) < _MOST_PIECES:
            block = self._medium.read_at(place, BLOCK)
            if len(block) < BLOCK:
                break
            found, more = gnu_sparse_entries(block, is_extension=True)
            pieces += found
            place += BLOCK
        return pieces, place

    def _map_in_data(self, data: Run) -> tuple[list[tuple[int, int]], int]:
        """The map of pax sparse format 1.0, at the beginning of the data; and how many bytes it takes."""
        content = self._medium.read_at(data.offset, min(data.length, _LONGEST_EXTENSION))
        count_text, _, rest = content.partition(b"\n")
        count = _decimal(count_text)
        if count is None or count > _MOST_PIECES:
            return [(0, -1)], 0
        numbers = rest.split(b"\n", 2 * count)
        used = len(count_text) + 1 + sum(len(number) + 1 for number in numbers[: 2 * count])
        return _pairs(numbers[: 2 * count]), -(-used // BLOCK) * BLOCK


def _makes_sense(pieces: list[tuple[int, int]], size: int, stored: int) -> bool:
    """Whether the pieces of a sparse file are in order, within the file, and as many bytes as are stored."""
    end = 0
    for offset, length in pieces:
        if offset < end or length < 0:
            return False
        end = offset + length
    return end <= size and sum(length for _, length in pieces) <= stored


def _pairs(numbers: list[bytes]) -> list[tuple[int, int]]:
    """Numbers two by two; a pair that cannot be where one is no number."""
    values = [_decimal(number) for number in numbers]
    known = [-1 if value is None else value for value in values[: 2 * _MOST_PIECES]]
    return list(zip(known[::2], known[1::2], strict=False))


def _frozen(pieces: list[tuple[int, int]] | None) -> tuple[tuple[int, int], ...] | None:
    return None if pieces is None else tuple(pieces)


def _decimal(text: bytes) -> int | None:
    return int(text) if text.isdigit() and len(text) < 20 else None


def _behind(data: Run) -> int:
    return data.offset + -(-data.length // BLOCK) * BLOCK


def _shown(name: bytes) -> str:
    return name[:200].decode("utf-8", "backslashreplace")
