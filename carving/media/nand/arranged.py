"""Pages of a NAND dump put into an order, and what every way to find the order reads."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from carving.media.nand.layout import ByteOrder

HOLE: Final = -1
"""A logical page that no page of the dump holds."""

Pages = NDArray[np.int64]
ReadSpare = Callable[[Pages], NDArray[np.uint8]]
"""Corrected spare bytes, uint8 (pages, spare), of pages given by their place in the dump."""


@dataclass(frozen=True, eq=False)
class Arranged:
    """Pages in logical order.

    Attributes:
        pages: place in the dump of every logical page, `HOLE` where there is none.
        live: how many of them, from the first on, are the logical space; the rest is what it does not account for.
        bad_blocks: how many blocks are marked bad.
        remarks: what an examiner should know.
    """

    pages: Pages
    live: int
    bad_blocks: int = 0
    remarks: tuple[str, ...] = ()


def field(spare: NDArray[np.uint8], offset: int, width: int, byte_order: ByteOrder) -> NDArray[np.uint64]:
    """A whole number of `width` bytes at `offset` of each row of spare bytes: uint64 (rows,)."""
    value = np.zeros(spare.shape[0], dtype=np.uint64)
    for place in range(width):
        significance = place if byte_order == "little" else width - 1 - place
        value |= spare[:, offset + place].astype(np.uint64) << np.uint64(8 * significance)
    return value
