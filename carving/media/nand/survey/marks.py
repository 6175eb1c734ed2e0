"""What the spare bytes say of order: YAFFS2 tags, logical numbers of blocks, and pages per block."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from carving.media.nand.arranged import ReadSpare, field
from carving.media.nand.layout import ByteOrder, YaffsOrder
from carving.media.nand.survey.sample import Bytes
from carving.media.nand.yaffs import EXTRA_HEADER, is_tagged, tags

_PER_BLOCK: Final = (256, 128, 64, 32)
_LIKELY: Final = 0.9
_NEWEST: Final = 1 << 24
"""Sequence numbers begin at 0x1000 and grow by one with each block: a chip wears out before it gets here."""
_LONGEST_CHUNK: Final = 1 << 15
_FEWEST: Final = 8
_BLOCKS: Final = 200
"""Blocks whose spare bytes are looked at, spread over the dump."""


@dataclass(frozen=True, slots=True)
class TagGuess:
    """YAFFS2 tags at a spare offset: in `share` of the written pages they can be what they seem."""

    offset: int
    byte_order: ByteOrder
    share: float


@dataclass(frozen=True, slots=True)
class NumberGuess:
    """A field that is the same in all pages of a block, different in every other, and less than the blocks there are.

    `share` is that of the blocks seen for which this holds.
    """

    offset: int
    width: int
    byte_order: ByteOrder
    pages_per_block: int
    share: float


def guess_tags(spare: Bytes, pages: int) -> TagGuess | None:
    """Look for YAFFS2 tags in the spare bytes of written pages, uint8 (rows, spare), of a dump of `pages` pages."""
    best: TagGuess | None = None
    orders: tuple[ByteOrder, ...] = ("little", "big")
    for byte_order in orders:
        for offset in range(spare.shape[1] - 15):
            sequence, objects, chunks = tags(spare, YaffsOrder(offset, byte_order))
            plain = np.where(chunks & EXTRA_HEADER, 0, chunks)
            in_use = field(spare, offset + 12, 4, byte_order)
            likely = is_tagged(sequence, objects, plain, pages) & (sequence < _NEWEST)
            share = float((likely & ((plain == 0) | (in_use <= _LONGEST_CHUNK))).mean())
            pairs = np.unique(np.stack([objects, plain]), axis=1).shape[1]
            if pairs > spare.shape[0] // 2 and np.unique(plain).size > 2 and share > (best.share if best else _LIKELY):
                best = TagGuess(offset, byte_order, share)
    return best


def guess_numbers(read_spare: ReadSpare, pages: int) -> NumberGuess | None:
    """Look for logical numbers of blocks.

    Args:
        read_spare: reads spare bytes of pages, uint8 (rows, spare).
        pages: pages of the dump.
    """
    for per_block in _PER_BLOCK:
        blocks = np.unique(np.linspace(0, pages // per_block - 1, _BLOCKS).astype(np.int64))
        if pages // per_block < _FEWEST:
            continue
        columns = [read_spare(blocks * per_block + page) for page in (0, per_block // 2, per_block - 1)]
        written = np.all([(rows != 0xFF).any(axis=1) for rows in columns], axis=0)
        columns = [rows[written] for rows in columns]
        if columns[0].shape[0] >= _FEWEST and (best := _best_field(columns, pages, per_block)) is not None:
            return best
    return None


def _best_field(columns: list[Bytes], pages: int, per_block: int) -> NumberGuess | None:
    """The field that is alike in the first, the middle and the last page of blocks; the widest of equal ones."""
    best: NumberGuess | None = None
    orders: tuple[ByteOrder, ...] = ("little", "big")
    for width in (4, 3, 2):
        for offset in range(columns[0].shape[1] - width + 1):
            for byte_order in orders:
                values, *others = [field(rows, offset, width, byte_order) for rows in columns]
                likely = np.all([values == other for other in others], axis=0) & (values < pages // per_block)
                share = np.unique(values[likely]).size / values.size
                if share > (best.share if best else _LIKELY):
                    best = NumberGuess(offset, width, byte_order, per_block, share)
    return best


@dataclass(frozen=True, slots=True)
class ScramblerGuess:
    """High-entropy pages that repeat at a distance: what is the same under a static key of `period` pages."""

    period: int
    repeats: int


def guess_scrambler(stretches: list[tuple[NDArray[np.int64], Bytes]]) -> ScramblerGuess | None:
    """Look for pages that are alike although they look random: equal contents under a key that repeats.

    Args:
        stretches: numbers of neighbouring pages, and their data bytes, uint8 (rows, data).
    """
    distances: list[int] = []
    for numbers, data in stretches:
        seen: dict[bytes, int] = {}
        for number, row in zip(numbers.tolist(), data, strict=True):
            if len(set(row[:256].tobytes())) < 100:  # of 256 random bytes about 160 are different
                continue
            content = row.tobytes()
            if content in seen:
                distances.append(number - seen[content])
            seen[content] = number
    if len(distances) < _FEWEST:
        return None
    return ScramblerGuess(int(np.gcd.reduce(distances)), len(distances))
