"""The levels that a thumbnail lets expect in every MCU, for the DC values that damage has moved."""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from carving.jpeg.markers import JpegHeader
from restore.decoding.pixels import is_ycc
from restore.thumbnail.level_guide import Guide

_SPREAD: Final = 2.0
"""Deviation of a flat picture from its thumbnail, in samples, before it is measured."""

_WEIGHT: Final = 0.4
"""Share of a level's nats that counts: neighbouring MCUs deviate alike."""

_LEAST_SPREAD: Final = 0.5
"""Least factor by which a measured deviation narrows the one assumed."""

FEWEST: Final = 48
"""MCUs that it takes to measure how a picture differs from its thumbnail."""

_DOUBT: Final = 4.0
_ROUNDS: Final = 6
_YCC: Final = np.array([[0.299, 0.587, 0.114], [-0.168736, -0.331264, 0.5], [0.5, -0.418688, -0.081312]])
"""RGB to YCbCr less 128 in the chroma (T.871, 7)."""


def levels_of(thumbnail: NDArray[np.uint8], header: JpegHeader) -> Guide | None:
    """What a thumbnail, uint8 (rows, columns, 3), tells of a picture; None for colour spaces it cannot tell of."""
    frame = header.frame
    components = len(frame.components)
    if components not in (1, 3):
        return None
    colours = to_components(thumbnail, components, is_ycc(header))
    down = _means(colours.shape[0], frame.height, frame.mcu_height, frame.mcu_rows)
    across = _means(colours.shape[1], frame.width, frame.mcu_width, frame.mcu_columns)
    levels = np.einsum("ry,yxc,kx->rkc", down, colours, across, optimize=True)
    weight = _WEIGHT * min(1.0, colours.shape[0] * colours.shape[1] / frame.mcu_count)
    spread = _SPREAD + _contrast(levels)
    return Guide(
        np.ascontiguousarray(levels.reshape(-1, components)),
        np.ascontiguousarray(spread.reshape(-1, components)),
        weight,
    )


def mcu_levels(header: JpegHeader, coefficients: NDArray[np.int16]) -> NDArray[np.float64]:
    """Mean of every component in every MCU, less 128: (MCUs, components)."""
    frame = header.frame
    means, first = [], 0
    for component in frame.components:
        blocks = component.horizontal * component.vertical if len(frame.components) > 1 else 1
        step = header.quant_tables[component.quant_table].steps[0]
        means.append(coefficients[:, first : first + blocks, 0].mean(axis=1) * (step / 8.0))
        first += blocks
    return np.stack(means, axis=1)


def to_components(thumbnail: NDArray[np.uint8], components: int, ycc: bool) -> NDArray[np.float64]:
    """A thumbnail, (rows, columns, 3), in the components of a picture, less 128: (rows, columns, components)."""
    pixels = thumbnail.astype(np.float64)
    if components == 1:
        return np.asarray(pixels @ _YCC[:1].T - 128.0)
    if ycc:
        return np.asarray(pixels @ _YCC.T - np.array([128.0, 0.0, 0.0]))
    return np.asarray(pixels - 128.0)


def fitted(guide: Guide, levels: NDArray[np.float64], sure: NDArray[np.int64]) -> Guide:
    """The guide matched to the picture, with gain and offset per component, on MCUs whose levels are `sure`.

    Args:
        levels: float64 (MCUs, components), as in `Guide`; sure: int64, their numbers.
    """
    matched, spread = guide.levels.copy(), guide.spread.copy()
    for component in range(spread.shape[1]):
        thumbnail_levels, true = guide.levels[sure, component], levels[sure, component]
        gain, offset, deviation = 1.0, 0.0, np.ones(true.size)
        for _ in range(_ROUNDS):  # least absolute deviations
            weights = 1.0 / np.maximum(deviation, 0.25)
            centre, goal = np.average(thumbnail_levels, weights=weights), np.average(true, weights=weights)
            variance = np.average((thumbnail_levels - centre) ** 2, weights=weights)
            slope = np.average((thumbnail_levels - centre) * (true - goal), weights=weights) / (variance + 16.0)
            gain = slope + 16.0 / (variance + 16.0)  # little contrast tells little of the gain
            offset = goal - gain * centre
            deviation = np.abs(true - gain * thumbnail_levels - offset)
        matched[:, component] = gain * guide.levels[:, component] + offset
        ratio = float(np.mean(deviation / guide.spread[sure, component]))
        doubt = 1.0 + _DOUBT * math.sqrt(FEWEST / sure.size)  # what the other parts of the picture are like
        spread[:, component] *= min(4.0, max(_LEAST_SPREAD, ratio)) * doubt
    return Guide(matched, spread, guide.weight)


def _contrast(levels: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mean difference of each level from its four neighbours: (rows, columns, components)."""
    padded = np.pad(levels, ((1, 1), (1, 1), (0, 0)), mode="edge")
    around = (padded[:-2, 1:-1], padded[2:, 1:-1], padded[1:-1, :-2], padded[1:-1, 2:])
    return np.asarray(sum(np.abs(levels - other) for other in around) / 4.0)


def _means(small: int, large: int, size: int, count: int) -> NDArray[np.float64]:
    """Weights (`count`, `small`) that turn an axis of the thumbnail into the means of MCUs, linearly interpolated."""
    places = np.clip((np.arange(large) + 0.5) * small / large - 0.5, 0, small - 1)
    first = np.minimum(places.astype(np.int64), max(small - 2, 0))
    share = places - first
    weights = np.zeros((count, small))
    mcus = np.arange(large) // size
    np.add.at(weights, (mcus, first), 1 - share)
    np.add.at(weights, (mcus, np.minimum(first + 1, small - 1)), share)
    return np.asarray(weights / weights.sum(axis=1, keepdims=True))
