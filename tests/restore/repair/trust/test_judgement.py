"""Reversed flips are judged beside one another, and a scan without a flaw is gone through for one that nobody saw."""

from __future__ import annotations

import numpy as np
import pytest

from restore import decode
from restore.lab.simulation.bit_errors import Flip
from restore.repair.search.flip_state import FlipState, reverse_flips, stretch_of
from restore.repair.search.hypotheses import Reversal
from restore.repair.trust.certification import suspects
from restore.repair.trust.earlier_causes import earlier_cause
from restore.repair.trust.judgement import judge, unseen_in, with_probabilities
from restore.repair.trust.path_scores import lay_scores
from restore.repair.trust.silent_flips import shares_by_loss
from restore.repair.trust.single_flips import FlipsOfUnit
from restore.repair.trust.strangeness import strangest_units
from restore.repair.trust.undoing import undo_costs
from restore.repair.trust.unseen_flips import unseen_share
from restore.scan.preparation import open_scan, recalibrate
from restore.scan.scan import Scan
from tests.restore.repair.headers import Damaged, flipped
from tests.restore.repair.scans import damaged, photo, place, reversal


def reversed_one(share: float = 0.5) -> tuple[Damaged, Reversal]:
    flip = Flip(place(share) + 3, 4)
    case, _ = damaged(flip)
    return case, reversal(case, flip)


@pytest.fixture(scope="module")
def silent() -> Flip:
    """A flip behind which the scan decodes to its last bit, and to something else."""
    for block in range(200):
        flip = Flip(place(0.3) + 16 * block + 5, 2)
        found = decode(flipped(photo(), (flip,)).data)
        if found.flawless and not np.array_equal(found.coefficients, decode(photo()).coefficients):
            return flip
    raise AssertionError("no flip of the photo heals itself")


def test_undoing_a_right_flip_costs_much() -> None:
    case, right = reversed_one()
    _, scan = damaged()
    lay_scores(scan)
    (cost,) = undo_costs(scan, case.model, ((right.unit, right.bit),))
    assert cost > 60.0
    assert scan.raw.tobytes() == photo()


def test_undoing_a_wrong_flip_pays() -> None:
    case, scan = damaged()
    wrong = (int(np.searchsorted(case.model.starts, place(0.5))), 40)
    FlipState(scan, case.model).assume((wrong,))
    lay_scores(scan)
    (cost,) = undo_costs(scan, case.model, (wrong,))
    assert cost < 0.0
    (judged,) = with_probabilities(scan, case.model, (Reversal(*wrong, 100.0, 50.0, certain=True),))
    assert judged.probability < 1e-3


def test_a_flip_that_nobody_saw_is_found_where_something_is_doubted(silent: Flip) -> None:
    case = flipped(photo(), (silent,))
    found = decode(case.data)
    scan = open_scan(case.data, found, found.end - 2)
    recalibrate(scan)
    judged = judge(scan, case.model, (), (silent.offset + 20,), 0.0)
    (one,) = judged.reversals
    assert case.model.place(one.unit, one.bit) == (silent.offset, silent.bit)
    assert one.probability > 0.99
    assert scan.raw.tobytes() == photo()


def test_a_wrong_flip_is_taken_back() -> None:
    case, scan = damaged()
    for unit in range(int(np.searchsorted(case.model.starts, place(0.5))), case.model.starts.size):
        undo = FlipState(scan, case.model).assume(((unit, 40),))
        if decode(scan.raw.tobytes()).flawless:
            break
        FlipState(scan, case.model).undo(undo)
    assert scan.raw.tobytes() != photo()
    assert judge(scan, case.model, (Reversal(unit, 40, 100.0, 50.0, certain=True),), (), 0.0).reversals == ()
    assert scan.raw.tobytes() == photo()


