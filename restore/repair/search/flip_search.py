"""The search for flipped bits: sequential decoding with flips as branches.

The path is walked until its score drops; every unit of the flip model about there then competes with every one of its
bits, and with there being no flip. Scores are Fano metrics, so hypotheses that reach differently far compare directly.
Where two flips lie close, the best hypotheses are pursued side by side, best first, until one has decoded on cleanly.
"""

from __future__ import annotations

import heapq
from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from carving.flips.model import FlipModel
from restore.repair.search.flip_state import FlipState
from restore.repair.search.hypotheses import Flips, Hypothesis, Reversal, flips_of, verdict
from restore.repair.search.pairs import weigh_pairs
from restore.repair.search.path_reference import Reference, reference_of, walked
from restore.repair.search.search_limits import (
    AT_ONCE_MCUS,
    CLEAR,
    DOUBT,
    DROP,
    END_COST,
    FOLLOWED,
    LONG_MCUS,
    LOOK_BACK,
    MUCH,
    PAIR_BACK,
    PAIR_MARGIN,
    PAIR_REACH,
    SHARE_AT_ONCE,
    SOON_MCUS,
    UNSETTLED_MARGIN,
)
from restore.repair.search.standards import FLIP_COST, standards_of
from restore.scan.contracts import ALARMED, BROKEN, COMPLETE, DROPPED, HORIZON
from restore.scan.extend_kernels import NEVER
from restore.scan.scan import Candidates, Outcomes, Scan, Stretch

SIGNS: Final = (ALARMED, DROPPED, BROKEN)


