"""The search where the medium knows more than its bytes: which units are damaged, and in which few ways they can be."""

from __future__ import annotations

import numpy as np

from carving.flips.model import Combination, FlipModel
from restore.repair.search.flip_search import SIGNS, FlipSearch
from restore.repair.search.hypotheses import Reversal
from restore.repair.search.search_limits import DROP, FURTHEST_DROP, PAIR_WORK
from restore.repair.search.standards import FLIP_COST, REDRAWN
from restore.scan.extend_kernels import NEVER
from restore.scan.scan import Scan


def search_of(scan: Scan, model: FlipModel, expansions: int, alarm: float, at_once: float = 1.0) -> FlipSearch:
    """The search that a flip model calls for; arguments as there."""
    informed = model.suspect.any() or model.combinations
    return (InformedSearch if informed else FlipSearch)(scan, model, expansions, alarm, PAIR_WORK, at_once)


class CodeSearch(FlipSearch):
    """Explains signs of damage by the flip model's combinations alone, those that an error-correcting code has left.

    It is quick, and where it explains all damage nothing else need be asked.
    """

    def resolve(self, base: int) -> tuple[Reversal, ...]:
        self.first_changed = base
        return self._settle(base)

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
            if not units or any(unit in self.flip_state.reversed for unit in units):
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
            undo = self.flip_state.assume(way)
            clean = self._scan.walk(begin, count, DROP)
            refuted = clean.why in SIGNS and int(self._scan.path.places[clean.best_mcu]) >> 3 < explained
            own = self._go_on(begin, self._scan.walk(begin, count, DROP, self.alarm), FURTHEST_DROP)
            self.flip_state.undo(undo)
            end = own.places[-1:]
            worth = float((own.level(end) - reference.level(end))[0]) - FLIP_COST
            worths.append(-np.inf if refuted else worth)
        best = int(np.argmax(worths))
        margin = worths[best] - max([0.0, *worths[:best], *worths[best + 1 :]])
        if margin < REDRAWN.margin or not ways[best]:
            self._scan.walk(begin, count, DROP, self.alarm)
            return ()
        gain = (worths[best] + FLIP_COST) / len(ways[best])
        found = (Reversal(unit, bit, gain, margin, certain=True, joint=True) for unit, bit in ways[best])
        return self._commit(tuple(found))


class InformedSearch(CodeSearch):
    """Tries the combinations first, then the units that the medium calls suspect, and then all."""

    def resolve(self, base: int) -> tuple[Reversal, ...]:
        if found := super().resolve(base):
            return found
        if self._model.suspect.any():
            self._tried = self._model.suspect
            found = FlipSearch.resolve(self, base)
            self._tried = np.ones_like(self._tried)
            if found:
                return found
        return FlipSearch.resolve(self, base)
