"""Inodes of an F2FS.

Layout: Linux `include/linux/f2fs_fs.h`, `struct f2fs_inode`, and `Documentation/filesystems/f2fs.rst` on inline data.
The words behind the head hold, in this order: further attributes, block addresses or inline content, inline extended
attributes.
"""

from __future__ import annotations

import stat
import struct
from dataclasses import dataclass
from enum import IntFlag, StrEnum
from typing import Final

import numpy as np
from numpy.typing import NDArray

from carving.file_systems.f2fs.f2fs_findings import F2fsFindings
from carving.file_systems.f2fs.f2fs_layout import INODE_HEAD_SIZE, BlockLayout, Feature, crc32
from carving.file_systems.f2fs.nodes import F2fsNode, NodeFooter

_HEAD: Final = struct.Struct("<HBBIIIQQqqqIIIIIIIII255sB")
_EXTRA_SIZES: Final = struct.Struct("<HH")
_CHECKSUM_AT: Final = INODE_HEAD_SIZE + 8
_CREATED_AT: Final = INODE_HEAD_SIZE + 12
_CLUSTER_LOG_AT: Final = INODE_HEAD_SIZE + 33
_DEFAULT_XATTR_WORDS: Final = 50
_LEAST_INLINE_WORDS: Final = 11
"""A reserved word, and a folder of two names."""
_MOST_CLUSTER_LOG: Final = 8
_MOST_LINKS: Final = 1 << 20
"""Random bytes claim fewer once in 4096 cases."""


class InlineFlag(IntFlag):
    """How the words of an inode are used (`i_inline`)."""

    XATTR = 0x01
    DATA = 0x02
    DENTRIES = 0x04
    DATA_EXISTS = 0x08
    EXTRA_ATTRIBUTES = 0x20
    COMPRESSION_RELEASED = 0x80


class Advice(IntFlag):
    """Hints on a file (`i_advise`)."""

    LOST_PARENT = 0x02
    ENCRYPTED = 0x04
    ENCRYPTED_NAME = 0x08
    VERITY = 0x40


class InodeFlag(IntFlag):
    """Attributes of a file (`i_flags`) that matter for reading."""

    COMPRESSED = 0x4
    CASEFOLDED = 0x40000000


class F2fsKind(StrEnum):
    """What an inode is."""

    REGULAR = "regular file"
    DIRECTORY = "directory"
    SYMLINK = "symbolic link"
    SPECIAL = "special file"


_KINDS: Final = {
    stat.S_IFREG: F2fsKind.REGULAR,
    stat.S_IFDIR: F2fsKind.DIRECTORY,
    stat.S_IFLNK: F2fsKind.SYMLINK,
    **dict.fromkeys((stat.S_IFCHR, stat.S_IFBLK, stat.S_IFIFO, stat.S_IFSOCK), F2fsKind.SPECIAL),
}
_FORMAT_OF: Final = {kind: form for form, kind in _KINDS.items()}
FORMATS: Final = tuple(_KINDS)
"""The file types that a mode can say (`mode & 0xF000`)."""


@dataclass(frozen=True, slots=True, eq=False)
class Inode:
    """An inode, its claims as they stand; the words are cut to what their counts allow.

    Attributes:
        number: by which it was looked for; `footer.inode` is its own word.
        block: where it stands.
        times: created (None where not kept), modified, accessed, changed; seconds since 1970.
        name: as it was last linked or renamed; bytes, encrypted in an encrypted folder.
        addresses: of the first blocks, unless content is inline.
        content_offset, content_size: inline content, in bytes of the block.
        inline_xattr: extended attributes in the inode itself.
        node_ids: two direct nodes, two indirect, one doubly indirect.
        cluster_blocks: blocks of a cluster where the file may be compressed, else 1.
        checksum_holds: None where it has none.
    """

    number: int
    block: int
    data: bytes
    footer: NodeFooter
    kind: F2fsKind
    mode: int
    advice: Advice
    inline: InlineFlag
    links: int
    size: int
    times: tuple[int | None, int, int, int]
    generation: int
    xattr_nid: int
    flags: int
    parent: int
    name: bytes
    addresses: NDArray[np.uint32]
    content_offset: int
    content_size: int
    inline_xattr: bytes
    node_ids: tuple[int, ...]
    cluster_blocks: int
    checksum_holds: bool | None

    @property
    def compressed(self) -> bool:
        return self.cluster_blocks > 1


def guess_inline(data: bytes, kind: F2fsKind, size: int, layout: BlockLayout, features: Feature) -> int:
    """How the words of an inode are likely used whose head is lost: by the features, the size, and the first words."""
    flags = InlineFlag.XATTR | (InlineFlag.EXTRA_ATTRIBUTES if features & Feature.EXTRA_ATTRIBUTES else 0)
    extra = struct.unpack_from("<H", data, INODE_HEAD_SIZE)[0] // 4 if flags & InlineFlag.EXTRA_ATTRIBUTES else 0
    if size <= 4 * (layout.addresses_per_inode - extra - _DEFAULT_XATTR_WORDS - 1):
        first = INODE_HEAD_SIZE + 4 * extra
        if data[first : first + 4] == bytes(4) and any(data[first + 4 : first + 8]):  # the reserved word, then content
            content = InlineFlag.DENTRIES if kind is F2fsKind.DIRECTORY else InlineFlag.DATA | InlineFlag.DATA_EXISTS
            return flags | content
    return flags


