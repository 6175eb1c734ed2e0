"""Which hypotheses are believed, which flips may be claimed, and what they are measured against."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from carving.flips.plain_flips import PlainFlips
from carving.source import Run
from restore.repair.search.claims import claimable, no_closer_than_chance
from restore.repair.search.hypotheses import Hypothesis, Reversal, flips_of, verdict
from restore.repair.search.path_reference import Reference, reference_of, walked
from restore.repair.search.scan_repair import keen_alarm
from restore.repair.search.search_limits import (
    ALARMS_PER_FLIP,
    CROWD_BYTES,
    IN_STEP,
    KEEN_SHARE,
    UNRESOLVED_BYTES,
    UNSETTLED_MARGIN,
)
from restore.repair.search.standards import REDRAWN, SINGLE_BITS, standards_of
from restore.scan.preparation import ALARM_SHARE
from tests.restore.repair.headers import PLAIN, flipped
from tests.restore.repair.scans import damaged, photo

NOTHING = Hypothesis((), 0.0, settled=True)
COST, MARGIN = 20.0, 20.0


def believed(*hypotheses: Hypothesis) -> tuple[Reversal, ...]:
    return verdict([NOTHING, *hypotheses], COST, MARGIN)


def test_a_flip_must_beat_its_best_rival() -> None:
    first, rival = (5, 1), (6, 2)
    clear = believed(Hypothesis((first,), 50.0, settled=True), Hypothesis((rival,), 30.0, settled=True))
    assert clear == (Reversal(*first, 50.0 + COST, 20.0, certain=True),)
    assert believed(Hypothesis((first,), 50.0, settled=True), Hypothesis((rival,), 31.0, settled=True)) == ()
    assert believed() == ()


def test_one_that_does_not_go_on_cleanly_must_win_by_more() -> None:
    worth = UNSETTLED_MARGIN - 1.0
    assert believed(Hypothesis(((5, 1),), worth, settled=False)) == ()
    assert len(believed(Hypothesis(((5, 1),), UNSETTLED_MARGIN, settled=False))) == 1


def test_one_that_leaves_the_path_in_step_is_taken_without_being_claimed() -> None:
    worth = IN_STEP + 5.0
    (taken,) = believed(Hypothesis(((5, 1),), worth, settled=True), Hypothesis(((5, 2),), worth - 1.0, settled=True))
    assert taken == Reversal(5, 1, worth + COST, 1.0, certain=False)


def test_of_several_flips_those_count_that_stand_out() -> None:
    one, two, other = (5, 1), (9, 3), (9, 4)
    found = believed(
        Hypothesis((one,), 40.0, settled=False),
        Hypothesis((one, two), 95.0, settled=True),
        Hypothesis((one, other), 90.0, settled=True),
    )
    assert found == (Reversal(*one, 40.0 + COST, 95.0, certain=True),)
    assert flips_of(found) == (one,)


def test_nothing_is_claimed_near_unexplained_damage_or_in_a_crowd() -> None:
    model = flipped(photo(), (), PLAIN).model
    lone = Reversal(4000, 3, 500.0, 100.0, certain=True)
    assert claimable(model, (lone,), (4000 + UNRESOLVED_BYTES,)) == (lone,)
    assert claimable(model, (lone,), (4001 - UNRESOLVED_BYTES,)) == ()
    crowd = tuple(Reversal(4000 + step, 1, 500.0, 100.0, certain=True) for step in (0, 20, 40))
    assert claimable(model, crowd[:2]) == crowd[:2]
    assert claimable(model, crowd) == ()
    apart = (*crowd[:2], Reversal(4020 + CROWD_BYTES, 1, 500.0, 100.0, certain=True))
    assert claimable(model, apart) == apart
    assert claimable(None, (lone,)) == ()


def test_a_flip_is_judged_by_its_kind() -> None:
    assert standards_of(flipped(photo(), ()).model) is REDRAWN
    assert standards_of(flipped(photo(), (), PLAIN).model) is SINGLE_BITS
    assert (REDRAWN.redraws, REDRAWN.lasting, REDRAWN.turns) == (True, False, 1)
    assert (SINGLE_BITS.redraws, SINGLE_BITS.lasting, SINGLE_BITS.header_rounds) == (False, True, 0)
    assert SINGLE_BITS.rounds == REDRAWN.rounds[:-1]  # single bits are followed less far


def test_a_reference_is_the_path_wherever_it_gets_to() -> None:
    reference = Reference(np.array([100, 200, 400]), np.array([0.0, 10.0, -10.0]))
    assert reference.level(np.array([50, 150, 300, 999])).tolist() == [0.0, 5.0, 0.0, -10.0]
    _, scan = damaged()
    laid = walked(scan, 40, 60)
    np.testing.assert_array_equal(laid.places, scan.path.places[40:61])
    kept = reference_of(scan, 40, 60)
    scan.path.scores[40:61] += 5.0
    np.testing.assert_array_equal(kept.scores, laid.scores)
    assert reference_of(scan, 40, 60).scores[0] == laid.scores[0] + 5.0


def test_each_flip_that_was_found_vouches_for_more_alarms() -> None:
    _, scan = damaged()
    count = scan.layout.mcu_count
    lacking = scan.model.expected.alarm * np.linspace(0.0, 1.0, count) ** 8
    assert keen_alarm(scan, lacking, 0) == pytest.approx((1 - ALARM_SHARE) ** 8, abs=1e-3)
    assert keen_alarm(scan, lacking, 1) == pytest.approx((1 - ALARMS_PER_FLIP / count) ** 8, abs=1e-3)
    assert keen_alarm(scan, lacking, 1000) == pytest.approx((1 - KEEN_SHARE) ** 8, abs=1e-3)
    scattered = np.where(np.arange(count) % 2, 0.3, -0.3) * scan.model.expected.alarm
    assert keen_alarm(scan, scattered, 1000) == 1.0  # none may raise one that lacks no more than sound ones do
    scan.model = scan.model._replace(expected=scan.model.expected._replace(alarm=0.0))
    assert keen_alarm(scan, lacking, 3) == 1.0


def test_two_flips_close_together_are_no_chance_where_there_are_few() -> None:
    model = PlainFlips(1_000_000, (Run(0, 1_000_000),))
    flips = tuple(Reversal(unit, 3, 500.0, 100.0, certain=True) for unit in (4000, 4037))
    many = tuple(Reversal(unit, 3, 500.0, 100.0, certain=True) for unit in range(0, 1_000_000, 20_000))
    assert no_closer_than_chance(model, (*flips, many[9]), 1_000_000) == (many[9],)
    assert no_closer_than_chance(model, (*flips, *many), 1_000_000) == (*flips, *many)
    apart = (flips[0], replace(flips[1], unit=4100))
    assert no_closer_than_chance(model, apart, 1_000_000) == apart
    assert no_closer_than_chance(model, (), 1_000_000) == ()
