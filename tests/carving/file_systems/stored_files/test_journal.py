"""Copies in a journal, laid out by hand: every size of tag, wrapping, escapes, and what was overwritten since."""

from __future__ import annotations

import struct

import pytest

from carving.file_systems.stored_files.ext_inode import BlockTree, ExtInode, TooComplexError, parse_inode
from carving.file_systems.stored_files.ext_journal import read_journal
from carving.file_systems.stored_files.ext_names import OldNames, directory_entries
from carving.source import Run
from tests.carving.file_systems.stored_files.journals import BLOCK, MAGIC, descriptor, header, superblock
from tests.carving.memory import MemorySource

FEATURES = {"plain": 0, "wide": 0x2, "checksum 2": 0x8, "checksum 2, wide": 0xA, "checksum 3": 0x10, "all": 0x12}


def block_of(text: str) -> bytes:
    return text.encode().ljust(BLOCK, b".")


@pytest.mark.parametrize("kind", FEATURES)
def test_copies(kind: str) -> None:
    features = FEATURES[kind]
    far = 7 | (5 << 32 if features & 2 else 0)
    blocks = [
        superblock(12, features),
        descriptor(3, [far, 9], features, escaped=(9,)),
        block_of("seven of 3"),
        bytes(4) + block_of("nine of 3")[4:],
        header(2, 3).ljust(BLOCK, b"\0"),
        descriptor(4, [far], features),
        block_of("seven of 4"),
        header(2, 4).ljust(BLOCK, b"\0"),
        *[bytes(BLOCK)] * 4,
    ]
    journal = read_journal(MemorySource(b"".join(blocks)), BLOCK)
    assert journal.sequences == (3, 4)
    assert set(journal.copies) == {far, 9}
    assert [journal.read(copy)[:10] for copy in journal.copies[far]] == [b"seven of 4", b"seven of 3"]
    assert [block[:10] for block in journal.versions(far, 3)] == [b"seven of 3", b"seven of 4"]
    assert journal.read(journal.copies[9][0]) == MAGIC + block_of("nine of 3")[4:]


def test_what_a_later_transaction_overwrote_is_left_out() -> None:
    blocks = [
        superblock(8, 0),
        block_of("two of 1"),  # the journal has gone round: the end of transaction 1
        descriptor(2, [30], 0),
        block_of("thirty of 2"),
        header(2, 2).ljust(BLOCK, b"\0"),
        bytes(BLOCK),
        descriptor(1, [1, 2, 3, 4], 0),
        block_of("one of 1"),
    ]
    journal = read_journal(MemorySource(b"".join(blocks)), BLOCK)
    assert {number: [journal.read(copy)[:8] for copy in copies] for number, copies in journal.copies.items()} == {
        30: [b"thirty o"],
        1: [b"one of 1"],
        2: [b"two of 1"],
    }


def test_no_journal() -> None:
    for data in (b"", bytes(4096), superblock(8, 0).replace(MAGIC, bytes(4)), superblock(8, 0)[:500]):
        assert read_journal(MemorySource(data), BLOCK).copies == {}


def test_names_of_directory_blocks() -> None:
    def entry(inode: int, length: int, name: bytes, kind: int = 1) -> bytes:
        return (struct.pack("<IHBB", inode, length, len(name), kind) + name).ljust(length, b"\0")

    directory = entry(2, 12, b".", 2) + entry(2, 12, b"..", 2) + entry(12, 24, b"IMG_1.JPG")
    directory += entry(13, BLOCK - len(directory), "bäum.jpg".encode())
    assert directory_entries(directory) == [(12, "IMG_1.JPG"), (13, "bäum.jpg")]
    assert directory_entries(block_of("text")) == []
    assert directory_entries(bytes(BLOCK)) == []
    journal = read_journal(
        MemorySource(superblock(8, 0) + descriptor(5, [77], 0) + directory + bytes(5 * BLOCK)), BLOCK
    )
    old = OldNames(journal, {77: "/DCIM"}.get)
    old.read([77])
    assert (old.path(12, 9), old.path(99, 9)) == ("/DCIM/IMG_1.JPG", None)


