"""How well a row fits an MCU of the picture, in nats, by what the thumbnail and the rows around lead to expect."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from carving.support.compiled import kernel
from restore.placement.by_thumbnail.row_kernels import Rows
from restore.placement.state.seam_kernels import WRAP
from restore.scan.contracts import Model, ScanLayout
from restore.scan.score_kernels import ACTIVITY_CLASSES, ROUGHNESS_BINS, roughness_bin
from restore.thumbnail.level_guide import Guide

_FEATURES: Final = 0.5
_FEATURE_FLOOR: Final = -5.0
_FEATURE_ROOF: Final = 10.0
"""Share of the nats of all features that counts, as they deviate alike, and the least and the most that it may be."""

_SEAMS: Final = 0.7
_SEAM_FLOOR: Final = -6.0
_SEAM_ROOF: Final = 3.0
"""The same of the seams with the row above."""

_LEFT_FLOOR: Final = -6.0
_LEFT_ROOF: Final = 3.0
"""Least and most that the seam to the left counts."""

_LEVEL_FLOOR: Final = -15.0
"""Least nats of one component's level, before its weight."""

_OUTLIER: Final = 3.0
"""Deviations up to which a measurement moves an estimate in proportion."""

_MEMORY: Final = 0.03
"""Least doubt of an estimate, in variances of one measurement: neighbours deviate alike."""


class FeatureModel(NamedTuple):
    """What is expected of every MCU, see `Lookout`.

    Attributes:
        expected: float32 (MCUs, features), gain included.
        classes: uint8 (MCUs,).
        sharpness: float64 (contrast classes, features), one over the spread.
        odds: float64 (contrast classes, features), log of the spread anywhere over that spread.
        anywhere: float64 (features,), one over the spread anywhere.
        scatter: float64 (components, ROUGHNESS_BINS), mean natural step across a seam, in samples.
        widths: float64 (components,), samples over which levels of strangers are spread.
        usual: nats by which a seam usually is a natural one.
    """

    expected: NDArray[np.float32]
    classes: NDArray[np.uint8]
    sharpness: NDArray[np.float64]
    odds: NDArray[np.float64]
    anywhere: NDArray[np.float64]
    scatter: NDArray[np.float64]
    widths: NDArray[np.float64]
    usual: float


@kernel
def feature_nats(row: int, mcu: int, rows: Rows, feature_model: FeatureModel) -> float:
    """Nats by which a row's features are those expected at an MCU.

    Deviations follow Student's t distribution with two degrees of freedom: single ones may be large.
    """
    group = feature_model.classes[mcu]
    odds = 0.0
    ratio = 1.0
    for feature in range(feature_model.anywhere.size):
        value = rows.features[row, feature]
        anyhow = value * feature_model.anywhere[feature]
        here = (value - feature_model.expected[mcu, feature]) * feature_model.sharpness[group, feature]
        odds += feature_model.odds[group, feature]
        ratio *= (1.0 + anyhow * anyhow) / (1.0 + here * here)
    return float(min(max(_FEATURES * (odds + 1.5 * np.log(ratio)), _FEATURE_FLOOR), _FEATURE_ROOF))


@kernel
def side_nats(row: int, mcu: int, columns: int, begins: bool, rows: Rows) -> float:
    """Nats of a row's seam with the one before it: natural inside a row of the picture, strange where one begins."""
    if begins:
        return 0.0
    if not rows.joined[row]:
        return _LEFT_FLOOR
    left = float(rows.lefts[row])
    if mcu % columns == 0:
        return min(max(-WRAP * left, _LEFT_FLOOR), _LEFT_ROOF)
    return min(max(left, _LEFT_FLOOR), _LEFT_ROOF)


@kernel
def level_nats(
    row: int,
    mcu: int,
    above: int,
    above_offset: NDArray[np.float64],
    begins: bool,
    rows: Rows,
    layout: ScanLayout,
    model: Model,
    guide: Guide,
    feature_model: FeatureModel,
    offset: NDArray[np.float64],
    doubt: NDArray[np.float64],
) -> float:
    """Nats of a row's levels and of its seams with the row `above` (-1 for none), whose DC lacks `above_offset`.

    Updates `offset` and `doubt` (components,), the DC it lacks in samples and the variance of that.
    """
    nats = 0.0
    for component in range(feature_model.widths.size):
        base = guide.spread[mcu, component]
        lacking = guide.levels[mcu, component] - rows.levels[row, component]
        noise = 6.0 * base * base
        if begins:
            offset[component] = lacking
            doubt[component] = noise
        else:
            deviation = abs(lacking - offset[component])
            spread = np.sqrt(base * base + doubt[component])
            score = np.log(feature_model.widths[component] / (3.0 * spread)) - deviation / spread
            nats += guide.weight * max(score, _LEVEL_FLOOR)
            gain = doubt[component] / (doubt[component] + noise)
            offset[component] += gain * np.copysign(min(deviation, _OUTLIER * spread), lacking - offset[component])
            doubt[component] = max((1.0 - gain) * doubt[component], _MEMORY * base * base)
    if above < 0:
        return nats
    total = 0.0
    half = np.float32(0.5)
    for block in range(layout.component_of.size):
        part = -1 - layout.above_part[block]
        if part < 0:
            continue
        component = layout.component_of[block]
        mean = np.float32(0.0)
        for column in range(8):
            mean += rows.tops[row, block, column] - rows.bottoms[above, part, column]
        mean *= np.float32(0.125)
        roughness = np.float32(0.0)
        for column in range(8):
            step = half * (rows.tops[row, block, column] - rows.bottoms[above, part, column])
            roughness += np.log2(np.float32(1.0) + abs(step - half * mean))
        rough = roughness_bin(roughness * np.float32(0.125))
        known = component * ACTIVITY_CLASSES + rows.classes[above, part]
        total += model.roughness[known * ROUGHNESS_BINS + rough]
        lacking = above_offset[component] - mean
        base = feature_model.scatter[component, rough]
        spread = np.sqrt(base * base + doubt[component])
        deviation = abs(lacking - offset[component])
        total += max(1.0 - deviation / spread, -4.0)
        gain = doubt[component] / (doubt[component] + 8.0 * base * base)
        offset[component] += gain * np.copysign(min(deviation, _OUTLIER * spread), lacking - offset[component])
        doubt[component] = max((1.0 - gain) * doubt[component], _MEMORY * base * base)
    # flat rows fit everywhere: what counts is whether this fits as well as the seam with the row before it
    usual = float(rows.evens[row]) if rows.joined[row] and not begins else feature_model.usual
    return nats + min(max(_SEAMS * (total - usual), _SEAM_FLOOR), _SEAM_ROOF)
