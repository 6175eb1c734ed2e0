"""The logical order of pages: an array that names, for every logical page, the page of the dump that holds it.

Nothing of the dump is left out: behind the pages that a logical number, a file or the order of blocks accounts for
follow all others (bad blocks, superseded and unnumbered pages), for old data may still lie there.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from carving.media.nand.arranged import HOLE, Arranged, Pages, ReadSpare
from carving.media.nand.layout import BadBlocks, NandLayout, NumberedOrder, YaffsOrder
from carving.media.nand.numbering import arrange_numbered
from carving.media.nand.yaffs import arrange_files


def arrange(layout: NandLayout, count: int, read_spare: ReadSpare) -> Arranged:
    """Put the `count` pages of a dump in their logical order.

    Raises:
        EvidenceError: the dump cannot be read.
    """
    pages = _die_order(layout, count)
    blocks = _blocks(pages, layout)
    bad = np.zeros(blocks.shape[0], dtype=np.bool_)
    if layout.bad_blocks is not None:
        bad = _are_bad(blocks, layout, layout.bad_blocks, read_spare)
    rest = pages[blocks.size :]  # an incomplete block at the end
    if isinstance(layout.order, YaffsOrder):
        found = arrange_files(np.append(blocks[~bad], rest), layout.page.pages_per_block, layout.order, read_spare)
    elif isinstance(layout.order, NumberedOrder):
        good = blocks[~bad]
        units = good if layout.order.unit == "block" else np.append(good, rest)[:, np.newaxis]
        found = arrange_numbered(units, layout.order, read_spare)
    else:
        live = blocks[~bad].reshape(-1)
        live = live if bad.any() else pages
        found = Arranged(live, live.size)
    left = np.ones(count, dtype=np.bool_)
    left[found.pages[found.pages != HOLE]] = False
    others = np.concatenate([blocks.reshape(-1), rest])
    others = others[left[others]]
    remarks = found.remarks
    if bad.any():
        remarks = (*remarks, f"{int(bad.sum())} of {bad.size} blocks are marked bad; they are read behind all others")
    return Arranged(np.concatenate([found.pages, others]), found.pages.size, int(bad.sum()), remarks)


def _die_order(layout: NandLayout, count: int) -> Pages:
    """Pages in the order of the dies and of what alternates between them."""
    dies, interleave = layout.dies.order, layout.dies.interleave
    each = count // len(dies)
    if len(dies) == 1:
        return np.arange(count)
    grid = np.array(dies)[:, np.newaxis] * each + np.arange(each)
    rest = np.arange(each * len(dies), count)
    if interleave == "none":
        ordered = grid.reshape(-1)
    elif interleave == "page":
        ordered = grid.T.reshape(-1)
    else:
        block = layout.page.pages_per_block
        whole = each // block * block
        blocks = grid[:, :whole].reshape(len(dies), -1, block).transpose(1, 0, 2).reshape(-1)
        ordered = np.concatenate([blocks, grid[:, whole:].reshape(-1)])
    return np.concatenate([ordered, rest])


def _blocks(pages: Pages, layout: NandLayout) -> Pages:
    """The whole blocks of ordered pages: (blocks, pages); of alternating dies, one block of each makes one."""
    width = layout.page.pages_per_block
    if layout.dies.interleave == "page":
        width *= len(layout.dies.order)
    return pages[: pages.size // width * width].reshape(-1, width)


def _are_bad(blocks: Pages, layout: NandLayout, marker: BadBlocks, read_spare: ReadSpare) -> NDArray[np.bool_]:
    """Which blocks carry the factory's or the driver's mark; one flipped bit makes no mark."""
    bad = np.zeros(blocks.shape[0], dtype=np.bool_)
    dies = len(layout.dies.order) if layout.dies.interleave == "page" else 1
    for page in marker.pages:
        first = page % layout.page.pages_per_block
        for column in range(first * dies, (first + 1) * dies):
            marks = read_spare(blocks[:, column])[:, marker.byte]
            bad |= np.bitwise_count(~marks) > 1
    return bad
