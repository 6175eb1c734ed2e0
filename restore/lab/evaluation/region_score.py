"""What a method makes of the part of a picture that a destroyed region leaves, and what it calls stored wrongly."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from carving.jpeg.markers import Frame
from restore.provenance import Provenance

LEVELS: Final = 6.0
"""Mean distance in luma, of 255, up to which an MCU counts as shown."""
CONVENTIONS: Final = (
    "Kept: the MCUs of the original of which no byte is changed or missing. Files of several scans are not measured.",
    "Shown right: mean |dY| of an MCU against the undamaged JPEG, decoded, is 6 levels at most (Y of JFIF, 0 to 255).",
    "Recall: kept MCUs that are shown right and called intact, repaired or placed, as a share of all kept ones.",
    "Wrong: MCUs called intact, repaired or placed that are not shown right, as a share of all that are called so.",
    "A method that keeps no provenance calls all it shows stored.",
    "Recall and wrong of a kind, and of all, are over all MCUs of its files; median and least recall are over files.",
)
_LUMA: Final = np.array([0.299, 0.587, 0.114], dtype=np.float32)


@dataclass(frozen=True, slots=True)
class RegionScore:
    """MCU counts of one result: `kept` of the picture, `kept_right` of them shown and called stored, `called` stored in
    all, `called_wrong` of those."""

    kept: int
    kept_right: int
    called: int
    called_wrong: int

    @property
    def recall(self) -> float | None:
        """Share of the kept MCUs, 0 to 1; None where none is kept."""
        return self.kept_right / self.kept if self.kept else None

    @property
    def wrong(self) -> float | None:
        """Share of the MCUs called stored, 0 to 1; None where none is."""
        return self.called_wrong / self.called if self.called else None


def score_region(
    truth: NDArray[np.uint8],
    pixels: NDArray[np.uint8],
    provenance: NDArray[np.uint8] | None,
    destroyed: NDArray[np.bool_],
    frame: Frame,
) -> RegionScore:
    """Count.

    Args:
        truth, pixels: uint8 (height, width, 3) RGB, the original and what a method shows.
        provenance: uint8 (MCU rows, MCU columns) of `Provenance`; None where the method keeps none.
        destroyed: bool (MCU rows, MCU columns), the MCUs that lost bytes.
    """
    right = luma_distance(truth, pixels, frame) <= LEVELS
    called = np.ones_like(right) if provenance is None else provenance <= Provenance.PLACED
    kept = ~destroyed
    return RegionScore(
        kept=int(kept.sum()),
        kept_right=int((kept & called & right).sum()),
        called=int(called.sum()),
        called_wrong=int((called & ~right).sum()),
    )


def luma_distance(first: NDArray[np.uint8], second: NDArray[np.uint8], frame: Frame) -> NDArray[np.float64]:
    """Mean |dY| of each MCU over its pixels inside the picture, float64 (MCU rows, MCU columns)."""
    distance = np.abs((first.astype(np.float32) - second.astype(np.float32)) @ _LUMA)
    rows = np.add.reduceat(distance, np.arange(0, frame.height, frame.mcu_height), axis=0, dtype=np.float64)
    sums = np.add.reduceat(rows, np.arange(0, frame.width, frame.mcu_width), axis=1)
    heights = np.minimum(frame.mcu_height, frame.height - np.arange(0, frame.height, frame.mcu_height))
    widths = np.minimum(frame.mcu_width, frame.width - np.arange(0, frame.width, frame.mcu_width))
    return np.asarray(sums / np.outer(heights, widths), dtype=np.float64)
