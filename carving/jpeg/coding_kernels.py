"""The hot loops of checking entropy-coded data: codes are stepped over, only DC values are rebuilt, no pixel is made.

Several AC codes are answered by one look-up, as most are far shorter than the bits it sees; the bit buffer takes eight
bytes at a time where they hold no FF (both after ideas of libjpeg-turbo's decoder).
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from carving.support.compiled import kernel

AHEAD: Final = 12
"""Bits that one look-up of AC codes sees."""
END_OF_BLOCK: Final = 1 << 15
"""Entry flag: the last code of the entry ends the block."""
POSITION, BUFFER, COUNT, MARKER, BARRIER, TARGET, MCU, PASSED, REACHED, PREDICTORS, STATE_SIZE = (
    0,
    1,
    2,
    3,
    4,
    5,
    6,
    7,
    8,
    9,
    13,
)
"""Fields of the state: next byte to load, bit buffer (from the top), bits in it, the marker that stands at the next
byte (`NONE` if it has not been seen, `END` if the data end there), where the data break off, where they go on behind
that (-1: nowhere), MCUs done, restart markers passed, the byte at which an MCU failed, four DC predictors."""
NONE: Final = -1
END: Final = 256
WHOLE: Final = 0
"""All MCUs decoded."""
FLAWED: Final = 1
"""A code that cannot be: none of the table's, too many coefficients, or an amplitude or DC beyond 8-bit pictures."""
MARKED: Final = 2
"""A marker stands where an MCU should go on, or another byte where a marker should stand."""
ENDED: Final = 3
"""The data end inside an MCU."""
_LARGEST_AC: Final = 10
_LARGEST_DC: Final = 11
_SHIFT: Final = 64 - AHEAD
_ONES: Final = np.uint64(0x0101010101010101)
_TOPS: Final = np.uint64(0x8080808080808080)


@kernel(nogil=True)
def join_codes(codes: NDArray[np.uint16], joined: NDArray[np.uint16]) -> None:
    """Fill a table that answers `AHEAD` bits with all the AC codes, amplitudes included, that lie in them whole.

    Args:
        codes: uint16 (65536,) code length << 8 | symbol for every 16 bits ahead, 0 where no code matches.
        joined: uint16 (1 << AHEAD,) receives bits used | coefficients stepped over << 5 | `END_OF_BLOCK`; 0 where the
            first code does not fit or cannot be.
    """
    for ahead in range(joined.size):
        used = 0
        steps = 0
        flag = 0
        while True:
            entry = np.int64(codes[((ahead << used) & ((1 << AHEAD) - 1)) << (16 - AHEAD)])
            length, size, run = entry >> 8, entry & 15, (entry & 0xFF) >> 4
            if entry == 0 or used + length + size > AHEAD or size > _LARGEST_AC:
                break
            if size == 0 and run == 0:
                used += length
                flag = END_OF_BLOCK
                break
            if size == 0 and run != 15:
                break
            if steps + run + 1 > 63:
                break
            used += length + size
            steps += run + 1
        joined[ahead] = used | steps << 5 | flag if used else 0


