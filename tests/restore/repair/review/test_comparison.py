"""Explanations of one place compared: over the same MCUs, beside their rivals, and taken back where they explain
nothing."""

from __future__ import annotations

import numpy as np

from restore.lab.simulation.bit_errors import Flip
from restore.repair.review.comparison import Comparison
from restore.repair.review.patches import patches_of
from restore.repair.review.retraction import retract
from restore.repair.review.trials import Trial, compare
from restore.repair.search.flip_state import FlipState
from restore.repair.search.hypotheses import Reversal
from restore.repair.search.standards import REDRAWN
from restore.scan.scan import Scan
from tests.restore.repair.headers import Damaged
from tests.restore.repair.scans import damaged, photo, place, reversal

MCUS = 40


def flip() -> Flip:
    return Flip(place(0.5) + 3, 4)


def before(scan: Scan, unit_start: int) -> int:
    """An MCU that ends before a unit does begin."""
    places = scan.path.places[: scan.layout.mcu_count]
    return int(np.searchsorted(places, 8 * unit_start, side="right")) - 3


def test_what_the_bytes_are_is_worth_nothing_and_no_flip_of_sound_ones_is_worth_more() -> None:
    case, scan = damaged()
    unit = int(np.searchsorted(case.model.starts, place(0.5)))
    base = before(scan, int(case.model.starts[unit]))
    comparison = Comparison.over(scan, base, base + MCUS)
    assert comparison is not None
    assert (comparison.base, comparison.target) == (base, base + MCUS)
    worths = comparison.worths(patches_of(scan.raw, case.model, (unit,), {}))
    assert worths[-1] == 0.0
    assert worths[:-1].max() < 0.0
    assert np.isneginf(worths).any()  # those along which the path breaks off
    assert scan.raw.tobytes() == photo()


def test_the_right_flip_is_worth_most_and_can_be_settled_on() -> None:
    case, scan = damaged(flip())
    right = reversal(case, flip())
    sound = scan.path.places.copy()
    scan.raw[:] = np.frombuffer(case.data, dtype=np.uint8)
    base = before(scan, int(case.model.starts[right.unit]))
    comparison = Comparison.over(scan, base, base + MCUS)
    assert comparison is not None
    patches = patches_of(scan.raw, case.model, (right.unit,), {})
    worths = comparison.worths(patches)
    best = int(np.argmax(worths))
    assert patches.flips[best] == (right.unit, right.bit)
    assert worths[best] > np.partition(worths, -2)[-2] + REDRAWN.margin
    comparison.settle(patches, best)
    assert scan.raw.tobytes() == photo()
    np.testing.assert_array_equal(scan.path.places[base : comparison.target], sound[base : comparison.target])


def test_a_path_that_goes_nowhere_is_not_compared() -> None:
    _, scan = damaged()
    assert Comparison.over(scan, 50, 52) is None
    assert Comparison.over(scan, 50, 53) is not None


def tried(case: Damaged, scan: Scan, unit: int, *doubted: tuple[int, int], limit: int | None = None) -> Trial | None:
    limits = np.array([scan.end if limit is None else limit])
    return compare(scan, case.model, unit, {}, doubted, limits)


def test_a_doubted_flip_is_judged_beside_all_others_of_its_unit_and_none() -> None:
    case, scan = damaged(flip())
    right = reversal(case, flip())
    scan.raw[:] = np.frombuffer(case.data, dtype=np.uint8)
    wrong = (right.unit, right.bit + 7)
    FlipState(scan, case.model).assume((wrong,))
    stored = scan.raw.copy()
    trial = tried(case, scan, right.unit, wrong)
    assert trial is not None
    assert trial.flip(trial.best) == (right.unit, right.bit)
    assert trial.flip(len(trial.worths) - 1) is None
    assert np.isneginf(trial.worths[trial.patches.flips.index(wrong)])
    assert trial.second < trial.worths[trial.best] - REDRAWN.sure
    np.testing.assert_array_equal(scan.raw, stored)
    trial.settle()
    assert scan.raw.tobytes() == photo()


def test_a_flip_that_is_needed_beats_what_would_be_without_it() -> None:
    case, scan = damaged(flip())
    right = reversal(case, flip())
    trial = tried(case, scan, right.unit, (right.unit, right.bit))
    assert trial is not None
    assert trial.worths.max() < -REDRAWN.sure
    without = tried(case, scan, right.unit, (right.unit, right.bit), limit=flip().offset - 3)
    assert without is None


def test_leaving_a_unit_alone_costs_no_flip() -> None:
    case, scan = damaged()
    unit = int(np.searchsorted(case.model.starts, place(0.5)))
    FlipState(scan, case.model).assume(((unit, 40),))
    trial = tried(case, scan, unit, (unit, 40))
    assert trial is not None
    assert trial.flip(trial.best) is None
    trial.settle()
    assert scan.raw.tobytes() == photo()


def test_what_explains_nothing_is_taken_back_unless_it_is_claimed() -> None:
    case, scan = damaged()
    unit = int(np.searchsorted(case.model.starts, place(0.5)))
    needless = Reversal(unit, 40, 100.0, 50.0, certain=False)
    FlipState(scan, case.model).assume(((unit, 40),))
    assert retract(scan, case.model, (needless,), (needless,)) == (needless,)
    assert scan.raw.tobytes() != photo()
    assert retract(scan, case.model, (needless,), ()) == ()
    assert scan.raw.tobytes() == photo()


def test_what_explains_the_picture_stays_though_it_may_not_be_claimed() -> None:
    case, scan = damaged(flip())
    scan.original[:] = np.frombuffer(case.data, dtype=np.uint8)
    right = reversal(case, flip())
    assert retract(scan, case.model, (right,), ()) == (right,)
    assert scan.raw.tobytes() == photo()
