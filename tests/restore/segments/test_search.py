"""Each kind of gap: what is stored beside it is shown where it belongs, and the gap is called what it is."""

from __future__ import annotations

import numpy as np
import pytest

from restore.decoding.robust import decode
from restore.explanation import GapKind
from restore.segments.search import Explanation, explain, explain_grid
from tests.restore.segments.regions_of_files import middle, noise, overwritten, photo, shares, thumbnail, untouched

RESTARTS = {"restart_marker_rows": 1}
OVERWRITTEN = (
    (GapKind.ZEROS, bytes(8192)),
    (GapKind.CONSTANT, b"\xff" * 4096),
    (GapKind.NOISE, noise(8192)),
)


def _explained(damaged: bytes, whole: bytes, *, told: bool = True) -> Explanation:
    return explain(damaged, decode(whole).header, thumbnail() if told else None)


@pytest.mark.parametrize("options", [{}, RESTARTS], ids=["one interval", "restart markers"])
@pytest.mark.parametrize(("kind", "filling"), OVERWRITTEN, ids=[kind.value for kind, _ in OVERWRITTEN])
def test_what_was_overwritten_is_a_gap(kind: GapKind, filling: bytes, options: dict[str, int]) -> None:
    whole = photo(**options)
    at = middle(whole)
    found = _explained(overwritten(whole, at, filling), whole)
    kept = untouched(decode(whole), at, at + len(filling))
    recall, wrong = shares(found, decode(whole), kept)
    assert recall > 0.97
    assert wrong < 0.003
    assert [gap.kind for gap in found.gaps] == [kind]
    assert at - 64 < found.gaps[0].first_byte <= at + 512
    assert found.gaps[0].mcus == (~found.known).sum()


def test_what_stands_before_the_damage_is_untouched() -> None:
    whole = photo()
    at = middle(whole)
    found = _explained(overwritten(whole, at, bytes(8192)), whole)
    first = found.segments[0]
    assert first.first_mcu == 0
    assert first.dc_offsets == (0, 0, 0)
    assert not found.moved[: first.mcus].any()
    assert found.moved[found.known][first.mcus :].all()
    np.testing.assert_array_equal(found.coefficients[: first.mcus], decode(whole).coefficients[: first.mcus])


def test_a_rest_of_unknown_level_is_not_placed_without_a_thumbnail() -> None:
    whole = photo()
    at = middle(whole)
    found = _explained(overwritten(whole, at, noise(16384)), whole, told=False)
    assert [segment.first_mcu is None for segment in found.segments] == [False, True]
    assert found.segments[1].posterior < 0.99
    assert shares(found, decode(whole), untouched(decode(whole), at, at + 16384))[1] < 0.003


@pytest.mark.parametrize("options", [{}, RESTARTS], ids=["one interval", "restart markers"])
def test_what_is_missing_moves_the_rest(options: dict[str, int]) -> None:
    whole = photo(**options)
    at = middle(whole)
    found = _explained(whole[:at] + whole[at + 16384 :], whole)
    recall, wrong = shares(found, decode(whole), untouched(decode(whole), at, at + 16384))
    assert recall > 0.95
    assert wrong < 0.003
    assert [gap.kind for gap in found.gaps] == [GapKind.MISSING]


def test_one_inserted_byte_costs_a_few_blocks() -> None:
    whole = photo()
    at = middle(whole) + 77
    found = _explained(whole[:at] + b"\x5a" + whole[at:], whole)
    recall, wrong = shares(found, decode(whole), untouched(decode(whole), at, at))
    assert recall > 0.99
    assert wrong < 0.003


def test_data_of_another_picture_are_foreign() -> None:
    whole, other = photo(), photo(seed=9)
    at, size = middle(whole), 16384
    found = _explained(overwritten(whole, at, other[middle(other) : middle(other) + size]), whole)
    recall, wrong = shares(found, decode(whole), untouched(decode(whole), at, at + size))
    assert recall > 0.9
    assert wrong < 0.01
    assert GapKind.FOREIGN in {gap.kind for gap in found.gaps}


def test_a_cut_file_is_shown_up_to_its_end() -> None:
    whole = photo()
    at = middle(whole)
    found = _explained(whole[:at], whole)
    kept = int(found.known.sum())
    assert found.known[:kept].all()
    assert found.gaps[-1].mcus == found.known.size - kept
    np.testing.assert_array_equal(found.coefficients[: kept - 2], decode(whole).coefficients[: kept - 2])


def test_bytes_known_to_be_bad_are_never_read() -> None:
    whole = photo()
    at = middle(whole)
    found = explain(whole, decode(whole).header, thumbnail(), ((at, at + 512),))
    assert [(gap.first_byte <= at, gap.end_byte >= at + 512, gap.kind) for gap in found.gaps] == [
        (True, True, GapKind.KNOWN_BAD)
    ]
    recall, wrong = shares(found, decode(whole), untouched(decode(whole), at, at + 512))
    assert recall > 0.97
    assert wrong == 0


@pytest.mark.parametrize("options", [{}, RESTARTS], ids=["one interval", "restart markers"])
def test_an_end_within_noise_is_not_the_end(options: dict[str, int]) -> None:
    whole = photo(**options)
    at = middle(whole)
    quiet = bytes(byte & 0x7F for byte in noise(20))
    found = _explained(overwritten(whole, at, quiet + b"\xff\xd9" + noise(8192)), whole)
    recall, wrong = shares(found, decode(whole), untouched(decode(whole), at, at + 8214))
    assert recall > 0.97
    assert wrong < 0.003
    assert [gap.kind for gap in found.gaps] == [GapKind.NOISE]


def test_page_pointers_are_one_gap() -> None:
    whole = photo()
    pieces = [whole[at : at + 4092] for at in range(0, len(whole), 4092)]
    stored = pieces[0] + b"".join((7 + number).to_bytes(4, "big") + piece for number, piece in enumerate(pieces[1:]))
    found = explain_grid(stored, decode(stored).header)
    assert found is not None
    assert [gap.kind for gap in found.gaps] == [GapKind.GRID]
    assert found.known.all()
    np.testing.assert_array_equal(found.coefficients, decode(whole).coefficients)
    assert explain_grid(whole, decode(whole).header) is None


def test_a_sound_scan_is_one_segment() -> None:
    for whole in (photo(), photo(**RESTARTS), photo(subsampling=0), photo(seed=3, quality=60)):
        found = _explained(whole, whole)
        assert found.unbroken
        assert found.gaps == ()
        np.testing.assert_array_equal(found.coefficients, decode(whole).coefficients)
