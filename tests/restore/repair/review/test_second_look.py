"""What is looked at again once the search has ended: wrong bits, flips too many, flips that leave no trace."""

from __future__ import annotations

import numpy as np
import pytest

from restore import decode
from restore.lab.simulation.bit_errors import Flip, apply_flips
from restore.placement.placement import place as lay_out
from restore.provenance import Status
from restore.repair.review.merging import merge
from restore.repair.review.patches import patches_of
from restore.repair.review.reassessment import reassess, recheck
from restore.repair.review.splitting import split
from restore.repair.rounds import read_anew
from restore.repair.search.anomalies import InspectionBudget, anomalous, level_shifts
from restore.repair.search.flip_state import FlipState, reverse_flips
from restore.repair.search.hypotheses import Reversal
from restore.repair.search.search_limits import PAIR_WORK
from restore.repair.search.standards import SINGLE_BITS
from restore.restoration import restore
from restore.scan.preparation import open_scan, recalibrate
from tests.restore.repair.headers import PLAIN, flipped
from tests.restore.repair.scans import damaged, photo, place, reversal


def test_a_right_flip_stays_and_gets_its_margin() -> None:
    flip = Flip(place(0.5) + 3, 4)
    case, scan = damaged(flip)
    right = reversal(case, flip)
    (kept,) = reassess(scan, case.model, (right,), ())
    assert (kept.unit, kept.bit, kept.certain) == (right.unit, right.bit, True)
    assert kept.margin > 20.0
    assert scan.raw.tobytes() == photo()


def test_a_wrong_bit_gives_way_to_the_right_one() -> None:
    flip = Flip(place(0.5) + 3, 4)
    case, scan = damaged(flip)
    right = reversal(case, flip)
    wrong = Reversal(right.unit, right.bit + 7, 100.0, 50.0, certain=True)
    ledger = FlipState(scan, case.model)
    ledger.enter(((right.unit, right.bit),))
    ledger.assume(((right.unit, right.bit), (wrong.unit, wrong.bit)))
    assert scan.raw.tobytes() != photo()
    (kept,) = reassess(scan, case.model, (wrong,), ())
    assert (kept.unit, kept.bit) == (right.unit, right.bit)
    assert scan.raw.tobytes() == photo()


def test_a_flip_too_many_is_dropped() -> None:
    case, scan = damaged()
    unit = int(np.searchsorted(case.model.starts, place(0.5)))
    FlipState(scan, case.model).assume(((unit, 40),))
    assert reassess(scan, case.model, (Reversal(unit, 40, 100.0, 50.0, certain=True),), ()) == ()
    assert scan.raw.tobytes() == photo()


def test_nothing_is_judged_by_what_lies_behind_unexplained_damage() -> None:
    flip = Flip(place(0.5) + 3, 4)
    case, scan = damaged(flip)
    right = reversal(case, flip)
    assert reassess(scan, case.model, (right,), (flip.offset - 3,)) == (right,)


def test_a_flip_not_believed_before_is_pursued() -> None:
    flip = Flip(place(0.5) + 3, 4)
    case, scan = damaged(flip)
    right = reversal(case, flip)
    quiet = right.unit + 40
    ledger = FlipState(scan, case.model)
    ledger.enter(((right.unit, right.bit),))
    ledger.assume(((right.unit, right.bit),))
    believed, doubts = recheck(scan, case.model, (right.unit, quiet), (), ())
    assert [(item.unit, item.bit) for item in believed] == [(right.unit, right.bit)]
    assert doubts == ()
    assert scan.raw.tobytes() == photo()


@pytest.fixture(scope="module")
def traceless() -> Flip:
    """A flip behind which the scan decodes to its last bit as if nothing had happened, in wrong colours."""
    for block in range(100):
        flip = Flip(place(0.3) + 16 * block + 5, 2)
        found = decode(flipped(photo(), (flip,)).data)
        same = np.array_equal(found.coefficients, decode(photo()).coefficients)
        if found.flawless and not same:
            return flip
    raise AssertionError("no flip of the photo heals itself")


def test_two_flips_give_way_to_the_one_that_explains_as_much(traceless: Flip) -> None:
    flip = Flip(traceless.offset + 35, 4)
    case, scan = damaged(flip)
    right = reversal(case, flip)
    needless = reversal(case, traceless)
    ledger = FlipState(scan, case.model)
    ledger.enter(((right.unit, right.bit),))
    ledger.assume(((needless.unit, needless.bit),))
    (kept,) = merge(scan, case.model, (right, needless))
    assert (kept.unit, kept.bit) == (right.unit, right.bit)
    assert scan.raw.tobytes() == photo()


def test_two_flips_that_both_happened_stay() -> None:
    flips = Flip(place(0.5) + 3, 4), Flip(place(0.5) + 36, 1)
    case, scan = damaged(*flips)
    both = tuple(reversal(case, flip) for flip in flips)
    assert merge(scan, case.model, both) == both
    assert scan.raw.tobytes() == photo()


def test_damage_without_a_trace_is_suspicious(traceless: Flip) -> None:
    case = flipped(photo(), (traceless,))
    found = decode(case.data)
    scan = open_scan(case.data, found, found.end - 2)
    recalibrate(scan)
    looked_into = scan.path.places[anomalous(scan, found.coefficients, InspectionBudget(2, 5, 0))] >> 3
    assert (np.abs(looked_into - traceless.offset) < 128).any()


