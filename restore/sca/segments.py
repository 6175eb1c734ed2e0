"""Segments of a damaged picture: runs of MCUs that share one shift of position and one offset of colour (section 3.2
of the paper).

Damage to the entropy-coded data shows as a jump of both at one MCU; from there to the next damage they stay. See the
package's docstring for how this follows, and departs from, the paper.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from carving.jpeg.markers import JpegHeader
from restore.sca.correction import Correction
from restore.sca.edges import mcu_edges, quant_steps

LOWEST_SHIFT: Final = -8
HIGHEST_SHIFT: Final = 16
"""Jumps of position that are tried, in MCUs; a decoder that lost step skips MCUs more often than it makes them up."""

LONG_WINDOW: Final = 32
SHORT_WINDOW: Final = 20
"""MCUs that are looked at together; the short window is for pictures in which damage is dense."""

DENSE: Final = 100
"""Mean length of a segment, in MCUs, below which the short window is used."""

FLOOR: Final = 9.0
TEXTURE: Final = 0.5
"""Variance of a good seam: that of a flat picture, and the share of the squared gradients beside it that adds to it."""

PENALTY_PER_MCU: Final = 0.4
SHIFT_PENALTY: Final = 0.1
"""Dissent that a new segment must remove, per MCU of the window; and what each MCU of a jump adds."""

TRIGGER: Final = 0.4
TOLERANCE: Final = 3.0
REACH: Final = 6


def find_segments(header: JpegHeader, coefficients: NDArray[np.int16]) -> Correction:
    """Find where position and colour jump, and by how much.

    The first segment (after a restart marker: the first of each interval) is taken to be right. A scan that does not
    hold all components yields no correction, for there is then no MCU in which they shift together.

    Args:
        coefficients: int16 (MCUs, blocks per MCU, 64), quantised, row-major, DC as absolute value. MCUs of zeros at
            the end count as missing.
    """
    frame = header.frame
    count = coefficients.shape[0]
    filled = np.flatnonzero(coefficients.reshape(count, -1).any(axis=1))
    present = int(filled[-1]) + 1 if filled.size else 0
    shifts = np.zeros(count, dtype=np.int64)
    dc_offsets = np.zeros((count, len(frame.components)), dtype=np.int32)
    interleaved = len(header.scan.components) == len(frame.components)
    if interleaved and present > frame.mcu_columns:
        found = _search(header, coefficients[:present], count, LONG_WINDOW, max(8, count // DENSE))
        if found is None:
            found = _search(header, coefficients[:present], count, SHORT_WINDOW, count)
        if found is not None:
            shifts[:present], dc_offsets[:present] = found
            shifts[present:] = count  # nothing belongs to these places but what moves there
            if not (shifts[:present].any() or dc_offsets.any()):
                shifts[present:] = 0
    return Correction(shifts, dc_offsets, header.restart_interval)


def without_excursions(
    shifts: NDArray[np.int64], offsets: NDArray[np.float32], columns: int, tolerance: NDArray[np.float32]
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Take back jumps that are undone within a row: an edge in the picture looks so, damage never does.

    Args:
        shifts: (MCUs,).
        offsets: (MCUs, components).
        columns: MCUs in a row.
        tolerance: (components,), by which two equal offsets may differ.
    """
    for limit in (4, 16, columns):  # short ones first: of A B a B, it is `a` that goes
        jumps = (np.diff(shifts) != 0) | (np.diff(offsets, axis=0) != 0).any(axis=1)
        kept: list[int] = []  # first MCUs of the segments that stay
        for start in [0, *(int(jump) + 1 for jump in np.flatnonzero(jumps))]:
            for place in range(len(kept) - 1, 0, -1):
                former = kept[place - 1]
                if start - kept[place] > limit:
                    kept.append(start)
                    break
                if shifts[former] == shifts[start] and (np.abs(offsets[former] - offsets[start]) <= tolerance).all():
                    del kept[place:]
                    break
            else:
                kept.append(start)
        lengths = np.diff([*kept, shifts.size])
        shifts, offsets = np.repeat(shifts[kept], lengths), np.repeat(offsets[kept], lengths, axis=0)
    return shifts, offsets


def _search(
    header: JpegHeader, coefficients: NDArray[np.int16], positions: int, window: int, most_segments: int
) -> tuple[NDArray[np.int64], NDArray[np.int32]] | None:
    """Shifts (MCUs,) and DC offsets (MCUs, components); None where there are more than `most_segments`."""
    from restore.sca.rim_kernels import Canvas, Rims, Rule
    from restore.sca.scan_kernels import scan

    edges = mcu_edges(header, coefficients)
    columns = header.frame.mcu_columns
    highest = min(HIGHEST_SHIFT, columns // 4)
    length = max(4, min(window, columns - highest - 1))
    steps = np.array([quant_steps(header, component)[0] / 8 for component in header.frame.components], np.float32)
    steps = np.maximum(steps, np.float32(1 / 8))  # a step of 0 is damage
    rule = Rule(
        columns=columns,
        restart_interval=header.restart_interval or positions,
        lowest_shift=max(LOWEST_SHIFT, -(columns // 2)),
        highest_shift=highest,
        window=length,
        fewest=min(8, length // 2),
        floor=np.float32(FLOOR),
        texture=np.float32(TEXTURE),
        penalty=np.float32(PENALTY_PER_MCU * length),
        shift_penalty=np.float32(SHIFT_PENALTY),
        trigger=np.float32(TRIGGER),
        tolerance=np.float32(TOLERANCE),
        reach=REACH,
        most_segments=most_segments,
        steps=steps,
    )
    rims = Rims(
        edges.top,
        edges.bottom,
        edges.left,
        edges.right,
        edges.activity,
        np.cumsum([0, *edges.widths]),
        np.cumsum([0, *edges.heights]),
    )
    canvas = Canvas(
        np.full(positions, -1, dtype=np.int64),
        np.zeros(coefficients.shape[0], dtype=np.int64),
        np.zeros((coefficients.shape[0], steps.size), dtype=np.float32),
    )
    if not scan(rims, canvas, rule):
        return None
    shifts, offsets = without_excursions(canvas.shifts, canvas.offsets, columns, np.float32(TOLERANCE) + steps)
    return shifts, np.rint(offsets / steps).astype(np.int32)
