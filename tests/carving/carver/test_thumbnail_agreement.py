"""The thumbnail as a witness where files in two pieces are joined: it settles ties, and refuses what only decodes."""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from carving.fragments import Fragment
from plugin.common.settings import Parameters
from plugin.examination.pipeline import run
from restore.lab.simulation.made_pictures import fractal_picture
from restore.provenance import Provenance
from restore.restoration import restore
from tests.carving.memory import carve_bytes, exif_segment

CLUSTER = 4096
HEIGHT, WIDTH, ROW = 720, 960, 22
"""The picture, and the row of MCUs behind which it is cut."""

Pixels = NDArray[np.uint8]


def padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % CLUSTER)


def coded(pixels: Pixels, quality: int = 85, **options: int) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG", quality=quality, **options)
    return buffer.getvalue()


def thumbnail_of(pixels: Pixels, size: tuple[int, int] = (160, 120)) -> bytes:
    return coded(np.asarray(Image.fromarray(pixels).resize(size, Image.Resampling.BOX)))


def in_two(pixels: Pixels, thumbnail: bytes | None) -> tuple[bytes, bytes]:
    """A JPEG with a restart marker behind each row of MCUs, cut where one of them stands on a cluster boundary."""
    data = coded(pixels, restart_marker_rows=1)
    exif = b"" if thumbnail is None else exif_segment(thumbnail)
    place = data.rindex(bytes((0xFF, 0xD0 + (ROW - 1) % 8)), 0, len(data) * ROW // 45 + len(data) // 20) + len(exif)
    filler = -(place + 4) % CLUSTER
    comment = b"\xff\xfe" + (filler + 2).to_bytes(2, "big") + bytes(filler)
    data = data[:2] + exif + comment + data[2:]
    cut = place + 4 + filler
    assert cut % CLUSTER == 0
    assert data[cut] == 0xFF
    return data[:cut], data[cut:]


@pytest.fixture(scope="module")
def picture() -> Pixels:
    return fractal_picture(HEIGHT, WIDTH, 5)


@pytest.fixture(scope="module")
def similar(picture: Pixels) -> Pixels:
    """A picture that is the same down to a little below the cut, and another one there."""
    other = picture[::-1, ::-1].astype(float)
    share = np.clip((np.arange(HEIGHT) - 16.0 * (ROW + 2)) / 60.0, 0.0, 1.0)[:, None, None]
    mixed: Pixels = ((1.0 - share) * picture + share * (255.0 - other)).astype(np.uint8)
    return mixed


def medium(picture: Pixels, similar: Pixels, thumbnail: bytes | None, *, own: bool) -> bytes:
    """The picture's first piece, noise, the other's second piece, and, if it is there, its own."""
    first, second = in_two(picture, thumbnail)
    _, wrong = in_two(similar, thumbnail)
    noise = np.random.default_rng(1).bytes(3 * CLUSTER)
    return first + noise + padded(wrong) + (padded(second) if own else b"") + bytes(CLUSTER)


def carved(image: bytes) -> Fragment:
    return carve_bytes(image)[0]


@pytest.mark.parametrize("shape", ["same", "bars"])
def test_thumbnail_settles_a_tie(picture: Pixels, similar: Pixels, shape: str) -> None:
    thumbnail = thumbnail_of(picture)
    if shape == "bars":
        barred = np.zeros((120, 160, 3), dtype=np.uint8)
        barred[:, 20:140] = np.asarray(Image.fromarray(picture).resize((120, 120), Image.Resampling.BOX))
        squeezed = np.asarray(Image.fromarray(picture).resize((720, 720), Image.Resampling.BOX))
        other = np.asarray(Image.fromarray(similar).resize((720, 720), Image.Resampling.BOX))
        thumbnail, picture, similar = coded(barred), squeezed, other
    first, second = in_two(picture, thumbnail)
    found = carved(medium(picture, similar, thumbnail, own=True))
    assert found.data == first + second
    assert found.witnessed is True


def test_without_a_thumbnail_the_nearest_piece_that_decodes_is_taken(picture: Pixels, similar: Pixels) -> None:
    found = carved(medium(picture, similar, None, own=True))
    assert found.data == in_two(picture, None)[0] + in_two(similar, None)[1]
    assert found.witnessed is None


def test_thumbnail_refuses_a_join_that_decodes(picture: Pixels, similar: Pixels) -> None:
    thumbnail = thumbnail_of(picture)
    found = carved(medium(picture, similar, thumbnail, own=False))
    first = in_two(picture, thumbnail)[0]
    assert found.check is not None
    assert not found.check.whole
    assert found.data.startswith(first)
    assert len(found.byte_runs) == 1
    # what stands behind the noise stays in the file, and none of it is taken for the picture
    restored = restore(found, device="cpu")
    assert restored.provenance is not None
    assert np.isin(restored.provenance.ravel()[found.check.sound :], (Provenance.GENERATED, Provenance.LOST)).all()


@pytest.mark.parametrize("kind", ["turned", "another", "tiny", "progressive", "garbage"])
def test_a_thumbnail_that_cannot_tell_stands_in_no_way(picture: Pixels, kind: str) -> None:
    thumbnail = {
        "turned": thumbnail_of(np.ascontiguousarray(np.rot90(picture)), (120, 160)),
        "another": thumbnail_of(fractal_picture(HEIGHT, WIDTH, 6)),
        "tiny": thumbnail_of(picture, (12, 9)),
        "progressive": coded(picture[::6, ::6], progressive=1),
        "garbage": thumbnail_of(picture)[:900] + bytes(600),
    }[kind]
    first, second = in_two(picture, thumbnail)
    found = carved(first + np.random.default_rng(2).bytes(5 * CLUSTER) + padded(second) + bytes(CLUSTER))
    assert found.data == first + second
    assert found.witnessed is None


def test_report_says_that_the_thumbnail_agrees(picture: Pixels, similar: Pixels, tmp_path: Path) -> None:
    (tmp_path / "card.dd").write_bytes(medium(picture, similar, thumbnail_of(picture), own=True))
    run(tmp_path / "card.dd", tmp_path / "out", parameters=Parameters(carve_only=True))
    carving = json.loads((tmp_path / "out/report.json").read_text("utf-8"))["files"][0]["carving"]
    assert carving["state"].endswith("and the thumbnail shows the same picture")
    assert carving["confidence"] == 0.99
