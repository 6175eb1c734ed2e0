"""Journals of an F2FS: the newest entries of the node and segment tables, kept in the summaries of a checkpoint.

Layout: Linux `include/linux/f2fs_fs.h`, `struct f2fs_journal` and `struct f2fs_summary_block`. Where summaries are
compact, both journals begin the first block of them; otherwise the first of three summary blocks (hot data) ends with
the journal of nodes, and the third (cold data) with that of segments.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Final

from carving.file_systems.f2fs.blocks import BlockDevice
from carving.file_systems.f2fs.checkpoint import CheckpointFlag, F2fsCheckpoint
from carving.file_systems.f2fs.f2fs_findings import F2fsFindings
from carving.file_systems.f2fs.f2fs_layout import BlockLayout

_NODE: Final = struct.Struct("<IBII")
_SEGMENT: Final = struct.Struct("<I74s")
_COLD_DATA: Final = 2


@dataclass(frozen=True, slots=True)
class Journals:
    """Entries that stand above those of the tables.

    Attributes:
        nodes: inode number and block address by node id.
        segments: the 74 bytes of an entry of the segment table by segment of the main area.
    """

    nodes: dict[int, tuple[int, int]]
    segments: dict[int, bytes]


def read_journals(
    blocks: BlockDevice, layout: BlockLayout, checkpoint: F2fsCheckpoint, findings: F2fsFindings
) -> Journals:
    """Both journals of a checkpoint; a count that the journal cannot hold makes it empty."""
    first = checkpoint.block + checkpoint.summary_start
    size = layout.journal_size
    if checkpoint.flags & CheckpointFlag.COMPACT_SUMMARIES:
        places = ((first, 0), (first, size))
    else:
        places = ((first, layout.journal_offset), (first + _COLD_DATA, layout.journal_offset))
    journals = []
    for block, start in places:
        data = blocks.read(block) or b""
        journals.append((data[start : start + size], blocks.place(block) + start))
    nodes = {
        nid: (inode, address)
        for nid, _, inode, address in map(_NODE.unpack, _entries(*journals[0], _NODE.size, findings))
    }
    segments = dict(map(_SEGMENT.unpack, _entries(*journals[1], _SEGMENT.size, findings)))
    return Journals(nodes, segments)


def _entries(journal: bytes, place: int, entry_size: int, findings: F2fsFindings) -> list[bytes]:
    if len(journal) < 2:
        return []
    (count,) = struct.unpack_from("<H", journal)
    if 2 + count * entry_size > len(journal):
        findings.add("journal", place, f"{count} entries are claimed, more than it can hold")
        return []
    return [journal[start : start + entry_size] for start in range(2, 2 + count * entry_size, entry_size)]
