"""Every reversed flip is judged once more when the others are reversed.

While a search goes on, damage that is still unknown stands in its view, and a wrong flip can please by making up for
it. Afterwards the picture around each flip is as good as it gets: if another bit of the same unit, or none, explains it
better now, that is taken instead, and the margin to the best rival is measured anew.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from carving.flips import FlipModel
from restore.repair.extend_kernels import NEVER
from restore.repair.hypotheses import Reference, Reversal, flips_of
from restore.repair.ledger import bits_by_unit, stretch_of
from restore.repair.scan import Candidates, Scan
from restore.repair.search import FLIP_COST

SURE: Final = 10.0
"""Nats by which a flip must now beat its best rival to be claimed: right in all cases measured where no damage stayed
unexplained near it, half of them wrong below."""

BELIEVED: Final = 15.0
"""Nats by which a flip that a search did not believe must beat its rivals, and leaving it with the odds against it."""

_STANDS_OUT: Final = 0.25
"""Share of its gain by which it must do so: where many bits gain nearly as much, it is the picture that is strange."""

OPEN: Final = 12.0
"""Nats from which on a flip that cannot be believed leaves a file in doubt."""

_BEHIND: Final = 24
"""MCUs behind a unit over which hypotheses about it are compared."""


def polish(
    scan: Scan, model: FlipModel, reversals: tuple[Reversal, ...], beyond: tuple[int, ...]
) -> tuple[Reversal, ...]:
    """The reversals as they stand when each is judged beside all others; what changes is changed in the scan's bytes.

    Args:
        scan: a scan whose repair has ended, its path laid along the bytes as they are.
        model: its flip model, of an encrypted source.
        reversals: all flips reversed in it.
        beyond: bytes at which damage stayed unexplained; nothing is judged by what lies behind one of them.
    """
    flipped = bits_by_unit(flips_of(reversals))
    limits = _limits(scan, beyond)
    kept = []
    for item in reversals:
        others = tuple(bit for bit in flipped[item.unit] if bit != item.bit)
        judged = _judge(scan, model, item, others, limits)
        if judged is not None:
            kept.append(judged)
        flipped[item.unit] = others if judged is None else (*others, judged.bit)
    return tuple(kept)


def pursue(
    scan: Scan, model: FlipModel, hunches: tuple[int, ...], reversals: tuple[Reversal, ...], beyond: tuple[int, ...]
) -> tuple[tuple[Reversal, ...], tuple[int, ...]]:
    """Judge units in which a search saw a flip that it could not believe.

    Args:
        scan, model, reversals, beyond: as for `polish`.
        hunches: units of the model.

    Returns:
        The flips that can be believed now, reversed in the scan's bytes; and the units in which one would still gain
        something, but not enough.
    """
    flipped = bits_by_unit(flips_of(reversals))
    limits = _limits(scan, beyond)
    found: list[Reversal] = []
    open_ones: list[int] = []
    for unit in sorted(set(hunches)):
        others = flipped.get(unit, ())
        trial = _compare(scan, model, unit, others, (), limits)
        if trial is None:
            open_ones.append(unit)
            continue
        best = int(np.argmax(trial.worths))
        gain = float(trial.worths[best])
        margin = min(gain - FLIP_COST, gain - float(np.partition(trial.worths, -2)[-2]))
        if margin >= max(BELIEVED, _STANDS_OUT * gain) and not others:
            trial.settle(scan, best)
            found.append(Reversal(unit, int(trial.bits[best]), gain, margin, certain=True))
            flipped[unit] = (int(trial.bits[best]),)
        elif gain > OPEN:
            open_ones.append(unit)
    return tuple(found), tuple(open_ones)


def _limits(scan: Scan, beyond: tuple[int, ...]) -> NDArray[np.int64]:
    """Bytes, ascending, across which nothing is compared."""
    return np.sort(np.array([*beyond, scan.end], dtype=np.int64))


def _judge(
    scan: Scan, model: FlipModel, item: Reversal, others: tuple[int, ...], limits: NDArray[np.int64]
) -> Reversal | None:
    """The best explanation of one unit beside `others` that are reversed in it; None where it is best left alone."""
    trial = _compare(scan, model, item.unit, others, (item.bit,), limits)
    if trial is None:
        return item
    best = int(np.argmax(trial.worths))
    worth = float(trial.worths[best])
    if worth <= 0.0:
        believable = item.certain or not model.suspect[item.unit]  # where a code failed there are several flips
        return replace(item, margin=-worth, certain=-worth >= SURE and believable)
    trial.settle(scan, best)
    if trial.bits[best] == model.bits:
        return None
    margin = worth - max(0.0, float(np.partition(trial.worths, -2)[-2]))
    certain = margin >= SURE and not model.suspect[item.unit]
    return replace(item, bit=int(trial.bits[best]), margin=margin, certain=certain)


@dataclass(frozen=True, eq=False)
class _Trial:
    """Hypotheses about one unit beside what its bytes are now.

    Attributes:
        bits: of each hypothesis; the model's number of bits where none is reversed.
        patches: uint8 (hypotheses, bytes), from byte `first` of the file on.
        worths: nats by which each explains the picture better than the bytes as they are.
        span: the MCUs compared.
    """

    bits: NDArray[np.int64]
    patches: NDArray[np.uint8]
    first: int
    worths: NDArray[np.float64]
    span: tuple[int, int]

    def settle(self, scan: Scan, row: int) -> None:
        """Make one of them true in the scan's bytes and path."""
        scan.raw[self.first : self.first + self.patches.shape[1]] = self.patches[row]
        scan.walk(*self.span, NEVER)


