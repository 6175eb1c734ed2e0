"""How well MCUs fit together: statistics of the seam between two, and the offset that would make many seams fit."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from carving.support.compiled import kernel


class Rims(NamedTuple):
    """The rims of all MCUs as the kernels take them; see `restore.sca.edges.McuEdges`.

    `row_bounds` and `column_bounds`, int64 (components + 1,), say where each component begins in a row of `top` and
    of `left`.
    """

    top: NDArray[np.float32]
    bottom: NDArray[np.float32]
    left: NDArray[np.float32]
    right: NDArray[np.float32]
    activity: NDArray[np.float32]
    row_bounds: NDArray[np.int64]
    column_bounds: NDArray[np.int64]


class Canvas(NamedTuple):
    """The picture as far as it is put together.

    Attributes:
        source: int64 (positions,), the MCU shown at each position in scan order, -1 for none.
        shifts: int64 (MCUs,), position less MCU number.
        offsets: float32 (MCUs, components), added to the samples of each MCU.
    """

    source: NDArray[np.int64]
    shifts: NDArray[np.int64]
    offsets: NDArray[np.float32]


class Rule(NamedTuple):
    """What the search goes by.

    Attributes:
        columns: MCUs in a row.
        restart_interval: MCUs after which position and DC are known again; the number of MCUs where there are no
            restarts.
        lowest_shift, highest_shift: the jumps of position that are tried, in MCUs.
        window: MCUs that are looked at together.
        fewest: seams that must be known in a window.
        floor: variance of a good seam in a flat picture.
        texture: share of the mean squared gradients beside a seam that adds to this variance.
        penalty: dissent that a new segment must remove.
        shift_penalty: what each MCU of a jump adds to the penalty.
        trigger: mean dissent of one component from which on other states are tried.
        tolerance: samples by which two equal offsets may differ.
        reach: MCUs by which two ends of the same damage may lie apart.
        most_segments: the search is given up where there are more.
        steps: float32 (components,), what one step of the quantised DC adds to a sample.
    """

    columns: int
    restart_interval: int
    lowest_shift: int
    highest_shift: int
    window: int
    fewest: int
    floor: np.float32
    texture: np.float32
    penalty: np.float32
    shift_penalty: np.float32
    trigger: np.float32
    tolerance: np.float32
    reach: int
    most_segments: int
    steps: NDArray[np.float32]


@kernel(fastmath=True)
def seam_statistics(
    before: NDArray[np.float32], after: NDArray[np.float32], bounds: NDArray[np.int64], result: NDArray[np.float32]
) -> None:
    """Mean and mean square of `after - before`, per component: `result` receives them in turn."""
    for component in range(bounds.size - 1):
        total = np.float32(0)
        squares = np.float32(0)
        for index in range(bounds[component], bounds[component + 1]):
            difference = after[index] - before[index]
            total += difference
            squares += difference * difference
        count = np.float32(bounds[component + 1] - bounds[component])
        result[3 * component] = total / count
        result[3 * component + 1] = squares / count


@kernel(fastmath=True, inline="always")
def dissent(mean: np.float32, square: np.float32, scale: np.float32, offset: np.float32) -> np.float32:
    """How badly a seam fits once `offset` is added behind it: 0 perfectly, towards 1 not at all.

    The mean squared distance over itself plus the variance expected here (S. Geman and D. McClure, 1985): an edge in
    the picture counts at most one, as would any misfit.
    """
    distance = max(square + np.float32(2) * offset * mean + offset * offset, np.float32(0))
    return distance / (distance + scale)


@kernel(fastmath=True)
def top_seam(
    rims: Rims,
    canvas: Canvas,
    rule: Rule,
    mcu: int,
    position: int,
    offset: NDArray[np.float32],
    result: NDArray[np.float32],
) -> bool:
    """The seam above `mcu` were it shown at `position` with `offset`.

    Args:
        result: (3 * components,) receives mean, mean square and expected variance of each component.

    Returns:
        Whether anything is shown there.
    """
    above = position - rule.columns
    if above < 0 or above >= canvas.source.size:
        return False
    upper = canvas.source[above]
    if upper < 0:
        return False
    seam_statistics(rims.bottom[upper], rims.top[mcu], rims.row_bounds, result)
    for component in range(offset.size):
        change = offset[component] - canvas.offsets[upper, component]
        result[3 * component + 1] += change * (np.float32(2) * result[3 * component] + change)
        result[3 * component] += change
        activity = rims.activity[mcu, component, 0] + rims.activity[upper, component, 1]
        result[3 * component + 2] = rule.floor + rule.texture * activity
    return True


@kernel(fastmath=True)
def top_dissent(
    rims: Rims,
    canvas: Canvas,
    rule: Rule,
    mcu: int,
    position: int,
    offset: NDArray[np.float32],
    change: NDArray[np.float32],
    work: NDArray[np.float32],
) -> np.float32:
    """Dissent of the seam above `mcu` at `position` with `offset + change`, all components; 0.5 each where none is."""
    if not top_seam(rims, canvas, rule, mcu, position, offset, work):
        return np.float32(0.5) * np.float32(offset.size)
    total = np.float32(0)
    for component in range(offset.size):
        total += dissent(work[3 * component], work[3 * component + 1], work[3 * component + 2], change[component])
    return total


@kernel(fastmath=True)
def left_gain(
    rims: Rims, rule: Rule, mcu: int, position: int, change: NDArray[np.float32], work: NDArray[np.float32]
) -> np.float32:
    """Dissent that `change` from `mcu` on removes from the seam with the MCU before it.

    At the start of a row, where there is none, it is what most places inside one have: less than nothing.
    """
    if position % rule.columns == 0:
        return np.float32(-0.5) * np.float32(change.size)
    seam_statistics(rims.right[mcu - 1], rims.left[mcu], rims.column_bounds, work)
    gain = np.float32(0)
    for component in range(change.size):
        activity = rims.activity[mcu, component, 2] + rims.activity[mcu - 1, component, 3]
        scale = rule.floor + rule.texture * activity
        mean, square = work[3 * component], work[3 * component + 1]
        gain += dissent(mean, square, scale, np.float32(0)) - dissent(mean, square, scale, change[component])
    return gain


@kernel(fastmath=True)
def median(values: NDArray[np.float32], count: int) -> np.float32:
    """Upper median of the first `count` values, which are sorted in place (few of them: by insertion)."""
    for index in range(1, count):
        value = values[index]
        place = index - 1
        while place >= 0 and values[place] > value:
            values[place + 1] = values[place]
            place -= 1
        values[place + 1] = value
    middle: np.float32 = values[count // 2]
    return middle


@kernel(fastmath=True)
def best_offset(
    statistics: NDArray[np.float32], count: int, component: int, step: np.float32, work: NDArray[np.float32]
) -> np.float32:
    """The offset of one component, in whole DC steps, that makes most of `count` seams fit.

    Two rounds of iteratively reweighted least squares from the median, with the weights that `dissent` implies.

    Args:
        statistics: (seams, 3 * components) mean, mean square and expected variance.
        work: (count,) scratch space.
    """
    for index in range(count):
        work[index] = statistics[index, 3 * component]
    offset = -median(work, count)
    for _ in range(2):
        weights = np.float32(0)
        weighted = np.float32(0)
        for index in range(count):
            mean = statistics[index, 3 * component]
            scale = statistics[index, 3 * component + 2]
            distance = statistics[index, 3 * component + 1] + offset * (np.float32(2) * mean + offset)
            weight = scale / ((distance + scale) * (distance + scale))
            weights += weight
            weighted -= weight * mean
        offset = weighted / weights
    return np.float32(np.round(offset / step)) * step
