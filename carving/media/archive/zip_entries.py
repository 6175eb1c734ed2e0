"""Which files of a ZIP archive are taken: every JPEG that is stored or deflated, by its name or its first bytes.

Nothing of a header is believed before it is held against the others: the directory against the local header, both
against the size of the archive, one file's bytes against those of the file before. A "zip bomb" is refused by these and
by a bound on what is inflated. Archives inside the archive are not opened.
Source: PKWARE APPNOTE 6.3.10, sections 4.3.7, 4.4 and 7.
"""

from __future__ import annotations

import stat
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from carving.errors import EvidenceError
from carving.media.archive.archive_source import ArchiveSource
from carving.media.archive.entries import (
    BOMB,
    HEAD,
    LARGEST_JPEG,
    MOST_FILES,
    ArchiveFindings,
    Entry,
    begins_as_file,
    decode_name,
    is_bomb,
    nothing_taken,
    safe_name,
    tell_of_other,
)
from carving.media.archive.inflating import first_bytes
from carving.media.archive.zip_directory import CentralHeader, find_directory, is_last_of_several, read_headers
from carving.media.archive.zip_walk import LOCAL, LOCAL_HEADER, walk_local_headers
from carving.media.folder import is_named_jpeg
from carving.source import ByteSource, Run

_EMPTY: Final = b"PK\x05\x06"
_SPANNED: Final = b"PK\x07\x08"
_STORED, _DEFLATED, _AES = 0, 8, 99
_METHODS: Final = {9: "Deflate64", 12: "bzip2", 14: "LZMA", 93: "Zstandard", 95: "XZ", 98: "PPMd"}
_ENCRYPTED: Final = 0x2041
"""Flags: encrypted, strongly encrypted, names hidden."""
_UNIX: Final = 3
_BEGINNING: Final = 512
_ENOUGH: Final = 256
"""Bytes behind a name that are read with it, and how many of the data tell what they inflate to."""


@dataclass(frozen=True, slots=True)
class _Candidate:
    """An entry, and the bytes of the archive from its local header to its end."""

    entry: Entry
    extent: Run


def is_zip(medium: ByteSource) -> bool:
    """Whether a medium begins as a ZIP archive does: with a local header, or, empty or in parts, with other records.

    The last of several files may begin with anything, and is known by its end.
    """
    head = medium.read_at(0, LOCAL_HEADER.size)
    if head.startswith((_EMPTY, _SPANNED)):
        return len(head) >= 22
    if len(head) < LOCAL_HEADER.size or not head.startswith(LOCAL):
        return is_last_of_several(medium)
    fields = LOCAL_HEADER.unpack(head)
    return bool(0 < fields[9] <= medium.size - fields[10])


def open_zip(medium: ByteSource, where: str) -> ArchiveSource:
    """The JPEGs of a ZIP archive; `where` names it in messages.

    Raises:
        EvidenceError: there is no JPEG in it that can be read, nor another file that is not compressed; or it is one of
            several files.
    """
    findings = ArchiveFindings()
    try:
        directory = find_directory(medium)
        if directory is None:
            findings.fault(
                f"the ZIP archive {where} has no central directory: it is cut off, or one of several files; what is "
                "there was read by the headers of the files themselves"
            )
            headers, start, end = walk_local_headers(medium), 0, medium.size
        else:
            headers = read_headers(medium, directory, findings.fault)
            start, end = directory.start, directory.run.offset
        chosen: list[_Candidate] = []
        names: set[str] = set()
        for header in headers:
            candidate = _candidate(medium, header, start, end, findings)
            if candidate is None:
                continue
            if len(chosen) == MOST_FILES:
                raise EvidenceError(f"it holds more than {MOST_FILES} JPEGs; hand in its parts one by one")
            if candidate.entry.name in names:
                findings.left_out("names that occur more than once, each of them taken", candidate.entry.name)
            names.add(candidate.entry.name)
            chosen.append(candidate)
    except EvidenceError as error:
        raise EvidenceError(f"the ZIP archive {where} cannot be read: {error}") from error
    entries = _apart(chosen, findings)
    if not entries and not findings.has_more_to_search:
        raise EvidenceError(nothing_taken("ZIP", where, findings))
    return ArchiveSource(medium, "ZIP", entries, findings)


def _apart(chosen: list[_Candidate], findings: ArchiveFindings) -> tuple[Entry, ...]:
    """The entries in the order in which they lie, without those that share bytes with the one before."""
    chosen.sort(key=lambda candidate: candidate.extent.offset)
    entries, end = [], 0
    for candidate in chosen:
        if candidate.extent.offset < end:
            findings.left_out("not taken, for their bytes are also another file's", candidate.entry.name)
            continue
        end = candidate.extent.end
        entries.append(candidate.entry)
    return tuple(entries)


