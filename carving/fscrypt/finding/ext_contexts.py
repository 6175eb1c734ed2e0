"""Where ext4 keeps the context of an encrypted file: extended attribute `c` of index 9, in the inode or in a block.

Layout: Linux `Documentation/filesystems/ext4/attributes.rst`.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from typing import Final

from carving.fscrypt.contexts import EncryptionContext, parse_context

_CLASSIC: Final = 128
_MAGIC: Final = 0xEA020000
_BLOCK_HEADER: Final = 32
_ENTRY: Final = struct.Struct("<BBHII")
_ENTRY_SIZE: Final = 16
_ENCRYPTION: Final = (9, b"c")
_BLOCK_AT: Final = 104
_BLOCK_HIGH_AT: Final = 118


def read_ext_context(inode: bytes, blocks: Callable[[int], Iterator[bytes]]) -> EncryptionContext | None:
    """The context of an inode; None where it has none that can be read.

    Args:
        inode: all its bytes.
        blocks: what a block may hold, the likeliest first.

    Raises:
        EvidenceError: a block cannot be read.
    """
    for value in _values(inode, blocks):
        if (found := parse_context(value)) is not None:
            return found
    return None


def _values(inode: bytes, blocks: Callable[[int], Iterator[bytes]]) -> Iterator[bytes]:
    if len(inode) > _CLASSIC + 4:
        start = _CLASSIC + int(struct.unpack_from("<H", inode, _CLASSIC)[0])
        if start + 4 <= len(inode) and struct.unpack_from("<I", inode, start)[0] == _MAGIC:
            yield from _of_entries(inode, start + 4, start + 4)
    if len(inode) < _CLASSIC:  # cut off: it has no room for the number of a block
        return
    low, high = struct.unpack_from("<I", inode, _BLOCK_AT)[0], struct.unpack_from("<H", inode, _BLOCK_HIGH_AT)[0]
    if block := low | high << 32:
        for data in blocks(block):
            if len(data) > _BLOCK_HEADER and struct.unpack_from("<I", data)[0] == _MAGIC:
                yield from _of_entries(data, _BLOCK_HEADER, 0)


def _of_entries(area: bytes, first: int, base: int) -> Iterator[bytes]:
    """The values under the name of the context among entries that begin at a byte of an area; places of values count
    from `base`."""
    at = first
    while at + _ENTRY_SIZE <= len(area) and area[at : at + 4] != bytes(4):
        length, index, offset, value_inode, size = _ENTRY.unpack_from(area, at)
        name = area[at + _ENTRY_SIZE : at + _ENTRY_SIZE + length]
        if (index, name) == _ENCRYPTION and not value_inode and base + offset + size <= len(area):
            yield area[base + offset : base + offset + size]
        at += _ENTRY_SIZE + -(-length // 4) * 4
