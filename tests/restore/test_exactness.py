"""What a file without a visible flaw is called: by the probabilities of its scan, its header and of silent flips."""

from __future__ import annotations

from dataclasses import replace
from math import exp
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from restore.exactness import (
    exact_probability,
    status_without_flaw,
    unseen_flips,
    unseen_in_header,
    with_header_probabilities,
)
from restore.lab.simulation.bit_errors import Flip
from restore.provenance import EXACT_FROM, Status
from restore.repair import session as sessions
from restore.repair.conclusion import Session
from restore.repair.header import header_repair
from restore.repair.search.hypotheses import Reversal
from restore.restoration import UNSEEN, restore
from tests.restore.decoding.pictures import jpeg, texture
from tests.restore.repair.headers import ENCRYPTED, PLAIN, flipped, photo


def reversal(margin: float, probability: float = 0.0) -> Reversal:
    return Reversal(3, 1, 40.0, margin, certain=True, probability=probability)


@pytest.mark.parametrize(
    ("reversed_flips", "probability", "status"),
    [
        (True, EXACT_FROM, Status.EXACT),
        (True, 0.99499, Status.REPAIRED),
        (True, None, Status.REPAIRED),
        (False, 1.0, Status.INTACT),
        (False, 0.2, Status.INTACT),
        (False, None, Status.INTACT),
    ],
)
def test_the_word(reversed_flips: bool, probability: float | None, status: Status) -> None:
    assert status_without_flaw(reversed_flips=reversed_flips, probability=probability) is status


def test_a_flip_of_the_header_is_as_sure_as_its_margin_over_all_rivals() -> None:
    model = flipped(photo(), ()).model
    given = (reversal(12.0), reversal(30.0), reversal(12.0, 0.7))
    weak, strong, judged = with_header_probabilities(given, model)
    assert weak.probability == pytest.approx(1 / (1 + 128 * exp(-12.0)))
    assert 1 - strong.probability == pytest.approx(128 * exp(-30.0), rel=0.1)
    assert judged.probability == 0.7  # the search of the thumbnail knows better
    assert with_header_probabilities(given, None) == given


def test_every_doubt_counts() -> None:
    assert exact_probability(None, (), 0, 1e-6) is None
    claims = (reversal(20.0, 0.9), reversal(20.0, 0.8))
    assert exact_probability(0.999, claims, 0, 1e-6) == pytest.approx(0.999 * 0.72)
    assert exact_probability(0.999, (), 5000, 1e-6) == pytest.approx(0.999 * exp(-0.04))
    assert unseen_in_header(1e-5, 0) == 1.0
    assert unseen_in_header(1e-5, 1000) == pytest.approx(exp(-0.08))


def test_what_is_said_of_a_file_that_looks_undamaged() -> None:
    assert unseen_flips(None) == unseen_flips(EXACT_FROM) == ()
    assert unseen_flips(0.969)[0].endswith("was missed is 3.1 %")
    assert unseen_flips(1e-9)[0].endswith("was missed is over 99 %")


@pytest.mark.parametrize(
    ("given", "status"), [(0.9951, Status.EXACT), (0.9949, Status.REPAIRED), (None, Status.REPAIRED)]
)
def test_a_repaired_file_is_exact_only_where_the_search_is_sure(
    monkeypatch: pytest.MonkeyPatch, given: float | None, status: Status
) -> None:
    say(monkeypatch, given)
    middle = len(photo()) * 7 // 10
    damaged = flipped(photo(), (Flip(middle, 3),))
    restored = restore(damaged.file.fragment(), damaged.model)
    assert (restored.status, restored.exact_probability) == (status, given)
    assert restored.jpeg == photo()


def test_an_undamaged_file_stays_intact_and_says_how_sure_that_is(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = flipped(photo(), (), ENCRYPTED)
    for given, notes in ((0.9, unseen_flips(0.9)), (0.9999, ()), (None, ())):
        say(monkeypatch, given)
        restored = restore(whole.data, whole.model)
        assert (restored.status, restored.jpeg) == (Status.INTACT, None)
        assert (restored.exact_probability, restored.notes) == (given, notes)


def test_nothing_is_said_of_what_is_not_encrypted(monkeypatch: pytest.MonkeyPatch) -> None:
    say(monkeypatch, 0.9999)
    whole = flipped(photo(), (), PLAIN)
    restored = restore(whole.data, whole.model)
    assert (restored.status, restored.exact_probability, restored.notes) == (Status.INTACT, None, (UNSEEN,))


def test_a_progressive_picture_whose_header_was_mended_is_repaired() -> None:
    data = jpeg(texture(200, 120), quality=85, progressive=True)
    tables = range(20, data.index(b"\xff\xda"))
    damaged = flipped(data, (Flip(tables[len(tables) // 2], 3),))
    assert damaged.data != data
    restored = restore(damaged.data, damaged.model)
    assert (restored.status, restored.exact_probability, restored.jpeg) == (Status.REPAIRED, None, data)
    assert len(restored.bit_flips) == 1


def say(monkeypatch: pytest.MonkeyPatch, probability: float | None) -> None:
    """Let the search say this of the scan, whatever it thinks itself, and nothing be hidden in the header."""
    examine = sessions.examine

    def no_bytes(data: bytes, opaque: NDArray[np.bool_]) -> int:
        del data, opaque
        return 0

    def examined(*arguments: Any, **options: Any) -> Session:
        return replace(examine(*arguments, **options), exact_probability=probability)

    monkeypatch.setattr(sessions, "examine", examined)
    monkeypatch.setattr(header_repair, "hidden_bytes", no_bytes)
