"""How likely two edges belong to one another, against edges of the same picture that do not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from restore.segments.picture_rows import PictureRows
from restore.segments.reading_kernels import ENTRIES, STEP

_LEAST: Final = 0.7
"""Least scale of a difference, in levels."""

_FARTHER: Final = 0.5
"""By how much the scale grows with every row between two edges."""


@dataclass(frozen=True, eq=False)
class SeamScales:
    """Scales of differences across an upper edge, float64 (components,): where MCUs stand one below the other, and
    where they do not, a common offset taken off."""

    true: NDArray[np.float64]
    false: NDArray[np.float64]

    def likelihood(
        self, differences: NDArray[np.floating], component: int, rows_between: int = 0
    ) -> NDArray[np.float64]:
        """Nats by which differences speak for edges that touch, Cauchy against Cauchy."""
        true = self.true[component] * (1.0 + _FARTHER * rows_between)
        false = max(self.false[component], true * 1.05)
        first, second = (differences / true) ** 2, (differences / false) ** 2
        return np.asarray(np.log(false / true) + np.log1p(second) - np.log1p(first))

    def table(self, rows_between: int) -> NDArray[np.float32]:
        """Likelihoods (components, ENTRIES) of differences in steps of `STEP`."""
        steps = np.arange(ENTRIES) * STEP
        return np.stack(
            [self.likelihood(steps, component, rows_between) for component in range(self.true.size)]
        ).astype(np.float32)


def seam_scales(rows: PictureRows, columns: int, pairs: NDArray[np.bool_] | None = None) -> SeamScales:
    """The scales of a picture, by its longest path, or by the MCUs of all of it that have one above them."""
    components = rows.levels.shape[1]
    true, false = np.full(components, 6.0), np.full(components, 18.0)
    count = rows.top.shape[0]
    half = columns + columns // 2
    if count > 3 * columns:
        for component in range(components):
            samples = rows.component_of == component
            near = rows.top[columns:, samples] - rows.bottom[:-columns, samples]
            far = rows.top[half:, samples] - rows.bottom[:-half, samples]
            if pairs is not None:
                near, far = near[pairs[columns:]], far[pairs[half:]]
                if near.shape[0] < columns or far.shape[0] < columns:
                    continue
            true[component] = max(_LEAST, float(np.median(np.abs(near))))
            away = far - np.median(far, axis=1, keepdims=True) if far.shape[1] > 8 else far - np.median(far)
            apart = np.abs(away)  # most of some pictures is sky
            false[component] = max(2.0 * true[component], float(np.median(apart)), float(apart.mean()) / 2.0)
    return SeamScales(true, false)


def upper_seams(rows: PictureRows, columns: int, scales: SeamScales) -> NDArray[np.float64]:
    """Likelihood of the upper edge of each MCU of a path against the MCU a row before it; 0 in the first row."""
    seams = np.zeros(rows.top.shape[0])
    for component in range(scales.true.size):
        samples = rows.component_of == component
        differences = rows.top[columns:, samples] - rows.bottom[:-columns, samples]
        seams[columns:] += scales.likelihood(differences, component).sum(axis=1)
    return seams


def seam_offset(
    top: NDArray[np.float32], bottom: NDArray[np.float32], component_of: NDArray[np.int64], components: int
) -> NDArray[np.float64]:
    """Median difference of touching edges (MCUs, samples), a component."""
    return np.array([float(np.median((top - bottom)[:, component_of == component])) for component in range(components)])
