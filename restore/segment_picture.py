"""A segment by itself, as a strip of picture: what stored bits show whose place in the picture is not known."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from carving.jpeg.markers import JpegHeader
from restore.explanation import StoredSegment

if TYPE_CHECKING:
    from restore.decoding.stream import EntropyStream

_MARKER: Final = 2
"""Bytes of a restart marker."""
_SMALLEST, _LARGEST = -(1 << 15), (1 << 15) - 1


def segment_picture(jpeg: bytes, segment: StoredSegment) -> NDArray[np.uint8] | None:
    """Decode the MCUs of one segment, row by row at the picture's width, the first in the left column.

    Where the segment really begins in its row is not known, so that the strip may be turned around sideways by any
    number of MCUs. Its level is not known either: each component is brought to medium grey in the mean, but for
    restart intervals that are whole, whose level the scan itself tells.

    Args:
        jpeg: the file, damage and all.
        segment: of the file's only scan.

    Returns:
        uint8 (rows, columns, 3) RGB, medium grey behind the last MCU; None where nothing decodes there.

    Raises:
        JpegError: the header cannot be read.
    """
    from restore.decoding.opening import open_header
    from restore.decoding.pixels import render
    from restore.decoding.stream import unstuff

    header, _ = open_header(jpeg)
    if not header.interleaved or segment.mcus <= 0:
        return None
    frame = header.frame
    rows = -(-segment.mcus // frame.mcu_columns)
    strip = replace(header, frame=replace(frame, height=rows * frame.mcu_height))
    first, end = segment.first_bit // 8, -(-segment.end_bit // 8)
    stream = unstuff(jpeg, first, end, restart_interval=header.restart_interval)
    coefficients = np.zeros((strip.frame.mcu_count, frame.blocks_per_mcu, 64), dtype=np.int16)
    told = header.restart_interval > 0 and _begins_an_interval(jpeg, header, segment.first_bit)
    decoded = 0
    for number, (begin, stop) in enumerate(_parts(stream, segment.first_bit % 8)):
        last = min(segment.mcus, decoded + (header.restart_interval or segment.mcus))
        count = _decode(strip, stream, (begin, stop), (decoded, last), coefficients)
        if number == 0 and not told:
            _level(strip, coefficients[:count])
        decoded += count
    return render(strip, coefficients) if decoded else None


def _begins_an_interval(jpeg: bytes, header: JpegHeader, first_bit: int) -> bool:
    """Whether a segment begins behind a restart marker or with the scan, where predictions begin anew."""
    place = first_bit // 8
    marker = jpeg[max(0, place - _MARKER) : place]
    follows = len(marker) == _MARKER and marker[0] == 0xFF and 0xD0 <= marker[1] <= 0xD7
    return first_bit % 8 == 0 and (follows or place == header.scan.entropy_start)


def _parts(stream: EntropyStream, skipped: int) -> list[tuple[int, int]]:
    """First bit and end of what lies between the restart markers of a stream, of which some bits are skipped."""
    borders = [skipped, *(8 * int(position) for position in stream.restart_positions), 8 * stream.size]
    return [(begin, stop) for begin, stop in pairwise(borders) if stop > begin]


def _decode(
    header: JpegHeader,
    stream: EntropyStream,
    bits: tuple[int, int],
    mcus: tuple[int, int],
    coefficients: NDArray[np.int16],
) -> int:
    """Decode some MCUs of a strip; how many there were."""
    from restore.decoding.entropy_kernels import decode_robust
    from restore.decoding.scans import block_targets, flat_lookups, scan_tables

    targets, owners = block_targets(header)
    lookups = flat_lookups(scan_tables(header))
    positions = np.full(targets.shape[0], -1, dtype=np.int64)
    decode_robust(
        stream.data,
        *bits,
        *mcus,
        targets,
        owners,
        2 * owners,
        2 * owners + 1,
        lookups.fast,
        lookups.limits,
        lookups.offsets,
        lookups.symbols,
        coefficients.reshape(-1),
        positions,
        np.zeros(targets.shape[0], dtype=np.int32),
    )
    return int(np.count_nonzero(positions >= 0))


def _level(header: JpegHeader, coefficients: NDArray[np.int16]) -> None:
    """Bring the mean DC of each component to zero, which is medium grey, in place."""
    if not coefficients.size:
        return
    first = 0
    for component in header.frame.components:
        blocks = slice(first, first + component.horizontal * component.vertical)
        levels = coefficients[:, blocks, 0].astype(np.int32)
        coefficients[:, blocks, 0] = np.clip(levels - round(float(levels.mean())), _SMALLEST, _LARGEST)
        first = blocks.stop
