"""The superblock of an F2FS: two copies, in the first two blocks.

Layout: Linux `include/linux/f2fs_fs.h`, `struct f2fs_super_block`.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Final

from carving.errors import EvidenceError
from carving.file_systems.f2fs.f2fs_findings import F2fsFindings
from carving.file_systems.f2fs.f2fs_layout import BLOCKS_PER_SEGMENT, MAGIC, BlockLayout, Feature, crc32
from carving.source import ByteSource

_IN_BLOCK: Final = 1024
_BLOCK_SIZES: Final = (4096, 8192, 16384, 32768, 65536)
_SIZE: Final = 3072
_COUNTS: Final = struct.Struct("<IHHIIIIIIIQ16I16s")
_CP_PAYLOAD_AT: Final = 1664
_FEATURE_AT: Final = 2180
_SECOND_DEVICE_AT: Final = 2201 + 68
_QUOTA_AT: Final = 2745
_CRC_AT: Final = 3068


@dataclass(frozen=True, slots=True)
class F2fsSuperblock:
    """A superblock whose numbers agree with each other. Areas are given by their first block and their segments.

    Attributes:
        offset: of this copy in the source, in bytes.
        layout: sizes that follow from the block size.
        block_count, segment_count: of the whole file system.
        main_block, main_segments: where nodes and data lie.
        uuid: seeds the checksums of inodes.
        payload_blocks: blocks of bitmaps behind the first block of a checkpoint pack.
        quota_inodes: files that no folder names.
    """

    offset: int
    layout: BlockLayout
    block_count: int
    segment_count: int
    checkpoint_block: int
    sit_block: int
    sit_segments: int
    nat_block: int
    nat_segments: int
    summary_block: int
    main_block: int
    main_segments: int
    root_inode: int
    uuid: bytes
    payload_blocks: int
    features: Feature
    several_devices: bool
    quota_inodes: tuple[int, ...]

    @property
    def main_end(self) -> int:
        """The block behind the main area."""
        return self.main_block + self.main_segments * BLOCKS_PER_SEGMENT

    @property
    def node_ids(self) -> int:
        """Node ids lie below this number: the table has two copies of each of its blocks."""
        return self.nat_segments // 2 * BLOCKS_PER_SEGMENT * self.layout.nat_entries


@dataclass(frozen=True, slots=True)
class _Judged:
    superblock: F2fsSuperblock
    problems: tuple[str, ...]
    data: bytes


def has_superblock(source: ByteSource, offset: int = 0) -> bool:
    """Whether a superblock that agrees with itself stands in one of the first two blocks at `offset`."""
    return any(not judged.problems for judged in _copies(source, offset))


def read_superblock(source: ByteSource, offset: int, findings: F2fsFindings) -> F2fsSuperblock:
    """The first copy that is sound, or, where none is, the one with the fewest contradictions.

    Raises:
        EvidenceError: there is no superblock, or none whose areas could be found.
    """
    copies = _copies(source, offset)
    if not copies:
        raise EvidenceError(f"no F2FS superblock at byte {offset}")
    chosen = min(copies, key=lambda judged: len(judged.problems))
    for judged in copies:
        for problem in judged.problems:
            findings.add("superblock", judged.superblock.offset, problem)
    if len(copies) == 1:
        findings.add("superblock", None, f"only the copy at byte {chosen.superblock.offset} is there")
    elif copies[0].data[: _FEATURE_AT + 4] != copies[1].data[: _FEATURE_AT + 4]:
        findings.add("superblock", copies[1].superblock.offset, "the two copies differ")
    found = chosen.superblock
    if found.several_devices:
        findings.add("superblock", found.offset, "the file system spans several devices; only this one is read")
    size = source.size - offset
    if found.block_count * found.layout.block_size > size:
        findings.add("superblock", found.offset, f"{found.block_count} blocks are claimed, and the source ends before")
    return found


def _copies(source: ByteSource, offset: int) -> list[_Judged]:
    """The copies that have the magic and sizes of blocks and segments that are possible, in order."""
    found = []
    for place in (0, *_BLOCK_SIZES):
        data = source.read_at(offset + place + _IN_BLOCK, _SIZE)
        if len(data) == _SIZE and (judged := _judge(data, offset + place + _IN_BLOCK)):
            second_of = judged.superblock.layout.block_size
            if place in (0, second_of):
                found.append(judged)
    return found


def _judge(data: bytes, offset: int) -> _Judged | None:
    magic, _, _, sector, sectors, block, segment, sections, zones, checksum_at, blocks, *numbers, uuid = (
        _COUNTS.unpack_from(data)
    )
    section_count, segments, cp_segments, sit_segments, nat_segments, ssa_segments, main_segments, *places = numbers
    start, cp_block, sit_block, nat_block, ssa_block, main_block, root, node, meta = places
    if magic != MAGIC or 1 << min(block, 31) not in _BLOCK_SIZES or 1 << min(segment, 31) != BLOCKS_PER_SEGMENT:
        return None
    features = Feature(struct.unpack_from("<I", data, _FEATURE_AT)[0])
    (payload,) = struct.unpack_from("<I", data, _CP_PAYLOAD_AT)
    size = BLOCKS_PER_SEGMENT
    rules = (
        (sector + sectors == block, "sector and block sizes contradict each other"),
        (sections > 0 and zones > 0, "sections or zones of no segments"),
        (cp_block == start, "the checkpoints are not at the start of the first segment"),
        (sit_block == cp_block + cp_segments * size, "the segment table does not follow the checkpoints"),
        (nat_block == sit_block + sit_segments * size, "the node table does not follow the segment table"),
        (ssa_block == nat_block + nat_segments * size, "the summaries do not follow the node table"),
        (main_block == ssa_block + ssa_segments * size, "the main area does not follow the summaries"),
        (cp_segments == 2 and sit_segments > 1 and nat_segments > 1, "areas are too small"),
        (
            main_segments > 0 and main_block + main_segments * size <= start + segments * size,
            "the main area ends outside",
        ),
        (section_count * sections <= max(main_segments, 1), "more sections than segments"),
        (start + segments * size <= blocks, "the last segment ends outside"),
        ((node, meta, root) == (1, 2, 3), "reserved inode numbers are wrong"),
        (payload < size, "the payload of checkpoints is longer than a segment"),
        (
            not features & Feature.SUPERBLOCK_CHECKSUM
            or (checksum_at == _CRC_AT and crc32(data[:_CRC_AT]) == struct.unpack_from("<I", data, _CRC_AT)[0]),
            "its checksum is wrong",
        ),
    )
    problems = tuple(problem for holds, problem in rules if not holds)
    superblock = F2fsSuperblock(
        *(
            offset,
            BlockLayout(1 << block),
            blocks,
            segments,
            cp_block,
            sit_block,
            sit_segments,
            nat_block,
            nat_segments,
        ),
        *(ssa_block, main_block, main_segments, root, uuid, payload, features, data[_SECOND_DEVICE_AT] != 0),
        quota_inodes=struct.unpack_from("<3I", data, _QUOTA_AT),
    )
    return _Judged(superblock, problems, data)
