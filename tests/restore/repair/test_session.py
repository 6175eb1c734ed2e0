"""What is said of one scan: taken at its word where nothing is wrong, repaired, or left open where it cannot be."""

from __future__ import annotations

import numpy as np

from restore import decode
from restore.lab.simulation.bit_errors import Flip
from restore.provenance import Provenance
from restore.repair.review.alarms import raise_alarms
from restore.repair.rounds import search_in_rounds
from restore.repair.search.scan_repair import EFFORTS
from restore.repair.session import examine
from restore.scan.preparation import open_scan, recalibrate
from tests.restore.repair.headers import flipped
from tests.restore.repair.scans import photo, place, reversal

FLIP = Flip(place(0.6) + 5, 3)


def test_an_undamaged_scan_is_what_it_decodes_to() -> None:
    decoded = decode(photo())
    session = examine(photo(), decoded, flipped(photo(), ()).model, EFFORTS[1])
    assert (session.sound, session.certain, session.exhausted) == (True, True, False)
    assert (session.reversals, session.strange, session.contradicted) == ((), (), False)
    assert session.jpeg == photo()
    np.testing.assert_array_equal(session.coefficients, decoded.coefficients)
    assert (session.provenance == Provenance.INTACT).all()


def test_what_no_flip_model_explains_is_told_from_what_stands_before_it() -> None:
    case = flipped(photo(), (FLIP,))
    decoded = decode(case.data)
    session = examine(case.data, decoded, None, EFFORTS[2])
    broken = int(np.searchsorted(decode(photo()).mcus.bit_positions, 8 * (FLIP.offset - decoded.stream.origin - 64)))
    assert not session.sound
    assert session.reversals == ()
    assert session.jpeg == case.data
    assert (session.provenance[: broken - 20] == Provenance.INTACT).all()
    assert (session.provenance[broken:] != Provenance.INTACT).any()


def test_rounds_reverse_the_flip_in_the_bytes_of_the_scan() -> None:
    case = flipped(photo(), (FLIP,))
    decoded = decode(case.data)
    scan = open_scan(case.data, decoded, decoded.end - 2)
    recalibrate(scan)
    found = search_in_rounds(scan, decoded, case.model, EFFORTS[2])
    right = reversal(case, FLIP)
    assert [(item.unit, item.bit, item.certain) for item in found.reversals] == [(right.unit, right.bit, True)]
    assert (found.unresolved, found.exhausted, found.strange) == ((), False, False)
    assert scan.raw.tobytes() == photo()


def test_a_flip_without_a_trace_raises_an_alarm_that_is_borne_out_and_a_sound_scan_none() -> None:
    sound = decode(photo())
    for block in range(100):
        flip = Flip(place(0.3) + 16 * block + 5, 2)
        case = flipped(photo(), (flip,))
        decoded = decode(case.data)
        if decoded.flawless and (decoded.coefficients != sound.coefficients).any(axis=(1, 2)).sum() > 50:
            break
    else:
        raise AssertionError("no flip of the photo heals itself")
    scan = open_scan(case.data, decoded, decoded.end - 2)
    places = scan.path.places[: scan.layout.mcu_count].copy()
    (alarm,) = raise_alarms(scan, decoded, case.model, EFFORTS[2], None)
    assert alarm.borne_out
    assert abs(int(places[alarm.mcu]) // 8 - flip.offset) < 64
    np.testing.assert_array_equal(scan.path.places[: places.size], places)
    assert scan.raw.tobytes() == case.data
    assert raise_alarms(scan, decoded, case.model, EFFORTS[0], None) == ()
    whole = open_scan(photo(), sound, sound.end - 2)
    assert raise_alarms(whole, sound, flipped(photo(), ()).model, EFFORTS[2], None) == ()
