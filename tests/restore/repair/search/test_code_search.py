"""The search led by what the medium knows, and pairs of flips weighed."""

from __future__ import annotations

import numpy as np

from restore.lab.simulation.bit_errors import Flip
from restore.repair.search.code_search import CodeSearch, InformedSearch, search_of
from restore.repair.search.flip_search import FlipSearch
from restore.repair.search.hypotheses import flips_of
from restore.repair.search.pairs import weigh_pairs
from restore.repair.search.path_reference import walked
from restore.repair.search.search_limits import ALARM
from restore.scan.scan import Scan
from tests.restore.repair.headers import Damaged
from tests.restore.repair.scans import damaged, photo, place, reversal

FIRST, SECOND = 3, 200


def torn(*flips: Flip) -> tuple[Damaged, Scan, int]:
    """A scan with these flips, laid along its sound bytes up to them, and an MCU before the first."""
    case, scan = damaged(*flips)
    scan.raw[:] = np.frombuffer(case.data, dtype=np.uint8)
    scan.original[:] = scan.raw
    places = scan.path.places[: scan.layout.mcu_count]
    return case, scan, int(np.searchsorted(places, 8 * (flips[0].offset - 16), side="right")) - 4


def test_of_the_ways_that_a_code_leaves_the_right_one_is_taken() -> None:
    flips = Flip(place(0.5) + FIRST, 4), Flip(place(0.5) + SECOND, 1)
    case, scan, base = torn(*flips)
    right = tuple((item.unit, item.bit) for item in (reversal(case, flip) for flip in flips))
    wrong = tuple((unit, bit ^ 9) for unit, bit in right)
    case.model.combinations = ((wrong, right, ()),)
    search = search_of(scan, case.model, 2, ALARM)
    assert isinstance(search, InformedSearch)
    found = CodeSearch(scan, case.model, 2, ALARM, 0).resolve(base)
    assert flips_of(found) == right
    assert all(item.certain and item.joint for item in found)
    assert scan.raw.tobytes() == photo()


def test_ways_that_the_picture_refutes_are_not_taken() -> None:
    flip = Flip(place(0.5) + FIRST, 4)
    case, scan, base = torn(flip)
    unit, bit = reversal(case, flip).unit, reversal(case, flip).bit
    case.model.combinations = ((((unit, bit ^ 3),), ((unit, bit ^ 5),)),)
    assert CodeSearch(scan, case.model, 2, ALARM, 0).resolve(base) == ()
    assert scan.raw.tobytes() == case.data


def test_units_that_the_medium_suspects_are_tried_first() -> None:
    flip = Flip(place(0.5) + FIRST, 4)
    case, scan, base = torn(flip)
    right = reversal(case, flip)
    assert type(search_of(scan, case.model, 2, ALARM)) is FlipSearch
    (found,) = search_of(scan, case.model, 2, ALARM).resolve(base)
    assert (found.unit, found.bit) == (right.unit, right.bit)
    plainly = scan.spent
    case, scan, base = torn(flip)
    case.model.suspect = np.arange(case.model.starts.size) == right.unit
    (found,) = search_of(scan, case.model, 2, ALARM).resolve(base)
    assert (found.unit, found.bit) == (right.unit, right.bit)
    assert scan.spent < plainly
    assert scan.raw.tobytes() == photo()


def test_two_flips_in_neighbouring_units_weigh_most() -> None:
    flips = Flip(place(0.5) + 2, 6), Flip(place(0.5) + 18, 1)
    case, scan, base = torn(*flips)
    right = tuple((item.unit, item.bit) for item in (reversal(case, flip) for flip in flips))
    stored = scan.raw.copy()
    behind = 8 * int(case.model.starts[right[1][0]] + case.model.reaches[right[1][0]])
    mcu = int(np.searchsorted(scan.path.places[: scan.layout.mcu_count], behind))
    reference = walked(scan, base, mcu)
    best, *others = weigh_pairs(scan, case.model, (right[0][0],), {}, (base, mcu), reference)
    assert best.flips == right
    assert best.settled
    assert best.gain > max(other.gain for other in others) + 30.0
    np.testing.assert_array_equal(scan.raw, stored)
