"""Find where in the picture a stretch of decodable MCUs belongs, and what its DC values lack.

Behind damage the entropy decoder falls into step again within a few MCUs (Huffman codes synchronise themselves), but it
has counted wrongly and carries wrong DC predictors. Every shift is tried; for each the DC offsets follow from the seams
with the row above, and the stretch is scored as if it stood there.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from carving.support.compiled import kernel
from restore.scan.contracts import WINDOW_MARKER, Codes, Model, Path, ScanLayout, Workspace
from restore.scan.extend_kernels import NEVER, decode_mcu, extend
from restore.scan.score_kernels import EDGE_VALUES, block_pixels, seam
from restore.scan.window_kernels import load_window

CHANGES = np.array([-1, 1, -2, 2, -4, 4, -8, 8])

_SEAM_MCUS: Final = 8
"""MCUs whose upper seams tell the DC offsets of a stretch."""


_LONG_SEAM_MCUS: Final = 64
"""The same, once its place is found."""


@kernel
def follow(
    raw: NDArray[np.uint8],
    place: int,
    scan_end: int,
    window: int,
    layout: ScanLayout,
    codes: Codes,
    work: Workspace,
    places: NDArray[np.int64],
) -> int:
    """Decode MCU after MCU from `place` (bits of the file) on, stepping one bit on where that fails.

    A marker that no scan holds is stepped over. Receives the place of each MCU and of what follows the last.

    Returns:
        MCUs found, at most places.size - 1; fewer where the data or the restart interval end.
    """
    found = 0
    bit = place & 7
    start = place >> 3
    while start < scan_end:
        size, marks, ending = load_window(
            raw, start, start + window, scan_end, raw, np.int64(-1), np.int64(0), layout.restart_interval > 0, work
        )
        limit = 8 * (work.marks[0] if marks > 0 else size)
        while bit < limit and found < places.size - 1:
            following = decode_mcu(bit, layout, codes, work)
            if following < 0 or following > limit:
                bit += 1
                continue
            places[found] = work.origins[bit >> 3] * 8 + (bit & 7)
            found += 1
            bit = following
            places[found] = work.origins[bit >> 3] * 8 + (bit & 7)
        if marks > 0 or found == places.size - 1 or ending != WINDOW_MARKER:
            return found
        start = work.origins[size] + 1
        bit = 0
    return found


@kernel
def median(samples: NDArray[np.float64], row: int, count: int) -> float:
    """Median of the first `count` samples of a row, which are sorted in place (they are few)."""
    for index in range(1, count):
        value = samples[row, index]
        hole = index
        while hole > 0 and samples[row, hole - 1] > value:
            samples[row, hole] = samples[row, hole - 1]
            hole -= 1
        samples[row, hole] = value
    return 0.5 * (samples[row, (count - 1) // 2] + samples[row, count // 2])


@kernel
def copy_four(source: NDArray[np.int64], target: NDArray[np.int64]) -> None:
    """Copy one value per component; a slice would do, at a second of compilation."""
    for component in range(4):
        target[component] = source[component]


@kernel
def clear_four(target: NDArray[np.int64]) -> None:
    """Set the value of every component to zero."""
    for component in range(4):
        target[component] = 0


@kernel(no_cpython_wrapper=True)
def seam_offsets(
    first_bit: int,
    mcu: int,
    length: int,
    layout: ScanLayout,
    codes: Codes,
    path: Path,
    work: Workspace,
    samples: NDArray[np.float64],
    offsets: NDArray[np.int64],
) -> bool:
    """DC offsets per component that a stretch at `first_bit` of the window lacks if it begins at MCU `mcu`.

    They are medians, in DC quantisation steps, over the seams with the MCUs above.

    Returns:
        Whether enough of the MCUs above are known to tell.
    """
    blocks = layout.component_of.size
    components = layout.quant.size // 64
    counts = np.zeros(4, dtype=np.int64)
    clear_four(work.predictors)
    bit = first_bit
    for step in range(length):
        if mcu + step >= layout.mcu_count:
            break
        bit = decode_mcu(bit, layout, codes, work)
        if bit < 0:
            break
        above = mcu + step - layout.columns
        if above < 0 or path.known[above] == 0:
            continue
        for index in range(blocks):
            part = -1 - layout.above_part[index]
            if part < 0:
                continue
            component = layout.component_of[index]
            block_pixels(work.coefficients, index * 64, layout.quant, component * 64, work.pixels)
            edge = (above * blocks + part) * EDGE_VALUES
            mean, _ = seam(work.pixels, path.edges, np.int64(-1), path.edges, edge, work.steps)
            if counts[component] < samples.shape[1]:
                samples[component, counts[component]] = -mean / (layout.quant[component * 64] * 0.125)
                counts[component] += 1
    for component in range(components):
        if counts[component] < 3:
            return False
        offsets[component] = np.int64(np.round(median(samples, component, counts[component])))
    return True


@kernel(nogil=True)
def best_anchor(
    raw: NDArray[np.uint8],
    place: int,
    scan_end: int,
    window: int,
    first_mcu: int,
    last_mcu: int,
    length: int,
    layout: ScanLayout,
    codes: Codes,
    model: Model,
    path: Path,
    own: Path,
    work: Workspace,
    examined: NDArray[np.uint8],
    offsets: NDArray[np.int64],
) -> tuple[float, int]:
    """Score the stretch of `length` MCUs at `place` at every MCU from `first_mcu` to `last_mcu`.

    `offsets` (4,) receives the DC offsets of the best.

    Returns:
        Its score in nats, and its MCU (-1 where none can be judged).
    """
    size, marks, ending = load_window(
        raw,
        place >> 3,
        (place >> 3) + window,
        scan_end,
        raw,
        np.int64(-1),
        np.int64(0),
        layout.restart_interval > 0,
        work,
    )
    samples = np.zeros((4, 4 * _LONG_SEAM_MCUS), dtype=np.float64)
    trial = np.zeros(4, dtype=np.int64)
    best, best_mcu = -1e30, np.int64(-1)
    for mcu in range(first_mcu, last_mcu + 1):
        if not seam_offsets(place & 7, mcu, np.int64(_SEAM_MCUS), layout, codes, path, work, samples, trial):
            continue
        for component in range(4):
            work.predictors[component] = trial[component]
        score, _, _, _, _ = extend(
            size, marks, ending, place & 7, mcu, length, 60.0, layout, codes, model, path, own, work, NEVER, examined
        )
        if score > best:
            best, best_mcu = score, mcu
            copy_four(trial, offsets)
    if best_mcu < 0:
        return best, best_mcu
    if seam_offsets(place & 7, best_mcu, np.int64(_LONG_SEAM_MCUS), layout, codes, path, work, samples, trial):
        copy_four(trial, offsets)
    best = -1e30
    improved = True
    while improved:  # the exact DC offsets: over a longer stretch one step more or less costs dearly
        improved = False
        for turn in range(8 * (layout.quant.size // 64)):
            copy_four(offsets, trial)
            if best > -1e30:
                trial[turn // 8] += CHANGES[turn % 8]
            for index in range(4):
                work.predictors[index] = trial[index]
            score, _, _, _, _ = extend(
                size, marks, ending, place & 7, best_mcu, 6 * length, 60.0, layout, codes, model, path, own, work,
                NEVER, examined,
            )  # fmt: skip
            if score > best + 1e-6:
                best = score
                improved = True
                copy_four(trial, offsets)
    return best, best_mcu


@kernel
def earliest(
    raw: NDArray[np.uint8],
    places: NDArray[np.int64],
    anchor: int,
    mcu: int,
    first_mcu: int,
    scan_end: int,
    window: int,
    layout: ScanLayout,
    codes: Codes,
    model: Model,
    path: Path,
    own: Path,
    work: Workspace,
    examined: NDArray[np.uint8],
    offsets: NDArray[np.int64],
    predictors: NDArray[np.int64],
) -> int:
    """The first MCU of a sequence that belongs to the stretch anchored at its MCU number `anchor`.

    Going back from the anchor, the start is kept that makes the stretch up to it score highest. `predictors` (4,)
    receives the DC predictors there.

    Returns:
        Its number in `places`.
    """
    best, best_start = 0.0, anchor
    copy_four(offsets, predictors)
    sums = np.zeros(4, dtype=np.int64)
    for start in range(anchor - 1, -1, -1):
        position = mcu - (anchor - start)
        if position < first_mcu:
            break
        size, marks, ending = load_window(
            raw, places[start] >> 3, (places[start] >> 3) + window, scan_end, raw, np.int64(-1), np.int64(0),
            layout.restart_interval > 0, work,
        )  # fmt: skip
        clear_four(work.predictors)
        bit = places[start] & 7
        bit = decode_mcu(bit, layout, codes, work)
        if bit < 0 or work.origins[bit >> 3] * 8 + (bit & 7) != places[start + 1]:
            break  # a bit was stepped over between the two: not one stretch
        for component in range(4):
            sums[component] += work.predictors[component]
        for component in range(4):
            work.predictors[component] = offsets[component] - sums[component]
        _, _, score, count, _ = extend(
            size, marks, ending, places[start] & 7, position, anchor - start, NEVER, layout, codes, model, path, own,
            work, NEVER, examined,
        )  # fmt: skip
        if count == anchor - start and score > best:
            best, best_start = score, start
            for component in range(4):
                predictors[component] = offsets[component] - sums[component]
    return best_start
