"""The demo evidence is what its truth files say, checked without the tool's own sources, ciphers and carver."""

from __future__ import annotations

import hashlib
import io
import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyewf
import pytest
from PIL import Image

from carving.jpeg.markers import read_header
from sample_images.build_demo import DEMO, LARGEST_E01, PLAIN, main
from sample_images.containers import FILE_SYSTEM_UUID, decrypt
from sample_images.photos import Flip, flip_bits, sha256

SUPERBLOCK = 1024
FIRST_DAMAGED_BYTE = 1024
"""The first KiB of every photo is left whole, so that signatures are found."""


@dataclass(frozen=True)
class Sample:
    """One sample: its truth, the media as acquired, the media with every flip undone, both as a carver sees them."""

    truth: dict[str, Any]
    media: bytes
    as_found: bytes
    undamaged: bytes


def flips_of(truth: dict[str, Any]) -> list[Flip]:
    return [Flip(**flip) for flip in truth["flips"]]


@pytest.fixture(scope="module")
def demo(sample_images: Path) -> Sample:
    truth = json.loads((sample_images / "demo.truth.json").read_text(encoding="utf-8"))
    key = bytes.fromhex((sample_images / "demo.key").read_text(encoding="ascii"))
    handle = pyewf.handle()
    handle.open([str(sample_images / "demo.E01")])
    media = handle.read_buffer_at_offset(handle.get_media_size(), 0)
    assert handle.get_hash_value("MD5") == truth["media"]["md5"]
    handle.close()
    return Sample(truth, media, decrypt(media, key), decrypt(flip_bits(media, flips_of(truth)), key))


@pytest.fixture(scope="module")
def plain(sample_images: Path) -> Sample:
    truth = json.loads((sample_images / "plain.truth.json").read_text(encoding="utf-8"))
    media = (sample_images / "plain.dd").read_bytes()
    return Sample(truth, media, media, flip_bits(media, flips_of(truth)))


@pytest.fixture(params=["demo", "plain"])
def sample(request: pytest.FixtureRequest) -> Sample:
    value = request.getfixturevalue(request.param)
    assert isinstance(value, Sample)
    return value


def test_files_are_small(sample_images: Path) -> None:
    assert (sample_images / "demo.E01").stat().st_size < LARGEST_E01
    assert (sample_images / "plain.dd").stat().st_size < 2_000_000


def test_media_hashes_to_the_truth(sample: Sample) -> None:
    media = sample.truth["media"]
    assert len(sample.media) == media["size"]
    assert hashlib.md5(sample.media).hexdigest() == media["md5"]
    assert sha256(sample.media) == media["sha256"]


def test_undoing_the_flips_gives_the_photos_back(sample: Sample) -> None:
    for photo in sample.truth["photos"]:
        data = sample.undamaged[photo["offset"] :][: photo["size_to_eoi"]]
        assert sha256(data) == photo["sha256"]
        assert data.endswith(b"\xff\xd9")
        thumbnail = photo["thumbnail"]
        assert sha256(data[thumbnail["offset"] :][: thumbnail["size"]]) == thumbnail["sha256"]
        with Image.open(io.BytesIO(data)) as image:
            image.load()


def test_photos_are_found_as_damaged_as_the_truth_says(sample: Sample) -> None:
    for photo in sample.truth["photos"]:
        data = sample.as_found[photo["offset"] :][: photo["size_to_eoi"]]
        assert sha256(data) == photo["sha256_as_found"]
        assert (photo["sha256_as_found"] == photo["sha256"]) == (photo["flips"] == 0)


def test_flips_lie_in_the_scans_they_are_listed_for(sample: Sample) -> None:
    photos = {photo["name"]: photo for photo in sample.truth["photos"]}
    for flip in flips_of(sample.truth):
        photo = photos[flip.photo]
        place = flip.offset - photo["offset"]
        assert max(FIRST_DAMAGED_BYTE, photo["entropy_start"]) <= place < photo["size_to_eoi"] - 2
        assert 0 <= flip.bit < 8
    for name, photo in photos.items():
        assert sum(flip.photo == name for flip in flips_of(sample.truth)) == photo["flips"]


def test_most_demo_photos_carry_one_to_ten_flips_and_one_none(demo: Sample) -> None:
    counts = sorted(photo["flips"] for photo in demo.truth["photos"])
    assert counts[0] == 0
    assert all(1 <= count <= 10 for count in counts[1:])


def test_demo_covers_sampling_and_restarts(demo: Sample) -> None:
    headers = [read_header(demo.undamaged[photo["offset"] :][: photo["size"]]) for photo in demo.truth["photos"]]
    samplings = {(header.frame.max_horizontal, header.frame.max_vertical) for header in headers}
    assert {(2, 2), (2, 1), (1, 2)} <= samplings
    assert any(header.restart_interval for header in headers)
    assert any(not header.restart_interval for header in headers)


def test_demo_decrypts_to_ext4(demo: Sample) -> None:
    superblock = demo.as_found[SUPERBLOCK : 2 * SUPERBLOCK]
    assert superblock[56:58] == b"\x53\xef"
    assert superblock[104:120].hex() == FILE_SYSTEM_UUID.replace("-", "")
    assert demo.media[SUPERBLOCK + 56 : SUPERBLOCK + 58] != b"\x53\xef"


def test_deleted_photos_are_not_listed(demo: Sample, tmp_path: Path) -> None:
    volume = tmp_path / "volume.raw"
    volume.write_bytes(demo.undamaged)
    listing = subprocess.run(
        ["debugfs", "-R", "ls -p /DCIM", volume], capture_output=True, text=True, check=True
    ).stdout
    listed = {line.split("/")[5] for line in listing.splitlines() if line}
    for photo in demo.truth["photos"]:
        assert (photo["name"] in listed) != photo["deleted"]


def test_wrong_key_finds_no_file_system(demo: Sample) -> None:
    assert decrypt(demo.media[: 4 * SUPERBLOCK], bytes(16))[SUPERBLOCK + 56 :][:2] != b"\x53\xef"


def damage(truth: dict[str, Any]) -> list[tuple[str, int, int]]:
    """Photo, place in it and bit of every flip: what the seed decides, wherever the file system put the photo."""
    starts = {photo["name"]: photo["offset"] for photo in truth["photos"]}
    return [(flip.photo, flip.offset - starts[flip.photo], flip.bit) for flip in flips_of(truth)]


def test_rebuilding_gives_the_same_damage(
    demo: Sample, plain: Sample, shared_data: Path, sample_images: Path, tmp_path: Path
) -> None:
    main(["--photos", str(shared_data / "photos"), "--seed", str(demo.truth["seed"]), "--output", str(tmp_path)])
    rebuilt = json.loads((tmp_path / "demo.truth.json").read_text(encoding="utf-8"))
    assert damage(rebuilt) == damage(demo.truth)
    assert rebuilt["media"]["sha256"] != demo.truth["media"]["sha256"]  # another volume key
    assert (tmp_path / "plain.dd").read_bytes() == plain.media
    assert (tmp_path / "CREDITS.md").read_text(encoding="utf-8") == (sample_images / "CREDITS.md").read_text("utf-8")


def test_every_photo_is_credited(sample_images: Path) -> None:
    page = (sample_images / "CREDITS.md").read_text(encoding="utf-8")
    assert all(f"`{choice.file_name}`" in page for choice in (*DEMO, *PLAIN))
