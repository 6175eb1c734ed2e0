"""Parts of the reader that no image at hand shows: attributes in a node, areas of names by size, too many findings."""

from __future__ import annotations

import struct
import zlib

import pytest

from carving.file_systems.f2fs.directory import parse_entries
from carving.file_systems.f2fs.f2fs_findings import MOST_FINDINGS, F2fsFindings
from carving.file_systems.f2fs.f2fs_layout import XATTR_NODE_OFFSET, BlockLayout, Feature, crc32
from carving.file_systems.f2fs.inode import Inode, parse_inode
from carving.file_systems.f2fs.nodes import F2fsNode
from carving.file_systems.f2fs.xattr import encryption_context, extended_attributes

CONTEXT = bytes(range(40))
LAYOUT = BlockLayout(4096)


def entry(index: int, name: bytes, value: bytes) -> bytes:
    data = struct.pack("<BBH", index, len(name), len(value)) + name + value
    return data.ljust(-(-len(data) // 4) * 4, b"\0")


class OneNode:
    """A state of a file system that has one node of attributes."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def node(self, nid: int, inode: int, offset: int, findings: F2fsFindings) -> F2fsNode | None:
        assert (nid, inode, offset, findings.all) == (77, 9, XATTR_NODE_OFFSET, ())
        return F2fsNode(self._data, 5)


def inode_with(attributes: bytes, findings: F2fsFindings) -> tuple[Inode, OneNode]:
    """An inode of 50 words of inline attributes; what is longer stands in the node."""
    data = bytearray(4096)
    struct.pack_into("<HBB", data, 0, 0o100644, 4, 1)
    struct.pack_into("<I", data, 76, 77)
    place = 360 + 4 * (923 - 50)
    attributes = struct.pack("<II16x", 0xF2F52011, 1) + attributes
    data[place : place + 200] = attributes[:200].ljust(200, b"\0")
    inode = parse_inode(F2fsNode(bytes(data), 4), 9, LAYOUT, Feature(0), bytes(16), findings, 4 * 4096)
    assert inode is not None
    return inode, OneNode(attributes[200:].ljust(4096, b"\0"))


@pytest.mark.parametrize("before", [0, 100, 118, 120, 130, 170, 1000])
def test_attributes_in_two_places(before: int) -> None:
    """The context is found inline, behind the inline ones, and across the border."""
    findings = F2fsFindings()
    filler = entry(6, b"selinux", bytes(before)) if before else b""
    inode, view = inode_with(filler + entry(9, b"c", CONTEXT), findings)
    assert encryption_context(inode, view, findings) == CONTEXT
    expected = [(6, b"selinux", bytes(before))] if before else []
    assert list(extended_attributes(inode, view, findings)) == [*expected, (9, b"c", CONTEXT)]
    assert findings.all == ()


def test_attributes_that_lie() -> None:
    findings = F2fsFindings()
    inode, view = inode_with(struct.pack("<BBH", 9, 1, 60000) + b"c", findings)
    assert encryption_context(inode, view, findings) is None
    assert [finding.problem for finding in findings.all] == ["an extended attribute ends outside their area"]


def test_checksum() -> None:
    """Without the inversions of the usual CRC-32, whose check value for these digits is 0xCBF43926."""
    assert crc32(b"123456789", 0xFFFFFFFF) ^ 0xFFFFFFFF == zlib.crc32(b"123456789") == 0xCBF43926
    assert crc32(b"6789", crc32(b"12345")) == crc32(b"123456789")


def test_findings_end() -> None:
    findings = F2fsFindings()
    for number in range(MOST_FINDINGS + 50):
        findings.add("inode", number, "is wrong")
        findings.add("inode", 0, "is wrong")
    assert (len(findings.all), findings.dropped) == (MOST_FINDINGS, 50)


@pytest.mark.parametrize(("size", "slots"), [(4096, 214), (3488, 182), (16384, 862)])
def test_areas_of_names(size: int, slots: int) -> None:
    """Slots by the size of the area as the kernel's header counts them; a full area of short names is read."""
    bitmap = ((1 << slots) - 1).to_bytes(-(-slots // 8), "little")
    entries = b"".join(struct.pack("<IIHB", 0, 10 + slot, 4, 1) for slot in range(slots))
    names = b"".join(b"%04d\0\0\0\0" % slot for slot in range(slots))
    area = bitmap.ljust(size - len(entries) - len(names), b"\0") + entries + names
    findings = F2fsFindings()
    found = list(parse_entries(area, "folder 3", 0, findings))
    assert [(found.name, found.inode) for found in found] == [(b"%04d" % slot, 10 + slot) for slot in range(slots)]
    assert findings.all == ()
