"""What the CRC-32 of an archive makes of a restoration."""

from __future__ import annotations

import zlib
from dataclasses import replace

import pytest

from carving.fragments import Claim, Fragment
from carving.media.archive.archive_source import ArchiveSource
from carving.selection.archives import take_archive
from plugin.workers.stored_checksum import FAILS, FITS, FITS_DAMAGED, FITS_REPAIRED, crc_holds, judge, notes_as_found
from restore.provenance import BitFlip, Status
from restore.result import Restoration
from tests.carving.media.archive.writing import zip_of, zip_source

DATA = b"\xff\xd8\xff" + bytes(range(256)) * 4 + b"\xff\xd9" + b"behind"


def fragment_of(damaged: bytes) -> Fragment:
    """The file of an archive whose bytes were damaged after it was made."""
    archive = zip_of({"a.jpg": DATA})
    source: ArchiveSource = zip_source(archive.replace(DATA, damaged))
    (fragment,) = take_archive(source, "plain", lambda *_: None)
    return fragment


def result(status: Status, flips: tuple[BitFlip, ...] = (), jpeg: bytes | None = None) -> Restoration:
    return Restoration(None, None, (0, 0), flips, status, jpeg, ("a note",))


def test_without_a_checksum_nothing_is_said() -> None:
    fragment = replace(fragment_of(DATA), claim=Claim("a.jpg", None))
    restoration = result(Status.INTACT)
    assert judge(restoration, fragment) is restoration
    assert notes_as_found(fragment) == ()
    assert crc_holds(DATA, None) is None


@pytest.mark.parametrize(
    ("status", "note"), [(Status.INTACT, FITS), (Status.RESTORED, FITS_DAMAGED), (Status.PARTIAL, FITS_DAMAGED)]
)
def test_bytes_as_they_were_put_in(status: Status, note: str) -> None:
    judged = judge(result(status), fragment_of(DATA))
    assert (judged.status, judged.notes) == (status, (note, "a note"))
    assert judged.exact_probability == (1 - 2**-32 if status is Status.INTACT else None)


def test_a_checksum_that_holds_after_repair_proves_it() -> None:
    damaged = bytearray(DATA)
    damaged[100] ^= 0x40
    fragment = fragment_of(bytes(damaged))
    assert crc_holds(bytes(damaged), fragment.claim) is False
    place = fragment.evidence_runs[0].offset + 100
    for proposed in (
        result(Status.RESTORED, (BitFlip(place, 1, 9.0, 9.0, 0.75),)),
        result(Status.REPAIRED, (BitFlip(place, 1, 9.0, 9.0, 0.75),), DATA[:-6]),
        result(Status.EXACT, (), DATA[:-6]),
        result(Status.EXACT, (), DATA),
    ):
        judged = judge(proposed, fragment)
        assert (judged.status, judged.jpeg, judged.notes) == (Status.EXACT, DATA, (FITS_REPAIRED, "a note"))
        assert judged.exact_probability == 1 - 2**-32
        assert [flip.probability for flip in judged.bit_flips] == [1 - 2**-32] * len(proposed.bit_flips)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (Status.INTACT, Status.RESTORED),
        (Status.EXACT, Status.REPAIRED),
        (Status.REPAIRED, Status.REPAIRED),
        (Status.PARTIAL, Status.PARTIAL),
    ],
)
def test_a_checksum_that_fails_leaves_nothing_intact(given: Status, expected: Status) -> None:
    damaged = bytearray(DATA)
    damaged[100] ^= 0x41
    fragment = fragment_of(bytes(damaged))
    wrong = (BitFlip(fragment.evidence_runs[0].offset + 100, 1, 9.0, 9.0, 0.75),)
    elsewhere = (BitFlip(5, 1, 9.0, 9.0, 0.75),)
    for flips in ((), wrong, elsewhere):
        judged = judge(replace(result(given, flips), exact_probability=0.999), fragment)
        assert (judged.status, judged.notes) == (expected, (FAILS, "a note"))
        assert judged.exact_probability is None


def test_deflated_bytes_are_no_place_for_flips() -> None:
    (fragment,) = take_archive(zip_source(zip_of({"a.jpg": DATA}, 8)), "plain", lambda *_: None)
    fragment = replace(fragment, claim=Claim("a.jpg", None, f"{zlib.crc32(DATA) ^ 1:08x}"))
    flip = BitFlip(fragment.evidence_runs[0].offset, 0, 9.0, 9.0, 0.75)
    assert judge(result(Status.RESTORED, (flip,)), fragment).status is Status.RESTORED