def _candidate(
    medium: ByteSource, header: CentralHeader, start: int, end: int, findings: ArchiveFindings
) -> _Candidate | None:
    """The file behind a header, if it is a JPEG that can be read; `findings` hear of others.

    Args:
        medium: the archive.
        header: from the directory.
        start: what places in the directory count from.
        end: where the directory begins or the archive is cut off, and all files end.
    """
    name, leads_out = safe_name(decode_name(header.name, None if header.is_utf8 else "cp437"))
    if name.endswith("/") or header.name.endswith(b"/"):
        return None
    mode = header.attributes >> 16 if header.system == _UNIX else 0
    if special := _special(mode):
        findings.left_out(special, name)
    elif header.size == 0:
        findings.left_out("empty" if header.packed < _BEGINNING else "said to be empty, though with data, and not read")
    elif header.flags & _ENCRYPTED or header.method == _AES:
        findings.left_out("encrypted and not read", name)
    elif header.method not in (_STORED, _DEFLATED):
        how = _METHODS.get(header.method, f"method {header.method}")
        findings.left_out(f"compressed by {how} and not read", name if is_named_jpeg(name) else None)
    elif (located := _locate(medium, header, start + header.place, end)) is None:
        findings.left_out("not where the directory says, and not read", name)
    else:
        extent, head = located
        packed = Run(extent.end - header.packed, header.packed)
        head = first_bytes(head, HEAD) if header.method == _DEFLATED else head
        if not (begins_as_file(head) or is_named_jpeg(name)):
            tell_of_other(name, header.size, findings, header.method == _DEFLATED)
        elif refusal := _refusal(header):
            findings.left_out(refusal, name)
        else:
            if leads_out:
                findings.left_out("with a path that leads out of the archive; it is not followed", name)
            is_deflated = header.method == _DEFLATED
            told = f"ZIP archive, {'deflated' if is_deflated else 'stored'}{_dated(header)}"
            return _Candidate(Entry(name, header.size, (packed,), is_deflated, header.crc32, told), extent)
    return None


def _special(mode: int) -> str | None:
    """What an entry is by its Unix mode, where that is no file."""
    if stat.S_ISLNK(mode):
        return "links"
    kinds = (stat.S_ISCHR, stat.S_ISBLK, stat.S_ISFIFO, stat.S_ISSOCK)
    return "devices, pipes or sockets" if any(is_kind(mode) for is_kind in kinds) else None


def _locate(medium: ByteSource, header: CentralHeader, place: int, end: int) -> tuple[Run, bytes] | None:
    """From the local header to the end of the data, and the first bytes of these; None where that is not in the
    archive, or no header is there: signature or name may be damaged, not both.
    """
    if not 0 <= place < end:
        return None
    data = medium.read_at(place, LOCAL_HEADER.size + len(header.name) + _BEGINNING)
    if len(data) < LOCAL_HEADER.size:
        return None
    fields = LOCAL_HEADER.unpack_from(data)
    name_size, extra_size = fields[9:]
    if not data.startswith(LOCAL) and data[LOCAL_HEADER.size :][:name_size] != header.name:
        return None
    before = LOCAL_HEADER.size + name_size + extra_size
    if place + before + header.packed > end:
        return None
    head = data[before:]
    if len(head) < _ENOUGH:
        head = medium.read_at(place + before, _ENOUGH)
    return Run(place, before + header.packed), head[: header.packed]


def _refusal(header: CentralHeader) -> str | None:
    """Why a JPEG is not taken, by its sizes."""
    if header.method == _STORED and header.size != header.packed:
        return "stored, but with two different sizes, and not read"
    if header.size > LARGEST_JPEG:
        return f"said to have over {LARGEST_JPEG >> 20} MiB and not read"
    return BOMB if is_bomb(header.size, header.packed) else None


def _dated(header: CentralHeader) -> str:
    if header.modified is not None:
        try:
            return f", modified {datetime.fromtimestamp(header.modified, UTC):%Y-%m-%dT%H:%M:%SZ}"
        except (OverflowError, ValueError, OSError):
            return ""
    date, time = header.dos_time >> 16, header.dos_time & 0xFFFF
    year, month, day = 1980 + (date >> 9), date >> 5 & 15, date & 31
    clock = f"{time >> 11:02d}:{time >> 5 & 63:02d}:{2 * (time & 31):02d}"
    return f", modified {year}-{month:02d}-{day:02d} {clock}, zone unknown" if date else ""
