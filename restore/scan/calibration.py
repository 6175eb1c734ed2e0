"""The score tables of one file, learnt from the file itself.

Nearly all MCUs of a damaged file are decoded as they were stored, so their statistics are the file's own: how active a
block is beside active ones, how large its coefficients then are, how rough and how high the step across a seam is.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from restore.scan.calibration_kernels import count_path
from restore.scan.contracts import NOTHING_EXPECTED, Codes, Counts, Model, Path, ScanLayout, Workspace
from restore.scan.score_kernels import ACTIVITY_CLASSES, ROUGHNESS_BINS, SIZES, STEP_BINS, STEP_SCALE
from restore.scan.workspace import new_path

_SEED: Final = 2023
_SMOOTH: Final = np.array([0.25, 0.5, 0.25])
_MIX: Final = 0.02
"""Weight of a broad distribution in every table, so that no single block can cost more than the rest can earn."""

_BROAD_SIZES: Final = np.array([0.5] + [0.5 / (SIZES - 1)] * (SIZES - 1))
_STEP_WIDTHS: Final = 2 * np.diff(2 ** (np.arange(STEP_BINS + 1) / STEP_SCALE) - 1)
"""Width of each step bin in DC quantisation steps, both signs."""

Bytes = NDArray[np.uint8]
Table = NDArray[np.float64]


def calibrate(raw: Bytes, scan_end: int, layout: ScanLayout, codes: Codes, path: Path, work: Workspace) -> Model:
    """Count the known MCUs of a path and turn the counts into log-likelihoods in nats."""
    components = layout.quant.size // 64
    rows = components * ACTIVITY_CLASSES
    counts = Counts(
        np.zeros(rows * ACTIVITY_CLASSES),
        np.zeros(rows * ROUGHNESS_BINS),
        np.zeros(rows * ROUGHNESS_BINS),
        np.zeros(components * ROUGHNESS_BINS * STEP_BINS),
        np.zeros(rows * 64 * SIZES),
    )
    dice = np.random.default_rng(_SEED)
    earlier = np.maximum(np.arange(layout.mcu_count) - layout.columns, 0)
    strangers = np.where(earlier > 0, dice.integers(0, np.maximum(earlier, 1), (2, layout.mcu_count)), -1)
    aside = new_path(1, layout.component_of.size)
    count_path(raw, scan_end, strangers[0], strangers[1], layout, codes, path, aside, work, counts)
    return model_of(counts, components)


def model_of(counts: Counts, components: int) -> Model:
    """Tables from counts: classes with few counts lean on what all classes together show."""
    activity = _shares(counts.activity.reshape(components, ACTIVITY_CLASSES, ACTIVITY_CLASSES), 10.0)
    activity = (1 - _MIX) * activity + _MIX / ACTIVITY_CLASSES
    sizes = _shares(counts.sizes.reshape(components, ACTIVITY_CLASSES, 64, SIZES), 4.0)
    sizes = np.log((1 - _MIX) * sizes + _MIX * _BROAD_SIZES)
    zeros = sizes[:, :, 1:, 0].sum(axis=-1)
    own = _shares(_smooth(counts.roughness.reshape(components, ACTIVITY_CLASSES, ROUGHNESS_BINS)), 8.0)
    strange = _shares(_smooth(counts.strangers.reshape(components, ACTIVITY_CLASSES, ROUGHNESS_BINS)), 8.0)
    step = _shares(_smooth(counts.step.reshape(components, ROUGHNESS_BINS, STEP_BINS)), 8.0)
    return Model(
        _flat(np.log(activity)),
        _flat(np.clip(np.log(own / strange), -4.0, 3.0)),
        _flat(np.log(step / _STEP_WIDTHS)),
        _flat(sizes - sizes[..., :1]),
        _flat(zeros),
        NOTHING_EXPECTED,
    )


def _shares(counts: Table, weight: float) -> Table:
    """Relative frequencies along the last axis; axis 1 borrows `weight` counts from its own mean."""
    mean = counts.sum(axis=1, keepdims=True) + 0.5
    prior = weight * mean / mean.sum(axis=-1, keepdims=True)
    shares = (counts + prior) / (counts + prior).sum(axis=-1, keepdims=True)
    return np.asarray(shares, dtype=np.float64)


def _smooth(counts: Table) -> Table:
    padded = np.pad(counts, [(0, 0)] * (counts.ndim - 1) + [(1, 1)], mode="edge")
    smooth: Table = _SMOOTH[0] * padded[..., :-2] + _SMOOTH[1] * padded[..., 1:-1] + _SMOOTH[2] * padded[..., 2:]
    return smooth


def _flat(table: Table) -> NDArray[np.float32]:
    return np.ascontiguousarray(table, dtype=np.float32).reshape(-1)