def test_a_scan_without_a_flaw_is_looked_at_as_it_decodes(traceless: Flip) -> None:
    case = flipped(photo(), (traceless,))
    found = decode(case.data)
    scan = open_scan(case.data, found, found.end - 2)
    recalibrate(scan)
    levelled = lay_out(scan, found.header).coefficients
    assert not np.array_equal(levelled, found.coefficients)
    np.testing.assert_array_equal(read_anew(scan, found), found.coefficients)
    _, lengths, _, _ = scan.read_path(np.zeros(0, dtype=np.int16))
    assert (lengths > 0).all()


def test_damage_without_a_trace_is_reversed(traceless: Flip) -> None:
    case = flipped(photo(), (traceless,))
    result = restore(case.data, case.model)
    assert {(flip.evidence_offset, flip.bit) for flip in result.bit_flips} == {(traceless.offset, traceless.bit)}
    assert result.status in (Status.EXACT, Status.REPAIRED)
    assert result.jpeg == photo()


def test_a_level_that_moves_for_one_row_is_told_from_one_that_stays() -> None:
    _, scan = damaged()
    layout = scan.layout
    dice = np.random.default_rng(3)
    levels = dice.normal(0.0, 2.0, (layout.mcu_count, layout.component_of.size)).round().astype(np.int16)
    at = 5 * layout.columns + 7
    levels[at:] += 40
    shifts = level_shifts(levels, layout)
    assert abs(int(np.argmax(shifts)) - at) <= 1
    assert shifts[at] > 3.0
    assert np.median(shifts) < 0.5


def test_a_doubtful_flip_gives_way_to_the_two_that_it_covers_up() -> None:
    flips = Flip(place(0.5) + 2, 6), Flip(place(0.5) + 18, 1)
    case, _ = damaged(*flips)
    right = tuple(reversal(case, flip) for flip in flips)
    for unit, bit in ((unit, bit) for unit in (right[0].unit, right[1].unit) for bit in range(case.model.bits)):
        raw = np.frombuffer(case.data, dtype=np.uint8).copy()
        reverse_flips(raw, case.model, ((unit, bit),), {})
        found = decode(raw.tobytes())
        if found.flawless:
            break
    else:
        raise AssertionError("no flip covers up these two")
    scan = open_scan(case.data, found, found.end - 2)
    scan.raw[:] = raw
    recalibrate(scan)
    wrong = Reversal(unit, bit, 100.0, 5.0, certain=False)
    pair = split(scan, case.model, (wrong,), PAIR_WORK)
    assert {(item.unit, item.bit) for item in pair} == {(item.unit, item.bit) for item in right}
    assert all(item.certain and item.joint for item in pair)
    assert scan.raw.tobytes() == photo()


def test_a_flip_that_is_sure_is_not_doubted() -> None:
    flip = Flip(place(0.5) + 3, 4)
    case, scan = damaged(flip)
    right = reversal(case, flip)
    spent = scan.spent
    assert split(scan, case.model, (right,), PAIR_WORK) == (right,)
    assert scan.spent == spent


@pytest.fixture(scope="module")
def moving() -> Flip:
    """A flip of unencrypted bytes after which all that follows stands elsewhere."""
    sound = decode(photo())
    for byte in range(100):
        flip = Flip(place(0.5) + byte, 4)
        found = decode(apply_flips(photo(), (flip,)))
        if (found.mcus.bit_positions != sound.mcus.bit_positions).mean() > 0.4:
            return flip
    raise AssertionError("no flip moves anything")


def test_a_single_bit_gives_way_to_the_right_one_nearby(moving: Flip) -> None:
    case, scan = flipped(photo(), (moving,), PLAIN), damaged()[1]
    right = Reversal(moving.offset, moving.bit, 100.0, 50.0, certain=True)
    wrong = Reversal(moving.offset + 2, 3, 100.0, 50.0, certain=True)
    ledger = FlipState(scan, case.model)
    ledger.enter(((right.unit, right.bit),))
    ledger.assume(((right.unit, right.bit), (wrong.unit, wrong.bit)))
    (kept,) = reassess(scan, case.model, (wrong,), ())
    assert (kept.unit, kept.bit) == (right.unit, right.bit)
    assert kept.certain == (kept.margin >= SINGLE_BITS.sure)
    assert scan.raw.tobytes() == photo()


def test_a_single_bit_too_many_is_dropped(moving: Flip) -> None:
    case, scan = flipped(photo(), (), PLAIN), damaged()[1]
    FlipState(scan, case.model).assume(((moving.offset, moving.bit),))
    assert reassess(scan, case.model, (Reversal(moving.offset, moving.bit, 100.0, 50.0, certain=True),), ()) == ()
    assert scan.raw.tobytes() == photo()


def test_patches_are_single_flips_and_at_last_none() -> None:
    case = flipped(photo(), ())
    raw = np.frombuffer(photo(), dtype=np.uint8).copy()
    unit = int(np.searchsorted(case.model.starts, place(0.5)))
    patches = patches_of(raw, case.model, range(unit, unit + 2), {unit: (5,)})
    assert len(patches.flips) == 2 * 128 - 1
    assert (unit, 5) not in patches.flips
    np.testing.assert_array_equal(patches.rows[-1], raw[patches.first : patches.first + patches.rows.shape[1]])
    for row in (0, 40, 200):
        flip = patches.flips[row]
        assumed = raw.copy()
        reverse_flips(assumed, case.model, (flip,), {unit: (5,)})
        patched = raw.copy()
        patches.settle(patched, row)
        np.testing.assert_array_equal(patched, assumed)
