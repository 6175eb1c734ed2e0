"""Logical order from numbers in the spare bytes, as flash translation layers keep them."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from carving.media.nand.arranged import HOLE, Arranged, Pages, ReadSpare, field
from carving.media.nand.layout import NumberedOrder

_WITNESSES: Final = 3
"""Pages of a block that are asked for its number, since spare bytes without a code suffer from flips."""


def arrange_numbered(units: Pages, order: NumberedOrder, read_spare: ReadSpare) -> Arranged:
    """Put blocks, or pages, where the number in their spare bytes says; of several with one number the newest counts.

    A number of which all bits are 1 stands for none. One beyond what the dump could hold is not believed.

    Args:
        units: (units, pages of each) places in the dump.
        order: where the numbers stand.
        read_spare: reads spare bytes.
    """
    if units.size == 0:
        return Arranged(np.zeros(0, dtype=np.int64), 0)
    numbers, sequences = _numbers(units, order, read_spare)
    believed = (numbers >= 0) & (numbers < units.shape[0])
    doubted = int(((numbers >= 0) & ~believed).sum())
    chosen = np.flatnonzero(believed)
    chosen = chosen[np.lexsort((chosen, sequences[chosen], numbers[chosen]))]  # the last of equal numbers is the newest
    last = np.append(np.diff(numbers[chosen]) != 0, True) if chosen.size else np.zeros(0, dtype=np.bool_)
    newest = chosen[last]
    size = int(numbers[newest].max()) + 1 if newest.size else 0
    ordered = np.full((size, units.shape[1]), HOLE, dtype=np.int64)
    ordered[numbers[newest]] = units[newest]
    remarks = []
    if superseded := chosen.size - newest.size:
        remarks.append(f"{superseded} {order.unit}s hold older versions of a logical number")
    if holes := size - newest.size:
        remarks.append(f"{holes} logical {order.unit}s are in no part of the dump and read as FF")
    if doubted:
        remarks.append(f"{doubted} {order.unit}s carry a logical number larger than the dump could hold")
    return Arranged(ordered.reshape(-1), ordered.size, remarks=tuple(remarks))


def _numbers(units: Pages, order: NumberedOrder, read_spare: ReadSpare) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Number of each unit, -1 for none, by the majority of its witnesses; and when it was written."""
    columns = sorted({0, 1 % units.shape[1], 2 % units.shape[1], units.shape[1] - 1})
    witnesses = []
    sequences = np.zeros(units.shape[0], dtype=np.int64)
    shift = (order.mask & -order.mask).bit_length() - 1
    for column in columns:
        spare = read_spare(units[:, column])
        value = field(spare, order.offset, order.width, order.byte_order) & np.uint64(order.mask)
        number = np.where(value == order.mask, np.uint64(0), value >> np.uint64(shift))
        limited = np.minimum(number, np.uint64(np.iinfo(np.int64).max)).astype(np.int64)
        witnesses.append(np.where(value == order.mask, -1, limited))
        if order.sequence is not None and column == 0:
            stamp = field(spare, *order.sequence, order.byte_order)
            sequences = np.minimum(stamp, np.uint64(np.iinfo(np.int64).max)).astype(np.int64)
    table = np.stack(witnesses, axis=1)
    votes = (table[:, :, np.newaxis] == table[:, np.newaxis, :]).sum(axis=2) - 10 * (table < 0)
    chosen = table[np.arange(table.shape[0]), np.argmax(votes, axis=1)]
    return chosen, sequences
