"""Made pictures are what they are said to be: undamaged, of every kind, the same for the same seed."""

from __future__ import annotations

import io
import subprocess
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from carving.errors import UsageError
from carving.jpeg.header_walk import walk_header
from carving.jpeg.thumbnails import extract_thumbnail
from restore.lab.simulation.made_pictures import coded_at, fractal_picture
from tests.undamaged.__main__ import main, make
from tests.undamaged.encoding import Coding, encode
from tests.undamaged.kinds import KINDS
from tests.undamaged.photos import Photos
from tests.undamaged.picture import Picture


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Photos:
    folder = tmp_path_factory.mktemp("photos")
    for seed in range(2):
        (folder / f"{seed}.jpg").write_bytes(coded_at(fractal_picture(400, 500, seed), 1.0))
    return Photos([folder])


def sampling_of(data: bytes) -> list[str]:
    """Sampling factors of each component, as the frame header gives them (T.81, B.2.2)."""
    (frame,) = (segment for segment in walk_header(data).segments if segment.marker in (0xC0, 0xC1, 0xC2))
    parts = data[frame.offset + 10 :]
    return [f"{parts[3 * place + 1] >> 4}x{parts[3 * place + 1] & 15}" for place in range(data[frame.offset + 9])]


@pytest.mark.parametrize("kind", [name for name in KINDS if name != "large"])
def test_each_kind_is_undamaged(kind: str, photos: Photos) -> None:
    data = make(kind, 0, 7, photos)
    assert data.startswith(b"\xff\xd8")
    assert data.endswith(b"\xff\xd9")
    strict = subprocess.run(["djpeg", "-strict", "-outfile", "/dev/null"], input=data, capture_output=True, check=False)
    assert (strict.returncode, strict.stderr) == (0, b"")


@pytest.mark.parametrize("kind", ["small", "trail-camera", "map"])
def test_pictures_follow_from_kind_number_and_seed(kind: str, photos: Photos) -> None:
    data = make(kind, 0, 7, photos)
    assert data == make(kind, 0, 7, photos)
    assert data not in (make(kind, 1, 7, photos), make(kind, 0, 8, photos))


def test_a_stale_thumbnail_shows_what_was_before() -> None:
    now, before = Image.new("RGB", (320, 240), (200, 0, 0)), Image.new("RGB", (320, 240), (0, 0, 200))
    for stale, channel in ((False, 0), (True, 2)):
        coding = Coding(80, "2x2", False, False, 0, False, 160, stale, True)
        data = encode(np.random.default_rng(3), Picture(now, before), coding)
        found = extract_thumbnail(data, walk_header(data).segments)
        assert found is not None
        with Image.open(io.BytesIO(found.data)) as small:
            middle = small.convert("RGB").getpixel((small.width // 2, small.height // 2))
        assert isinstance(middle, tuple)
        assert middle[channel] > 190
        assert sum(middle) < 210


@pytest.mark.parametrize("sampling", ["2x2", "2x1", "1x1", "1x2", "4x1"])
def test_sampling_is_as_asked(sampling: str) -> None:
    coding = Coding(90, sampling, True, False, 4, False, 0, False, False)
    data = encode(np.random.default_rng(0), Picture(Image.fromarray(fractal_picture(90, 130, 1))), coding)
    assert sampling_of(data) == [sampling, "1x1", "1x1"]


def test_a_folder_without_photographs_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(UsageError, match=r"no \*\.jpg below"):
        Photos([tmp_path])
    assert main([str(tmp_path / "out"), "--photos", str(tmp_path)]) == UsageError.exit_code
    assert str(tmp_path) in capsys.readouterr().err
