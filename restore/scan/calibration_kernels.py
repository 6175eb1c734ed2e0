"""Count how the MCUs of one file sit beside their neighbours, and how they would beside strangers."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from carving.support.compiled import kernel
from restore.scan.contracts import Codes, Counts, Model, Path, ScanLayout, Workspace
from restore.scan.extend_kernels import decode_mcu
from restore.scan.score_kernels import ROUGHNESS_BINS, count_mcu, describe_mcu, score_mcu
from restore.scan.window_kernels import load_window

WINDOW: Final = 1 << 16
RESERVE: Final = 4096
"""Bytes of a window that must be left to decode one more MCU from it."""


@kernel(no_cpython_wrapper=True)
def describe_known(
    mcu: int,
    bit: int,
    size: int,
    raw: NDArray[np.uint8],
    scan_end: int,
    layout: ScanLayout,
    codes: Codes,
    path: Path,
    work: Workspace,
) -> tuple[int, int, int]:
    """Decode a known MCU again from its place with its predictors, and describe it beside its neighbours on the path.

    `bit` and `size` are the position in and the bytes of the window that is loaded (size 0 for none).

    Returns:
        Position behind the MCU, bytes of the window now loaded, bits of the MCU; the first is negative where it does
        not decode.
    """
    place = path.places[mcu]
    if size == 0 or (bit >> 3) + RESERVE > size or work.origins[bit >> 3] * 8 + (bit & 7) != place:
        first = place >> 3
        size, _, _ = load_window(
            raw, first, first + WINDOW, scan_end, raw, np.int64(-1), np.int64(0), layout.restart_interval > 0, work
        )
        bit = place & 7
    for component in range(4):
        work.predictors[component] = path.predictors[mcu, component]
    following = decode_mcu(bit, layout, codes, work)
    if following < 0:
        path.known[mcu] = 0
        return following, 0, 0
    left = mcu - 1 if mcu % layout.columns > 0 and path.known[mcu - 1] else -1
    above = mcu - layout.columns if mcu >= layout.columns and path.known[mcu - layout.columns] else -1
    describe_mcu(path, left, path, above, path, mcu, layout, work)
    return following, size, following - bit


@kernel
def count_path(
    raw: NDArray[np.uint8],
    scan_end: int,
    strange_left: NDArray[np.int64],
    strange_above: NDArray[np.int64],
    layout: ScanLayout,
    codes: Codes,
    path: Path,
    aside: Path,
    work: Workspace,
    counts: Counts,
) -> None:
    """Count every known MCU of a path; its edges and bits are written anew.

    `strange_left` and `strange_above` (MCUs,) name for each an earlier MCU that is no neighbour, negative for none.
    What an MCU beside strangers leaves behind goes to row 0 of `aside`.
    """
    blocks = layout.component_of.size
    bit, size = np.int64(0), np.int64(0)  # not literals, for which callees would be compiled once more
    for mcu in range(layout.mcu_count):
        if path.known[mcu] == 0:
            continue
        bit, size, _ = describe_known(mcu, bit, size, raw, scan_end, layout, codes, path, work)
        if bit < 0:
            continue
        count_mcu(layout, work, counts)
        left, above = strange_left[mcu], strange_above[mcu]
        if left < 0 or above < 0 or path.known[left] == 0 or path.known[above] == 0:
            continue
        describe_mcu(path, left, path, above, aside, np.int64(0), layout, work)
        for index in range(blocks):
            if layout.left_part[index] < 0 or layout.above_part[index] < 0:
                counts.strangers[work.rows[index] * ROUGHNESS_BINS + work.roughness_bins[index]] += 1.0


@kernel
def score_path(
    raw: NDArray[np.uint8],
    scan_end: int,
    layout: ScanLayout,
    codes: Codes,
    model: Model,
    path: Path,
    work: Workspace,
    gained: NDArray[np.float64],
    lengths: NDArray[np.float64],
    coefficients: NDArray[np.int16],
    ends: NDArray[np.int64],
) -> None:
    """Score, length in bits, coefficients and end of every known MCU of a path; what is not known stays as given.

    `coefficients` is (MCUs * blocks * 64,), or empty where they are not wanted; the others are (MCUs,).
    """
    values = layout.component_of.size * 64
    bit, size = np.int64(0), np.int64(0)  # not literals, for which callees would be compiled once more
    for mcu in range(layout.mcu_count):
        if path.known[mcu] == 0:
            continue
        bit, size, length = describe_known(mcu, bit, size, raw, scan_end, layout, codes, path, work)
        if bit < 0:
            continue
        lengths[mcu] = length
        ends[mcu] = work.origins[bit >> 3] * 8 + (bit & 7)
        gained[mcu] = score_mcu(layout, model, work)
        if coefficients.size > 0:
            for index in range(values):
                coefficients[mcu * values + index] = work.coefficients[index]
