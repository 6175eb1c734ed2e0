"""How much of a picture a stretch of entropy-coded data holds: the size check behind a doubtful end-of-image marker."""

from __future__ import annotations

import re

import numpy as np

from carving.errors import JpegError
from carving.jpeg.coding import lookups_of
from carving.jpeg.markers import RST0, RST7, JpegHeader, read_header

_PADDING = bytes(4)
_RESTART = re.compile(rb"\xff[\xd0-\xd7]")
_USUAL = 6.0
"""Restart intervals of busy parts are so many times longer than the median one."""


def mcus_between(data: bytes, start: int, end: int, header: JpegHeader) -> int | None:
    """About how many MCUs `data[start:end]` codes; None where the scan or its tables do not allow a count.

    With restart intervals the markers are counted, else codes are stepped over; damage costs a few MCUs a flip. A
    stretch that is not the scan's first begins inside an MCU, which is not counted.
    """
    if not header.interleaved:
        return None
    if header.restart_interval > 0:
        pairs = sum(data.count(bytes((0xFF, marker)), start, end) for marker in range(RST0, RST7 + 1))
        return pairs * header.restart_interval
    tables = [(entry.index, entry.dc_table, entry.ac_table) for entry in header.scan.components]
    if any(dc not in header.dc_tables or ac not in header.ac_tables for _, dc, ac in tables):
        return None
    block_dc: list[int] = []
    block_ac: list[int] = []
    for index, dc, ac in tables:
        blocks = header.frame.components[index].horizontal * header.frame.components[index].vertical
        block_dc += [dc] * blocks
        block_ac += [ac] * blocks
    stream = np.frombuffer(data[start:end].replace(b"\xff\x00", b"\xff") + _PADDING, dtype=np.uint8)

    from carving.jpeg.mcu_kernel import count_mcus

    codes, _ = lookups_of(header)
    return int(count_mcus(stream, codes[:4], codes[4:], np.array(block_dc), np.array(block_ac)))


def share_coded(jpeg: bytes) -> float | None:
    """How much of its picture a file's first scan codes, as a share of the MCUs; None where that cannot be counted.

    With restart intervals it is the largest of the shares by markers and by bytes, as a gap holds no markers.
    """
    try:
        header = read_header(jpeg)
    except JpegError:
        return None
    start, interval = header.scan.entropy_start, header.restart_interval
    mcus = mcus_between(jpeg, start, len(jpeg), header)
    if mcus is None:
        return None
    share = (mcus + interval) / header.frame.mcu_count
    if interval == 0:
        return share
    pairs = [match.start() for match in _RESTART.finditer(jpeg, start)]
    lengths = np.diff([start, *pairs, len(jpeg)])
    return max(share, 1.0 + float(lengths.max() - _USUAL * np.median(lengths)) / len(jpeg))
