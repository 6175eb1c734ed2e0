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
from carving.jpeg.exif_claims import exif_claims
from carving.jpeg.markers import DHT, DQT, DRI, RST0, SOI, SOS, JpegHeader, read_header
from carving.jpeg.structure import SOF0, SOF1
from carving.jpeg.tables import HuffmanTable

STARTS: Final = 8 * 128
"""Bits of a stretch at which a first MCU is looked for."""
_ENOUGH: Final = 400
_FEWEST: Final = 60
"""MCUs in a row without a flaw that make tables believed; noise and wrong tables give a few."""
_SHARE: Final = 0.6
"""Share of the stretch that they must cover, too."""
_MOST_NOISE: Final = 128
"""MCUs at the beginning that may be noise."""
_OFF: Final = 3.0
"""Times the usual step to the row below from which on an MCU counts as noise; others count against it."""
_MOST_OFF: Final = 8.0
_NO_LIMIT: Final = 1 << 40


@dataclass(frozen=True, eq=False)
class Sibling:
    """A file whose tables and frame are lent.

    Attributes:
        offset: where it was found.
        header: its header without application segments.
        parsed: the same, read.
        coding: of its scan.
        camera: make and model of the camera, as its Exif claims; nothing where it claims none.
        named: what it is called, where that says more than the offset.
    """

    offset: int
    header: bytes
    parsed: JpegHeader
    coding: Coding
    camera: str = ""
    named: str | None = None

    @property
    def interval_coding(self) -> Coding:
        """Of one restart interval."""
        return replace(self.coding, mcus=self.parsed.restart_interval, restart_interval=0)

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
    if header.restart_interval:
        return bytes.fromhex(borrowed.header) + _with_empty_intervals(data, borrowed, header) + b"\xff\xd9"
    sound = data[borrowed.bit // 8 : borrowed.end].replace(b"\xff\x00", b"\xff")
    stored = np.unpackbits(np.frombuffer(sound, dtype=np.uint8))[borrowed.bit % 8 :]
    bits = np.concatenate((np.tile(_empty_mcu(header), borrowed.empty), stored))
    padded = np.concatenate((bits, np.ones(-bits.size % 8, dtype=np.uint8)))
    entropy = np.packbits(padded).tobytes().replace(b"\xff", b"\xff\x00")
    return bytes.fromhex(borrowed.header) + entropy + b"\xff\xd9"


def _with_empty_intervals(data: bytes, borrowed: Borrowed, header: JpegHeader) -> bytes:
    """Data that begin at a restart interval, with empty ones in front."""
    bits = np.tile(_empty_mcu(header), header.restart_interval)
    padded = np.concatenate((bits, np.ones(-bits.size % 8, dtype=np.uint8)))
    empty = np.packbits(padded).tobytes().replace(b"\xff", b"\xff\x00")
    count = borrowed.empty // header.restart_interval
    filled = b"".join(empty + bytes((0xFF, RST0 + number % 8)) for number in range(count))
    return filled + data[borrowed.bit // 8 : borrowed.end]


def sibling_of(jpeg: bytes, header: JpegHeader, offset: int, named: str | None = None) -> Sibling | None:
    """What a file with that header can lend; None where it is not one baseline scan."""
    coding = coding_of(header)
    if coding is None or len(header.scan.components) < len(header.frame.components):
        return None
    kept = [
        jpeg[segment.offset : segment.end]
        for segment in header.segments
        if segment.marker in (SOI, DQT, DHT, SOF0, SOF1, DRI, SOS)
    ]
    claims = exif_claims(jpeg, header.segments)
    camera = " ".join(claims[name] for name in ("make", "model") if name in claims)
    return Sibling(offset, b"".join(kept), header, coding, camera, named)


@dataclass(frozen=True, eq=False, slots=True)
class LentReading:
    """A headerless stretch as the tables of a file read it.

    Attributes:
        sibling: the file, of those with the same tables the one at whose width rows follow rows most smoothly.
        bit: the first bit that begins an MCU.
        mcus: how many follow.
        end: the byte behind them.
        step: how rough the picture is from row to row at its width; infinite where it is too short to tell.
    """

    sibling: Sibling
    bit: int
    mcus: int
    end: int
    step: float

    @property
    def borrowed(self) -> Borrowed:
        """How the stretch is read by it: with empty MCUs in front, so that the last one stands in the corner."""
        frame = self.sibling.parsed.frame
        empty = -self.mcus % frame.mcu_columns
        height = min(0xFFFF, (empty + self.mcus) // frame.mcu_columns * frame.mcu_height)
        header = _with_height(self.sibling, height).hex()
        return Borrowed(header, self.bit, self.end, self.mcus, empty, self.sibling.offset, self.sibling.named)


def read_with(data: bytes, family: list[Sibling], starts: int = STARTS) -> LentReading | None:
    """A headerless stretch as the tables of a family read it; None where they do not for long.

    Args:
        data: entropy-coded bytes without restart markers.
        family: files with the same tables, of different widths.
        starts: bits of the stretch at which a first MCU is looked for.
    """
    from carving.carver.borrowing_kernels import best_start

    array = np.frombuffer(data, dtype=np.uint8)
    coding = family[0].coding
    bit, mcus, end = best_start(
        array,
        min(starts, 8 * array.size),
        _ENOUGH,
        _NO_LIMIT,
        coding.block_dc,
        coding.block_ac,
        coding.block_component,
        np.full(4, _NO_LIMIT, dtype=np.int64),
        coding.codes.ravel(),
        coding.joined.ravel(),
    )
    if mcus < _FEWEST or end < _SHARE * len(data):
        return None
    data_ahead = array[: end + 8]
    step, sibling, levels = _fitting(family, data_ahead, int(bit), int(mcus))
    noise = _leading_noise(levels, sibling.coding.columns)
    first = _behind(data_ahead, int(bit), noise, coding)
    return LentReading(sibling, first, int(mcus) - noise, int(end), step)


def _fitting(
    family: list[Sibling], data: NDArray[np.uint8], bit: int, mcus: int
) -> tuple[float, Sibling, NDArray[np.int64]]:
    """The one of the family at whose width rows follow rows most smoothly, how rough they still are, and the brightness
    of all MCUs."""
    levels = np.zeros(mcus, dtype=np.int64)
    _walk_from(data, bit, mcus, family[0].coding, levels)

    def step(sibling: Sibling) -> float:
        columns = sibling.coding.columns
        return float(np.mean(np.abs(levels[columns:] - levels[:-columns]))) if mcus > 2 * columns else np.inf

    return *min(((step(sibling), sibling) for sibling in family), key=lambda found: found[0]), levels


def _walk_from(
    data: NDArray[np.uint8], bit: int, mcus: int, coding: Coding, levels: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Step over MCUs from a bit on; the state behind them."""
    from carving.jpeg.coding_kernels import BUFFER, COUNT

    state = first_state(bit // 8 + 1, data.size)
    state[COUNT] = 8 - bit % 8
    state[BUFFER] = np.array(int(data[bit // 8]) << (56 + bit % 8) & 0xFFFFFFFFFFFFFFFF, dtype=np.uint64).view(np.int64)
    unlimited = np.full(4, _NO_LIMIT, dtype=np.int64)
    walk(data, state, data.size, replace(coding, mcus=mcus, restart_interval=0, dc_limits=unlimited), levels)
    return state


def _leading_noise(levels: NDArray[np.int64], columns: int) -> int:
    """How many MCUs at the beginning are noise that decodes before codes fall into step: they do not follow the row
    below, while all behind them do."""
    looked = min(_MOST_NOISE, columns, levels.size - columns)
    if looked <= 0 or levels.size < 4 * columns:
        return 0
    steps = np.abs(levels[columns:] - levels[:-columns])
    usual = max(1.0, float(np.mean(steps[looked : looked + 2 * columns])))
    off = np.cumsum(np.minimum(steps[:looked] / usual, _MOST_OFF) - _OFF)
    return int(np.argmax(off)) + 1 if off.max() > 0 else 0


def _behind(data: NDArray[np.uint8], bit: int, mcus: int, coding: Coding) -> int:
    """The bit behind some MCUs."""
    from carving.carver.borrowing_kernels import place_of

    if mcus == 0:
        return bit
    return int(place_of(data, _walk_from(data, bit, mcus, coding, np.zeros(0, dtype=np.int64))))


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
