"""Whether entropy-coded data are what their header says: every code decodes, every MCU is there, the marker follows.

This is the carver's check by decoding. It rebuilds no coefficient but DC and makes no pixel, and it stops at the first
flaw; what lies behind damage is the business of the robust decoder.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from carving.jpeg.markers import EOI, RST0, RST7, JpegHeader
from carving.jpeg.results import Check
from carving.jpeg.tables import HuffmanTable

_LARGEST_LEVEL: Final = 1 << 10
"""Largest absolute DC coefficient of 8-bit samples, dequantised (T.81 A.3.3)."""
_SLACK: Final = 1.5
"""Encoders that round roughly go over it by a little; noise soon by far."""
_TRAILING: Final = 64
"""Bytes that careless encoders leave between the last MCU and EOI."""


@dataclass(frozen=True, eq=False)
class Coding:
    """The parameters of one sequential scan as the kernel takes them; see `coding_kernels.walk_mcus`."""

    mcus: int
    columns: int
    restart_interval: int
    block_dc: NDArray[np.int64]
    block_ac: NDArray[np.int64]
    block_component: NDArray[np.int64]
    dc_limits: NDArray[np.int64]
    codes: NDArray[np.uint16]
    joined: NDArray[np.uint16]


def coding_of(header: JpegHeader) -> Coding | None:
    """The coding of the header's scan; None where it is progressive or lacks a table."""
    frame, scan = header.frame, header.scan
    if frame.progressive or any(
        entry.dc_table not in header.dc_tables or entry.ac_table not in header.ac_tables for entry in scan.components
    ):
        return None
    block_dc: list[int] = []
    block_ac: list[int] = []
    block_component: list[int] = []
    limits = np.full(4, 1 << 20, dtype=np.int64)
    for entry in scan.components:
        component = frame.components[entry.index]
        blocks = component.horizontal * component.vertical if len(scan.components) > 1 else 1
        block_dc += [entry.dc_table] * blocks
        block_ac += [4 + entry.ac_table] * blocks
        block_component += [entry.index] * blocks
        table = header.quant_tables.get(component.quant_table)
        if table is not None and table.steps[0] > 0:
            limits[entry.index] = int(_SLACK * _LARGEST_LEVEL / table.steps[0]) + 2
    mcus, columns = frame.mcu_count, frame.mcu_columns
    if len(scan.components) == 1:
        component = frame.components[scan.components[0].index]
        columns = _blocks(frame.width, component.horizontal, frame.max_horizontal)
        mcus = columns * _blocks(frame.height, component.vertical, frame.max_vertical)
    codes, joined = lookups_of(header)
    return Coding(
        mcus,
        columns,
        header.restart_interval,
        np.array(block_dc),
        np.array(block_ac),
        np.array(block_component),
        limits,
        codes,
        joined,
    )


def check_scan(data: bytes, header: JpegHeader, coding: Coding) -> Check:
    """Decode the scan that begins at the header's `entropy_start` up to its first flaw."""
    from carving.jpeg.coding_kernels import COUNT, ENDED, MARKER, MCU, POSITION, REACHED, WHOLE

    state = first_state(header.scan.entropy_start, len(data))
    result = walk(np.frombuffer(data, dtype=np.uint8), state, len(data), coding)
    position = int(state[POSITION])
    if result == WHOLE:
        end = behind_eoi(data, position if state[MARKER] >= 0 else position - int(state[COUNT]) // 8)
        if end is not None:
            return Check(coding.mcus, coding.mcus, end, end, whole=True)
    reached = position if result == WHOLE else int(state[REACHED])
    return Check(coding.mcus, int(state[MCU]), position - int(state[COUNT]) // 8, reached, open=result == ENDED)


def first_state(start: int, stop: int, target: int = -1) -> NDArray[np.int64]:
    """The kernel's state at the beginning of a scan whose data break off at `stop` and go on at `target`."""
    from carving.jpeg.coding_kernels import BARRIER, MARKER, NONE, POSITION, STATE_SIZE, TARGET

    state = np.zeros(STATE_SIZE, dtype=np.int64)
    state[POSITION], state[BARRIER], state[TARGET], state[MARKER] = start, stop, target, NONE
    return state


def walk(
    data: NDArray[np.uint8],
    state: NDArray[np.int64],
    stop: int,
    coding: Coding,
    levels: NDArray[np.int64] | None = None,
) -> int:
    """`coding_kernels.walk_mcus` with the parameters of a coding."""
    from carving.jpeg.coding_kernels import walk_mcus

    return int(
        walk_mcus(
            data,
            state,
            stop,
            coding.mcus,
            coding.restart_interval,
            coding.block_dc,
            coding.block_ac,
            coding.block_component,
            coding.dc_limits,
            coding.codes.ravel(),
            coding.joined.ravel(),
            np.zeros(0, dtype=np.int64) if levels is None else levels,
        )
    )


def behind_eoi(data: bytes, position: int) -> int | None:
    """The offset behind the EOI that ends the scan at `position`; None where there is none."""
    while data[position : position + 2] == b"\xff\xff":
        position += 1
    following = data[position : position + 2]
    if len(following) == 2 and following[0] == 0xFF and RST0 <= following[1] <= RST7:
        position += 2  # a marker behind the last interval, as some encoders write it
    if data[position : position + 2] == bytes((0xFF, EOI)):
        return position + 2
    found = data.find(bytes((0xFF, EOI)), position, position + _TRAILING)
    return None if found < 0 else found + 2


def _blocks(size: int, sampling: int, largest: int) -> int:
    """Blocks along one side of a component that a scan of its own codes (T.81 A.2.2)."""
    samples = -(-size * sampling // largest)
    return -(-samples // 8)


def lookups_of(header: JpegHeader) -> tuple[NDArray[np.uint16], NDArray[np.uint16]]:
    """What each 16 bits ahead mean, uint16 (8, 65536), DC tables in rows 0 to 3 and AC tables in rows 4 to 7: code
    length << 8 | symbol, 0 where that is no code. And the AC codes joined (see `coding_kernels.join_codes`)."""
    slots = range(4)
    return _lookups(
        tuple(header.dc_tables.get(slot) for slot in slots), tuple(header.ac_tables.get(slot) for slot in slots)
    )


@lru_cache(maxsize=64)
def _lookups(
    dc_tables: tuple[HuffmanTable | None, ...], ac_tables: tuple[HuffmanTable | None, ...]
) -> tuple[NDArray[np.uint16], NDArray[np.uint16]]:
    from carving.jpeg.coding_kernels import AHEAD, join_codes

    codes = np.zeros((8, 1 << 16), dtype=np.uint16)
    joined = np.zeros((8, 1 << AHEAD), dtype=np.uint16)
    for row, table in enumerate((*dc_tables, *ac_tables)):
        if table is None:
            continue
        lengths = np.repeat(np.arange(1, 17), table.counts)
        entries = (lengths << 8 | np.frombuffer(table.symbols, dtype=np.uint8)[: lengths.size]).astype(np.uint16)
        filled = np.repeat(entries, 1 << (16 - lengths))
        codes[row, : filled.size] = filled
        if row >= 4:
            join_codes(codes[row], joined[row])
    return codes, joined
