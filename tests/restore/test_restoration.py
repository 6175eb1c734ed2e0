"""One fragment from bytes to picture: what is intact stays so, what is reversed is the original, the rest is told."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from carving.carver.carver import carve
from carving.encryption.keys import parse_key
from carving.evidence import open_evidence
from carving.flips.model import FlipModel
from carving.flips.of_fragment import flip_model
from carving.flips.plain_flips import PlainFlips
from carving.fragments import Fragment
from carving.source import Run
from restore.decoding.robust import decode
from restore.provenance import Provenance, Status
from restore.restoration import restore
from sample_images.photos import Flip, flip_bits
from tests.restore.decoding.pictures import jpeg, texture

Damaged = tuple[Fragment, FlipModel, dict[str, Any], set[tuple[int, int]]]


@pytest.fixture(scope="module")
def one_flip(sample_images: Path) -> Damaged:
    """The photo of the encrypted sample that carries a single flip."""
    truth = json.loads((sample_images / "demo.truth.json").read_text("utf-8"))
    photo = next(photo for photo in truth["photos"] if photo["flips"] == 1)
    source = open_evidence(sample_images / "demo.E01", key=parse_key(f"file:{sample_images / 'demo.key'}"))
    fragment = next(item for item in carve(source) if item.offset == photo["offset"])
    flips = {(flip["offset"], flip["bit"]) for flip in truth["flips"] if flip["photo"] == photo["name"]}
    return fragment, flip_model(source, fragment), photo, flips


def plain_model(data: bytes) -> PlainFlips:
    return PlainFlips(len(data), (Run(0, len(data)),))


@pytest.mark.parametrize("effort", [0, 1, 2, 3])
@pytest.mark.parametrize(
    ("mode", "options"),
    [
        ("RGB", {}),
        ("RGB", {"subsampling": "4:2:2", "restart_marker_rows": 1}),
        ("L", {}),
        ("CMYK", {}),
        ("RGB", {"progressive": True}),
    ],
)
def test_intact_pictures_stay_intact(mode: str, options: dict[str, Any], effort: int) -> None:
    data = jpeg(texture(200, 120, mode), quality=85, **options)
    restoration = restore(data, plain_model(data), effort=effort)
    assert (restoration.status, restoration.bit_flips, restoration.jpeg) == (Status.INTACT, (), None)
    assert restoration.pixels is not None
    assert restoration.provenance is not None
    assert np.array_equal(restoration.pixels, decode(data).pixels)
    assert (restoration.provenance == Provenance.INTACT).all()


def test_a_flip_is_reversed_to_the_original(one_flip: Damaged) -> None:
    fragment, model, photo, flips = one_flip
    restoration = restore(fragment, model)
    assert restoration.status in (Status.EXACT, Status.REPAIRED)
    assert restoration.jpeg is not None
    assert hashlib.sha256(restoration.jpeg).hexdigest() == photo["sha256"]
    assert {(flip.evidence_offset, flip.bit) for flip in restoration.bit_flips} == flips
    assert restoration.provenance is not None
    assert set(np.unique(restoration.provenance)) == {Provenance.INTACT, Provenance.REPAIRED}
    assert (restoration.provenance == Provenance.REPAIRED).sum() < 50
    assert restoration.pixels is not None
    assert np.array_equal(restoration.pixels, decode(restoration.jpeg).pixels)


def test_without_effort_nothing_is_reversed_but_much_is_placed(sample_images: Path) -> None:
    truth = json.loads((sample_images / "plain.truth.json").read_text("utf-8"))
    photo = next(photo for photo in truth["photos"] if photo["flips"])
    media = (sample_images / "plain.dd").read_bytes()
    flips = [Flip(**flip) for flip in truth["flips"]]
    stretch = slice(photo["offset"], photo["offset"] + photo["size"])
    damaged, original = media[stretch], flip_bits(media, flips)[stretch]
    restoration = restore(damaged, plain_model(damaged), effort=0)
    assert (restoration.bit_flips, restoration.jpeg) == ((), None)
    assert restoration.status in (Status.RESTORED, Status.PARTIAL)
    assert restoration.pixels is not None
    expected = decode(original).pixels.astype(int)
    assert restoration.pixels.shape == expected.shape
    robust = np.abs(decode(damaged).pixels - expected).mean()
    assert np.abs(restoration.pixels - expected).mean() < 0.7 * robust


@pytest.mark.parametrize("options", [{}, {"progressive": True}])
@pytest.mark.parametrize("mode", ["RGB", "L"])
def test_what_is_lost_is_told(mode: str, options: dict[str, Any]) -> None:
    data = jpeg(texture(200, 120, mode), quality=85, **options)
    restoration = restore(data[: len(data) * 2 // 3], effort=0)
    assert restoration.status in (Status.RESTORED, Status.PARTIAL)
    assert restoration.pixels is not None
    assert restoration.pixels.shape == (120, 200, 3)
    assert restoration.notes
    assert restoration.provenance is not None
    assert restoration.status != Status.PARTIAL or (restoration.provenance == Provenance.LOST).any()


def test_a_header_without_data_gives_a_full_size_picture() -> None:
    data = jpeg(texture(64, 48))
    start = decode(data).header.scan.entropy_start
    restoration = restore(data[:start])
    assert restoration.status == Status.PARTIAL
    assert restoration.pixels is not None
    assert restoration.pixels.shape == (48, 64, 3)
    assert restoration.provenance is not None
    assert (restoration.provenance == Provenance.LOST).all()


def test_junk_in_the_header_puts_no_block_in_doubt() -> None:
    data = jpeg(texture(64, 48))
    broken = data[:20] + b"junk between segments" + data[20:]
    restoration = restore(broken)
    assert restoration.status == Status.RESTORED
    assert restoration.provenance is not None
    assert (restoration.provenance == Provenance.INTACT).all()
    assert restoration.pixels is not None
    assert np.array_equal(restoration.pixels, decode(data).pixels)


def test_what_is_no_jpeg_is_unrecoverable() -> None:
    restoration = restore(b"no picture at all")
    assert (restoration.status, restoration.pixels, restoration.provenance) == (Status.UNRECOVERABLE, None, None)
    assert restoration.notes


def test_photos_are_intact(shared_data: Path) -> None:
    for path in sorted((shared_data / "photos").iterdir())[::6]:
        data = path.read_bytes()
        restoration = restore(data, effort=0)
        assert restoration.status == Status.INTACT, path.name
        assert restoration.pixels is not None
        assert np.array_equal(restoration.pixels, decode(data).pixels), path.name


def test_odd_files_without_findings_are_intact(shared_data: Path) -> None:
    for path in sorted((shared_data / "odd").iterdir())[::4]:
        restoration = restore(path.read_bytes(), effort=0)
        if restoration.pixels is None:
            continue
        decoded = decode(path.read_bytes())
        assert restoration.pixels.shape == decoded.pixels.shape, path.name
        if not decoded.events:
            assert restoration.status == Status.INTACT, path.name
            assert np.array_equal(restoration.pixels, decoded.pixels), path.name
