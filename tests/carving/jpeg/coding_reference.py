"""Stepping over MCUs bit by bit in plain Python, as ITU-T T.81 annex F says: what the compiled walk is held against."""

from __future__ import annotations

from carving.jpeg.coding import Coding
from carving.jpeg.coding_kernels import ENDED, FLAWED, MARKED, WHOLE


class _Stop(Exception):
    """The bits end: at a marker, or where the data do."""


class Bits:
    """The bits of stuffed bytes, one by one."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._position = 0
        self._waiting: list[int] = []

    def marker(self) -> int:
        """The marker at the current position, 256 at the end of the data, -1 where entropy-coded data go on."""
        if self._position >= len(self._data):
            return 256
        if self._data[self._position] != 0xFF:
            return -1
        if self._position + 1 >= len(self._data):
            return 256
        return self._data[self._position + 1] or -1

    def take(self) -> int:
        if not self._waiting:
            if self.marker() >= 0:
                raise _Stop
            byte = self._data[self._position]
            self._position += 2 if byte == 0xFF else 1
            self._waiting = [byte >> shift & 1 for shift in range(7, -1, -1)]
        return self._waiting.pop(0)

    def number(self, size: int) -> int:
        value = 0
        for _ in range(size):
            value = value << 1 | self.take()
        return value

    def pass_marker(self) -> None:
        self._waiting = []
        self._position += 2


class _Flaw(Exception):
    """A code that cannot be."""


def walk_reference(data: bytes, coding: Coding) -> tuple[int, int, list[int]]:
    """How the walk ends, the MCUs before that, and the DC predictors behind them."""
    bits = Bits(data)
    predictors = [0] * 4
    for mcu in range(coding.mcus):
        if coding.restart_interval and mcu and mcu % coding.restart_interval == 0:
            expected = 0xD0 + (mcu // coding.restart_interval - 1) % 8
            if bits.marker() != expected:
                return (ENDED if bits.marker() == 256 else MARKED), mcu, predictors
            bits.pass_marker()
            predictors = [0] * 4
        trial = list(predictors)
        try:
            for dc, ac, component in zip(
                coding.block_dc.tolist(), coding.block_ac.tolist(), coding.block_component.tolist(), strict=True
            ):
                trial[component] += _block(bits, coding, dc, ac)
        except _Flaw:
            return FLAWED, mcu, predictors
        except _Stop:
            return (ENDED if bits.marker() == 256 else MARKED), mcu, predictors
        if any(abs(value) > limit for value, limit in zip(trial, coding.dc_limits.tolist(), strict=True)):
            return FLAWED, mcu, predictors
        predictors = trial
    return WHOLE, coding.mcus, predictors


def _symbol(bits: Bits, coding: Coding, row: int) -> int:
    code = 0
    for length in range(1, 17):
        code = code << 1 | bits.take()
        entry = int(coding.codes[row, code << (16 - length)])
        if entry >> 8 == length:
            return entry & 0xFF
    raise _Flaw


def _block(bits: Bits, coding: Coding, dc: int, ac: int) -> int:
    size = _symbol(bits, coding, dc)
    if size > 11:
        raise _Flaw
    raw = bits.number(size)
    difference = raw if size == 0 or raw >> (size - 1) else raw + 1 - (1 << size)
    index = 1
    while index < 64:
        symbol = _symbol(bits, coding, ac)
        run, size = symbol >> 4, symbol & 15
        if size > 10 or (size == 0 and 0 < run < 15):
            raise _Flaw
        if symbol == 0:
            break
        bits.number(size)
        index += run + 1
    if index > 64:
        raise _Flaw
    return difference
