"""How much of a picture a stretch of entropy-coded data holds: the size check behind a doubtful end-of-image marker."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from carving.jpeg.markers import RST0, RST7, JpegHeader
from carving.jpeg.tables import HuffmanTable

_PADDING = bytes(4)


def mcus_between(data: bytes, start: int, end: int, header: JpegHeader) -> int | None:
    """About how many MCUs `data[start:end]` codes; None where the scan or its tables do not allow a count.

    With restart intervals the markers are counted, else codes are stepped over; damage costs a few MCUs a flip. A
    stretch that is not the scan's first begins inside an MCU, which is not counted.
    """
    if header.frame.progressive or len(header.scan.components) != len(header.frame.components):
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

    return int(
        count_mcus(
            stream, _lookups(header.dc_tables), _lookups(header.ac_tables), np.array(block_dc), np.array(block_ac)
        )
    )


def _lookups(tables: dict[int, HuffmanTable]) -> NDArray[np.uint16]:
    """Code length << 8 | symbol for every table slot and every 16 bits ahead, shape (4, 65536); 0 means no code."""
    lookups = np.zeros((4, 1 << 16), dtype=np.uint16)
    for slot, table in tables.items():
        for code, length, symbol in table.codes:
            first = code << (16 - length)
            lookups[slot, first : first + (1 << (16 - length))] = length << 8 | symbol
    return lookups