def _compare(
    scan: Scan,
    model: FlipModel,
    unit: int,
    others: tuple[int, ...],
    doubted: tuple[int, ...],
    limits: NDArray[np.int64],
) -> _Trial | None:
    """Hypotheses about a unit in which the bits `others` and `doubted` are reversed: that any other single bit is, in
    place of the doubted one or besides, or that the doubted one is not. None where the path about it cannot tell."""
    span = _span(scan, model, unit, limits)
    if span is None:
        return None
    base, target = span
    rows = slice(base, target + 1)
    own = Reference(scan.path.places[rows].copy(), scan.path.scores[rows].copy())
    first, patches = _patches(scan, model, unit, others, doubted)
    bits = np.array([bit for bit in range(model.bits + 1) if bit not in (*others, *doubted)], dtype=np.int64)
    bits = bits if doubted else bits[:-1]
    length = patches.shape[1]
    candidates = Candidates(
        np.full(bits.size, first), np.full(bits.size, length), patches[bits], np.full(bits.size, base)
    )
    outcomes = scan.evaluate(candidates, target, length + int(3 * (target - base) * scan.mcu_bytes) + 512, NEVER)
    arrived = outcomes.table[:, 4] >= target
    worths = np.where(arrived, outcomes.last - own.level(outcomes.last_place), -np.inf)
    worths[bits == model.bits] += FLIP_COST
    return _Trial(bits, patches[bits], first, worths, span)


def _span(scan: Scan, model: FlipModel, unit: int, limits: NDArray[np.int64]) -> tuple[int, int] | None:
    """The MCUs over which hypotheses about a unit are compared, the path laid along them; None where that cannot be
    followed."""
    first, last = stretch_of(model, unit, scan.raw.size)
    places = scan.path.places[: scan.layout.mcu_count + 1]
    base = max(0, int(np.searchsorted(places, 8 * first, side="right")) - 2)
    target = int(np.searchsorted(places, 8 * last, side="left")) + _BEHIND
    target = min(target, int(np.searchsorted(places, 8 * limits[np.searchsorted(limits, first)], side="left")))
    target = min(target, scan.layout.mcu_count)
    if target <= base or (np.diff(places[base : target + 1]) < 0).any():
        return None
    target = scan.walk(base, target, NEVER).mcu
    return (base, target) if target > base + 2 else None


def _patches(
    scan: Scan, model: FlipModel, unit: int, others: tuple[int, ...], doubted: tuple[int, ...]
) -> tuple[int, NDArray[np.uint8]]:
    """First byte that a unit changes, and the bytes from there on with each of its bits reversed beside `others`; in
    the last row with none, nor the doubted one."""
    start = int(model.starts[unit])
    first, last = stretch_of(model, unit, scan.raw.size)
    inside = slice(first - start, last - start)
    raw = scan.raw
    stored = raw[first:last].copy()
    for bit in doubted:
        raw[first:last] = model.variants(raw, unit, (*others, bit))[bit][inside]
    without = raw[first:last].copy()
    patches = np.vstack([model.variants(raw, unit, others)[:, inside], without[np.newaxis]])
    raw[first:last] = stored
    return first, patches
