"""Thumbnails and Exif of other photos are told from those of the picture."""

from __future__ import annotations

import io

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from carving.jpeg.exif_dimensions import contradiction_of, exif_dimensions
from carving.jpeg.header_walk import walk_header
from carving.jpeg.markers import read_header
from restore.lab.simulation.made_pictures import fractal_picture
from restore.restoration import restore
from restore.thumbnail.belonging import shows_another


def small(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.asarray(Image.fromarray(picture).resize((160, 120)))


def test_a_thumbnail_may_lie_in_any_way_and_is_the_pictures() -> None:
    picture = fractal_picture(480, 640, 1)
    for quarter in range(4):
        assert not shows_another(np.rot90(small(picture), quarter), picture)
    assert not shows_another(small(picture)[:, ::-1], picture)
    assert shows_another(small(fractal_picture(480, 640, 8)), picture)
    assert not shows_another(small(picture), np.full((480, 640, 3), 90, dtype=np.uint8))


def with_exif(width: int, height: int, claimed: tuple[int, int]) -> bytes:
    exif = Image.Exif()
    exif.get_ifd(0x8769).update({0xA002: claimed[0], 0xA003: claimed[1]})
    buffer = io.BytesIO()
    Image.fromarray(fractal_picture(height, width, 1)).save(buffer, "JPEG", quality=80, exif=exif)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("claimed", "contradicted"),
    [
        ((320, 240), False),
        ((240, 320), False),
        ((640, 480), False),
        ((316, 238), False),
        ((200, 150), True),
        ((240, 240), True),
    ],
    ids=["the same", "turned", "shrunk", "filled up", "larger", "longer"],
)
def test_exif_dimensions_that_nothing_explains(claimed: tuple[int, int], contradicted: bool) -> None:
    data = with_exif(320, 240, claimed)
    dimensions = exif_dimensions(data, walk_header(data).segments)
    assert dimensions == claimed
    assert (contradiction_of(dimensions, read_header(data).frame) is not None) is contradicted
    if claimed == (200, 150):
        assert any("its Exif is that of a picture of 200×150" in note for note in restore(data).notes)
