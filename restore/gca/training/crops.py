"""Batches for the restorer: small windows around holes, turned over at random; a step's batch follows from its number.

Half of the windows show the example's own damage. In the other half the holes of one picture are laid over another of
the same MCU grid, so that a few hundred pictures do not wear out; these holes, too, are what placement really lost.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from restore.gca.inputs import Pixels, Region, network_input
from restore.gca.training.examples import Example
from restore.provenance import Provenance
from restore.thumbnail import guidance

WINDOW: Final = 80
"""Pixels on a side."""
_SURROUND: Final = 32
"""Pixels around a window that still count when its holes are matched at the rim."""


@dataclass(frozen=True, eq=False, slots=True)
class Scene:
    """An example ready to be cut: its enlarged thumbnail, and where the MCUs of its holes are."""

    example: Example
    guide: Pixels
    lost: NDArray[np.int64]


@dataclass(frozen=True, eq=False, slots=True)
class CropWindow:
    """A small part of a scene, its holes filled by the rim-matched thumbnail: uint8 or bool (height, width, …)."""

    filled: Pixels
    guide: Pixels
    truth: Pixels
    hole: Region
    doubtful: Region

    def flipped(self, axis: int) -> CropWindow:
        """Upside down (0) or mirrored (1)."""
        parts = (self.filled, self.guide, self.truth)
        filled, guide, truth = (np.flip(part, axis) for part in parts)
        return CropWindow(filled, guide, truth, np.flip(self.hole, axis), np.flip(self.doubtful, axis))


@dataclass(frozen=True, eq=False, slots=True)
class Batch:
    """Windows: `inputs` float32 (windows, 9, height, width); `filled`, `truth` float32 (windows, 3, height, width) from
    0 to 1; `hole` float32 (windows, 1, height, width), 1 inside."""

    inputs: NDArray[np.float32]
    filled: NDArray[np.float32]
    truth: NDArray[np.float32]
    hole: NDArray[np.float32]


def scenes(examples: Sequence[Example]) -> list[Scene]:
    """Prepare examples for cutting."""
    prepared = []
    for example in examples:
        guide = guidance.stretch(example.thumbnail, *example.truth.shape[:2])
        prepared.append(Scene(example, guide, np.argwhere(example.provenance == Provenance.LOST)))
    return prepared


def draw_batch(prepared: Sequence[Scene], size: int, seed: tuple[int, ...]) -> Batch:
    """`size` windows; the same seed gives the same."""
    random = np.random.default_rng(seed)
    return stack([_draw_window(prepared, random) for _ in range(size)])


def stack(windows: Sequence[CropWindow]) -> Batch:
    """A batch of windows of one size."""
    inputs = [network_input(window.filled, window.guide, window.hole, window.doubtful) for window in windows]
    filled, truth = (_planes([getattr(window, name) for window in windows]) for name in ("filled", "truth"))
    holes = np.stack([window.hole for window in windows])[:, np.newaxis].astype(np.float32)
    return Batch(np.stack(inputs), filled, truth, holes)


def _planes(pixels: Sequence[Pixels]) -> NDArray[np.float32]:
    """float32 (pictures, 3, height, width) from 0 to 1."""
    return np.stack(pixels).transpose(0, 3, 1, 2).astype(np.float32) / np.float32(255)


def _draw_window(prepared: Sequence[Scene], random: np.random.Generator) -> CropWindow:
    scene = prepared[int(random.integers(len(prepared)))]
    example, lost = scene.example, scene.lost
    donor = prepared[int(random.integers(len(prepared)))].example
    alike = donor.mcu_size == example.mcu_size and donor.provenance.shape == example.provenance.shape
    if random.integers(2) and alike and donor is not example:
        pixels, hole, doubtful = example.truth, donor.hole, np.zeros(example.truth.shape[:2], dtype=np.bool_)
        lost = np.argwhere(donor.provenance == Provenance.LOST)
    else:
        pixels, hole, doubtful = example.composed, example.hole, example.doubtful
    row, column = lost[int(random.integers(len(lost)))] * example.mcu_size
    top, left = _start(int(row), pixels.shape[0], random), _start(int(column), pixels.shape[1], random)
    window = cut(pixels, scene.guide, example.truth, hole, doubtful, top, left)
    for axis in (0, 1):
        if random.integers(2):
            window = window.flipped(axis)
    return window


def _start(place: int, size: int, random: np.random.Generator) -> int:
    """Where a window begins that has `place` well inside."""
    start = place - WINDOW // 2 + int(random.integers(-20, 20))
    return min(max(start, 0), size - WINDOW)


def cut(
    pixels: Pixels, guide: Pixels, truth: Pixels, hole: Region, doubtful: Region, top: int, left: int
) -> CropWindow:
    """The window of a damaged picture that begins at (top, left)."""
    near = np.s_[
        max(top - _SURROUND, 0) : top + WINDOW + _SURROUND, max(left - _SURROUND, 0) : left + WINDOW + _SURROUND
    ]
    filled = guidance.fill(pixels[near], guide[near], hole[near])
    down, across = top - near[0].start, left - near[1].start
    inner = filled[down : down + WINDOW, across : across + WINDOW]
    exact = np.s_[top : top + WINDOW, left : left + WINDOW]
    return CropWindow(inner, guide[exact], truth[exact], hole[exact], doubtful[exact])
