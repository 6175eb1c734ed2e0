"""Checkpoints of an F2FS: two packs, of which the newer sound one says what the file system holds.

A pack is a segment: the checkpoint block, its payload, the orphan inodes, the summaries of the open segments with the
journals in them, and the checkpoint block once more. Layout: Linux `Documentation/filesystems/f2fs.rst` and
`include/linux/f2fs_fs.h`, `struct f2fs_checkpoint`.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, replace
from enum import IntFlag
from typing import Final

from carving.file_systems.f2fs.blocks import BlockDevice
from carving.file_systems.f2fs.f2fs_findings import F2fsFindings
from carving.file_systems.f2fs.f2fs_layout import BLOCKS_PER_SEGMENT, crc32
from carving.file_systems.f2fs.superblock import F2fsSuperblock

_NODE_SEGMENTS_AT: Final = 36
_DATA_SEGMENTS_AT: Final = 84
_LOGS: Final = 8
_TAIL: Final = struct.Struct("<9IQ")
_TAIL_AT: Final = 132
_BITMAPS_AT: Final = 192


class CheckpointFlag(IntFlag):
    """How a checkpoint was written; only what matters for reading."""

    UNMOUNT = 0x1
    ORPHANS = 0x2
    COMPACT_SUMMARIES = 0x4
    CRC_IN_NODES = 0x40
    LARGE_NAT_BITMAP = 0x400


@dataclass(frozen=True, slots=True)
class F2fsCheckpoint:
    """What one pack says.

    Attributes:
        pack: 1 or 2.
        block: its first block.
        version: counts checkpoints.
        checksum: of its first block, as stored.
        open_segments: segments of the main area that are being written: nodes, then data.
        pack_blocks: blocks of the pack.
        summary_start: the first summary, counted from `block`.
        segment_bitmap, node_bitmap: which copy of each block of the two tables is in force.
        sound: its two ends agree, and the checksum of at least the last holds.
    """

    pack: int
    block: int
    version: int
    checksum: int
    flags: CheckpointFlag
    open_segments: tuple[int, ...]
    pack_blocks: int
    summary_start: int
    segment_bitmap: bytes
    node_bitmap: bytes
    sound: bool


def read_checkpoints(
    blocks: BlockDevice, superblock: F2fsSuperblock, findings: F2fsFindings
) -> tuple[F2fsCheckpoint, ...]:
    """The packs that can be used, the one in force first.

    A pack that is not sound is used only where no sound one is left.
    """
    packs = []
    for pack in (1, 2):
        block = superblock.checkpoint_block + (pack - 1) * BLOCKS_PER_SEGMENT
        if found := _read_pack(blocks, superblock, pack, block, findings):
            packs.append(found)
    sound = [pack for pack in packs if pack.sound]
    return tuple(sorted(sound or packs, key=lambda pack: pack.version, reverse=True))


def no_checkpoint(superblock: F2fsSuperblock) -> F2fsCheckpoint:
    """Stands for a checkpoint where none can be read: the first copies of both tables, and no journals."""
    first = superblock.checkpoint_block
    return F2fsCheckpoint(1, first, 0, 0, CheckpointFlag(0), (), 0, 0, b"", b"", sound=False)


def read_orphans(
    blocks: BlockDevice, superblock: F2fsSuperblock, checkpoint: F2fsCheckpoint, findings: F2fsFindings
) -> tuple[int, ...]:
    """Inodes that were deleted while somebody held them open; a mount would free them."""
    if not checkpoint.flags & CheckpointFlag.ORPHANS:
        return ()
    first = 1 + superblock.payload_blocks
    orphans: dict[int, None] = {}
    for index in range(first, min(checkpoint.summary_start, checkpoint.pack_blocks, BLOCKS_PER_SEGMENT)):
        data = blocks.read(checkpoint.block + index)
        if data is None:
            break
        (count,) = struct.unpack_from("<I", data, len(data) - 8)
        most = (len(data) - 16) // 4
        place = blocks.place(checkpoint.block + index)
        if count > most:
            findings.add("orphan inodes", place, f"{count} are claimed in a block that holds {most}")
            continue
        numbers = struct.unpack_from(f"<{count}I", data)
        orphans.update(dict.fromkeys(number for number in numbers if 3 < number < superblock.node_ids))
    return tuple(orphans)


@dataclass(frozen=True, slots=True)
class _Head:
    """One checkpoint block. `body` is all of it, `sound` whether its checksum holds."""

    body: bytes
    version: int
    checksum_at: int
    checksum: int
    sound: bool
    flags: int
    pack_blocks: int
    summary_start: int
    segment_bytes: int
    node_bytes: int


def _read_pack(
    blocks: BlockDevice, superblock: F2fsSuperblock, pack: int, block: int, findings: F2fsFindings
) -> F2fsCheckpoint | None:
    name, place = f"checkpoint {pack}", blocks.place(block)
    data = blocks.read(block)
    if data is None:
        findings.add(name, place, "it lies outside the source")
        return None
    head = _read_head(data)
    if not head.sound:
        findings.add(name, place, "the checksum of its first block is wrong")
        foot = _search_foot(blocks, block)
        if foot is None and not _plausible(head, superblock):
            return None
        same = foot is not None and foot.version == head.version  # so that only the first block is damaged
        return _build(blocks, superblock, pack, block, replace(foot or head, sound=same), findings)
    last = blocks.read(block + head.pack_blocks - 1) if 2 <= head.pack_blocks <= BLOCKS_PER_SEGMENT else None
    foot = _read_head(last) if last is not None else None
    if foot is None or not foot.sound or foot.version != head.version:
        findings.add(
            name, place, "its last block is not that of its first: it was not written to its end, or is damaged"
        )
        return _build(blocks, superblock, pack, block, replace(head, sound=False), findings)
    return _build(blocks, superblock, pack, block, head, findings)


def _read_head(data: bytes) -> _Head:
    (version,) = struct.unpack_from("<Q", data)
    flags, pack_blocks, start, _, _, _, segment_bytes, node_bytes, checksum_at, _ = _TAIL.unpack_from(data, _TAIL_AT)
    sound, checksum = False, 0
    if _BITMAPS_AT <= checksum_at <= len(data) - 4:
        (checksum,) = struct.unpack_from("<I", data, checksum_at)
        computed = crc32(data[:checksum_at])
        if checksum_at < len(data) - 4:
            computed = crc32(data[checksum_at + 4 :], computed)
        sound = checksum == computed
    return _Head(data, version, checksum_at, checksum, sound, flags, pack_blocks, start, segment_bytes, node_bytes)


def _search_foot(blocks: BlockDevice, block: int) -> _Head | None:
    """The last block of a pack whose first is damaged: the block that is sound and says it stands at its own place."""
    data = blocks.read_many(block, BLOCKS_PER_SEGMENT)
    size = blocks.block_size
    for index in range(1, len(data) // size):
        (claimed,) = struct.unpack_from("<I", data, index * size + _TAIL_AT + 4)
        if claimed == index + 1:
            head = _read_head(data[index * size : (index + 1) * size])
            if head.sound:
                return head
    return None


def _plausible(head: _Head, superblock: F2fsSuperblock) -> bool:
    """Whether a block whose checksum is wrong is a checkpoint all the same: a flip somewhere, not other bytes."""
    _, user_blocks, valid_blocks = struct.unpack_from("<3Q", head.body)
    signs = (
        2 <= head.pack_blocks <= BLOCKS_PER_SEGMENT,
        1 <= head.summary_start < BLOCKS_PER_SEGMENT,
        0 < user_blocks <= superblock.block_count,
        valid_blocks <= superblock.block_count,
        head.segment_bytes == superblock.sit_segments // 2 * BLOCKS_PER_SEGMENT // 8,
        head.node_bytes == superblock.nat_segments // 2 * BLOCKS_PER_SEGMENT // 8,
    )
    return signs.count(True) >= len(signs) - 1


def _build(
    blocks: BlockDevice, superblock: F2fsSuperblock, pack: int, block: int, head: _Head, findings: F2fsFindings
) -> F2fsCheckpoint:
    place = blocks.place(block)
    segment_bytes = superblock.sit_segments // 2 * BLOCKS_PER_SEGMENT // 8
    node_bytes = superblock.nat_segments // 2 * BLOCKS_PER_SEGMENT // 8
    if (head.segment_bytes, head.node_bytes) != (segment_bytes, node_bytes):
        findings.add(f"checkpoint {pack}", place, "its bitmaps are not of the length that the tables need")
    if not 1 + superblock.payload_blocks <= head.summary_start < head.pack_blocks:
        findings.add(f"checkpoint {pack}", place, "its summaries lie outside it")
    segment_bitmap, node_bitmap = _bitmaps(blocks, superblock, block, head, segment_bytes, node_bytes)
    open_segments = tuple(
        number
        for at in (_NODE_SEGMENTS_AT, _DATA_SEGMENTS_AT)
        for number in struct.unpack_from(f"<{_LOGS}I", head.body, at)
        if number < superblock.main_segments
    )
    return F2fsCheckpoint(
        pack=pack,
        block=block,
        version=head.version,
        checksum=head.checksum,
        flags=CheckpointFlag(head.flags),
        open_segments=open_segments,
        pack_blocks=min(head.pack_blocks, BLOCKS_PER_SEGMENT),
        summary_start=min(head.summary_start, BLOCKS_PER_SEGMENT),
        segment_bitmap=segment_bitmap,
        node_bitmap=node_bitmap,
        sound=head.sound,
    )


def _bitmaps(
    blocks: BlockDevice, superblock: F2fsSuperblock, block: int, head: _Head, segment_bytes: int, node_bytes: int
) -> tuple[bytes, bytes]:
    """The bitmaps of the segment table and of the node table; they may go on in the payload."""
    payload = blocks.read_many(block + 1, superblock.payload_blocks)
    if head.flags & CheckpointFlag.LARGE_NAT_BITMAP:
        start = _BITMAPS_AT + 4 * (head.checksum_at == _BITMAPS_AT)  # the checksum may stand in front
        area = (head.body + payload)[start:]
        return area[node_bytes : node_bytes + segment_bytes], area[:node_bytes]
    area = head.body[_BITMAPS_AT:]
    if superblock.payload_blocks:
        return payload[:segment_bytes], area[:node_bytes]
    return area[:segment_bytes], area[segment_bytes : segment_bytes + node_bytes]
