"""Flips that only the contents of marker segments betray: single bits of unencrypted files."""

from __future__ import annotations

import pytest

from carving.jpeg.markers import DHT, DQT, SOF0, SOS, MarkerSegment, read_header
from restore.lab.simulation.bit_errors import Flip
from restore.repair.header.header_repair import repair_header
from restore.repair.header.header_score import UNREADABLE, contradicts, score_fields, score_trial
from restore.repair.header.header_search import is_doubtful
from restore.repair.search.scan_repair import EFFORTS
from tests.restore.repair.headers import PLAIN, flipped, photo


def segment(marker: int, number: int = 0) -> MarkerSegment:
    found = [entry for entry in read_header(photo()).segments if entry.marker == marker]
    return found[number]


@pytest.mark.parametrize(
    ("marker", "number", "place", "bit"),
    [
        (DHT, 0, 1, 4),  # the marker itself
        (DHT, 1, 3, 6),  # its length
        (DHT, 1, 4, 3),  # class and slot
        (DHT, 1, 9, 7),  # a count
        (DHT, 1, 60, 5),  # a symbol
        (DQT, 0, 40, 2),  # a quantisation step
        (SOF0, 0, 9, 6),  # the number of components
        (SOS, 0, 6, 6),  # a table selector
        (SOS, 0, 12, 3),  # the end of the spectrum
    ],
)
def test_a_flipped_bit_is_found(marker: int, number: int, place: int, bit: int) -> None:
    offset = segment(marker, number).offset + place
    damaged = flipped(photo(), (Flip(offset, bit),), PLAIN)
    assert is_doubtful(damaged.data)
    repair = repair_header(damaged.data, damaged.model, EFFORTS[2], readable=False)
    assert [damaged.model.place(entry.unit, entry.bit) for entry in repair.reversals] == [(offset, bit)]
    assert repair.data == photo()


def test_a_sound_header_is_not_in_doubt() -> None:
    header = read_header(photo())
    assert not contradicts(header, photo())
    assert not is_doubtful(photo())
    assert score_fields(header, photo()) == 0
    assert score_trial(header, photo()) == 0
    assert UNREADABLE < -100


def test_damage_in_the_scan_does_not_put_the_header_in_doubt() -> None:
    start = read_header(photo()).scan.entropy_start
    damaged = bytearray(photo())
    damaged[start + 700] ^= 0x20
    damaged[start + 2900] ^= 0x04
    assert not is_doubtful(bytes(damaged))


def test_a_header_whose_picture_decodes_is_not_repaired() -> None:
    step = segment(DQT, 0).offset + 40
    damaged = flipped(photo(), (Flip(step, 2),), PLAIN)
    assert is_doubtful(damaged.data)
    assert repair_header(damaged.data, damaged.model, EFFORTS[2], readable=True).reversals == ()
