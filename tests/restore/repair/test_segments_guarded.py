"""What segments say of a damaged scan is given only where the decoder's own picture is not better."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from restore.decoding.robust import decode
from restore.provenance import Provenance
from restore.repair.session import at_least_as_between_gaps
from restore.scan.preparation import open_scan
from restore.segments.search import explain
from tests.restore.segments.regions_of_files import middle, overwritten, photo, thumbnail


def test_segments_that_fit_worse_than_the_decode_are_not_given() -> None:
    whole = photo()
    at = middle(whole)
    damaged = overwritten(whole, at, bytes(2048))
    decoded = decode(damaged)
    found = explain(damaged, decoded.header, thumbnail())
    scan = open_scan(damaged, decoded, decoded.end - 2)
    given = at_least_as_between_gaps(scan, decoded, found, thumbnail())
    assert not given.as_decoded
    assert (given.coefficients == found.coefficients).all()

    wrong = found.coefficients.copy()
    wrong[np.flatnonzero(found.moved)[::2], :, 0] += 60
    scan.restart()
    given = at_least_as_between_gaps(scan, decoded, replace(found, coefficients=wrong), None)
    assert given.as_decoded
    assert (given.coefficients == decoded.coefficients).all()
    assert given.gaps == found.gaps
    before = found.known & ~found.moved
    assert (given.provenance[before] == Provenance.INTACT).all()
    assert (given.provenance == Provenance.LOST).any()
