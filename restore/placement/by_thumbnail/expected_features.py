"""What a thumbnail lets expect of the low frequencies of every MCU, to tell by where a stretch of MCUs belongs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from carving.jpeg.markers import JpegHeader
from carving.jpeg.structure import Component
from restore.decoding.pixels import is_ycc
from restore.thumbnail.levels import to_components

_SINGLE: Final = (1, 8, 9, 2, 16)
_SEVERAL: Final = (0, 1, 8)
"""Coefficients (row * 8 + column) that are looked at, of components with one block per MCU and with several."""

_CONTRASTS: Final = 6
"""Classes of contrast in the thumbnail; the busier it is, the farther the picture is from it."""

_BASIS: Final = np.array(
    [
        [np.sqrt((1 + (order > 0)) / 8) * np.cos((2 * place + 1) * order * np.pi / 16) for place in range(8)]
        for order in range(3)
    ]
)
"""The first three functions of the DCT (T.81 A.3.3), orthonormal."""


@dataclass(frozen=True, eq=False)
class ExpectedFeatures:
    """The expected features of every MCU.

    Attributes:
        blocks, indices: int64 (features,), block of the MCU and coefficient (row * 8 + column) of each feature; 0 is
            the block's DC less the mean of its component.
        expected: float32 (MCUs, features), dequantised coefficients.
        classes: uint8 (MCUs,), contrast of the thumbnail there.
        gains: float64 (features,), by which what is expected is multiplied.
        spreads: float64 (contrast classes, features), mean deviation from what is expected.
        anyhow: float64 (features,), mean magnitude wherever.
    """

    blocks: NDArray[np.int64]
    indices: NDArray[np.int64]
    expected: NDArray[np.float32]
    classes: NDArray[np.uint8]
    gains: NDArray[np.float64]
    spreads: NDArray[np.float64]
    anyhow: NDArray[np.float64]


def features_of(header: JpegHeader) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Block and coefficient of every feature."""
    blocks, indices = [], []
    first = 0
    for component in header.frame.components:
        count = component.horizontal * component.vertical
        for block in range(first, first + count):
            for index in _SINGLE if count == 1 and first == 0 else _SEVERAL[1:] if count == 1 else _SEVERAL:
                blocks.append(block)
                indices.append(index)
        first += count
    return np.array(blocks), np.array(indices)


def expected_features(thumbnail: NDArray[np.uint8], header: JpegHeader) -> NDArray[np.float32]:
    """Features (MCUs, features) of the enlarged thumbnail, uint8 (rows, columns, 3)."""
    frame = header.frame
    colours = to_components(thumbnail, len(frame.components), is_ycc(header))
    blocks, indices = features_of(header)
    expected = np.zeros((frame.mcu_count, blocks.size), dtype=np.float32)
    first = 0
    for number, component in enumerate(frame.components):
        count = component.horizontal * component.vertical
        down = _axis(colours.shape[0], frame.height, frame.mcu_rows, component.vertical, frame.mcu_height)
        across = _axis(colours.shape[1], frame.width, frame.mcu_columns, component.horizontal, frame.mcu_width)
        for feature in np.flatnonzero((blocks >= first) & (blocks < first + count)):
            v, u = divmod(int(indices[feature]), 8)
            plane = down[v] @ colours[..., number] @ across[u].T
            i, j = divmod(int(blocks[feature]) - first, component.horizontal)
            values = plane[i :: component.vertical, j :: component.horizontal]
            if indices[feature] == 0:
                values = values - _mean_of_parts(plane, component)
            expected[:, feature] = values.reshape(-1)
        first += count
    return expected


def _mean_of_parts(plane: NDArray[np.float64], component: Component) -> NDArray[np.float64]:
    down, across = component.vertical, component.horizontal
    rows, columns = plane.shape
    return np.asarray(plane.reshape(rows // down, down, columns // across, across).mean(axis=(1, 3)))


def contrast_classes(expected: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Class of every MCU by the magnitude of what is expected of it, equally many in each."""
    magnitude = np.abs(expected).sum(axis=1)
    edges = np.quantile(magnitude, np.arange(1, _CONTRASTS) / _CONTRASTS)
    return np.asarray(np.searchsorted(edges, magnitude), dtype=np.uint8)


def first_guess(thumbnail: NDArray[np.uint8], header: JpegHeader, features: NDArray[np.float32]) -> ExpectedFeatures:
    """What is expected before anything was placed; `features` (rows, features) are those found in the stream."""
    expected = expected_features(thumbnail, header)
    blocks, indices = features_of(header)
    anyhow = np.minimum(np.abs(features), 400.0).mean(axis=0) + 1.0 if features.size else np.ones(blocks.size)
    classes = contrast_classes(expected)
    share = np.linspace(0.5, 1.3, _CONTRASTS)
    return ExpectedFeatures(blocks, indices, expected, classes, np.ones(blocks.size), share[:, None] * anyhow, anyhow)


def learnt(
    expectations: ExpectedFeatures, features: NDArray[np.float32], places: NDArray[np.int64]
) -> ExpectedFeatures:
    """Gains and spreads as found on rows with `features` (rows, features) that stand at MCUs `places` (rows,)."""
    thumbnail_features = expectations.expected[places].astype(np.float64)
    classes = expectations.classes[places]
    gains = np.zeros(thumbnail_features.shape[1])
    spreads = expectations.spreads.copy()
    anyhow = np.zeros(thumbnail_features.shape[1])
    for feature in range(thumbnail_features.shape[1]):
        true = np.clip(features[:, feature].astype(np.float64), -800.0, 800.0)
        weights = 1.0 / expectations.spreads[classes, feature] ** 2
        gain = 1.0
        for _ in range(4):
            gain = float(
                (weights * true * thumbnail_features[:, feature]).sum()
                / ((weights * thumbnail_features[:, feature] ** 2).sum() + 1e-3)
            )
            gain = min(max(gain, 0.0), 3.0)
            weights = 1.0 / (
                expectations.spreads[classes, feature] * (1.0 + np.abs(true - gain * thumbnail_features[:, feature]))
            )
        gains[feature] = gain
        deviation = np.abs(true - gain * thumbnail_features[:, feature])
        anyhow[feature] = np.abs(true).mean() + 0.5
        overall = deviation.mean() + 0.5
        total = np.bincount(classes, deviation, _CONTRASTS)
        count = np.bincount(classes, minlength=_CONTRASTS)
        spreads[:, feature] = (total + 30.0 * overall) / (count + 30.0) + 0.25
    return ExpectedFeatures(
        expectations.blocks, expectations.indices, expectations.expected, expectations.classes, gains, spreads, anyhow
    )


def _axis(small: int, large: int, mcus: int, blocks: int, size: int) -> list[NDArray[np.float64]]:
    """For each of three orders, weights (blocks along the axis, `small`) that turn an axis of the thumbnail, linearly
    interpolated, into DCT coefficients."""
    step = size // (8 * blocks)
    count = mcus * blocks * 8
    places = np.clip((np.arange(count * step) + 0.5) * small / large - 0.5, 0, small - 1)
    first = np.minimum(places.astype(np.int64), max(small - 2, 0))
    share = places - first
    samples = np.arange(count * step) // step
    found = []
    for basis in _BASIS:
        weights = np.zeros((mcus * blocks, small))
        value = basis[samples % 8] / step
        np.add.at(weights, (samples // 8, first), (1 - share) * value)
        np.add.at(weights, (samples // 8, np.minimum(first + 1, small - 1)), share * value)
        found.append(weights)
    return found
