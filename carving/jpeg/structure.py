"""The parts of a JPEG's structure (ITU-T T.81, annex B) as values: marker codes, segments, frame, scan, header."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

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


@dataclass(frozen=True, slots=True)
class MarkerSegment:
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
class ScanHeader:
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
    scan: ScanHeader
    quant_tables: dict[int, QuantTable] = field(default_factory=dict)
    dc_tables: dict[int, HuffmanTable] = field(default_factory=dict)
    ac_tables: dict[int, HuffmanTable] = field(default_factory=dict)
    restart_interval: int = 0
    adobe_transform: int | None = None
    has_jfif: bool = False
    segments: tuple[MarkerSegment, ...] = ()

    @property
    def interleaved(self) -> bool:
        """Whether the picture is one sequential scan of all components, so that it is a sequence of MCUs."""
        return not self.frame.progressive and len(self.scan.components) == len(self.frame.components)
