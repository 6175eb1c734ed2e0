"""An undamaged picture comes back as it is, whatever it shows; a damaged one is never given worse than it decodes."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from restore import decode
from restore.lab.simulation.bit_errors import Flip
from restore.lab.simulation.made_pictures import coded_at, fractal_picture
from restore.provenance import Provenance, Status
from restore.repair import session
from restore.repair.conclusion import Session
from restore.repair.review.alarms import Alarm
from restore.repair.review.corroboration import corroboration, least_corroborated
from restore.repair.search.flip_state import reverse_flips
from restore.restoration import AS_DECODED, restore
from restore.scan.preparation import open_scan, recalibrate
from tests.bench.undamaged_measure import Way, measure
from tests.restore.repair.headers import Damaged, flipped
from tests.restore.repair.scans import photo, place
from tests.undamaged.__main__ import make
from tests.undamaged.photos import Photos

WAYS: tuple[Way, ...] = ("folder", "encrypted", "alone")
STRANGE_KINDS = ("trail-camera", "chat", "patches", "test-card", "caption", "edited", "night", "bilevel")
"""Kinds of pictures that look as damage does: strips, text, charts, thumbnails from before an edit."""


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Photos:
    folder = tmp_path_factory.mktemp("photos")
    for seed in range(3):
        (folder / f"{seed}.jpg").write_bytes(coded_at(fractal_picture(400, 600, seed), 1.2))
    return Photos([folder])


def assert_unharmed(path: Path, way: Way) -> None:
    outcome = measure(path, path.parent.name, path.name, way)
    found = (outcome.status, outcome.claims, outcome.not_intact, outcome.different)
    assert found == ("intact", 0, 0, 0), (path.name, outcome.notes)


@pytest.mark.parametrize("way", WAYS)
def test_pictures_that_were_torn_are_not(shared_data: Path, way: Way) -> None:
    for path in sorted((shared_data / "undamaged").glob("*.jpg")):
        assert_unharmed(path, way)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kind", STRANGE_KINDS)
def test_pictures_that_look_strange_are_left_alone(kind: str, way: Way, photos: Photos, tmp_path: Path) -> None:
    path = tmp_path / f"{kind}.jpg"
    path.write_bytes(make(kind, 1, 2, photos))
    assert_unharmed(path, way)


@cache
def traceless() -> Flip:
    """A flip behind which the scan decodes to its last bit as if nothing had happened, in wrong colours."""
    sound = decode(photo()).coefficients
    for block in range(100):
        flip = Flip(place(0.3) + 16 * block + 5, 2)
        found = decode(flipped(photo(), (flip,)).data)
        if found.flawless and (found.coefficients != sound).any(axis=(1, 2)).sum() > 50:
            return flip
    raise AssertionError("no flip of the photo heals itself")


def unit_and_bit(case: Damaged, flip: Flip) -> tuple[int, int]:
    unit = int(np.searchsorted(case.model.starts, flip.offset, side="right")) - 1
    return unit, 8 * (flip.offset - int(case.model.starts[unit])) + flip.bit


def test_a_real_flip_is_borne_out_and_no_other_is() -> None:
    case = flipped(photo(), (traceless(),))
    decoded = decode(case.data)
    scan = open_scan(case.data, decoded, decoded.end - 2)
    recalibrate(scan)
    unit, bit = unit_and_bit(case, traceless())
    assert corroboration(scan, case.model, (unit, bit), {}) > 40.0
    wrong = [corroboration(scan, case.model, (unit + step, bit), {}) for step in (-2, 0, 2, 40) if step]
    assert max(wrong) < 0.0
    assert scan.raw.tobytes() == case.data


def test_of_several_flips_the_least_borne_out_counts() -> None:
    case = flipped(photo(), (traceless(),))
    whole = decode(photo())
    scan = open_scan(photo(), whole, whole.end - 2)
    recalibrate(scan)
    right = unit_and_bit(case, traceless())
    assert least_corroborated(scan, case.model, (right,)) > 40.0
    needless = (right[0] + 60, 17)
    reverse_flips(scan.raw, case.model, (needless,), {})
    both = scan.raw.tobytes()
    assert least_corroborated(scan, case.model, (right, needless)) < 0.0
    assert scan.raw.tobytes() == both
    assert least_corroborated(scan, case.model, ()) == np.inf


def test_a_flip_without_a_trace_is_still_reversed() -> None:
    case = flipped(photo(), (traceless(),))
    restored = restore(case.file.fragment(), case.model)
    assert restored.status in (Status.EXACT, Status.REPAIRED)
    assert restored.jpeg == photo()


def test_a_search_that_makes_it_worse_is_not_given() -> None:
    data = photo()[: place(0.6)] + photo()[place(0.6) + 200 :]
    decoded = decode(data)
    assert not decoded.flawless
    scan = open_scan(data, decoded, decoded.end - 2)
    count = scan.layout.mcu_count
    torn = Session(
        np.random.default_rng(1).permutation(decoded.coefficients),
        np.full(count, Provenance.PLACED, dtype=np.uint8),
        (),
        False,
        data,
        False,
        None,
    )
    given = session._at_least_as_decoded(scan, decoded, torn, None)
    assert given.as_decoded
    assert given.reversals == ()
    np.testing.assert_array_equal(given.coefficients, decoded.coefficients)
    first = min(event.mcu for event in decoded.events)
    assert (given.provenance[:first] == Provenance.INTACT).all()
    assert not (given.provenance[first:] == Provenance.INTACT).any()
    kept = replace(torn, coefficients=decoded.coefficients)
    assert session._at_least_as_decoded(scan, decoded, kept, None) is kept


def test_the_report_says_which_blocks_look_strange_and_why_nothing_was_done(monkeypatch: pytest.MonkeyPatch) -> None:
    case = flipped(photo(), ())
    alarms = (Alarm(3, borne_out=False), Alarm(45, borne_out=False))
    monkeypatch.setattr(session, "raise_alarms", lambda *_: alarms)
    restored = restore(case.file.fragment(), case.model)
    columns = decode(photo()).header.frame.mcu_columns
    (note,) = restored.notes
    assert restored.status == Status.INTACT
    assert note.startswith(
        f"blocks at row 1 column 4, row {45 // columns + 1} column {45 % columns + 1} look as damage"
    )
    assert "Nothing was changed" in note
    assert AS_DECODED not in restored.notes
