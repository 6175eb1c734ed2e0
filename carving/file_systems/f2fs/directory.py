"""Folders of an F2FS: blocks of entries, or entries in the inode itself.

Layout: Linux `include/linux/f2fs_fs.h`, `struct f2fs_dentry_block`. An area holds a bitmap of the slots in use,
entries, and 8 bytes of name for each; a longer name takes further slots. The hash levels only say in which block a name
is looked for: all blocks together hold all names.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from carving.file_systems.f2fs.blocks import BlockDevice
from carving.file_systems.f2fs.f2fs_findings import F2fsFindings
from carving.file_systems.f2fs.inode import F2fsKind, InlineFlag, Inode
from carving.file_systems.f2fs.records import F2fsRun, RunKind

_ENTRY: Final = struct.Struct("<IIHB")
_SLOT: Final = 8
_LONGEST_NAME: Final = 255
_BLOCKS_AT_ONCE: Final = 64
_KINDS: Final = {
    1: F2fsKind.REGULAR,
    2: F2fsKind.DIRECTORY,
    7: F2fsKind.SYMLINK,
    **dict.fromkeys((3, 4, 5, 6), F2fsKind.SPECIAL),
}
"""By the file types of directory entries."""


@dataclass(frozen=True, slots=True)
class DirectoryEntry:
    """A name in a folder, the inode it names, and what the folder says of its kind."""

    name: bytes
    inode: int
    kind: F2fsKind | None


def read_directory(
    inode: Inode, runs: tuple[F2fsRun, ...], blocks: BlockDevice, seen: set[int], findings: F2fsFindings
) -> Iterator[DirectoryEntry]:
    """The names of a folder but for `.` and `..`.

    Args:
        runs: those of its blocks.
        seen: blocks of all folders so far; each is read once, however often it is named. Added to.

    Raises:
        EvidenceError: a block cannot be read.
    """
    name = f"folder {inode.number}"
    if inode.inline & InlineFlag.DENTRIES:
        area = inode.data[inode.content_offset : inode.content_offset + inode.content_size]
        yield from parse_entries(area, name, blocks.place(inode.block) + inode.content_offset, findings)
        return
    size = blocks.block_size
    for run in runs:
        if run.kind is RunKind.LOST:
            findings.add(name, None, f"{run.length} bytes of it are lost")
        if run.physical is None:
            continue
        block, count = (run.physical - blocks.offset) // size, -(-run.length // size)
        for first in range(block, block + count, _BLOCKS_AT_ONCE):
            data = blocks.read_many(first, min(_BLOCKS_AT_ONCE, block + count - first))
            for index in range(len(data) // size):
                place = blocks.place(first + index)
                if first + index in seen:
                    findings.add(name, place, "this block is one of a folder already")
                    continue
                seen.add(first + index)
                yield from parse_entries(data[index * size : (index + 1) * size], name, place, findings)


def parse_entries(area: bytes, name: str, place: int, findings: F2fsFindings) -> Iterator[DirectoryEntry]:
    """The entries of one area in their order.

    Args:
        name, place: for findings: the folder, and the area's first byte in the source.
    """
    slots = len(area) * 8 // ((_ENTRY.size + _SLOT) * 8 + 1)
    names_at = len(area) - slots * _SLOT
    entries_at = names_at - slots * _ENTRY.size
    used = int.from_bytes(area[: -(-slots // 8)], "little")
    slot = 0
    while slot < slots:
        if not used >> slot & 1:
            slot += 1
            continue
        _, inode, length, kind = _ENTRY.unpack_from(area, entries_at + slot * _ENTRY.size)
        taken = -(-length // _SLOT)
        if not 1 <= length <= _LONGEST_NAME or slot + taken > slots:
            findings.add(name, place, f"an entry with a name of {length} bytes")
            slot += 1
            continue
        text = area[names_at + slot * _SLOT :][:length]
        slot += taken
        if text not in (b".", b".."):
            yield DirectoryEntry(text, inode, _KINDS.get(kind))
