"""Make a decodable JPEG of entropy-coded data that have lost their header, with the tables of another file.

Most cameras write one set of Huffman tables for ever, and few frame sizes (H. Sencar and N. Memon, "Identification and
recovery of JPEG files with missing fragments", DFRWS 2009, where the idea comes from). The first MCU that begins inside
the data is found by trying every bit; of the widths that files with these tables have, that is taken at which rows
follow rows most smoothly; and empty MCUs are put before so that the last one stands in the corner where pictures end.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from carving.fragments import Borrowed
from carving.jpeg.coding import Coding, coding_of, first_state, walk
from carving.jpeg.markers import DHT, DQT, SOI, SOS, JpegHeader, read_header
from carving.jpeg.structure import SOF0, SOF1
from carving.jpeg.tables import HuffmanTable

_STARTS: Final = 8 * 128
"""Bits of a stretch at which a first MCU is looked for."""
_ENOUGH: Final = 400
_FEWEST: Final = 60
"""MCUs in a row without a flaw that make tables believed; noise and wrong tables give a few."""
_SHARE: Final = 0.6
"""Share of the stretch that they must cover, too."""
_NO_LIMIT: Final = 1 << 40


@dataclass(frozen=True, eq=False)
class Sibling:
    """A file whose tables and frame are lent: where it was found, and its header without application segments."""

    offset: int
    header: bytes
    parsed: JpegHeader
    coding: Coding

    @property
    def tables(self) -> bytes:
        """A digest of what decides how its data are coded."""
        parts = (
            self.parsed.dc_tables,
            self.parsed.ac_tables,
            self.parsed.frame.components,
            self.parsed.scan.components,
        )
        return hashlib.blake2b(repr(parts).encode(), digest_size=16).digest()


def jpeg_of(data: bytes, borrowed: Borrowed) -> bytes:
    """A JPEG of headerless data and the header lent to them."""
    header = read_header(bytes.fromhex(borrowed.header))
    sound = data[borrowed.bit // 8 : borrowed.end].replace(b"\xff\x00", b"\xff")
    stored = np.unpackbits(np.frombuffer(sound, dtype=np.uint8))[borrowed.bit % 8 :]
    bits = np.concatenate((np.tile(_empty_mcu(header), borrowed.empty), stored))
    padded = np.concatenate((bits, np.ones(-bits.size % 8, dtype=np.uint8)))
    entropy = np.packbits(padded).tobytes().replace(b"\xff", b"\xff\x00")
    return bytes.fromhex(borrowed.header) + entropy + b"\xff\xd9"


def sibling_of(jpeg: bytes, header: JpegHeader, offset: int) -> Sibling | None:
    """What a whole file with that header can lend; None where it is not one baseline scan without restart intervals."""
    coding = coding_of(header)
    if coding is None or header.restart_interval or len(header.scan.components) < len(header.frame.components):
        return None
    kept = [
        jpeg[segment.offset : segment.end]
        for segment in header.segments
        if segment.marker in (SOI, DQT, DHT, SOF0, SOF1, SOS)
    ]
    return Sibling(offset, b"".join(kept), header, coding)


def borrow(data: bytes, families: list[list[Sibling]]) -> Borrowed | None:
    """The tables that decode a headerless stretch furthest, put to use; None where none does for long.

    Args:
        data: entropy-coded bytes without restart markers.
        families: files with the same tables together, of different widths.
    """
    from carving.carver.borrowing_kernels import best_start

    array = np.frombuffer(data, dtype=np.uint8)
    best: tuple[int, int, int, list[Sibling]] | None = None
    for family in families:
        coding = family[0].coding
        bit, mcus, end = best_start(
            array,
            min(_STARTS, 8 * array.size),
            _ENOUGH,
            _NO_LIMIT,
            coding.block_dc,
            coding.block_ac,
            coding.block_component,
            np.full(4, _NO_LIMIT, dtype=np.int64),
            coding.codes.ravel(),
            coding.joined.ravel(),
        )
        if mcus >= _FEWEST and end >= _SHARE * len(data) and (best is None or end > best[2]):
            best = int(bit), int(mcus), int(end), family
    if best is None:
        return None
    bit, mcus, end, family = best
    sibling = _fitting(family, array[: end + 8], bit, mcus)
    frame = sibling.parsed.frame
    empty = -mcus % frame.mcu_columns
    height = min(0xFFFF, (empty + mcus) // frame.mcu_columns * frame.mcu_height)
    return Borrowed(_with_height(sibling, height).hex(), bit, end, mcus, empty, sibling.offset)


def _fitting(family: list[Sibling], data: NDArray[np.uint8], bit: int, mcus: int) -> Sibling:
    """The one of the family at whose width rows follow rows most smoothly."""
    from carving.jpeg.coding_kernels import BUFFER, COUNT

    levels = np.zeros(mcus, dtype=np.int64)
    state = first_state(bit // 8 + 1, data.size)
    state[COUNT] = 8 - bit % 8
    state[BUFFER] = np.array(int(data[bit // 8]) << (56 + bit % 8) & 0xFFFFFFFFFFFFFFFF, dtype=np.uint64).view(np.int64)
    coding = replace(family[0].coding, mcus=mcus, restart_interval=0, dc_limits=np.full(4, _NO_LIMIT, dtype=np.int64))
    walk(data, state, data.size, coding, levels)

    def step(sibling: Sibling) -> float:
        columns = sibling.coding.columns
        return float(np.mean(np.abs(levels[columns:] - levels[:-columns]))) if mcus > 2 * columns else np.inf

    return min(family, key=step)


def _with_height(sibling: Sibling, height: int) -> bytes:
    position = 2
    header = bytearray(sibling.header)
    while header[position + 1] not in (SOF0, SOF1):
        position += 2 + int.from_bytes(header[position + 2 : position + 4], "big")
    header[position + 5 : position + 7] = height.to_bytes(2, "big")
    return bytes(header)


def _empty_mcu(header: JpegHeader) -> NDArray[np.uint8]:
    """The bits of an MCU whose blocks repeat the DC value before them and have no detail."""
    bits: list[int] = []
    for entry in header.scan.components:
        component = header.frame.components[entry.index]
        block = _code(header.dc_tables[entry.dc_table], 0) + _code(header.ac_tables[entry.ac_table], 0)
        bits += block * (component.horizontal * component.vertical)
    return np.array(bits, dtype=np.uint8)


def _code(table: HuffmanTable, wanted: int) -> list[int]:
    """The bits of a symbol's code; none where the table lacks it."""
    for code, length, symbol in table.codes:
        if symbol == wanted:
            return [code >> shift & 1 for shift in range(length - 1, -1, -1)]
    return []
