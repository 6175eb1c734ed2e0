"""Which files of a TAR archive are taken: every JPEG, by its name or its first bytes. Links, devices and the like are
counted; archives inside the archive are not opened."""

from __future__ import annotations

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
from carving.media.archive.tar_headers import BLOCK, MAGIC, MAGIC_AT
from carving.media.archive.tar_members import Member, TarMembers
from carving.media.folder import is_named_jpeg
from carving.source import HOLE_OFFSET, ByteSource, Run

_FILES: Final = (b"0", b"\0", b"7", b"S")
_DIRECTORIES: Final = (b"5", b"D")
_KINDS: Final = {
    b"1": "hard links to other files of the archive",
    b"2": "links",
    b"3": "devices, pipes or sockets",
    b"4": "devices, pipes or sockets",
    b"6": "devices, pipes or sockets",
    b"M": "continued from an archive before and not read",
    b"V": "labels",
}


def is_tar(medium: ByteSource) -> bool:
    """Whether a medium begins as a TAR archive of the last 35 years does."""
    return medium.size >= BLOCK and medium.read_at(MAGIC_AT, len(MAGIC)) == MAGIC


def open_tar(medium: ByteSource, where: str) -> ArchiveSource:
    """The JPEGs of a TAR archive; `where` names it in messages.

    Raises:
        EvidenceError: there is no JPEG in it that can be read, nor another file.
    """
    findings = ArchiveFindings()
    entries: list[Entry] = []
    names: set[str] = set()
    for member in TarMembers(medium, findings):
        entry = _entry(medium, member, findings)
        if entry is None:
            continue
        if len(entries) == MOST_FILES:
            raise EvidenceError(f"the TAR archive {where} holds more than {MOST_FILES} JPEGs; hand in its parts")
        if entry.name in names:
            findings.left_out("names that occur more than once, each of them taken", entry.name)
        names.add(entry.name)
        entries.append(entry)
    if not entries and not findings.has_more_to_search:
        raise EvidenceError(nothing_taken("TAR", where, findings))
    return ArchiveSource(medium, "TAR", tuple(entries), findings)


def _entry(medium: ByteSource, member: Member, findings: ArchiveFindings) -> Entry | None:
    """A member as a file to take, if it is a JPEG; `findings` hear of others."""
    name, leads_out = safe_name(decode_name(member.name))
    if member.kind in _DIRECTORIES or (member.kind in _FILES and name.endswith("/")):
        return None
    if member.kind not in _FILES:
        kind = _KINDS.get(member.kind, f"of the unknown type {decode_name(member.kind)} and not read")
        findings.left_out(kind, name)
        return None
    if member.size == 0:
        findings.left_out("empty")
        return None
    if member.size > LARGEST_JPEG and is_named_jpeg(name):
        findings.left_out(f"said to have over {LARGEST_JPEG >> 20} MiB and not read", name)
        return None
    if member.pieces is not None and is_bomb(member.size, member.data.length):
        findings.left_out(BOMB, name)
        return None
    begins_with_hole = bool(member.pieces) and member.pieces is not None and member.pieces[0][0] > 0
    head = b"" if begins_with_hole else medium.read_at(member.data.offset, min(HEAD, member.data.length))
    if not is_named_jpeg(name) and (not begins_as_file(head) or member.size > LARGEST_JPEG):
        tell_of_other(name, member.size, findings, is_deflated=False)
        return None
    if leads_out:
        findings.left_out("with a path that leads out of the archive; it is not followed", name)
    sparse = "" if member.pieces is None else ", sparse"
    return Entry(name, member.size, _runs(member), False, None, f"TAR archive{sparse}{_dated(member.modified)}")


def _runs(member: Member) -> tuple[Run, ...]:
    """Where the content lies in the archive, in order, holes and what is cut off among them."""
    if member.pieces is None:
        return (member.data,)
    runs: list[Run] = []
    position, place = 0, member.data.offset
    for offset, length in member.pieces:
        if offset > position:
            runs.append(Run(HOLE_OFFSET, offset - position))
        there = min(length, max(0, member.data.end - place))
        if there:
            runs.append(Run(place, there))
        if there < length:
            runs.append(Run(HOLE_OFFSET, length - there))
        position, place = offset + length, place + length
    if position < member.size:
        runs.append(Run(HOLE_OFFSET, member.size - position))
    return tuple(runs)


def _dated(seconds: int) -> str:
    try:
        return f", modified {datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%SZ}"
    except (OverflowError, ValueError, OSError):
        return ""
