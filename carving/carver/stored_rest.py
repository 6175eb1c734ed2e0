"""The rest of a picture in a file whose beginning is lost, encrypted or another file's: it ends as a JPEG does.

What is left is found from its end: in front of the last end-of-image marker every FF is stuffed, or begins a restart
marker. Bytes that are no entropy-coded data, such as encrypted ones, hold another FF in every 256 or so.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np

from carving.carver.donors import Families, borrow
from carving.carver.restart_rest import read_restarts
from carving.fragments import Borrowed
from carving.source import Run

_SHORTEST: Final = 1 << 12
"""Bytes of a rest that is worth a look."""
STARTS: Final = 8 * 4096
"""Bits at which the first MCU is looked for: so far a stretch of random bytes may look like coded ones."""
_EOI: Final = 0xD9


def find_rest(data: bytes) -> Run | None:
    """The longest stretch of a file that ends at an end-of-image marker, or where the file does, and may be
    entropy-coded; None where it is too short."""
    array = np.frombuffer(data, dtype=np.uint8)
    marks = np.flatnonzero(array[:-1] == 0xFF)
    behind = array[marks + 1]
    odd = (behind != 0) & ((behind < 0xD0) | (behind > 0xD7))
    edges, kinds = marks[odd], behind[odd]
    starts = np.concatenate(([0], edges + 2))
    ends = np.concatenate((edges, [array.size]))
    closed = np.concatenate((kinds == _EOI, [True]))
    lengths = np.where(closed, ends - starts, 0)
    longest = int(np.argmax(lengths))
    if lengths[longest] < _SHORTEST:
        return None
    return Run(int(starts[longest]), int(lengths[longest]))


def read_rest(data: bytes, families: Families, place: int) -> tuple[Borrowed, tuple[str, ...]] | None:
    """How to read the rest of a picture in a file, with bits and bytes counted from the beginning of the file, and
    what is to be said of that; None where no tables read one.

    Args:
        data: the file.
        families: whose tables are tried.
        place: where the file begins.
    """
    rest = find_rest(data)
    if rest is None:
        return None
    with_restarts = read_restarts(data, rest, families.restarting)
    if with_restarts is not None:
        return with_restarts, ()
    found = borrow(data[rest.offset : rest.end], families.ranked(place), STARTS)
    if found is None:
        return None
    borrowed, notes = found
    return replace(borrowed, bit=borrowed.bit + 8 * rest.offset, end=borrowed.end + rest.offset), notes
