"""The carver on camera photos and odd files of the media collection."""

from __future__ import annotations

from pathlib import Path

import pytest

from carving.fragments import Fragment
from carving.jpeg.markers import read_header
from carving.jpeg.results import Ending
from tests.carving.memory import carve_bytes, damage, lay_out, up_to_eoi


@pytest.fixture(scope="module")
def photos(shared_data: Path) -> list[bytes]:
    return [path.read_bytes() for path in sorted((shared_data / "photos").iterdir())]


def behind_the_pictures(photos: list[bytes], offsets: list[int], fragments: dict[int, Fragment]) -> list[int]:
    """Fragments inside a photo's file but behind its EOI: pictures of their own that some cameras add."""
    return [
        found
        for found in fragments
        for offset, data in zip(offsets, photos, strict=True)
        if offset + len(up_to_eoi(data)) <= found < offset + len(data)
    ]


@pytest.mark.parametrize("gap", ["zeros", "noise", "none"])
def test_every_photo_comes_back_exactly_at_its_offset(photos: list[bytes], gap: str) -> None:
    image, offsets = lay_out(photos, 1, gap)
    fragments = carve_bytes(image)
    assert set(fragments) - set(behind_the_pictures(photos, offsets, fragments)) == set(offsets)
    for offset, data in zip(offsets, photos, strict=True):
        assert fragments[offset].data == up_to_eoi(data)
        assert fragments[offset].ending is Ending.EOI
        assert fragments[offset].thumbnail is not None


def test_extents_of_damaged_photos(photos: list[bytes]) -> None:
    right = total = 0
    for seed, gap in enumerate(("zeros", "noise", "none")):
        image, offsets = lay_out(photos, seed, gap)
        fragments = carve_bytes(damage(image, 1e-5, seed))
        for offset, data in zip(offsets, photos, strict=True):
            total += 1
            right += offset in fragments and len(fragments[offset].data) == len(up_to_eoi(data))
        assert set(fragments) - set(behind_the_pictures(photos, offsets, fragments)) <= set(offsets)
    assert right >= 0.99 * total


def test_progressive_and_multi_scan_files_are_carved_whole(shared_data: Path) -> None:
    files = [path.read_bytes() for path in sorted((shared_data / "odd").glob("progressive__*"))]
    image, offsets = lay_out(files, 4, "noise")
    fragments = carve_bytes(image)
    assert len(files) >= 10
    for offset, data in zip(offsets, files, strict=True):
        assert read_header(data).frame.progressive
        assert fragments[offset].data == data


def test_corrupt_files_disturb_no_neighbour(shared_data: Path, photos: list[bytes]) -> None:
    neighbour = up_to_eoi(min(photos, key=len))
    odd = [path.read_bytes()[:400_000] for path in sorted((shared_data / "odd").iterdir())]
    files = [data for pair in zip(odd, [neighbour] * len(odd), strict=True) for data in pair]
    image, offsets = lay_out(files, 5, "none")
    fragments = carve_bytes(image)
    assert len(offsets) > 200
    assert all(fragments[offset].data == neighbour for offset in offsets[1::2])
