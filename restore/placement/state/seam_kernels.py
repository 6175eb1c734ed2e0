"""Ask of every place in the picture whether a sequence of MCUs fits there.

The steps across the seams with the row above tell: how even they are tells the shift, their median the DC offset (in DC
quantisation steps, of which the true one is a whole number).
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from carving.support.compiled import kernel
from restore.placement.state.sequence_kernels import Sequence, step_score
from restore.scan.contracts import Model, Path, ScanLayout
from restore.scan.score_kernels import (
    ACTIVITY_CLASSES,
    EDGE_VALUES,
    ROUGHNESS_BINS,
    activity_class,
    roughness_bin,
)
from restore.thumbnail.level_guide import Guide

WRAP: Final = 0.7
_UNUSABLE: Final = -1e6
_CONTRADICTION: Final = 3.0
"""Spreads from the guide at which seams are not believed: what stands above may be wrong itself."""

_OUT_OF_RANGE: Final = -8.0
_GUIDE_FLOOR: Final = -3.0
"""Least that one level of the guide can count, in nats."""


class Seams(NamedTuple):
    """Seams of a sequence with the row above at one shift.

    Attributes:
        means: float64 (rows, blocks), mean step in samples; NaN where there is no known MCU above.
        bins: int64 (rows, blocks), roughness bins.
        even: float64 (rows,), nats by which the roughness is a natural one; `_UNUSABLE` where no MCU may stand.
        values: float64 (rows,), scratch.
        sample: float64 (rows * blocks,), scratch.
    """

    means: NDArray[np.float64]
    bins: NDArray[np.int64]
    even: NDArray[np.float64]
    values: NDArray[np.float64]
    sample: NDArray[np.float64]


@kernel
def upper_seam(
    tops: NDArray[np.float32], row: int, block: int, edges: NDArray[np.float32], edge: int
) -> tuple[float, float]:
    """Mean step across the seam of a block with the one above, whose edges are at `edge`, and its roughness."""
    one, half = np.float32(1.0), np.float32(0.5)
    mean = np.float32(0.0)
    for column in range(8):
        near = edges[edge + column]
        mean += tops[row, block, column] - near - half * (near - edges[edge + 8 + column])
    mean *= np.float32(0.125)
    roughness = np.float32(0.0)
    for column in range(8):
        near = edges[edge + column]
        step = tops[row, block, column] - near - half * (near - edges[edge + 8 + column])
        roughness += np.log2(one + half * abs(step - mean))
    return float(mean), float(roughness * np.float32(0.125))


@kernel
def measure_seams(
    found: int,
    first_mcu: int,
    lowest: int,
    highest: int,
    layout: ScanLayout,
    model: Model,
    lean: NDArray[np.float64],
    path: Path,
    sequence: Sequence,
    seams: Seams,
) -> None:
    """Lay row r of a sequence on MCU `first_mcu` + r and measure its seams with the row above.

    No MCU may stand outside `lowest` to `highest` - 1. `lean` (components,) is the picture's own mean step.
    """
    blocks = layout.component_of.size
    for row in range(found):
        mcu = first_mcu + row
        if mcu < lowest or mcu >= highest:
            seams.even[row] = _UNUSABLE
            continue
        left = sequence.lefts[row]
        even = min(left, 0.0) if mcu % layout.columns else -WRAP * left  # strangers meet where a row begins
        above = mcu - layout.columns
        for block in range(blocks):
            part = -1 - layout.above_part[block]
            if part < 0 or above < 0 or path.known[above] == 0:
                seams.means[row, block] = np.nan
                continue
            edge = (above * blocks + part) * EDGE_VALUES
            mean, roughness = upper_seam(sequence.tops, row, block, path.edges, edge)
            rough = roughness_bin(roughness)
            known = layout.component_of[block] * ACTIVITY_CLASSES + activity_class(path.bits[above * blocks + part])
            seams.means[row, block] = mean - lean[layout.component_of[block]]
            seams.bins[row, block] = rough
            even += model.roughness[known * ROUGHNESS_BINS + rough]
        seams.even[row] = even


@kernel
def best_run(values: NDArray[np.float64], count: int) -> tuple[float, int, int]:
    """The run of values with the highest sum: the sum, its first and its end (Kadane's algorithm)."""
    best, begin, end = 0.0, 0, 0
    total, start = 0.0, 0
    for index in range(count):
        if total <= 0.0:
            total = 0.0
            start = index
        total += values[index]
        if total > best:
            best, begin, end = total, start, index + 1
    return best, begin, end


@kernel
def score_offsets(
    found: int,
    first_mcu: int,
    offsets: NDArray[np.int64],
    layout: ScanLayout,
    model: Model,
    broad: NDArray[np.float64],
    guide: Guide,
    sequence: Sequence,
    seams: Seams,
) -> tuple[float, int, int]:
    """Score a measured sequence with DC offsets (4,) added.

    Returns:
        Nats of its best run, and that run's first row and end.
    """
    blocks = layout.component_of.size
    components = layout.quant.size // 64
    guided = guide.levels.shape[0] > 0
    for row in range(found):
        value = seams.even[row]
        if value > 0.5 * _UNUSABLE:
            for block in range(blocks):
                mean = seams.means[row, block]
                if layout.above_part[block] >= 0 or np.isnan(mean):
                    continue
                component = layout.component_of[block]
                mean += offsets[component] * layout.quant[component * 64] * 0.125
                value += step_score(mean, component, seams.bins[row, block], layout, model, broad)
            for component in range(components):
                unit = layout.quant[component * 64] * 0.125
                level = sequence.levels[row, component] + offsets[component] * unit
                if abs(level) > 132.0 + unit:
                    value += _OUT_OF_RANGE
                if guided:
                    value += guide_score(level, first_mcu + row, component, guide)
        seams.values[row] = value
    best, begin, end = best_run(seams.values, found)
    return best, begin, end


@kernel
def guide_score(level: float, mcu: int, component: int, guide: Guide) -> float:
    """Nats by which a component's level is the one that the guide tells."""
    spread = guide.spread[mcu, component]
    deviation = abs(level - guide.levels[mcu, component]) / spread
    nats = np.log(40.0 / spread) - deviation + deviation * spread / 40.0
    return float(guide.weight * max(_GUIDE_FLOOR, nats))


@kernel
def estimate_offsets(
    begin: int,
    end: int,
    first_mcu: int,
    layout: ScanLayout,
    guide: Guide,
    sequence: Sequence,
    seams: Seams,
    offsets: NDArray[np.int64],
) -> bool:
    """DC offsets (4,) of rows `begin` to `end` - 1: medians over their seams, or over what the guide
    tells, where the seams are few or contradict it.

    Returns:
        Whether there is enough to tell.
    """
    blocks = layout.component_of.size
    offsets[:] = 0
    for component in range(layout.quant.size // 64):
        unit = layout.quant[component * 64] * 0.125
        count = 0
        for row in range(begin, end):
            for block in range(blocks):
                known = layout.above_part[block] < 0 and not np.isnan(seams.means[row, block])
                if known and layout.component_of[block] == component:
                    seams.sample[count] = -seams.means[row, block] / unit
                    count += 1
        if count >= 3:
            offsets[component] = np.int64(np.round(np.median(seams.sample[:count])))
        if guide.levels.shape[0] > 0:
            spread = 0.0
            for row in range(begin, end):
                level = guide.levels[first_mcu + row, component] - sequence.levels[row, component]
                seams.sample[row - begin] = level / unit
                spread += guide.spread[first_mcu + row, component] / unit / (end - begin)
            by_thumbnail = np.median(seams.sample[: end - begin])
            if count < 6 or abs(by_thumbnail - offsets[component]) > _CONTRADICTION * spread:
                offsets[component] = np.int64(np.round(by_thumbnail))
        elif count < 3:
            return False
    return True


@kernel
def weigh_shifts(
    found: int,
    first_mcu: int,
    first_shift: int,
    last_shift: int,
    lowest: int,
    highest: int,
    layout: ScanLayout,
    model: Model,
    broad: NDArray[np.float64],
    lean: NDArray[np.float64],
    guide: Guide,
    path: Path,
    sequence: Sequence,
    seams: Seams,
    scores: NDArray[np.float64],
    offsets: NDArray[np.int64],
) -> None:
    """Score a sequence at every shift; `scores` (shifts,) and `offsets` (shifts, 4) receive what is found.

    Row r stands on MCU `first_mcu` + r at shift 0.
    """
    for index in range(last_shift - first_shift + 1):
        start = first_mcu + first_shift + index
        scores[index] = -1.0
        measure_seams(found, start, lowest, highest, layout, model, lean, path, sequence, seams)
        seams.values[:found] = seams.even[:found]
        _, begin, end = best_run(seams.values, found)
        if end <= begin or not estimate_offsets(begin, end, start, layout, guide, sequence, seams, offsets[index]):
            continue
        score, begin, end = score_offsets(found, start, offsets[index], layout, model, broad, guide, sequence, seams)
        if end > begin and estimate_offsets(begin, end, start, layout, guide, sequence, seams, offsets[index]):
            score, begin, end = score_offsets(
                found, start, offsets[index], layout, model, broad, guide, sequence, seams
            )
        scores[index] = score
