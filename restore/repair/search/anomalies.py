"""Where a scan that decodes may be damaged all the same.

About one flip in five under encryption leaves no trace in the entropy stream: what it draws ends in step, and with the
right number of MCUs. Three things betray it. An MCU it drew scores worse than expected; so do the 128 bits that it
drew, taken together, as noise does; and where the DC values moved, the picture is lighter or darker than the row above
for just one row of MCUs, until the row above has moved as well.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from restore.scan.contracts import ScanLayout
from restore.scan.scan import Scan

_DRAWN_BITS: Final = 128
"""Bits that one flip draws anew under encryption."""

_CLIP: Final = 4.0
"""Spreads at which the step to the row above counts no more."""

_APART: Final = 4
"""MCUs between two places that are looked into."""

_AROUND: Final = 3
"""MCUs about such a place in which the damage may begin."""

_LOOKED_INTO: Final = 2
"""How many of them are looked into, those that lack most."""


@dataclass(frozen=True, slots=True)
class InspectionBudget:
    """How many places to look into for each reason.

    Attributes:
        moved: because the picture shifts there in level.
        lacking: because an MCU there scores least for its size.
        noisy: because as many bits as one flip draws score least there.
    """

    moved: int
    lacking: int
    noisy: int


def anomalous(scan: Scan, coefficients: NDArray[np.int16], budget: InspectionBudget) -> NDArray[np.int64]:
    """MCUs of a scan, its path known, that are likeliest to be damaged.

    Args:
        scan: the scan, with a model.
        coefficients: int16 (MCUs, blocks per MCU, 64), as the path has them.
        budget: how many to choose.
    """
    shifts = level_shifts(coefficients[:, :, 0], scan.layout)
    gained, bits, _, _ = scan.read_path(np.zeros(0, dtype=np.int16))
    lacking = scan.model.expected.score(bits) - gained
    count = scan.layout.mcu_count
    sums = np.concatenate([[0.0], np.cumsum(gained)])
    places = np.maximum.accumulate(scan.path.places[:count])
    ends = np.searchsorted(places, places + _DRAWN_BITS + int(8 * scan.mcu_bytes), side="right")
    natural = sums[np.minimum(ends, count)] - sums[:count]
    chosen: set[int] = set()
    for place in (
        *_foremost(shifts, budget.moved),
        *_foremost(lacking, budget.lacking),
        *_foremost(-natural, budget.noisy),
    ):
        first = max(0, place - _AROUND)
        worst = np.argsort(-lacking[first : place + _AROUND], kind="stable")[:_LOOKED_INTO]
        chosen.update((first + worst).tolist())
    return np.array(sorted(chosen), dtype=np.int64)


def level_shifts(levels: NDArray[np.int16], layout: ScanLayout) -> NDArray[np.float64]:
    """By how many spreads the picture's level moves against the row above at each MCU, and stays so for one row.

    Args:
        levels: (MCUs, blocks per MCU), DC values.

    Returns:
        (MCUs,), the largest over the components: the mean step to the row above over the MCUs of one row from each MCU
        on, less the same over those before it.
    """
    count, columns = layout.mcu_count, layout.columns
    width = min(columns, layout.restart_interval or columns)
    before = np.maximum(np.arange(count) - width, 0)
    behind = np.minimum(np.arange(count) + width, count)
    largest = np.zeros(count)
    for component in range(int(layout.component_of.max()) + 1):
        level = levels[:, layout.component_of == component].mean(axis=1)
        steps = np.zeros(count)
        steps[columns:] = level[columns:] - level[:-columns]
        spread = 1.4826 * float(np.median(np.abs(steps))) + 0.5
        sums = np.concatenate([[0.0], np.cumsum(np.clip(steps / spread, -_CLIP, _CLIP))])
        ahead, past = (sums[behind] - sums[:count]) / width, (sums[:count] - sums[before]) / width
        largest = np.maximum(largest, np.abs(ahead) - np.abs(past))
    return largest


def _foremost(strangeness: NDArray[np.float64], wanted: int) -> list[int]:
    """The MCUs with the highest strangeness, no two of them close together."""
    free = np.ones(strangeness.size, dtype=np.bool_)
    chosen: list[int] = []
    for mcu in np.argsort(-strangeness, kind="stable").tolist():
        if len(chosen) == wanted:
            break
        if free[mcu]:
            chosen.append(mcu)
            free[max(0, mcu - _APART) : mcu + _APART + 1] = False
    return chosen