def test_a_flip_that_another_makes_up_for_is_found_before_it() -> None:
    """A flip moves what follows; behind it a wrong one puts that right, and the scan decodes to its last bit."""
    whole = decode(photo())
    for block in range(60):
        mover = Flip(place(0.3) + 16 * block + 1, 5)
        case = flipped(photo(), (mover,))
        found = decode(case.data)
        scan = open_scan(photo(), whole, whole.end - 2)
        recalibrate(scan)
        scan.raw[:] = np.frombuffer(case.data, dtype=np.uint8)
        own = int(np.searchsorted(case.model.starts, mover.offset, side="right")) - 1
        mended = None if found.flawless else mended_by(scan, case, range(own + 4, own + 40))
        if mended is not None:
            break
    assert mended is not None
    assert lay_scores(scan)
    before = scan.raw.copy()
    cause = earlier_cause(scan, case.model, mended, (mended,))
    assert cause is not None
    assert case.model.place(*cause) == (mover.offset, mover.bit)
    assert np.array_equal(scan.raw, before)


def mended_by(scan: Scan, case: Damaged, units: range) -> tuple[int, int] | None:
    """A flip behind another, reversed in the scan's bytes, with which as many MCUs come out as there should."""
    for unit in units:
        first, last = stretch_of(case.model, unit, scan.raw.size)
        start, before = int(case.model.starts[unit]), scan.raw[first:last].copy()
        for bit, row in enumerate(case.model.variants(scan.raw, unit, ())):
            scan.raw[first:last] = row[first - start : last - start]
            if lay_scores(scan):
                return unit, bit
        scan.raw[first:last] = before
    return None


def test_nothing_is_found_in_a_sound_scan() -> None:
    case, scan = damaged()
    judged = judge(scan, case.model, (), (), 0.16)
    assert judged.reversals == ()
    assert 0.99 < judged.probability < 1.0
    assert scan.raw.tobytes() == photo()


def test_the_strangest_unit_is_the_one_that_a_flip_redrew(silent: Flip) -> None:
    case = flipped(photo(), (silent,))
    found = decode(case.data)
    scan = open_scan(case.data, found, found.end - 2)
    recalibrate(scan)
    units = strangest_units(scan, case.model)
    own = int(np.searchsorted(case.model.starts, silent.offset, side="right")) - 1
    assert own in units[: units.size // 10].tolist()
    assert np.unique(units).size == units.size
    inside = case.model.starts[np.sort(units)]
    assert inside[0] + 16 > scan.start
    assert inside[-1] < scan.end


def test_gains_of_a_unit_are_those_of_its_flips_one_by_one(silent: Flip) -> None:
    case = flipped(photo(), (silent,))
    found = decode(case.data)
    scan = open_scan(case.data, found, found.end - 2)
    recalibrate(scan)
    lay_scores(scan)
    right = reversal(case, silent)
    gains = FlipsOfUnit.of(scan, case.model, right.unit, ()).near_gains(30.0)
    assert int(np.argmax(gains)) == right.bit
    (best, *_) = suspects(scan, case.model, (right.unit,), ())
    assert (best.unit, best.bit) == (right.unit, right.bit)
    assert best.gain == pytest.approx(float(gains[right.bit]))
    reverse_flips(scan.raw, case.model, ((right.unit, right.bit),), {})
    lay_scores(scan)
    assert suspects(scan, case.model, (right.unit,), ((right.unit, right.bit),)) == ()


def test_what_is_gone_through_leaves_less_unseen() -> None:
    case, scan = damaged()
    lay_scores(scan)
    shares = shares_by_loss(scan, case.model)
    assert (shares > 0).all()
    assert shares.sum() < 0.1
    unseen = [unseen_share(shares.tolist(), share) for share in (0.0, 0.02, 0.05, 0.08, 0.16, 1.0)]
    assert unseen == sorted(unseen, reverse=True)
    assert unseen[-1] >= shares[0]
    assert 0.0 < unseen_in(scan) < 0.01
