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
    """

    journal: ExtJournal
    folder: Callable[[int], str | None]
    _names: dict[int, list[tuple[int, int, str]]] = field(default_factory=dict)
    _count: int = 0

    def read(self, blocks: list[int]) -> None:
        """Read all copies of these blocks that are blocks of directories."""
        for block in blocks:
            for copy in self.journal.copies[block]:
                try:
                    entries = directory_entries(self.journal.read(copy))
                except EvidenceError:
                    continue
                for inode, name in entries:
                    if self._count >= _MOST_NAMES:
                        return
                    self._count += 1
                    self._names.setdefault(inode, []).append((copy.sequence, block, name))

    def path(self, inode: int, sequence: int) -> str | None:
        """The path that an inode had about a transaction; None where no copy names it."""
        names = self._names.get(inode)
        if not names:
            return None
        _, block, name = min(names, key=lambda entry: abs(entry[0] - sequence))
        folder = self.folder(block)
        return f"{'/(deleted folder)' if folder is None else folder}/{name}"


def directory_entries(block: bytes) -> list[tuple[int, str]]:
    """Inode and name of the entries of a directory block; none where it is no such block.

    Entries follow each other without a gap to the end of the block, which other data meet by chance only when empty.
    """
    found: list[tuple[int, str]] = []
    at = 0
    while at < len(block):
        if at + _SMALLEST > len(block):
            return []
        inode, length, size, kind = struct.unpack_from("<IHBB", block, at)
        if length < _SMALLEST or length % 4 or at + length > len(block) or size > length - _SMALLEST:
            return []
        if inode and size and kind <= 7:
            name = block[at + _SMALLEST : at + _SMALLEST + size]
            if b"\0" in name or b"/" in name:
                return []
            if name not in (b".", b".."):
                found.append((inode, name.decode("utf-8", "backslashreplace")))
        elif inode or (size and kind != _TAIL):
            return []
        at += length
    return found