class FlipSearch:
    """Finds the flips behind one sign of damage after another; the scan's bytes hold all that are committed."""

    def __init__(
        self, scan: Scan, model: FlipModel, expansions: int, alarm: float, pair_work: int, at_once: float = 1.0
    ) -> None:
        """Set out to search.

        Args:
            scan: the scan under repair.
            model: its flip model.
            expansions: how many hypotheses may be pursued per sign of damage.
            alarm: the level at which single MCUs are looked into.
            pair_work: decoded MCUs that looking for two flips at once may cost; they do not count as the search's.
            at_once: share of what is due at once from a flip behind an alarm, see `SHARE_AT_ONCE`, that must be paid.

        `unbelieved` are then the units in which a flip would gain something that could not be believed.
        """
        self._scan = scan
        self._model = model
        self._expansions = expansions
        self.alarm = alarm
        self._tried = np.ones(model.starts.size, dtype=np.bool_)
        self.first_changed = 0
        self._standards = standards_of(model)
        self._cost = self._standards.cost
        self._pair_work = pair_work
        self._at_once = at_once
        self.unbelieved: list[int] = []
        self.flip_state = FlipState(scan, model)

    def resolve(self, base: int) -> tuple[Reversal, ...]:
        """Explain the sign of damage that the path shows next behind MCU `base`; commits what it returns.

        `first_changed` is then the first MCU that is no longer what it was.
        """
        self.first_changed = base
        stretch = self._scan.walk(base, self._scan.layout.mcu_count, DROP, self.alarm)
        if stretch.why not in SIGNS:
            return ()
        self._cost = max(self._standards.cost, END_COST * (stretch.mcu == self._scan.layout.mcu_count))
        reference = self._go_on(base, stretch, NEVER)
        root = Hypothesis((), 0.0, settled=False)
        everything = [Hypothesis((), 0.0, settled=True), *self._children(base, stretch, root, reference, reference)]
        queue = [(-hypothesis.worth, number, hypothesis) for number, hypothesis in enumerate(everything)]
        heapq.heapify(queue)
        pursued: set[Flips] = set()
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
        found = verdict(everything, self._cost, self._standards.margin)
        worth = sum(reversal.gain - self._cost for reversal in found)
        flips = flips_of(found)
        if found and not (self._crowded(flips) or self._doubtful(base, stretch, reference, flips, worth)):
            return self._commit(found)
        if found or stretch.why != ALARMED:
            pair = self._resolve_pair(base, stretch, reference, worth)
            if pair:
                return self._commit(pair)
        if stretch.why == ALARMED:  # it may be the picture that looks strange
            self.unbelieved.extend(unit for unit, _ in max(everything, key=lambda entry: entry.worth).flips)
            return ()
        return self._commit(tuple(replace(reversal, certain=False) for reversal in found))

    def adopt(self, reversals: tuple[Reversal, ...]) -> None:
        """Take flips for reversed that are so in the scan's bytes already."""
        self.flip_state.enter(flips_of(reversals))

    def _crowded(self, flips: Flips) -> bool:
        """Whether flips that were found one after the other share a unit, or lie in neighbouring ones.

        What the later one draws makes up for the earlier one, right or wrong.
        """
        if not self._standards.redraws:
            return False
        units = np.sort([*self.flip_state.reversed, *(unit for unit, _ in flips)])
        own = np.isin(units, [unit for unit, _ in flips])
        return bool(((np.diff(units) <= 1) & (own[1:] | own[:-1])).any())

    def _doubtful(self, base: int, stretch: Stretch, reference: Reference, flips: Flips, due: float) -> bool:
        """Whether MCUs still score too low once flips are reversed, or the gain `due` does not last: then something
        else was flipped there, or nothing."""
        model = self._model
        undo = self.flip_state.assume(flips)
        path = walked(self._scan, base, stretch.mcu + SOON_MCUS)
        self.flip_state.undo(undo)
        units = [unit for unit, _ in flips]
        low = 8 * min(int(model.starts[unit]) for unit in units)
        high = 8 * max(int(model.starts[unit]) + int(model.reaches[unit]) // 2 for unit in units)
        first = max(0, int(np.searchsorted(path.places, low, side="right")) - 1)
        last = min(int(np.searchsorted(path.places, high, side="left")), path.places.size - 1)
        lacks = [self._lack(path, row) for row in range(first, last)]
        allowed = DOUBT * self._scan.model.expected.spread + self._slack(base, stretch, reference)
        return (bool(lacks) and max(lacks) > allowed) or self._fleeting(base, stretch, flips, due)

    def _fleeting(self, base: int, stretch: Stretch, flips: Flips, gain: float) -> bool:
        """Whether flips that gain little here lose half of it again soon, as those do that please an odd place of the
        picture by moving all that follows. Much is not lost so, but damage further on can outweigh it."""
        if gain > MUCH:
            return False
        target = stretch.mcu + LONG_MCUS
        without = walked(self._scan, base, target)
        undo = self.flip_state.assume(flips)
        with_them = walked(self._scan, base, target)
        self.flip_state.undo(undo)
        place = np.minimum(without.places[-1:], with_them.places[-1:])
        return bool((with_them.level(place) - without.level(place))[0] < gain / 2)

    def _resolve_pair(self, base: int, stretch: Stretch, reference: Reference, due: float) -> tuple[Reversal, ...]:
        """Explain a sign of damage by two flips in one unit or in neighbouring ones that are worth more than `due`."""
        scan, model = self._scan, self._model
        if self._pair_work <= 0 or not self._standards.redraws:
            return ()
        spent = scan.spent
        first_mcu = max(base, stretch.best_mcu - PAIR_BACK)
        low, high = (int(scan.path.places[mcu]) >> 3 for mcu in (first_mcu, stretch.mcu))
        units = np.arange(np.searchsorted(model.starts, low - PAIR_REACH), np.searchsorted(model.starts, high))
        firsts = units[(units > 0) & (units + 1 < model.starts.size)].tolist()
        weighed = weigh_pairs(scan, model, firsts, self.flip_state.reversed, (first_mcu, stretch.mcu), reference)
        self._pair_work -= scan.spent - spent
        scan.spent = spent
        if not weighed:
            return ()
        worths = [entry.gain - 2 * self._cost for entry in weighed]
        pair, worth = weighed[0].flips, worths[0]
        margin = worth - max(due, 0.0, *worths[1:2])
        if margin < (PAIR_MARGIN if weighed[0].settled else UNSETTLED_MARGIN):
            return ()
        if self._doubtful(base, stretch, reference, pair, worth):
            return ()
        gain = worth / 2 + self._cost
        return tuple(Reversal(*flip, gain, margin, certain=True, joint=True) for flip in pair)

    def _commit(self, reversals: tuple[Reversal, ...]) -> tuple[Reversal, ...]:
        """Reverse flips for good."""
        self.flip_state.assume(flips_of(reversals))
        self.adopt(reversals)
        return reversals

    def _explains(self, base: int, hypothesis: Hypothesis, mcu: int) -> bool:
        """Whether a hypothesis leaves no sign of damage about MCU `mcu`, where another flip would lie close by."""
        undo = self.flip_state.assume(hypothesis.flips)
        stretch = self._scan.walk(base, mcu + AT_ONCE_MCUS, DROP, self.alarm)
        self.flip_state.undo(undo)
        return stretch.why not in SIGNS

    def _expand(self, base: int, parent: Hypothesis, reference: Reference) -> list[Hypothesis]:
        """Hypotheses with one flip more than `parent`, and the parent itself gone on beyond its sign of damage."""
        undo = self.flip_state.assume(parent.flips)
        try:
            stretch = self._scan.walk(base, self._scan.layout.mcu_count, DROP, self.alarm)
            if stretch.why not in SIGNS:
                return []
            own = self._go_on(base, stretch, FOLLOWED[-1][2])
            end = own.places[-1:]
            worth = float((own.level(end) - reference.level(end))[0]) - self._cost * len(parent.flips)
            gone_on = Hypothesis(parent.flips, max(worth, parent.worth), settled=True)
            return [gone_on, *self._children(base, stretch, parent, own, reference)]
        finally:
            self.flip_state.undo(undo)

    def _go_on(self, base: int, stretch: Stretch, drop: float) -> Reference:
        """The path from `base` on, led over a sign of damage as if it were none."""
        last = stretch.mcu
        if stretch.why != BROKEN:
            last = max(last, self._scan.walk(stretch.mcu, stretch.mcu + FOLLOWED[-1][1], drop).best_mcu)
        return reference_of(self._scan, base, last)

    def _children(
        self, base: int, stretch: Stretch, parent: Hypothesis, own: Reference, reference: Reference
    ) -> list[Hypothesis]:
        """The best hypotheses with one flip more than `parent`, whose path is `own`."""
        scan = self._scan
        candidates, flips = self._candidates(stretch, parent, base)
        size = scan.mcu_bytes
        rows = np.arange(candidates.starts.size)
        soon = AT_ONCE_MCUS if stretch.why == ALARMED else SOON_MCUS
        slack = self._slack(base, stretch, own)
        outcomes = scan.evaluate(candidates, stretch.mcu + soon, int(3 * soon * size) + 256, 30.0 + slack)
        if stretch.why == ALARMED:  # a flip must pay at once: far off, a wrong one can pay by mending later damage
            due = self._at_once * max(FLIP_COST, SHARE_AT_ONCE * self._lack(own, stretch.mcu - 1 - base))
            gains = outcomes.best - own.level(outcomes.place)
            pays = gains >= due
            if (
                gains.size and _lead(gains) >= CLEAR
            ):  # nor can one that is this much better than all others be a wrong one
                pays[np.argmax(gains)] = True
            rows, outcomes = rows[pays], Outcomes(outcomes.table[pays])
        for keep, target, drop in self._standards.rounds:
            if rows.size == 0:
                return []
            rows = rows[np.argsort(-outcomes.best, kind="stable")[:keep]]
            outcomes = scan.evaluate(
                candidates.take(rows), stretch.mcu + target, int(3 * target * size) + 512, drop + slack
            )
            if _lead(outcomes.best - own.level(outcomes.place)) >= CLEAR:
                break
        if self._standards.lasting:
            lasting = self._lasting(stretch, candidates.take(rows), own, outcomes)
            rows, outcomes = rows[lasting], Outcomes(outcomes.table[lasting])
        worths = outcomes.best - reference.level(outcomes.place) - self._cost * (len(parent.flips) + 1)
        return [
            Hypothesis(
                (*parent.flips, flips[row]), float(worths[index]), bool(outcomes.why[index] in (HORIZON, COMPLETE))
            )
            for index, row in enumerate(rows)
        ]

    def _lasting(
        self, stretch: Stretch, candidates: Candidates, own: Reference, outcomes: Outcomes
    ) -> NDArray[np.bool_]:
        """Which hypotheses pay soon, and keep at least half of their gain until the MCUs below have been seen.

        A single bit can shift the colours to please an edge in the picture, or to make up for a shift further on.
        """
        size = self._scan.mcu_bytes
        soon, far = (
            self._scan.evaluate(candidates, stretch.mcu + target, int(3 * target * size) + 512, NEVER)
            for target in (FOLLOWED[0][1], FOLLOWED[-1][1])
        )
        pays = soon.last - own.level(soon.last_place) >= self._standards.cost
        gained = outcomes.best - own.level(outcomes.place)
        return np.asarray(pays & (far.last - own.level(far.last_place) >= gained / 2))

    def _slack(self, base: int, stretch: Stretch, own: Reference) -> float:
        """How much further a score may fall here: what the worst of the MCUs just before the sign of damage lacks."""
        last = stretch.mcu - 1 - base
        return max(0.0, *(self._lack(own, row) for row in range(max(0, last - LOOK_BACK), last)), 0.0)

    def _lack(self, own: Reference, row: int) -> float:
        """By how much the MCU in a row of the path scores less than expected."""
        bits = np.asarray(own.places[row + 1] - own.places[row], dtype=np.float64)
        return float(self._scan.model.expected.score(bits) - (own.scores[row + 1] - own.scores[row]))

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
            np.searchsorted(model.starts, low - (width // 2 if self._standards.redraws else 0), side="left"),
            np.searchsorted(model.starts, high, side="right"),
        )
        units = units[self._tried[units]]
        done = dict(self.flip_state.reversed)
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


def _lead(gains: NDArray[np.float64]) -> float:
    """By how much the best gain beats the next, and no flip at all."""
    ordered = np.sort(gains)
    return float(ordered[-1] - max(0.0, ordered[-2] if ordered.size > 1 else 0.0))
