"""What stands inside marker segments (ITU-T T.81, B.2.2 to B.2.4), checked for what it claims."""

from __future__ import annotations

import struct
from dataclasses import replace
from typing import Final

from carving.errors import JpegStructureError, UnsupportedJpegError
from carving.jpeg.structure import Component, Frame, MarkerSegment, ScanComponent, ScanHeader
from carving.jpeg.tables import HuffmanTable, QuantTable

MAX_PIXELS: Final = 400_000_000
"""Largest picture that is decoded; a larger one is a lie or needs another tool."""


def check_size(width: int, height: int, where: str) -> None:
    """Raise `JpegStructureError` for a picture over the limit."""
    if width * height > MAX_PIXELS:
        raise JpegStructureError(f"the {where} claims {width}×{height} pixels, over the limit of {MAX_PIXELS}")


def read_frame(segment: MarkerSegment, payload: bytes) -> Frame:
    """A frame header (SOF0..2); its height is 0 where the file leaves it to DNL. Raises `JpegError`."""
    where = f"frame header at byte {segment.offset}"
    if len(payload) < 6 or len(payload) < 6 + 3 * payload[5]:
        raise JpegStructureError(f"the {where} is cut off")
    precision, count = payload[0], payload[5]
    height, width = int.from_bytes(payload[1:3], "big"), int.from_bytes(payload[3:5], "big")
    if precision != 8:
        raise UnsupportedJpegError(f"{precision}-bit samples are not supported ({where}); only 8-bit ones are")
    if width == 0:
        raise JpegStructureError(f"the {where} gives a picture of {width}×{height} pixels")
    check_size(width, height, where)
    if count not in (1, 3, 4):
        raise UnsupportedJpegError(f"{count} colour components are not supported ({where}); 1, 3 and 4 are")
    components = []
    for index in range(count):
        identifier, sampling, quant_table = payload[6 + 3 * index : 9 + 3 * index]
        horizontal, vertical = sampling >> 4, sampling & 15
        if not (1 <= horizontal <= 4 and 1 <= vertical <= 4 and quant_table <= 3):
            raise JpegStructureError(f"component {index} of the {where} has impossible parameters")
        components.append(Component(identifier, horizontal, vertical, quant_table))
    if count == 1:  # a lone component is coded block by block, whatever its sampling factors say (T.81 A.2.2)
        components = [replace(components[0], horizontal=1, vertical=1)]
    frame = Frame(segment.marker, width, height, tuple(components))
    if count > 1 and frame.blocks_per_mcu > 10 and not frame.progressive:
        raise JpegStructureError(f"the {where} puts {frame.blocks_per_mcu} blocks into an MCU; 10 are allowed")
    return frame


def read_quant_tables(segment: MarkerSegment, payload: bytes) -> dict[int, QuantTable]:
    """The quantisation tables of a DQT segment by slot. Raises `JpegStructureError`."""
    tables: dict[int, QuantTable] = {}
    position = 0
    while position < len(payload):
        wide, slot = bool(payload[position] >> 4), payload[position] & 15
        size = 128 if wide else 64
        raw = payload[position + 1 : position + 1 + size]
        if len(raw) < size or slot > 3:
            raise JpegStructureError(f"a quantisation table at byte {segment.offset} is damaged")
        tables[slot] = QuantTable(struct.unpack(">64H" if wide else "64B", raw), wide)
        position += 1 + size
    return tables


def read_huffman_tables(
    segment: MarkerSegment, payload: bytes
) -> tuple[dict[int, HuffmanTable], dict[int, HuffmanTable]]:
    """The DC and AC tables of a DHT segment by slot. Raises `JpegStructureError`."""
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


def read_scan(segment: MarkerSegment, data: bytes, frame: Frame | None) -> ScanHeader:
    """A scan header (SOS). Raises `JpegStructureError`."""
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
    components: list[ScanComponent] = []
    for index in range(count):
        identifier, selectors = payload[1 + 2 * index], payload[2 + 2 * index]
        if identifier not in identifiers or selectors >> 4 > 3 or selectors & 15 > 3:
            raise JpegStructureError(f"the {where} names a component or table that cannot be")
        taken = {component.index for component in components}
        # some writers give several components one identifier: they are meant in their order, as libjpeg reads them
        alike = [place for place, other in enumerate(identifiers) if other == identifier and place not in taken]
        if not alike:
            raise JpegStructureError(f"the {where} names one component twice")
        components.append(ScanComponent(alike[0], selectors >> 4, selectors & 15))
    start, end, approximation = payload[1 + 2 * count : 4 + 2 * count]
    if frame.progressive and (start > end or end > 63 or (start == 0) != (end == 0) or (start and count > 1)):
        raise JpegStructureError(f"the {where} gives an impossible spectral selection {start}..{end}")
    return ScanHeader(tuple(components), start, end, approximation >> 4, approximation & 15, segment.end)
