"""All hypotheses about one place compared, when everything else that was found is reversed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from carving.flips.model import FlipModel
from restore.repair.review.comparison import Comparison
from restore.repair.review.patches import Patches, patches_of
from restore.repair.review.review_limits import EQUAL, SEEN_BELOW, STEADY
from restore.repair.search.flip_state import reverse_flips, stretch_of
from restore.repair.search.hypotheses import Flips
from restore.repair.search.standards import standards_of
from restore.scan.scan import Scan


@dataclass(frozen=True, eq=False)
class Trial:
    """Hypotheses about a place beside what its bytes are now.

    Attributes:
        comparison: the path as it is.
        patches: what the bytes would be; with no flip there in the last row.
        worths: nats by which each explains the picture better than the bytes as they are.
    """

    comparison: Comparison
    patches: Patches
    worths: NDArray[np.float64]

    @property
    def best(self) -> int:
        """Row of the best hypothesis."""
        return int(np.argmax(self.worths))

    @property
    def second(self) -> float:
        """Worth of the second best."""
        return float(np.partition(self.worths, -2)[-2])

    def flip(self, row: int) -> tuple[int, int] | None:
        """Unit and bit that a hypothesis reverses; None where it is that nothing was flipped."""
        return self.patches.flips[row] if row < len(self.patches.flips) else None

    def settle(self) -> None:
        """Make the best one true in the scan's bytes and path."""
        self.comparison.settle(self.patches, self.best)


def compare(
    scan: Scan,
    model: FlipModel,
    unit: int,
    flipped: Mapping[int, tuple[int, ...]],
    doubted: Flips,
    limits: NDArray[np.int64],
) -> Trial | None:
    """Hypotheses about a unit: that any other single bit there is flipped, in place of a doubted one or besides, or
    that the doubted one is not.

    Args:
        scan: a scan whose repair has ended, its path laid along the bytes as they are.
        model: its flip model.
        unit: the unit in question.
        flipped: bits that are reversed in the scan's bytes, by unit, without `doubted`.
        doubted: one flip of the unit that is reversed in the scan's bytes, or none.
        limits: bytes, ascending, across which nothing is compared.

    Returns:
        None where the path about the unit cannot tell.
    """
    standards = standards_of(model)
    comparison = _comparison(scan, model, unit, limits)
    if comparison is None:
        return None
    base, target = comparison.base, comparison.target
    with_doubted = dict(flipped)
    for index, bit in doubted:
        with_doubted[index] = (*flipped.get(index, ()), bit)
    undo = reverse_flips(scan.raw, model, doubted, with_doubted)  # reversing a bit once more undoes it
    patches = patches_of(scan.raw, model, _rivals(scan, model, unit, base), flipped)
    for first, stored in undo:
        scan.raw[first : first + stored.size] = stored
    near = int(np.searchsorted(scan.path.places[: target + 1], 8 * stretch_of(model, unit, scan.raw.size)[1]))
    near = min(near + standards.about + standards.behind, target) if standards.below else target
    worths = comparison.worths(patches, near)
    if near < target:
        _see_below(comparison, patches, near, worths)
    if doubted:
        worths[-1] += standards.cost
        worths[[flip in doubted for flip in patches.flips] + [False]] = -np.inf
    else:
        worths[-1] = -np.inf
    return Trial(comparison, patches, worths)


def _see_below(comparison: Comparison, patches: Patches, near: int, worths: NDArray[np.float64]) -> None:
    """Judge the best of patches by the MCUs below as well, if they leave what follows as it is.

    Where colours move, the steps to a whole row above lean one way or the other, and say little for their number.

    Args:
        comparison: reaches as far as the MCUs below.
        near: the MCU up to which `worths` were taken.
        worths: by how much each patch scores more, changed in place.
    """
    best = np.argsort(-worths[:-1], kind="stable")[:SEEN_BELOW]
    few = Patches(patches.first, patches.rows[best], ())
    before = comparison.worths(few, near - STEADY)
    steady = np.isfinite(worths[best]) & np.isclose(before, worths[best], atol=EQUAL)
    worths[best[steady]] = comparison.worths(few)[steady]


def _rivals(scan: Scan, model: FlipModel, unit: int, base: int) -> Sequence[int]:
    """The units in which a flip could be taken for one in `unit`; none begins before MCU `base`."""
    about = standards_of(model).about
    if about == 0:
        return (unit,)
    places = scan.path.places[: scan.layout.mcu_count]
    mcu = int(np.searchsorted(places, 8 * int(model.starts[unit]), side="right")) - 1
    low = int(places[max(base, mcu - about)]) >> 3
    high = int(places[min(mcu + about + 1, places.size - 1)]) >> 3
    first, last = np.searchsorted(model.starts, [low, high + 1])
    return range(min(int(first), unit), max(int(last), unit + 1))


def _comparison(scan: Scan, model: FlipModel, unit: int, limits: NDArray[np.int64]) -> Comparison | None:
    """The path over which hypotheses about a unit are compared; None where it cannot be followed."""
    standards = standards_of(model)
    first, last = stretch_of(model, unit, scan.raw.size)
    places = scan.path.places[: scan.layout.mcu_count + 1]
    base = max(0, int(np.searchsorted(places, 8 * first, side="right")) - 2 - standards.about)
    behind = scan.layout.columns + standards.about + 2 if standards.below else 0
    target = int(np.searchsorted(places, 8 * last, side="left")) + max(standards.behind, behind)
    target = min(target, int(np.searchsorted(places, 8 * limits[np.searchsorted(limits, first)], side="left")))
    target = min(target, scan.layout.mcu_count)
    if target <= base or (np.diff(places[base : target + 1]) < 0).any():
        return None
    return Comparison.over(scan, base, target)