def extent_node(entries: list[tuple[int, int, int]], depth: int = 0) -> bytes:
    """A node of extents (logical block, physical block, count), or of index entries (logical block, block, 0)."""
    out = struct.pack("<HHHHI", 0xF30A, len(entries), 340, depth, 0)
    for logical, physical, count in entries:
        if depth:
            out += struct.pack("<IIHH", logical, physical & 0xFFFFFFFF, physical >> 32, 0)
        else:
            out += struct.pack("<IHHI", logical, count, physical >> 32, physical & 0xFFFFFFFF)
    return out


def inode_with(fork: bytes, size: int, flags: int = 0x80000) -> ExtInode:
    data = bytearray(256)
    struct.pack_into("<HHI", data, 0, 0x81A4, 0, size)
    struct.pack_into("<H", data, 26, 1)
    struct.pack_into("<I", data, 32, flags)
    data[40 : 40 + len(fork)] = fork
    return parse_inode(bytes(data))


def test_the_version_of_an_extent_block_that_covers_the_file_is_taken() -> None:
    emptied, full = extent_node([]).ljust(BLOCK, b"\0"), extent_node([(0, 100, 3), (5, 200, 40000), (7, 300, 3)])
    tree = BlockTree(0, BLOCK, lambda *_: iter((emptied, full.ljust(BLOCK, b"\0"))))
    inode = inode_with(extent_node([(0, 50, 0)], depth=1), 10 * BLOCK)
    # the second extent is longer than any, and left out
    assert tree.pieces(inode) == [(0, Run(100 * BLOCK, 3 * BLOCK)), (7 * BLOCK, Run(300 * BLOCK, 3 * BLOCK))]


def test_blocks_of_three_levels() -> None:
    numbers = struct.pack("<15I", *range(1, 13), 20, 30, 0)
    nodes = {20: struct.pack("<256I", *range(100, 356)), 30: struct.pack("<256I", 40, *[0] * 255), 40: bytes(BLOCK)}
    nodes[40] = struct.pack("<256I", *range(500, 756))
    tree = BlockTree(0, BLOCK, lambda block, _: iter((nodes[block],)))
    pieces = tree.pieces(inode_with(numbers, 300 * BLOCK, flags=0))
    assert pieces == [
        (0, Run(1 * BLOCK, 12 * BLOCK)),
        (12 * BLOCK, Run(100 * BLOCK, 256 * BLOCK)),
        (268 * BLOCK, Run(500 * BLOCK, 32 * BLOCK)),
    ]


def test_trees_that_never_end_are_given_up() -> None:
    loop = extent_node([(n, 50, 0) for n in range(80)], depth=4).ljust(BLOCK, b"\0")
    deeper = {
        depth: extent_node([(n, 50, 0) for n in range(80)], depth=depth).ljust(BLOCK, b"\0") for depth in range(5)
    }
    tree = BlockTree(0, BLOCK, lambda _, depth: iter((deeper[depth], loop)))
    with pytest.raises(TooComplexError):
        tree.pieces(inode_with(extent_node([(0, 50, 0), (1000, 50, 0)], depth=5), 1 << 31))
    itself = struct.pack("<256I", *[50] * 256)
    circle = BlockTree(0, BLOCK, lambda *_: iter((itself,)))
    with pytest.raises(TooComplexError):
        circle.pieces(inode_with(struct.pack("<15I", *[50] * 15), 1 << 31, flags=0))


def test_nodes_that_lie_outside_lead_nowhere() -> None:
    for short in (b"", b"\n\xf3", bytes(7)):
        tree = BlockTree(0, BLOCK, lambda *_, short=short: iter((short,)))
        assert tree.pieces(inode_with(extent_node([(0, 1 << 40, 0)], depth=1), BLOCK)) == []
        mapped = struct.pack("<15I", *[0] * 12, 9, 9, 9)
        assert tree.pieces(inode_with(mapped, 1 << 30, flags=0)) == []
