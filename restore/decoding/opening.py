"""The header of a picture that is to be decoded, also where damage or junk interrupts the chain of segments."""

from __future__ import annotations

from itertools import pairwise
from typing import Final

from carving.errors import HeightUndefinedError, JpegStructureError
from carving.jpeg.entropy_walk import find_entropy_end
from carving.jpeg.header_walk import walk_header
from carving.jpeg.markers import JpegHeader, assemble_header, read_header
from carving.jpeg.mcu_count import mcus_between
from restore.decoding.decoded import Event, EventKind

_ANY_HEIGHT: Final = 1
"""Rows that stand for an unknown height while it is found out."""


def open_header(jpeg: bytes) -> tuple[JpegHeader, tuple[Event, ...]]:
    """Read the header up to the first scan, passing over what is no segment, and finding the height if need be.

    Raises:
        JpegStructureError: no frame or no scan can be found.
        UnsupportedJpegError: a kind of JPEG that is not decoded here.
    """
    try:
        return _read(jpeg, None)
    except HeightUndefinedError:
        rows = _rows_coded(jpeg, _read(jpeg, _ANY_HEIGHT)[0])
        if rows == 0:
            raise
        header, events = _read(jpeg, rows)
        return header, (*events, Event(EventKind.HEIGHT_DERIVED, 0, rows))


def _read(jpeg: bytes, lines: int | None) -> tuple[JpegHeader, tuple[Event, ...]]:
    try:
        return read_header(jpeg, lines=lines), ()
    except HeightUndefinedError:
        raise
    except JpegStructureError as error:
        walk = walk_header(jpeg)
        if walk.entropy_start is None:
            raise
        try:
            header = assemble_header(jpeg, walk.segments, lines=lines)
        except HeightUndefinedError:
            raise
        except JpegStructureError:
            raise error from None  # what went wrong first says more
        gaps = sum(before.end != after.offset for before, after in pairwise(header.segments))
        return header, (Event(EventKind.HEADER_DAMAGED, header.frame.mcu_count, max(1, gaps)),)


def _rows_coded(jpeg: bytes, header: JpegHeader) -> int:
    """Pixel rows that the data of the first scan fill; 0 where they cannot be counted (several scans)."""
    start = header.scan.entropy_start
    end = find_entropy_end(jpeg, start, header).end_offset
    mcus = mcus_between(jpeg, start, end, header)
    if mcus is None:
        return 0
    return (mcus + header.restart_interval) // header.frame.mcu_columns * header.frame.mcu_height
