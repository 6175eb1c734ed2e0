"""Where segments explain a scan but for a short gap, a flip is believed only if it leaves nothing of the gap."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from carving.flips.plain_flips import PlainFlips
from carving.source import Run
from restore.decoding.robust import decode
from restore.repair.gap_flips import flips_explain
from restore.repair.region_damage import region_damage
from restore.repair.search.scan_repair import EFFORTS
from restore.repair.session import examine
from restore.scan.preparation import open_scan
from tests.restore.segments.regions_of_files import middle, photo, thumbnail


def _explained(damaged: bytes) -> bool | None:
    """Whether flips explain the gap; None where segments do not explain all but that."""
    decoded = decode(damaged)
    model = PlainFlips(len(damaged), (Run(0, len(damaged)),))
    found = region_damage(damaged, decoded, model, thumbnail(), ())
    if decoded.flawless or found is None or found.certain or not found.complete:
        return None
    scan = open_scan(damaged, decoded, decoded.end - 2)
    explained = flips_explain(scan, model, EFFORTS[2], found.explanation)
    assert scan.raw.tobytes() == damaged
    return explained


def _flipped(whole: bytes) -> Iterator[bytes]:
    for at in range(middle(whole), middle(whole) + 4000, 211):
        yield whole[:at] + bytes([whole[at] ^ 0x10]) + whole[at + 1 :]


def test_a_flip_that_took_the_scan_out_of_step_explains_it() -> None:
    answers = [answer for damaged in _flipped(photo()) if (answer := _explained(damaged)) is not None]
    assert len(answers) >= 3
    assert sum(answers) >= 0.6 * len(answers)


@pytest.mark.parametrize(("taken", "put"), [(0, b"\x5a"), (5, b"")], ids=["inserted", "missing"])
def test_bytes_put_in_or_missing_are_no_flip(taken: int, put: bytes) -> None:
    whole = photo()
    answers = []
    for at in range(middle(whole) + 77, middle(whole) + 4000, 211):
        damaged = whole[:at] + put + whole[at + taken :]
        answer = _explained(damaged)
        if answer is not None:
            answers.append(answer)
            last = damaged
    assert len(answers) >= 3
    assert sum(answers) <= 0.1 * len(answers)
    found = examine(last, decode(last), PlainFlips(len(last), (Run(0, len(last)),)), EFFORTS[2], thumbnail())
    assert found.reversals == ()
    assert [segment.first_mcu is not None for segment in found.segments] == [True, True]
