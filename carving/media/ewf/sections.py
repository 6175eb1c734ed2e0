"""Sections of an EWF segment file, as Joachim Metz describes them in "Expert Witness Compression Format specification".

A segment is a 13-byte file header and a chain of sections, each headed by a 76-byte descriptor: type (16 bytes), offset
of the next one (le64), size (le64), padding (40), Adler-32 (le32). All offsets are checked, for evidence may lie.
"""

from __future__ import annotations

import enum
import struct
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from carving.errors import EvidenceError
from carving.media.files import OrderedFiles
from carving.source import Run

EVF_SIGNATURE: Final = b"EVF\x09\x0d\x0a\xff\x00"
EVF2_SIGNATURE: Final = b"EVF2\x0d\x0a\x81\x00"
_OTHER_SIGNATURES: Final = {
    b"LVF\x09\x0d\x0a\xff\x00": "L01 (logical evidence)",
    b"LEF2\x0d\x0a\x81\x00": "Lx01 (logical evidence)",
    EVF2_SIGNATURE: "Ex01",
}
_FILE_HEADER_SIZE: Final = 13
_DESCRIPTOR: Final = struct.Struct("<16sQQ40xI")
_MAX_SECTIONS: Final = 1_000_000
_MAX_CHUNK_SIZE: Final = 64 << 20
_MAX_ERROR_ENTRIES: Final = 1_000_000


class SegmentEnding(enum.Enum):
    """How the section chain of a segment ends."""

    NEXT = "next"
    DONE = "done"
    CUT = "cut"


@dataclass(frozen=True, slots=True)
class Section:
    """One section: `offset` of its data (behind the descriptor) and `end`, in bytes of segment file `segment`."""

    kind: str
    segment: int
    offset: int
    end: int

    @property
    def size(self) -> int:
        return self.end - self.offset


@dataclass(frozen=True, slots=True)
class MediaGeometry:
    """The medium as a volume, disk or data section gives it; `legacy` marks the 94-byte layout of S01 and EnCase 1."""

    chunk_count: int
    chunk_size: int
    bytes_per_sector: int
    sector_count: int
    set_identifier: bytes
    legacy: bool

    @property
    def media_size(self) -> int:
        """Size of the medium in bytes."""
        return self.bytes_per_sector * self.sector_count


def unsupported_signature(start: bytes) -> str | None:
    """Name of a related format that is not read here, from the first 8 bytes of a file."""
    return _OTHER_SIGNATURES.get(start[:8])


def check_file_header(start: bytes, path: Path, number: int) -> None:
    """Check the first 13 bytes of segment `number`.

    Raises:
        EvidenceError: not an EWF segment, or that of another number.
    """
    if unsupported := unsupported_signature(start):
        raise EvidenceError(f"{path} is an {unsupported} file, which is not supported; convert it to E01 or raw")
    if start[:8] != EVF_SIGNATURE or len(start) < _FILE_HEADER_SIZE:
        raise EvidenceError(f"{path} does not begin like an EWF segment; it is damaged, truncated or something else")
    stored = int.from_bytes(start[9:11], "little")
    if stored != number:
        raise EvidenceError(f"{path} says that it is segment {stored}, not {number}; was it renamed?")


def read_sections(files: OrderedFiles, segment: int) -> tuple[tuple[Section, ...], SegmentEnding]:
    """Walk the section chain of file `segment`.

    Returns:
        The sections before the end marker in order, and how the chain ends; `CUT` where the file stops first.

    Raises:
        EvidenceError: a descriptor is damaged.
    """
    path, file_size = files.paths[segment], files.sizes[segment]
    sections: list[Section] = []
    offset = _FILE_HEADER_SIZE
    while len(sections) < _MAX_SECTIONS:
        descriptor = files.read(segment, offset, _DESCRIPTOR.size)
        if len(descriptor) < _DESCRIPTOR.size:
            return tuple(sections), SegmentEnding.CUT
        raw_kind, following, _, checksum = _DESCRIPTOR.unpack(descriptor)
        if zlib.adler32(descriptor[:-4]) != checksum:
            raise EvidenceError(f"the EWF section descriptor at byte {offset} of {path} is damaged (wrong checksum)")
        kind = raw_kind.rstrip(b"\0").decode("ascii", "replace")
        if kind in ("next", "done"):
            return tuple(sections), SegmentEnding(kind)
        if following < offset + _DESCRIPTOR.size:
            raise EvidenceError(f"the EWF section {kind!r} at byte {offset} of {path} points back to byte {following}")
        sections.append(Section(kind, segment, offset + _DESCRIPTOR.size, min(following, file_size)))
        if following > file_size:
            return tuple(sections), SegmentEnding.CUT
        offset = following
    raise EvidenceError(f"{path} has more than {_MAX_SECTIONS} sections")


def read_geometry(files: OrderedFiles, section: Section) -> MediaGeometry | None:
    """Read a volume, disk or data section; None where its checksum is wrong or it is no known layout.

    Raises:
        EvidenceError: the checksum is right, but the numbers cannot be.
    """
    data = files.read(section.segment, section.offset, min(section.size, 1052))
    legacy = len(data) == 94
    if len(data) not in (94, 1052) or zlib.adler32(data[:-4]) != int.from_bytes(data[-4:], "little"):
        return None
    chunk_count, sectors_per_chunk, bytes_per_sector = struct.unpack_from("<III", data, 4)
    sector_count = int.from_bytes(data[16:20] if legacy else data[16:24], "little")
    geometry = MediaGeometry(
        chunk_count,
        sectors_per_chunk * bytes_per_sector,
        bytes_per_sector,
        sector_count,
        b"" if legacy else data[64:80],
        legacy,
    )
    path = files.paths[section.segment]
    if not 0 < geometry.chunk_size <= _MAX_CHUNK_SIZE:
        raise EvidenceError(f"{path} claims chunks of {geometry.chunk_size} bytes")
    if geometry.media_size == 0:
        raise EvidenceError(f"{path} claims an empty medium")
    if geometry.media_size > geometry.chunk_size * chunk_count:
        raise EvidenceError(f"{path} claims {geometry.media_size} bytes in {chunk_count} chunks, which do not fit")
    return geometry


def read_digests(files: OrderedFiles, section: Section) -> dict[str, str] | None:
    """The acquisition digests of a hash or digest section as hex, by `md5` and `sha1`; None where it is damaged."""
    data = files.read(section.segment, section.offset, min(section.size, 80))
    sizes = {"hash": (36, {"md5": slice(0, 16)}), "digest": (80, {"md5": slice(0, 16), "sha1": slice(16, 36)})}
    size, fields = sizes[section.kind]
    if len(data) < size or zlib.adler32(data[: size - 4]) != int.from_bytes(data[size - 4 : size], "little"):
        return None
    return {name: data[place].hex() for name, place in fields.items() if any(data[place])}


def read_acquisition_errors(files: OrderedFiles, section: Section, geometry: MediaGeometry) -> tuple[Run, ...]:
    """Media ranges in bytes that the acquisition could not read (error2 section)."""
    header = files.read(section.segment, section.offset, 520)
    if len(header) < 520:
        return ()
    count = min(int.from_bytes(header[:4], "little"), (section.size - 520) // 8, _MAX_ERROR_ENTRIES)
    entries = files.read(section.segment, section.offset + 520, 8 * count)
    size = geometry.bytes_per_sector
    pairs = struct.iter_unpack("<II", entries[: len(entries) // 8 * 8])
    return tuple(Run(first * size, length * size) for first, length in pairs if first < geometry.sector_count)