def inode_checksum(data: bytes, uuid: bytes) -> int:
    """The checksum of an inode's block: over uuid, number, generation, and the block with the checksum left out."""
    seed = crc32(uuid, 0xFFFFFFFF)
    seed = crc32(data[-20:-16], seed)  # the inode number of the footer
    seed = crc32(data[68:72], seed)
    return crc32(data[:_CHECKSUM_AT] + bytes(4) + data[_CHECKSUM_AT + 4 :], seed)


def checksum_holds(data: bytes, uuid: bytes) -> bool:
    """Whether an inode's block has the checksum that it says, if it is one that has any."""
    return bool(struct.unpack_from("<I", data, _CHECKSUM_AT)[0] == inode_checksum(data, uuid))


def parse_inode(
    node: F2fsNode,
    number: int,
    layout: BlockLayout,
    features: Feature,
    uuid: bytes,
    findings: F2fsFindings,
    place: int,
    expected: F2fsKind | None = None,
) -> Inode | None:
    """Read an inode; None, and a finding, where neither its mode nor a folder says what it is.

    Args:
        place: of the block in the source, for findings.
        expected: what the folder that names it says it is; taken where the head of the inode is damaged.
    """
    data, name = node.data, f"inode {number}"
    mode, advice, inline, _, _, links, size, _, accessed, changed, modified, *rest = _HEAD.unpack_from(data)
    _, _, _, generation, _, xattr_nid, flags, parent, name_size, name_bytes, _ = rest
    kind = _KINDS.get(stat.S_IFMT(mode))
    if kind is None or links > _MOST_LINKS:
        findings.add(name, place, f"mode {mode:o} and {links} links are those of no file")
        kind = expected
        if kind is None:
            return None
        mode, advice, inline, links = _FORMAT_OF[kind], 0, guess_inline(data, kind, size, layout, features), 1
    elif expected not in (None, kind):
        findings.add(name, place, f"mode {mode:o} is that of a {kind}, but its folder says {expected}")
        if not features & Feature.INODE_CHECKSUM or not checksum_holds(data, uuid):
            kind = expected or kind
    if name_size > len(name_bytes):
        findings.add(name, place, f"a name of {name_size} bytes")
    words = layout.addresses_per_inode
    extra, xattr = _word_use(data, InlineFlag(inline), features, words, findings, name, place)
    end = words - xattr
    area = np.frombuffer(data, "<u4", words, INODE_HEAD_SIZE)
    cluster = 1
    if flags & InodeFlag.COMPRESSED and kind is F2fsKind.REGULAR and features & Feature.COMPRESSION and extra >= 9:
        log = data[_CLUSTER_LOG_AT]
        if 2 <= log <= _MOST_CLUSTER_LOG:
            cluster = 1 << log
        else:
            findings.add(name, place, f"compressed in clusters of 2^{log} blocks")
    addresses = area[extra : extra + (end - extra) // cluster * cluster]
    holds: bool | None = None
    if features & Feature.INODE_CHECKSUM and extra >= 3:
        holds = checksum_holds(data, uuid)
        if not holds:
            findings.add(name, place, "its checksum is wrong")
    keeps_creation = features & Feature.CREATION_TIME and extra >= 6
    created = struct.unpack_from("<q", data, _CREATED_AT)[0] if keeps_creation else None
    in_words = bool(inline & (InlineFlag.DATA | InlineFlag.DENTRIES))
    return Inode(
        *(number, node.block, data, node.footer, kind, mode, Advice(advice), InlineFlag(inline), links, size),
        *((created, modified, accessed, changed), generation, xattr_nid, flags, parent),
        name=name_bytes[: min(name_size, 255)],
        addresses=area[:0] if in_words else addresses,
        content_offset=INODE_HEAD_SIZE + 4 * (extra + 1),
        content_size=4 * (end - extra - 1),
        inline_xattr=data[INODE_HEAD_SIZE + 4 * end : INODE_HEAD_SIZE + 4 * words],
        node_ids=struct.unpack_from("<5I", data, INODE_HEAD_SIZE + 4 * words),
        cluster_blocks=cluster,
        checksum_holds=holds,
    )


def _word_use(
    data: bytes, inline: InlineFlag, features: Feature, words: int, findings: F2fsFindings, name: str, place: int
) -> tuple[int, int]:
    """How many words further attributes take at the start, and extended attributes at the end."""
    extra = 0
    reserve = _DEFAULT_XATTR_WORDS if inline & (InlineFlag.XATTR | InlineFlag.DENTRIES) else 0
    if inline & InlineFlag.EXTRA_ATTRIBUTES:
        size, flexible = _EXTRA_SIZES.unpack_from(data, INODE_HEAD_SIZE)
        if size % 4 or size // 4 + reserve + _LEAST_INLINE_WORDS > words:
            findings.add(name, place, f"further attributes of {size} bytes")
        else:
            extra = size // 4
        if features & Feature.FLEXIBLE_INLINE_XATTR:
            if extra + flexible + _LEAST_INLINE_WORDS > words:
                findings.add(name, place, f"inline extended attributes of {flexible} words")
            else:
                reserve = flexible
    return extra, reserve
