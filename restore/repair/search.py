"""The search for flipped bits: sequential decoding with flips as branches.

The path is walked until its score drops; every unit of the flip model about there then competes with every one of its
bits, and with there being no flip. Scores are Fano metrics, so hypotheses that reach differently far compare directly.
Where two flips lie close, the best hypotheses are pursued side by side, best first, until one has decoded on cleanly.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from carving.flips import Combination, FlipModel
from restore.repair.contracts import ALARMED, BROKEN, COMPLETE, DROPPED, HORIZON
from restore.repair.extend_kernels import NEVER
from restore.repair.scan import Candidates, Outcomes, Scan, Stretch

SIGNS: Final = (ALARMED, DROPPED, BROKEN)

DROP: Final = 20.0
"""Fall in nats below the highest score that counts as a sign of damage."""

ALARM: Final = 1.0
"""Spreads below the expected score at which one MCU is looked into."""

LOOK_BACK: Final = 6
"""MCUs before the highest score in which the flip may still lie."""

FLIP_COST: Final = 20.0
"""Nats a flip must earn: the odds against it at a bit error rate of 1e-5, and what the best of many wrong ones
gains."""

SHARE_AT_ONCE: Final = 0.5
"""Share of what an alarmed MCU lacks that a flip must win back there and then."""

END_COST: Final = 80.0
"""Nats a flip must earn that only mends the end of a scan: cameras leave bits there that no flip explains."""

MARGIN: Final = 20.0
"""Nats by which a flip must beat its best rival to be claimed."""

UNSETTLED_MARGIN: Final = 60.0
"""The same where the path does not go on cleanly behind it."""

IN_STEP: Final = 60.0
"""Nats a flip must gain to be taken without being claimed."""

CLEAR: Final = 40.0
"""Nats of lead at which the best hypothesis need not be followed further."""

_AT_ONCE: Final = 2
_SOON: Final = 8
_ROUNDS: Final = ((64, 16, 40.0), (12, 48, 50.0), (4, 160, 70.0))
"""How many hypotheses are followed, how many MCUs behind the sign of damage, and to which drop. Near rounds decide
first: far off, a wrong flip can win by making up for other damage."""


@dataclass(frozen=True, slots=True)
class Reversal:
    """One reversed flip: unit and bit of the flip model, gain over leaving it, margin over the best rival, in nats.

    One that is not `certain` serves to go on in step: something was flipped there, but which bit is open.
    """

    unit: int
    bit: int
    gain: float
    margin: float
    by_code: bool = False
    """Whether an error-correcting code names the flip, with others that it stands or falls with."""

    @property
    def certain(self) -> bool:
        """Whether the flip may be claimed."""
        return self.margin >= MARGIN


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """Some flips reversed together.

    Attributes:
        flips: (unit, bit) of each, in the order found; none where the path is taken as it stands.
        worth: score gained over the path as it stood before the first of them, each flip's cost taken off, in nats.
        settled: whether there is no more to explain: the path goes on cleanly, or as well as it can.
    """

    flips: tuple[tuple[int, int], ...]
    worth: float
    settled: bool


@dataclass(frozen=True, eq=False)
class Reference:
    """Scores of a path at places (bits of the file); hypotheses are measured against it wherever they end."""

    places: NDArray[np.int64]
    scores: NDArray[np.float64]

    def level(self, places: NDArray[np.int64]) -> NDArray[np.float64]:
        """The path's score where it gets to `places`; where it breaks off before, what it had by then."""
        return np.interp(places, self.places, self.scores)


