"""What an archive holds, whatever its format: the files that are taken out of it, and what is said of all others."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

from carving.source import Run
from carving.transfers.counting import begins_as_transferred

LARGEST_JPEG: Final = 64 << 20
"""Bytes of a file that are taken at most, as from a folder; so much is in memory at once."""
MOST_FILES: Final = 1_000_000
"""Files of one archive that are taken; each takes some hundred bytes of memory."""
HEAD: Final = 256
"""Bytes from the beginning of a file that are looked at."""
_SOI: Final = b"\xff\xd8\xff"
BOMB: Final = "said to grow more than 200 times, taken for bombs and not read"
_BOMB_RATIO: Final = 200
_BOMB_BYTES: Final = 8 << 20
_ARCHIVES: Final = (".zip", ".tar", ".gz", ".tgz", ".bz2", ".xz", ".7z", ".rar", ".apk", ".jar")
_MOST_NAMED: Final = 8
_LONGEST_NAME: Final = 1024
_LEADS: Final = re.compile(r"\.\.|^\\|^.:")
"""What a path has that leads somewhere else; not every one that has it does."""


def begins_as_file(head: bytes) -> bool:
    """Whether a file with that beginning is taken whatever its name: a JPEG, or one that a transfer has changed."""
    return head.startswith(_SOI) or begins_as_transferred(head)


@dataclass(frozen=True, slots=True)
class Entry:
    """A file of an archive.

    Attributes:
        name: its path, made safe to show (`safe_name`).
        size: bytes of its content, as the archive declares them, or as many as are there.
        runs: in the source below, its content in order, holes among them; or, deflated, the compressed bytes.
        is_deflated: whether the content has to be inflated.
        crc32: of the content, as the archive stores it; None where it stores none.
        told: what else the archive says of it, in words.
    """

    name: str
    size: int
    runs: tuple[Run, ...]
    is_deflated: bool
    crc32: int | None
    told: str


@dataclass
class ArchiveFindings:
    """What was met in an archive and not taken, or taken and not as it should be: how often, and the first names."""

    _counts: dict[str, int] = field(default_factory=dict)
    _names: dict[str, list[str]] = field(default_factory=dict)
    _faults: list[str] = field(default_factory=list)
    _largest: tuple[int, str] = (0, "")
    has_more_to_search: bool = False

    def left_out(self, kind: str, name: str | None = None) -> None:
        """A file is not taken, or is taken with a reservation; `kind` says why, to follow a number."""
        self._counts[kind] = self._counts.get(kind, 0) + 1
        names = self._names.setdefault(kind, [])
        if name is not None and len(names) < _MOST_NAMED:
            names.append(name)

    def other(self, name: str, size: int, is_deflated: bool) -> None:
        """A file that is no JPEG; the largest is remembered, for it may be an image of a medium."""
        inside = "not searched for pictures inside them" if is_deflated else "searched for pictures inside them"
        self.left_out(f"not JPEGs, {'deflated and ' if is_deflated else ''}{inside}")
        self._largest = max(self._largest, (size, name))
        self.has_more_to_search = self.has_more_to_search or not is_deflated

    def fault(self, text: str) -> None:
        """Something of the archive that cannot be read."""
        if len(self._faults) < _MOST_NAMED:
            self._faults.append(text)

    @property
    def faults(self) -> tuple[str, ...]:
        """What cannot be read, in words."""
        return tuple(self._faults)

    @property
    def largest(self) -> str:
        """The largest file that is no JPEG, with its size; nothing where there is none."""
        size, name = self._largest
        return f"{name} ({size} bytes)" if size else ""

    def in_words(self) -> tuple[str, ...]:
        """One remark for each kind."""
        return tuple(self._in_words(kind) for kind in self._counts)

    def _in_words(self, kind: str) -> str:
        names, count = self._names[kind], self._counts[kind]
        if not names:
            return f"{count} {kind}"
        more = ", …" if count > len(names) else ""
        return f"{count} {kind}: {', '.join(names)}{more}"


def is_bomb(size: int, stored: int) -> bool:
    """Whether a JPEG of `size` bytes made of `stored` ones is none.

    One of a single colour may be compressed to a hundredth, and one that ends in zeros even more, but no large one.
    """
    return size > _BOMB_BYTES and size > _BOMB_RATIO * stored


def safe_name(name: str) -> tuple[str, bool]:
    """A path as it can be shown, below the archive and printable; and whether it would have led out of it.

    Nothing is ever written under such a name. `..`, drives and a leading slash are left out, whichever slash is used.
    """
    if name.isprintable() and len(name) <= _LONGEST_NAME and name[:1] != "/" and not _LEADS.search(name):
        return name, False
    shown = "".join(letter if letter.isprintable() else f"\\x{ord(letter):02x}" for letter in name[:_LONGEST_NAME])
    shown += "…" if len(name) > _LONGEST_NAME else ""
    parts = shown.replace("\\", "/").split("/")
    is_drive = len(parts[0]) == 2 and parts[0][1] == ":"
    if not (is_drive or parts[0] == "" or ".." in parts):
        return shown, False
    parts = [part for part in parts[is_drive:] if part not in ("", "..")]
    return "/".join(parts) or "unnamed", True


def decode_name(raw: bytes, fallback: str | None = None) -> str:
    """A name as text: UTF-8, else `fallback`, else with its other bytes spelled out."""
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("utf-8", "backslashreplace") if fallback is None else raw.decode(fallback, "replace")


def nothing_taken(kind: str, where: str, findings: ArchiveFindings) -> str:
    """What is said of an archive of which no file is taken."""
    told = "; ".join(("", *findings.in_words(), *findings.faults))
    tool = {"ZIP": "unzip", "TAR": "tar -xf"}[kind]
    largest = (
        f"; its largest file is {findings.largest}: if that is an image, unpack it with {tool} and hand it in"
        if findings.largest
        else ""
    )
    return f"the {kind} archive {where} holds no JPEG that can be read{told}{largest}"


def tell_of_other(name: str, size: int, findings: ArchiveFindings, is_deflated: bool) -> None:
    """Count a file that is no JPEG; an archive is named besides."""
    if name.lower().endswith(_ARCHIVES):
        findings.left_out("archives in the archive, which are not opened", name)
    findings.other(name, size, is_deflated)
