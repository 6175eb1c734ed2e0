"""Names that copies of directory blocks in a journal give to inodes.

Layout: Linux `Documentation/filesystems/ext4/directory.rst`.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from carving.errors import EvidenceError
from carving.file_systems.stored_files.ext_journal import ExtJournal

_SMALLEST: Final = 8
_MOST_NAMES: Final = 1 << 20
_TAIL: Final = 0xDE


@dataclass
class OldNames:
    """What older copies of directory blocks called their entries.

    Attributes:
        journal: has the copies.
        folder: the path of the folder to which a block belongs now; None where it belongs to none.
        decrypted: a name in a block of an encrypted folder; None where it cannot be told. None where none can.
    """

    journal: ExtJournal
    folder: Callable[[int], str | None]
    decrypted: Callable[[int, bytes], str | None] | None = None
    _names: dict[int, list[tuple[int, int, str]]] = field(default_factory=dict)
    _count: int = 0

    def read(self, blocks: list[int]) -> None:
        """Read all copies of these blocks that are blocks of directories."""
        for block in blocks:
            for copy in self.journal.copies[block]:
                try:
                    entries = self._entries(block, self.journal.read(copy))
                except EvidenceError:
                    continue
                for inode, name in entries:
                    if self._count >= _MOST_NAMES:
                        return
                    self._count += 1
                    self._names.setdefault(inode, []).append((copy.sequence, block, name))

    def _entries(self, block: int, data: bytes) -> list[tuple[int, str]]:
        stored = raw_entries(data)
        if self.decrypted is not None:
            opened = [(inode, self.decrypted(block, name)) for inode, name in stored]
            if any(name is not None for _, name in opened):
                return [(inode, name) for inode, name in opened if name is not None]
        return as_text(stored)

    def path(self, inode: int, sequence: int) -> str | None:
        """The path that an inode had about a transaction; None where no copy names it."""
        names = self._names.get(inode)
        if not names:
            return None
        _, block, name = min(names, key=lambda entry: abs(entry[0] - sequence))
        folder = self.folder(block)
        return f"{'/(deleted folder)' if folder is None else folder}/{name}"


def directory_entries(block: bytes) -> list[tuple[int, str]]:
    """Inode and name of the entries of a directory block; none where it is no such block, or one of an encrypted
    folder."""
    return as_text(raw_entries(block))


def as_text(entries: list[tuple[int, bytes]]) -> list[tuple[int, str]]:
    """The same with names as text; none where one holds what no name can."""
    if any(b"\0" in name or b"/" in name for _, name in entries):
        return []
    return [(inode, name.decode("utf-8", "backslashreplace")) for inode, name in entries]


def raw_entries(block: bytes) -> list[tuple[int, bytes]]:
    """Inode and name of the entries of a directory block, as stored; none where it is no such block.

    Entries follow each other without a gap to the end of the block, which other data meet by chance only when empty.
    """
    found: list[tuple[int, bytes]] = []
    at = 0
    while at < len(block):
        if at + _SMALLEST > len(block):
            return []
        inode, length, size, kind = struct.unpack_from("<IHBB", block, at)
        if length < _SMALLEST or length % 4 or at + length > len(block) or size > length - _SMALLEST:
            return []
        if inode and size and kind <= 7:
            name = block[at + _SMALLEST : at + _SMALLEST + size]
            if name not in (b".", b".."):
                found.append((inode, name))
        elif inode or (size and kind != _TAIL):
            return []
        at += length
    return found
