"""Marker segments of a JPEG (ITU-T T.81, annex B) read into one immutable header per scan.

Every length and dimension here comes from evidence and may lie; whatever contradicts itself raises
`JpegStructureError`,
whatever is well-formed but of a kind that is not decoded here raises `UnsupportedJpegError`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Final

from carving.errors import JpegStructureError, UnsupportedJpegError
from carving.jpeg.tables import HuffmanTable, QuantTable

TEM: Final = 0x01
SOF0: Final = 0xC0
SOF1: Final = 0xC1
SOF2: Final = 0xC2
DHT: Final = 0xC4
RST0: Final = 0xD0
RST7: Final = 0xD7
SOI: Final = 0xD8
EOI: Final = 0xD9
SOS: Final = 0xDA
DQT: Final = 0xDB
DNL: Final = 0xDC
DRI: Final = 0xDD
APP0: Final = 0xE0
APP1: Final = 0xE1
APP14: Final = 0xEE
COM: Final = 0xFE

MAX_PIXELS: Final = 400_000_000
"""Largest picture that is decoded; a larger one is a lie or needs another tool."""

_SOF_KINDS: Final = MappingProxyType(
    {
        0xC3: "lossless",
        0xC5: "differential sequential",
        0xC6: "differential progressive",
        0xC7: "differential lossless",
        0xC9: "arithmetic-coded sequential",
        0xCA: "arithmetic-coded progressive",
        0xCB: "arithmetic-coded lossless",
        0xCD: "arithmetic-coded differential sequential",
        0xCE: "arithmetic-coded differential progressive",
        0xCF: "arithmetic-coded differential lossless",
        0xF7: "JPEG-LS",
    }
)


@dataclass(frozen=True, slots=True)
class Segment:
    """One marker segment: `offset` of its 0xFF, `length` in bytes with the marker; the payload follows the length
    field."""

    marker: int
    offset: int
    length: int

    @property
    def end(self) -> int:
        return self.offset + self.length

    def payload(self, data: bytes) -> bytes:
        return data[self.offset + 4 : self.end]


@dataclass(frozen=True, slots=True)
class Component:
    """One colour component of a frame: sampling factors 1..4 and the quantisation table it names."""

    identifier: int
    horizontal: int
    vertical: int
    quant_table: int


@dataclass(frozen=True)
class Frame:
    """A frame header (SOF0, SOF1 or SOF2) with 8-bit samples."""

    marker: int
    width: int
    height: int
    components: tuple[Component, ...]

    @property
    def progressive(self) -> bool:
        return self.marker == SOF2

    @property
    def max_horizontal(self) -> int:
        return max(component.horizontal for component in self.components)

    @property
    def max_vertical(self) -> int:
        return max(component.vertical for component in self.components)

    @property
    def mcu_width(self) -> int:
        """Width of an interleaved MCU in pixels."""
        return 8 * self.max_horizontal

    @property
    def mcu_height(self) -> int:
        """Height of an interleaved MCU in pixels."""
        return 8 * self.max_vertical

    @property
    def mcu_columns(self) -> int:
        return -(-self.width // self.mcu_width)

    @property
    def mcu_rows(self) -> int:
        return -(-self.height // self.mcu_height)

    @property
    def mcu_count(self) -> int:
        return self.mcu_columns * self.mcu_rows

    @property
    def blocks_per_mcu(self) -> int:
        return sum(component.horizontal * component.vertical for component in self.components)


@dataclass(frozen=True, slots=True)
class ScanComponent:
    """A component as a scan names it: its index in the frame and its Huffman table slots."""

    index: int
    dc_table: int
    ac_table: int


@dataclass(frozen=True, slots=True)
class Scan:
    """A scan header (SOS); `entropy_start` is the offset of the first entropy-coded byte."""

    components: tuple[ScanComponent, ...]
    spectral_start: int
    spectral_end: int
    approximation_high: int
    approximation_low: int
    entropy_start: int


@dataclass(frozen=True)
class JpegHeader:
    """Everything known at the start of a scan: the frame, this scan, and the tables then in force."""

    frame: Frame
    scan: Scan
    quant_tables: dict[int, QuantTable] = field(default_factory=dict)
    dc_tables: dict[int, HuffmanTable] = field(default_factory=dict)
    ac_tables: dict[int, HuffmanTable] = field(default_factory=dict)
    restart_interval: int = 0
    adobe_transform: int | None = None
    has_jfif: bool = False
    segments: tuple[Segment, ...] = ()


@dataclass(frozen=True)
class _Tables:
    """What marker segments have said so far."""

    frame: Frame | None = None
    quant_tables: dict[int, QuantTable] = field(default_factory=dict)
    dc_tables: dict[int, HuffmanTable] = field(default_factory=dict)
    ac_tables: dict[int, HuffmanTable] = field(default_factory=dict)
    restart_interval: int = 0
    adobe_transform: int | None = None
    has_jfif: bool = False


def segments(data: bytes, position: int = 0) -> Iterator[Segment]:
    """Walk the marker segments from `position` up to and including the first SOS or EOI.

    `position` must be at a marker (or at fill bytes before one). Stand-alone markers have length 2.

    Raises:
        JpegStructureError: a marker is missing where one must be, or a segment runs past the end.
    """
    while True:
        if position >= len(data) or data[position] != 0xFF:
            raise JpegStructureError(f"no marker at byte {position}; the header is damaged or truncated there")
        while position + 1 < len(data) and data[position + 1] == 0xFF:
            position += 1
        if position + 1 >= len(data):
            raise JpegStructureError(f"the data ends inside a marker at byte {position}")
        marker = data[position + 1]
        if marker in (SOI, EOI, TEM) or RST0 <= marker <= RST7:
            yield Segment(marker, position, 2)
            if marker == EOI:
                return
            position += 2
            continue
        if marker == 0x00:
            raise JpegStructureError(f"stuffed byte instead of a marker at byte {position}")
        if position + 4 > len(data):
            raise JpegStructureError(f"segment 0x{marker:02x} at byte {position} is cut off")
        length = int.from_bytes(data[position + 2 : position + 4], "big")
        if length < 2 or position + 2 + length > len(data):
            raise JpegStructureError(
                f"segment 0x{marker:02x} at byte {position} claims {length} bytes, which do not fit"
            )
        yield Segment(marker, position, length + 2)
        if marker == SOS:
            return
        position += 2 + length


def read_header(data: bytes, position: int = 0, previous: JpegHeader | None = None) -> JpegHeader:
    """Read marker segments from `position` up to the next scan.

    Args:
        data: a whole JPEG, or its beginning.
        position: offset of SOI, or of the first marker after an earlier scan.
        previous: the header of that earlier scan, whose frame and tables stay in force.

    Raises:
        JpegStructureError: no SOI, no frame, no scan, a damaged segment.
        UnsupportedJpegError: arithmetic, lossless, hierarchical, 12-bit, JPEG-LS.
    """
    if previous is None:
        if data[position : position + 2] != b"\xff\xd8":
            raise JpegStructureError("not a JPEG: the data do not begin with FF D8")
        tables = _Tables()
    else:
        tables = _Tables(
            previous.frame,
            previous.quant_tables,
            previous.dc_tables,
            previous.ac_tables,
            previous.restart_interval,
            previous.adobe_transform,
            previous.has_jfif,
        )
    seen: list[Segment] = [] if previous is None else list(previous.segments)
    for segment in segments(data, position):
        seen.append(segment)
        if segment.marker == EOI:
            raise JpegStructureError("no scan: the picture ends before its first SOS marker")
        if segment.marker == SOS:
            return _header(tables, _read_scan(segment, data, tables.frame), tuple(seen))
        tables = _apply(tables, segment, data)
    raise JpegStructureError("no scan: the header ends without an SOS marker")


def _header(tables: _Tables, scan: Scan, seen: tuple[Segment, ...]) -> JpegHeader:
    assert tables.frame is not None  # _read_scan raised otherwise
    return JpegHeader(
        tables.frame,
        scan,
        tables.quant_tables,
        tables.dc_tables,
        tables.ac_tables,
        tables.restart_interval,
        tables.adobe_transform,
        tables.has_jfif,
        seen,
    )


def _apply(tables: _Tables, segment: Segment, data: bytes) -> _Tables:
    payload = segment.payload(data)
    if segment.marker in (SOF0, SOF1, SOF2):
        if tables.frame is not None:
            raise JpegStructureError(f"a second frame header at byte {segment.offset}")
        return replace(tables, frame=_read_frame(segment, payload))
    if segment.marker in _SOF_KINDS:
        raise UnsupportedJpegError(
            f"{_SOF_KINDS[segment.marker]} JPEG (marker 0x{segment.marker:02x}) is not supported"
        )
    if segment.marker == DQT:
        return replace(tables, quant_tables=tables.quant_tables | _read_quant_tables(segment, payload))
    if segment.marker == DHT:
        dc_tables, ac_tables = _read_huffman_tables(segment, payload)
        return replace(tables, dc_tables=tables.dc_tables | dc_tables, ac_tables=tables.ac_tables | ac_tables)
    if segment.marker == DRI:
        if len(payload) < 2:
            raise JpegStructureError(f"the restart interval at byte {segment.offset} is cut off")
        return replace(tables, restart_interval=int.from_bytes(payload[:2], "big"))
    if segment.marker == APP0 and payload[:5] == b"JFIF\0":
        return replace(tables, has_jfif=True)
    if segment.marker == APP14 and payload[:5] == b"Adobe" and len(payload) >= 12:
        return replace(tables, adobe_transform=payload[11])
    return tables


def _read_frame(segment: Segment, payload: bytes) -> Frame:
    where = f"frame header at byte {segment.offset}"
    if len(payload) < 6 or len(payload) < 6 + 3 * payload[5]:
        raise JpegStructureError(f"the {where} is cut off")
    precision, count = payload[0], payload[5]
    height, width = int.from_bytes(payload[1:3], "big"), int.from_bytes(payload[3:5], "big")
    if precision != 8:
        raise UnsupportedJpegError(f"{precision}-bit samples are not supported ({where}); only 8-bit ones are")
    if width == 0 or height == 0:
        raise JpegStructureError(f"the {where} gives a picture of {width}×{height} pixels")
    if width * height > MAX_PIXELS:
        raise JpegStructureError(f"the {where} claims {width}×{height} pixels, over the limit of {MAX_PIXELS}")
    if count not in (1, 3, 4):
        raise UnsupportedJpegError(f"{count} colour components are not supported ({where}); 1, 3 and 4 are")
    components = []
    for index in range(count):
        identifier, sampling, quant_table = payload[6 + 3 * index : 9 + 3 * index]
        horizontal, vertical = sampling >> 4, sampling & 15
        if not (1 <= horizontal <= 4 and 1 <= vertical <= 4 and quant_table <= 3):
            raise JpegStructureError(f"component {index} of the {where} has impossible parameters")
        components.append(Component(identifier, horizontal, vertical, quant_table))
    if len({component.identifier for component in components}) != count:
        raise JpegStructureError(f"the {where} names one component twice")
    if count == 1:  # a lone component is coded block by block, whatever its sampling factors say (T.81 A.2.2)
        components = [replace(components[0], horizontal=1, vertical=1)]
    frame = Frame(segment.marker, width, height, tuple(components))
    if count > 1 and frame.blocks_per_mcu > 10 and not frame.progressive:
        raise JpegStructureError(f"the {where} puts {frame.blocks_per_mcu} blocks into an MCU; 10 are allowed")
    return frame


def _read_quant_tables(segment: Segment, payload: bytes) -> dict[int, QuantTable]:
    tables: dict[int, QuantTable] = {}
    position = 0
    while position < len(payload):
        wide, slot = bool(payload[position] >> 4), payload[position] & 15
        size = 128 if wide else 64
        raw = payload[position + 1 : position + 1 + size]
        if len(raw) < size or slot > 3:
            raise JpegStructureError(f"a quantisation table at byte {segment.offset} is damaged")
        step = 2 if wide else 1
        tables[slot] = QuantTable(
            tuple(int.from_bytes(raw[index : index + step], "big") for index in range(0, size, step)), wide
        )
        position += 1 + size
    return tables


def _read_huffman_tables(segment: Segment, payload: bytes) -> tuple[dict[int, HuffmanTable], dict[int, HuffmanTable]]:
    dc_tables: dict[int, HuffmanTable] = {}
    ac_tables: dict[int, HuffmanTable] = {}
    position = 0
    while position < len(payload):
        kind, slot = payload[position] >> 4, payload[position] & 15
        counts = payload[position + 1 : position + 17]
        total = sum(counts)
        symbols = payload[position + 17 : position + 17 + total]
        if len(counts) < 16 or len(symbols) < total or total > 256 or kind > 1 or slot > 3:
            raise JpegStructureError(f"a Huffman table at byte {segment.offset} is damaged")
        table = HuffmanTable(tuple(counts), bytes(symbols))
        if not table.is_prefix_code:
            raise JpegStructureError(f"a Huffman table at byte {segment.offset} has more codes than fit")
        (ac_tables if kind else dc_tables)[slot] = table
        position += 17 + total
    return dc_tables, ac_tables


def _read_scan(segment: Segment, data: bytes, frame: Frame | None) -> Scan:
    where = f"scan header at byte {segment.offset}"
    if frame is None:
        raise JpegStructureError(f"the {where} comes before any frame header (no SOF)")
    payload = segment.payload(data)
    if not payload or len(payload) < 4 + 2 * payload[0]:
        raise JpegStructureError(f"the {where} is cut off")
    count = payload[0]
    if not 1 <= count <= len(frame.components):
        raise JpegStructureError(f"the {where} names {count} components")
    identifiers = [component.identifier for component in frame.components]
    components = []
    for index in range(count):
        identifier, selectors = payload[1 + 2 * index], payload[2 + 2 * index]
        if identifier not in identifiers or selectors >> 4 > 3 or selectors & 15 > 3:
            raise JpegStructureError(f"the {where} names a component or table that cannot be")
        components.append(ScanComponent(identifiers.index(identifier), selectors >> 4, selectors & 15))
    if len({component.index for component in components}) != count:
        raise JpegStructureError(f"the {where} names one component twice")
    start, end, approximation = payload[1 + 2 * count : 4 + 2 * count]
    if frame.progressive and (start > end or end > 63 or (start == 0) != (end == 0) or (start and count > 1)):
        raise JpegStructureError(f"the {where} gives an impossible spectral selection {start}..{end}")
    return Scan(tuple(components), start, end, approximation >> 4, approximation & 15, segment.end)
