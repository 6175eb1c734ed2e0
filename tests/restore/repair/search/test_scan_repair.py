"""Flips in the scan: found, not found where there are none, two at once, and what may be claimed."""

from __future__ import annotations

import numpy as np
import pytest

from restore import Restoration, decode
from restore.lab.simulation.bit_errors import Flip
from restore.lab.simulation.medium import Medium
from restore.provenance import Status
from restore.repair.search.claims import claimable
from restore.repair.search.flip_search import FlipSearch
from restore.repair.search.hypotheses import Reversal
from restore.repair.search.pairs import pairs_about
from restore.repair.search.scan_repair import Effort, repair_scan
from restore.repair.search.search_limits import ALARM
from restore.restoration import UNSEEN, restore
from restore.scan.preparation import open_scan, recalibrate
from tests.restore.repair.headers import ENCRYPTED, PLAIN, flipped
from tests.restore.repair.scans import photo, place


def restored(flips: tuple[Flip, ...], medium: Medium = ENCRYPTED) -> tuple[bytes, Restoration, set[tuple[int, int]]]:
    """A photo with these bits of its medium flipped, what became of it, and the flips that were claimed."""
    damaged = flipped(photo(), flips, medium)
    result = restore(damaged.data, damaged.model)
    return photo(), result, {(flip.evidence_offset, flip.bit) for flip in result.bit_flips}


@pytest.mark.parametrize("share", [0.3, 0.7])
def test_a_flip_is_reversed_and_the_file_comes_back(share: float) -> None:
    flip = Flip(place(share) + 5, 3)
    original, result, claimed = restored((flip,))
    assert claimed == {(flip.offset, flip.bit)}
    assert result.status in (Status.EXACT, Status.REPAIRED)
    assert result.jpeg == original


@pytest.mark.parametrize("behind", [9, 16], ids=["one block", "neighbouring blocks"])
def test_two_flips_close_together_are_found_together(behind: int) -> None:
    first = place(0.5)
    flips = (Flip(first + 2, 6), Flip(first + 2 + behind, 1))
    original, result, claimed = restored(flips)
    assert claimed == {(flip.offset, flip.bit) for flip in flips}
    assert result.jpeg == original


def test_single_bits_that_break_the_code_are_reversed_in_plain_bytes() -> None:
    start = place(0.4)
    flips = [Flip(offset, offset % 8) for offset in range(start, start + 6)]
    breaking = [flip for flip in flips if not decode(flipped(photo(), (flip,), PLAIN).data).flawless]
    assert len(breaking) == 3
    for flip in breaking:
        original, result, claimed = restored((flip,), PLAIN)
        assert claimed == {(flip.offset, flip.bit)}
        np.testing.assert_array_equal(result.pixels, decode(original).pixels)
        # others may have left no trace, so nothing is said of how probable it is that the stream is the original
        assert (result.status, result.exact_probability, result.jpeg) == (Status.REPAIRED, None, original)
        assert UNSEEN in result.notes


def test_a_single_bit_that_leaves_no_trace_is_not_made_up_for() -> None:
    flip = Flip(place(0.4), place(0.4) % 8)
    assert decode(flipped(photo(), (flip,), PLAIN).data).flawless
    _, result, claimed = restored((flip,), PLAIN)
    assert claimed == set()
    assert result.status is Status.INTACT


def test_an_undamaged_photo_is_left_alone() -> None:
    for medium in (ENCRYPTED, PLAIN):
        _, result, claimed = restored((), medium)
        assert not claimed
        assert result.status is Status.INTACT


def test_pairs_are_what_the_flips_one_after_the_other_make() -> None:
    damaged = flipped(photo(), ())
    raw = np.frombuffer(damaged.data, dtype=np.uint8).copy()
    model = damaged.model
    unit = int(np.searchsorted(model.starts, place(0.5)))
    candidates, pairs = pairs_about(model, raw, unit, {}, 0)
    assert len(pairs) == 128 * 127 // 2 + 128 * 128
    assert raw.tobytes() == damaged.data
    for row in (0, 200, len(pairs) // 2, len(pairs) - 1):
        expected, done = raw.copy(), dict[int, tuple[int, ...]]()
        for number, bit in pairs[row]:
            start, reach = int(model.starts[number]), int(model.reaches[number])
            expected[start : start + reach] = model.variants(expected, number, done.get(number, ()))[bit, :reach]
            done[number] = (*done.get(number, ()), bit)
        start, length = int(candidates.starts[row]), int(candidates.lengths[row])
        assert np.array_equal(candidates.patches[row], expected[start : start + length])
        expected[start : start + length] = raw[start : start + length]
        assert np.array_equal(expected, raw), "a pair changes bytes outside its patch"


def test_what_shares_a_unit_or_has_an_uncertain_neighbour_is_not_claimed() -> None:
    model = flipped(photo(), ()).model
    far, near = 100, 101

    def reversal(unit: int, bit: int, certain: bool = True, joint: bool = False) -> Reversal:
        return Reversal(unit, bit, 500.0, 100.0, certain, joint)

    alone = reversal(far, 3)
    assert claimable(model, (alone,)) == (alone,)
    assert claimable(model, (alone, reversal(far, 9))) == ()
    assert claimable(model, (alone, reversal(near, 9, certain=False))) == ()
    together = (reversal(far, 3, joint=True), reversal(far, 9, joint=True))
    assert claimable(model, together) == together


def test_each_flip_that_is_found_pays_for_the_search_to_go_on() -> None:
    damaged = flipped(photo(), tuple(Flip(place(share) + 5, 3) for share in (0.3, 0.7)))

    def found(effort: Effort) -> tuple[int, bool]:
        decoded = decode(damaged.data)
        scan = open_scan(damaged.data, decoded, decoded.end - 2)
        recalibrate(scan)
        repair = repair_scan(scan, FlipSearch(scan, damaged.model, effort.expansions, ALARM, 0), effort)
        return len(repair.reversals), repair.exhausted

    assert found(Effort(6, 2, 0)) == (1, True)
    assert found(Effort(6, 2, 1_000_000)) == (2, False)
    assert found(Effort(6, 800, 0)) == (2, False)