@kernel(nogil=True, error_model="numpy")
def walk_mcus(
    data: NDArray[np.uint8],
    state: NDArray[np.int64],
    stop: int,
    mcus: int,
    restart_interval: int,
    block_dc: NDArray[np.int64],
    block_ac: NDArray[np.int64],
    block_component: NDArray[np.int64],
    dc_limits: NDArray[np.int64],
    codes: NDArray[np.uint16],
    joined: NDArray[np.uint16],
    levels: NDArray[np.int64],
) -> int:
    """Step over the MCUs of a sequential scan from `state` on; how that ended: `WHOLE`, `FLAWED`, `MARKED`, `ENDED`.

    Args:
        data: stuffed bytes as they lie in the file, and whatever follows.
        state: (STATE_SIZE,) where to begin; receives the state before the first MCU that did not decode, or behind the
            last. Behind `state[BARRIER]` the data go on at `state[TARGET]`, so that two stretches are read as one.
        stop: offset behind the last byte that may be read.
        mcus: number of MCUs of the scan.
        restart_interval: MCUs between restart markers, 0 for none.
        block_dc, block_ac, block_component: for each block of an MCU its row of `codes` for DC and for AC (of `joined`
            too), and its component.
        dc_limits: (4,) largest absolute DC value of each component.
        codes: uint16 (rows * 65536,), code length << 8 | symbol, 0 where no code matches.
        joined: uint16 (rows << AHEAD,), as `join_codes` fills them.
        levels: where it has room for them, receives the DC value of each MCU's first component.
    """
    position, buffer, count, marker = state[POSITION], np.uint64(state[BUFFER]), state[COUNT], state[MARKER]
    barrier, target = state[BARRIER], state[TARGET]
    if position >= barrier and target >= 0:
        position, barrier, target = target, np.int64(stop), np.int64(-1)
    predictors = np.zeros(4, dtype=np.int64)
    for mcu in range(state[MCU], mcus):
        if restart_interval > 0 and mcu // restart_interval > state[PASSED] and mcu % restart_interval == 0:
            if marker == NONE:
                position, buffer, count, marker, barrier, target = _load(
                    data, position, buffer, count, barrier, target, stop
                )
            if marker != 0xD0 + (state[PASSED] & 7) or count >= 8:
                _keep(state, position, buffer, count, marker, barrier, target, mcu)
                state[REACHED] = position - (count >> 3)
                return ENDED if marker == END else MARKED
            for _ in range(2):
                position, barrier, target = _next(position, barrier, target, stop)
            buffer, count, marker = np.uint64(0), np.int64(0), np.int64(NONE)
            state[PASSED] += 1
            state[PREDICTORS:] = 0
        _keep(state, position, buffer, count, marker, barrier, target, mcu)
        for component in range(4):
            predictors[component] = state[PREDICTORS + component]
        for block in range(block_dc.size):
            if count < 32 and marker == NONE:
                position, buffer, count, marker, barrier, target = _load(
                    data, position, buffer, count, barrier, target, stop
                )
            entry = np.int64(codes[(np.uint64(block_dc[block]) << np.uint64(16)) + (buffer >> np.uint64(48))])
            length, size = entry >> 8, entry & 0xFF
            if entry == 0 or size > _LARGEST_DC:
                return _fail(state, position, count, marker, 16)
            buffer <<= np.uint64(length)
            if size > 0:
                raw = np.int64(buffer >> np.uint64(64 - size))
                if raw >> (size - 1) == 0:
                    raw += 1 - (1 << size)
                predictors[block_component[block]] += raw
                buffer <<= np.uint64(size)
            count -= length + size
            row = np.uint64(block_ac[block])
            joined_row, codes_row = row << np.uint64(AHEAD), row << np.uint64(16)
            index = np.int64(1)
            while index < 64:
                if count < 32 and marker == NONE:
                    position, buffer, count, marker, barrier, target = _load(
                        data, position, buffer, count, barrier, target, stop
                    )
                entry = np.int64(joined[joined_row + (buffer >> np.uint64(_SHIFT))])
                steps = (entry >> 5) & 127
                if entry != 0 and index + steps < 64:
                    buffer <<= np.uint64(entry & 31)
                    count -= entry & 31
                    index += steps
                    if entry & END_OF_BLOCK:
                        break
                    continue
                entry = np.int64(codes[codes_row + (buffer >> np.uint64(48))])
                length, size, run = entry >> 8, entry & 15, (entry & 0xFF) >> 4
                if entry == 0 or size > _LARGEST_AC or (size == 0 and 0 < run < 15):
                    return _fail(state, position, count, marker, 16)
                buffer <<= np.uint64(length + size)
                count -= length + size
                if size == 0 and run == 0:
                    break
                index += run + 1
            if index > 64 or count < 0:
                return _fail(state, position, count, marker, 0)
        for component in range(4):
            if abs(predictors[component]) > dc_limits[component]:
                return _fail(state, position, count, NONE, 0)
            state[PREDICTORS + component] = predictors[component]
        if mcu < levels.size:
            levels[mcu] = predictors[block_component[0]]
    if marker == NONE:
        position, buffer, count, marker, barrier, target = _load(data, position, buffer, count, barrier, target, stop)
    _keep(state, position, buffer, count, marker, barrier, target, mcus)
    return WHOLE


@kernel(inline="always")
def _keep(
    state: NDArray[np.int64],
    position: int,
    buffer: np.uint64,
    count: int,
    marker: int,
    barrier: int,
    target: int,
    mcu: int,
) -> None:
    state[POSITION], state[BUFFER], state[COUNT], state[MARKER] = position, np.int64(buffer), count, marker
    state[BARRIER], state[TARGET], state[MCU] = barrier, target, mcu


@kernel(inline="always")
def _fail(state: NDArray[np.int64], position: int, count: int, marker: int, needed: int) -> int:
    """Why an MCU did not decode: bits that are not there, of what the data stopped at, or a flaw; and note where."""
    state[REACHED] = position - (max(count, 0) >> 3)
    if count >= needed or marker == NONE:
        return FLAWED
    return ENDED if marker == END else MARKED


@kernel(inline="always")
def _next(position: int, barrier: int, target: int, stop: int) -> tuple[int, int, int]:
    """One byte on, over the gap where it lies there; with the barrier and target that then hold."""
    position += 1
    if position >= barrier and target >= 0:
        return target, np.int64(stop), np.int64(-1)
    return position, np.int64(barrier), np.int64(target)


@kernel(nogil=True)
def _load(
    data: NDArray[np.uint8], position: int, buffer: np.uint64, count: int, barrier: int, target: int, stop: int
) -> tuple[int, np.uint64, int, int, int, int]:
    """Load stuffed bytes until more than 56 bits are there or a marker or the end stops it.

    Returns:
        Position, buffer, count, marker (`NONE`, its second byte, or `END`), barrier, target.
    """
    marker = np.int64(NONE)
    if position + 8 <= barrier:
        word = np.uint64(0)
        for index in range(np.uint64(position), np.uint64(position) + np.uint64(8)):
            word = (word << np.uint64(8)) | np.uint64(data[index])
        if ((~word - _ONES) & word & _TOPS) == np.uint64(0):  # no FF among them
            taken = (64 - count) >> 3
            spare = 64 - count - 8 * taken
            buffer |= ((word >> np.uint64(count)) >> np.uint64(spare)) << np.uint64(spare)
            position, count = position + taken, count + 8 * taken
            if position < barrier or target < 0:
                return position, buffer, count, marker, np.int64(barrier), np.int64(target)
            return np.int64(target), buffer, count, marker, np.int64(stop), np.int64(-1)
    while count <= 56:
        if position >= barrier and target < 0:
            marker = np.int64(END)
            break
        value = np.uint64(data[position])
        if value == np.uint64(0xFF):
            behind, later, further = _next(position, barrier, target, stop)
            if behind >= later and further < 0:
                marker = np.int64(END)
                break
            if data[behind] != 0:
                marker = np.int64(data[behind])
                break
            position, barrier, target = _next(behind, later, further, stop)
        else:
            position, barrier, target = _next(position, barrier, target, stop)
        buffer |= value << np.uint64(56 - count)
        count += 8
    return position, buffer, count, marker, np.int64(barrier), np.int64(target)
