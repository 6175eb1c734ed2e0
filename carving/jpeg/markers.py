"""Marker segments of a JPEG (ITU-T T.81, annex B) read into one immutable header per scan.

Every length and dimension here comes from evidence and may lie; whatever contradicts itself raises
`JpegStructureError`, whatever is well-formed but of a kind that is not decoded here raises `UnsupportedJpegError`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Final

from carving.errors import HeightUndefinedError, JpegStructureError, UnsupportedJpegError
from carving.jpeg.payloads import MAX_PIXELS, check_size, read_frame, read_huffman_tables, read_quant_tables, read_scan
from carving.jpeg.structure import (
    APP0,
    APP1,
    APP14,
    COM,
    DHT,
    DNL,
    DQT,
    DRI,
    EOI,
    RST0,
    RST7,
    SOF0,
    SOF1,
    SOF2,
    SOI,
    SOS,
    TEM,
    Component,
    Frame,
    JpegHeader,
    MarkerSegment,
    ScanComponent,
    ScanHeader,
)
from carving.jpeg.tables import HuffmanTable, QuantTable

__all__ = [
    "APP0",
    "APP1",
    "APP14",
    "COM",
    "DHT",
    "DNL",
    "DQT",
    "DRI",
    "EOI",
    "MAX_PIXELS",
    "RST0",
    "RST7",
    "SOF0",
    "SOF1",
    "SOF2",
    "SOI",
    "SOS",
    "TEM",
    "Component",
    "Frame",
    "JpegHeader",
    "MarkerSegment",
    "ScanComponent",
    "ScanHeader",
    "assemble_header",
    "read_header",
    "segments",
]

_DNL: Final = bytes((0xFF, DNL, 0, 4))

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


def segments(data: bytes, position: int = 0) -> Iterator[MarkerSegment]:
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
            yield MarkerSegment(marker, position, 2)
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
        yield MarkerSegment(marker, position, length + 2)
        if marker == SOS:
            return
        position += 2 + length


def read_header(
    data: bytes, position: int = 0, previous: JpegHeader | None = None, *, lines: int | None = None
) -> JpegHeader:
    """Read marker segments from `position` up to the next scan.

    Args:
        data: a whole JPEG, or its beginning.
        position: offset of SOI, or of the first marker after an earlier scan.
        previous: the header of that earlier scan, whose frame and tables stay in force.
        lines: height in pixels of a picture whose frame header and DNL segment give none.

    Raises:
        JpegStructureError: no SOI, no frame, no scan, a damaged segment.
        HeightUndefinedError: the frame header leaves the height open, no DNL segment gives it, nor does `lines`.
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
    seen: list[MarkerSegment] = [] if previous is None else list(previous.segments)
    for segment in segments(data, position):
        seen.append(segment)
        if segment.marker == EOI:
            raise JpegStructureError("no scan: the picture ends before its first SOS marker")
        if segment.marker == SOS:
            return _header(tables, segment, data, tuple(seen), lines)
        tables = _apply(tables, segment, data)
    raise JpegStructureError("no scan: the header ends without an SOS marker")


def assemble_header(data: bytes, found: tuple[MarkerSegment, ...], *, lines: int | None = None) -> JpegHeader:
    """The header that the readable ones of these segments make up, the last of them an SOS; `lines` as above.

    Raises:
        JpegStructureError: no frame or no scan among them.
        HeightUndefinedError: as `read_header`.
        UnsupportedJpegError: as `read_header`.
    """
    tables = _Tables()
    for segment in found:
        if segment.marker == SOS:
            return _header(tables, segment, data, found, lines)
        try:
            tables = _apply(tables, segment, data)
        except JpegStructureError:
            continue
    raise JpegStructureError("no scan: the header ends without an SOS marker")


def _header(
    tables: _Tables, scan_segment: MarkerSegment, data: bytes, seen: tuple[MarkerSegment, ...], lines: int | None
) -> JpegHeader:
    scan = read_scan(scan_segment, data, tables.frame)
    frame = tables.frame
    assert frame is not None  # read_scan raised otherwise
    if frame.height == 0:
        height = _number_of_lines(data, scan.entropy_start) or lines
        if height is None:
            raise HeightUndefinedError("neither the frame header nor a DNL segment gives the height of the picture")
        frame = replace(frame, height=height)
        check_size(frame.width, height, "DNL segment")
    return JpegHeader(
        frame,
        scan,
        tables.quant_tables,
        tables.dc_tables,
        tables.ac_tables,
        tables.restart_interval,
        tables.adobe_transform,
        tables.has_jfif,
        seen,
    )


def _apply(tables: _Tables, segment: MarkerSegment, data: bytes) -> _Tables:
    payload = segment.payload(data)
    if segment.marker in (SOF0, SOF1, SOF2):
        if tables.frame is not None:
            raise JpegStructureError(f"a second frame header at byte {segment.offset}")
        return replace(tables, frame=read_frame(segment, payload))
    if segment.marker in _SOF_KINDS:
        raise UnsupportedJpegError(
            f"{_SOF_KINDS[segment.marker]} JPEG (marker 0x{segment.marker:02x}) is not supported"
        )
    if segment.marker == DQT:
        return replace(tables, quant_tables=tables.quant_tables | read_quant_tables(segment, payload))
    if segment.marker == DHT:
        dc_tables, ac_tables = read_huffman_tables(segment, payload)
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


def _number_of_lines(data: bytes, entropy_start: int) -> int | None:
    """The height a DNL segment gives behind the first scan (T.81 B.2.5); None without one."""
    position = data.find(_DNL, entropy_start)
    height = int.from_bytes(data[position + 4 : position + 6], "big")
    return None if position < 0 or height == 0 else height