class FlipSearch:
    """Finds the flips behind one sign of damage after another; the scan's bytes hold all that are committed."""

    def __init__(self, scan: Scan, model: FlipModel, expansions: int, alarm: float) -> None:
        """Set out to search.

        Args:
            scan: the scan under repair.
            model: its flip model.
            expansions: how many hypotheses may be pursued per sign of damage.
            alarm: the level at which single MCUs are looked into.
        """
        self._scan = scan
        self._model = model
        self._expansions = expansions
        self.alarm = alarm
        self._cost = FLIP_COST
        self._flipped: dict[int, tuple[int, ...]] = {}
        self._tried = np.ones(model.starts.size, dtype=np.bool_)
        self.first_changed = 0

    def resolve(self, base: int) -> tuple[Reversal, ...]:
        """Explain the sign of damage that the path shows next behind MCU `base`; commits what it returns.

        Where the medium says which units are damaged, these are tried alone first, and before them the few ways to have
        been damaged that its redundancy leaves. `first_changed` is then the first MCU that is no longer what it was.
        """
        self.first_changed = base
        if found := self._settle(base):
            return found
        if self._model.suspect.any():
            self._tried = self._model.suspect
            found = self._resolve(base)
            self._tried = np.ones_like(self._tried)
            if found:
                return found
        return self._resolve(base)

    def _settle(self, base: int) -> tuple[Reversal, ...]:
        """The way to have been damaged that explains the sign of damage behind `base`, among those that the medium's
        redundancy leaves; commits it."""
        if not self._model.combinations:
            return ()
        stretch = self._scan.walk(base, self._scan.layout.mcu_count, DROP, self.alarm)
        if stretch.why not in SIGNS:
            return ()
        for ways in self._model.combinations:
            units = [unit for way in ways for unit, _ in way]
            if not units or any(unit in self._flipped for unit in units):
                continue
            first = int(self._model.starts[min(units)])
            last = int(self._model.starts[max(units)] + self._model.reaches[max(units)])
            places = self._scan.path.places[: stretch.mcu + 1]
            before = np.flatnonzero(places <= 8 * max(first, self._scan.start))
            reach = (int(places[-1]) >> 3) + int(3 * self._scan.mcu_bytes) + 64  # an MCU that broke goes on behind it
            if first > reach or 8 * last < places[min(base, stretch.mcu)] or before.size == 0:
                continue
            begin = min(base, int(before[-1]))
            found = self._best_way(begin, ways)
            if found:
                self.first_changed = begin
                return found
        return ()

    def _best_way(self, begin: int, ways: tuple[Combination, ...]) -> tuple[Reversal, ...]:
        """The one of several combinations of flips that scores clearly more than all others and none, from MCU `begin`
        on; commits it. One that is right leaves no damage in the stretch it explains."""
        count = self._scan.layout.mcu_count
        ends = [int(self._model.starts[unit] + self._model.reaches[unit]) for way in ways for unit, _ in way]
        explained = max(ends, default=0) - int(2 * self._scan.mcu_bytes)
        reference = self._go_on(begin, self._scan.walk(begin, count, DROP, self.alarm), NEVER)
        worths = []
        for way in ways:
            undo = self._apply(way)
            clean = self._scan.walk(begin, count, DROP)
            refuted = clean.why in SIGNS and int(self._scan.path.places[clean.best_mcu]) >> 3 < explained
            own = self._go_on(begin, self._scan.walk(begin, count, DROP, self.alarm), _ROUNDS[-1][2])
            self._take_back(undo)
            end = own.places[-1:]
            worth = float((own.level(end) - reference.level(end))[0]) - FLIP_COST
            worths.append(-np.inf if refuted else worth)
        best = int(np.argmax(worths))
        margin = worths[best] - max([0.0, *worths[:best], *worths[best + 1 :]])
        if margin < MARGIN or not ways[best]:
            self._scan.walk(begin, count, DROP, self.alarm)
            return ()
        self.commit(ways[best])
        gain = (worths[best] + FLIP_COST) / len(ways[best])
        return tuple(Reversal(unit, bit, gain, margin, by_code=True) for unit, bit in ways[best])

    def _resolve(self, base: int) -> tuple[Reversal, ...]:
        stretch = self._scan.walk(base, self._scan.layout.mcu_count, DROP, self.alarm)
        if stretch.why not in SIGNS:
            return ()
        self._cost = END_COST if stretch.mcu == self._scan.layout.mcu_count else FLIP_COST
        reference = self._go_on(base, stretch, NEVER)
        root = Hypothesis((), 0.0, settled=False)
        everything = [Hypothesis((), 0.0, settled=True), *self._children(base, stretch, root, reference, reference)]
        queue = [(-hypothesis.worth, number, hypothesis) for number, hypothesis in enumerate(everything)]
        heapq.heapify(queue)
        pursued: set[tuple[tuple[int, int], ...]] = set()
        while queue and len(pursued) < self._expansions - 1:
            _, _, top = heapq.heappop(queue)
            if top.settled and (not top.flips or self._explains(base, top, stretch.mcu)):
                break
            if top.flips in pursued:
                continue
            pursued.add(top.flips)
            for hypothesis in self._expand(base, top, reference):
                everything.append(hypothesis)
                heapq.heappush(queue, (-hypothesis.worth, len(everything), hypothesis))
        return self._verdict(everything)

    def _verdict(self, hypotheses: list[Hypothesis]) -> tuple[Reversal, ...]:
        winner = max(hypotheses, key=lambda hypothesis: hypothesis.worth)
        reversals = []
        before = 0.0
        for depth, flip in enumerate(winner.flips):
            with_it = max(other.worth for other in hypotheses if other.flips == winner.flips[: depth + 1])
            margin = winner.worth - max(other.worth for other in hypotheses if flip not in other.flips)
            in_step = winner.settled and with_it - before >= IN_STEP
            if margin < (MARGIN if winner.settled else UNSETTLED_MARGIN) and not in_step:
                break
            reversals.append(Reversal(*flip, with_it - before + self._cost, margin))
            before = with_it
        self.commit(tuple((reversal.unit, reversal.bit) for reversal in reversals))
        return tuple(reversals)

    def commit(self, flips: tuple[tuple[int, int], ...]) -> None:
        """Reverse flips for good."""
        self._apply(flips)
        for unit, bit in flips:
            self._flipped[unit] = (*self._flipped.get(unit, ()), bit)

    def _explains(self, base: int, hypothesis: Hypothesis, mcu: int) -> bool:
        """Whether a hypothesis leaves no sign of damage about MCU `mcu`, where another flip would lie close by."""
        undo = self._apply(hypothesis.flips)
        stretch = self._scan.walk(base, mcu + _AT_ONCE, DROP, self.alarm)
        self._take_back(undo)
        return stretch.why not in SIGNS

    def _take_back(self, undo: list[tuple[int, NDArray[np.uint8]]]) -> None:
        for start, stored in reversed(undo):
            self._scan.raw[start : start + stored.size] = stored

    def _expand(self, base: int, parent: Hypothesis, reference: Reference) -> list[Hypothesis]:
        """Hypotheses with one flip more than `parent`, and the parent itself gone on beyond its sign of damage."""
        undo = self._apply(parent.flips)
        try:
            stretch = self._scan.walk(base, self._scan.layout.mcu_count, DROP, self.alarm)
            if stretch.why not in SIGNS:
                return []
            own = self._go_on(base, stretch, _ROUNDS[-1][2])
            end = own.places[-1:]
            worth = float((own.level(end) - reference.level(end))[0]) - self._cost * len(parent.flips)
            gone_on = Hypothesis(parent.flips, max(worth, parent.worth), settled=True)
            return [gone_on, *self._children(base, stretch, parent, own, reference)]
        finally:
            self._take_back(undo)

    def _go_on(self, base: int, stretch: Stretch, drop: float) -> Reference:
        """The path from `base` on, led over a sign of damage as if it were none."""
        last = stretch.mcu
        if stretch.why != BROKEN:
            last = max(last, self._scan.walk(stretch.mcu, stretch.mcu + _ROUNDS[-1][1], drop).best_mcu)
        path = self._scan.path
        return Reference(path.places[base : last + 1].copy(), path.scores[base : last + 1].copy())

    def _children(
        self, base: int, stretch: Stretch, parent: Hypothesis, own: Reference, reference: Reference
    ) -> list[Hypothesis]:
        """The best hypotheses with one flip more than `parent`, whose path is `own`."""
        scan = self._scan
        candidates, flips = self._candidates(stretch, parent, base)
        size = scan.mcu_bytes
        rows = np.arange(candidates.starts.size)
        soon = _AT_ONCE if stretch.why == ALARMED else _SOON
        outcomes = scan.evaluate(candidates, stretch.mcu + soon, int(3 * soon * size) + 256, 30.0)
        if stretch.why == ALARMED:  # a flip must pay at once: far off, a wrong one can pay by mending later damage
            due = max(FLIP_COST, SHARE_AT_ONCE * self._lack(base, stretch, own))
            worth = outcomes.best - own.level(outcomes.place) >= due
            rows, outcomes = rows[worth], Outcomes(outcomes.table[worth])
        for keep, target, drop in _ROUNDS:
            if rows.size == 0:
                return []
            rows = rows[np.argsort(-outcomes.best, kind="stable")[:keep]]
            outcomes = scan.evaluate(candidates.take(rows), stretch.mcu + target, int(3 * target * size) + 512, drop)
            if _lead(outcomes.best - own.level(outcomes.place)) >= CLEAR:
                break
        worths = outcomes.best - reference.level(outcomes.place) - self._cost * (len(parent.flips) + 1)
        return [
            Hypothesis(
                (*parent.flips, flips[row]), float(worths[index]), bool(outcomes.why[index] in (HORIZON, COMPLETE))
            )
            for index, row in enumerate(rows)
        ]

    def _lack(self, base: int, stretch: Stretch, own: Reference) -> float:
        """By how much the MCU that raised an alarm scores less than expected."""
        row = stretch.mcu - 1 - base
        bits = float(own.places[row + 1] - own.places[row])
        a, b, c, _ = self._scan.model.expected
        return float(a + b * bits + c * np.sqrt(max(bits, 0.0)) - (own.scores[row + 1] - own.scores[row]))

    def _candidates(self, stretch: Stretch, parent: Hypothesis, base: int) -> tuple[Candidates, list[tuple[int, int]]]:
        """Every bit of every unit that could explain a stretch's end."""
        scan, model = self._scan, self._model
        back = stretch.mcu - 2 if stretch.why == ALARMED else stretch.best_mcu - LOOK_BACK
        first_mcu = max(base, back)
        low = int(scan.path.places[first_mcu]) >> 3
        high = int(scan.path.places[stretch.mcu]) >> 3
        if stretch.why == BROKEN:
            high += int(3 * scan.mcu_bytes) + 64
        high = min(high, scan.end)
        width = int(model.reaches.max(initial=1))
        units = np.arange(
            np.searchsorted(model.starts, low - (width // 2 if model.encrypted else 0), side="left"),
            np.searchsorted(model.starts, high, side="right"),
        )
        units = units[self._tried[units]]
        done = dict(self._flipped)
        for unit, bit in parent.flips:
            done[unit] = (*done.get(unit, ()), bit)
        places = scan.path.places[first_mcu : stretch.mcu + 1]
        checkpoints = np.searchsorted(places, 8 * model.starts[units], side="right") - 1 + first_mcu
        patches = [model.variants(scan.raw, int(unit), done.get(int(unit), ())) for unit in units]
        flips = [(int(unit), bit) for unit in units for bit in range(model.bits)]
        fresh = np.array([bit not in done.get(unit, ()) for unit, bit in flips], dtype=np.bool_)
        everything = Candidates(
            model.starts[units].repeat(model.bits),
            model.reaches[units].repeat(model.bits),
            np.concatenate(patches) if patches else np.zeros((0, width), dtype=np.uint8),
            np.maximum(checkpoints, first_mcu).repeat(model.bits),
        )
        return everything.take(np.flatnonzero(fresh)), [flip for flip, new in zip(flips, fresh, strict=True) if new]

    def _apply(self, flips: tuple[tuple[int, int], ...]) -> list[tuple[int, NDArray[np.uint8]]]:
        """Reverse flips in the scan's bytes; returns what stood there, in order."""
        raw, model = self._scan.raw, self._model
        done = dict(self._flipped)
        undo = []
        for unit, bit in flips:
            start = int(model.starts[unit])
            first, last = max(start, 0), min(start + int(model.reaches[unit]), raw.size)
            undo.append((first, raw[first:last].copy()))
            raw[first:last] = model.variants(raw, unit, done.get(unit, ()))[bit][first - start : last - start]
            done[unit] = (*done.get(unit, ()), bit)
        return undo


def _lead(gains: NDArray[np.float64]) -> float:
    """By how much the best gain beats the next, and no flip at all."""
    ordered = np.sort(gains)
    return float(ordered[-1] - max(0.0, ordered[-2] if ordered.size > 1 else 0.0))
