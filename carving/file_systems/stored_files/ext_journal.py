"""Older copies of blocks in the journal of ext3 and ext4 (Linux `Documentation/filesystems/ext4/journal.rst`, jbd2).

The whole journal is read, not only the part that a mount would replay: what is behind it are the transactions of
before. Revoked blocks are not left out, for a block is revoked when it is freed, as an extent block is when its file is
deleted. The area of fast commits is not read.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from carving.source import ByteSource

_MAGIC: Final = 0xC03B3998
_DESCRIPTOR: Final = 1
_SUPERBLOCKS: Final = (3, 4)
_64BIT: Final = 0x2
_CHECKSUM_2: Final = 0x8
_CHECKSUM_3: Final = 0x10
_ESCAPED: Final = 0x1
_SAME_UUID: Final = 0x2
_LAST: Final = 0x8
_MOST_BLOCKS: Final = 1 << 22
_CHUNK: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Copy:
    """One copy of a block: the transaction it belongs to, and its number in the journal."""

    sequence: int
    index: int
    escaped: bool


@dataclass
class ExtJournal:
    """The copies in a journal.

    Attributes:
        source: the journal's bytes.
        block: bytes of a block.
        copies: by block of the file system its copies, the newest first.
        sequences: first and last transaction that was found; None where there is none.
    """

    source: ByteSource
    block: int
    copies: dict[int, list[Copy]] = field(default_factory=dict)
    sequences: tuple[int, int] | None = None

    def read(self, copy: Copy) -> bytes:
        """The bytes of a copy.

        Raises:
            EvidenceError: they cannot be read.
        """
        data = self.source.read_at(copy.index * self.block, self.block)
        return struct.pack(">I", _MAGIC) + data[4:] if copy.escaped else data

    def versions(self, number: int, sequence: int) -> Iterator[bytes]:
        """The copies of a block, those first that were valid in a transaction: from it backwards, then the later ones.

        Raises:
            EvidenceError: they cannot be read.
        """
        copies = self.copies.get(number, [])
        earlier = [copy for copy in copies if copy.sequence <= sequence]
        later = [copy for copy in reversed(copies) if copy.sequence > sequence]
        for copy in (*earlier, *later):
            yield self.read(copy)


def read_journal(source: ByteSource, block: int) -> ExtJournal:
    """Find the copies in a journal; none where the source is none.

    Args:
        source: the journal's bytes.
        block: bytes of a block of the file system.

    Raises:
        EvidenceError: it cannot be read.
    """
    journal = ExtJournal(source, block)
    head = source.read_at(0, 1024)
    if len(head) < 1024:
        return journal
    magic, kind = struct.unpack_from(">II", head)
    size, last, first = struct.unpack_from(">III", head, 12)
    if magic != _MAGIC or kind not in _SUPERBLOCKS or size != block:
        return journal
    features = struct.unpack_from(">I", head, 40)[0] if kind == _SUPERBLOCKS[1] else 0
    count = min(last, source.size // block, _MOST_BLOCKS)
    headers = list(_headers(source, block, count))
    descriptors = [(sequence, index) for index, kind, sequence in headers if kind == _DESCRIPTOR]
    control = {index for index, _, _ in headers}
    taken: set[int] = set()
    for sequence, index in sorted(descriptors, reverse=True):
        place = index
        for number, escaped in _tags(source.read_at(index * block, block), features):
            place = place + 1 if place + 1 < count else first
            if place in control or place in taken:  # overwritten by a later transaction
                break
            taken.add(place)
            journal.copies.setdefault(number, []).append(Copy(sequence, place, escaped))
    if descriptors:
        journal.sequences = (min(descriptors)[0], max(descriptors)[0])
    return journal


def _headers(source: ByteSource, block: int, count: int) -> Iterator[tuple[int, int, int]]:
    """Number, kind and transaction of every block of a journal that begins with its magic."""
    chunk = max(1, _CHUNK // block)
    for base in range(0, count, chunk):
        data = source.read_at(base * block, min(chunk, count - base) * block)
        words = np.frombuffer(data, dtype=">u4", count=len(data) // block * block // 4).reshape(-1, block // 4)
        for index in np.flatnonzero(words[:, 0] == _MAGIC).tolist():
            yield base + index, int(words[index, 1]), int(words[index, 2])


def _tags(data: bytes, features: int) -> Iterator[tuple[int, bool]]:
    """The blocks that a descriptor block names, with whether the copy's first bytes were escaped."""
    third = bool(features & _CHECKSUM_3)
    wide = bool(features & _64BIT)
    size = 16 if third else 8 + 2 * bool(features & _CHECKSUM_2) + 4 * wide
    end = len(data) - (4 if features & (_CHECKSUM_2 | _CHECKSUM_3) else 0)
    at = 12
    while at + size <= end:
        low = struct.unpack_from(">I", data, at)[0]
        flags = struct.unpack_from(">I", data, at + 4)[0] if third else struct.unpack_from(">H", data, at + 6)[0]
        high = struct.unpack_from(">I", data, at + 8)[0] if wide else 0
        yield low | high << 32, bool(flags & _ESCAPED)
        if flags & _LAST:
            return
        at += size if flags & _SAME_UUID else size + 16
