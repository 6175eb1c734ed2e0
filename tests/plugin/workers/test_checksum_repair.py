"""A bit that a stored CRC-32 points at, in a picture, in its header, and in bytes that no decoder looks at."""

from __future__ import annotations

import math
import random
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from carving.fragments import Claim, Fragment
from carving.selection.archives import take_archive
from plugin.workers.checksum_repair import restore_by_checksum
from plugin.workers.stored_checksum import FITS_REPAIRED
from restore.provenance import Provenance, Status
from tests.carving.media.archive.writing import zip_of, zip_source
from tests.carving.memory import jpeg
from tests.plugin.conftest import RunCommand

PLAIN = jpeg(3, 320, 240)
PHOTO = PLAIN[:2] + b"\xff\xfe\x00\x0acomments" + PLAIN[2:]
SCAN = len(PHOTO) // 2


def damaged(*bits: tuple[int, int]) -> Fragment:
    """The photo in an archive, with bits of it flipped there."""
    stream = bytearray(PHOTO)
    for byte, bit in bits:
        stream[byte] ^= 128 >> bit
    data = zip_of({"a.jpg": PHOTO}).replace(PHOTO, bytes(stream))
    (fragment,) = take_archive(zip_source(data), "plain", lambda *_: None)
    return fragment


@pytest.mark.parametrize(("byte", "bit"), [(7, 3), (SCAN, 0), (SCAN + 11, 7), (len(PHOTO) - 1, 0)])
def test_one_bit(byte: int, bit: int) -> None:
    fragment = damaged((byte, bit))
    restoration = restore_by_checksum(fragment, "cpu")
    assert restoration is not None
    assert (restoration.status, restoration.jpeg) == (Status.EXACT, PHOTO)
    (flip,) = restoration.bit_flips
    assert (flip.evidence_offset, flip.bit) == (fragment.evidence_runs[0].offset + byte, bit)
    assert 8 < flip.margin < flip.gain
    assert flip.probability == restoration.exact_probability == pytest.approx(1 - math.exp(-flip.margin))
    chance = 8 * len(PHOTO) / 2**32  # that a checksum points at some bit of it whatever is wrong
    assert fragment.check is not None
    assert 1 - flip.probability == pytest.approx(chance if fragment.check.whole else chance / 100)
    assert restoration.notes[0] == FITS_REPAIRED
    assert restoration.provenance is not None
    repaired = (restoration.provenance == Provenance.REPAIRED).sum()
    assert repaired == (1 if byte in (SCAN, SCAN + 11) else 0)


def test_more_bits_and_other_media() -> None:
    chance = random.Random(4)
    assert restore_by_checksum(damaged(*((chance.randrange(700, SCAN), 2) for _ in range(2))), "cpu") is None
    assert restore_by_checksum(damaged(), "cpu") is None
    fragment = damaged((SCAN, 0))
    assert restore_by_checksum(replace(fragment, claim=Claim("a.jpg", None)), "cpu") is None
    assert restore_by_checksum(replace(fragment, evidence_runs=fragment.evidence_runs[:0]), "cpu") is None


def test_by_the_command_line(command: RunCommand, tmp_path: Path) -> None:
    path = tmp_path / "phone.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("DCIM/a.jpg", PHOTO)
    data = bytearray(path.read_bytes())
    data[data.index(PHOTO) + SCAN] ^= 4
    path.write_bytes(data)
    done = command(path, "-o", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    (repaired,) = (tmp_path / "out/repaired").iterdir()
    assert repaired.read_bytes() == PHOTO
    checked = command("verify", tmp_path / "out", "--evidence", path)
    assert checked.returncode == 0, checked.stderr
    assert "1 repaired files: made again by reversing the bits" in checked.stdout
