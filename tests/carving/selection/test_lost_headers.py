"""Files whose header is lost, encrypted or another file's are read with the header of a photo of the same camera."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from carving.errors import UsageError
from carving.jpeg.markers import read_header
from carving.media.folder import open_folder
from carving.selection.folders import take_folder
from carving.selection.lost_headers import lend_header
from carving.selection.references import read_references
from carving.selection.taking import make_fragment
from carving.source import Run
from restore.decoding.robust import decode
from restore.lab.simulation.made_pictures import coded_at, fractal_picture
from restore.provenance import Provenance
from restore.restoration import restore
from tests.carving.memory import MemorySource, jpeg

ENCRYPTED = 20_000
TRAILER = b"\0id-7C3A.[unlock@mail.example]"


@pytest.fixture(scope="module")
def photos() -> tuple[bytes, bytes]:
    """Two of one camera: same tables, same size."""
    first, second = (coded_at(fractal_picture(480, 640, seed), 1.5) for seed in (1, 2))
    return first, second


@pytest.fixture
def ransomed(photos: tuple[bytes, bytes]) -> bytes:
    return np.random.default_rng(1).bytes(ENCRYPTED) + photos[1][ENCRYPTED:] + TRAILER


def test_a_folder_lends_the_header_of_a_whole_file(
    tmp_path: Path, photos: tuple[bytes, bytes], ransomed: bytes
) -> None:
    (tmp_path / "DSC_0001.JPG").write_bytes(photos[0])
    (tmp_path / "DSC_0002.JPG.locked").write_bytes(ransomed)
    (tmp_path / "DSC_0003.JPG.locked").write_bytes(np.random.default_rng(2).bytes(40_000))
    (tmp_path / "READ ME.txt").write_bytes(b"pay, or lose all of it")
    left_out: dict[str, str] = {}
    source = open_folder(tmp_path)

    found = {
        fragment.claim.name: fragment
        for fragment in take_folder(source, "plain", left_out.__setitem__)
        if fragment.claim is not None
    }

    assert found.keys() == {"DSC_0001.JPG", "DSC_0002.JPG.locked"}
    assert found["DSC_0001.JPG"].borrowed is None
    read = found["DSC_0002.JPG.locked"]
    assert read.data == ransomed
    assert read.borrowed is not None
    assert read.borrowed.lent_by == "the file DSC_0001.JPG"
    assert left_out.keys() == {"DSC_0003.JPG.locked"}
    assert source.remarks == ("left out of the folder: 1 not JPEGs",)
    shown, truth = restore(read).pixels, decode(photos[1]).pixels
    assert shown is not None
    assert shown.shape[1] == 640
    rows = shown.shape[0] - 32
    likeness = np.corrcoef(truth[-rows:].mean(axis=2).ravel(), shown[-rows:].mean(axis=2).ravel())[0, 1]
    assert likeness > 0.95


def test_a_reference_photo_lends_its_header(tmp_path: Path, photos: tuple[bytes, bytes], ransomed: bytes) -> None:
    reference = tmp_path / "same camera.jpg"
    reference.write_bytes(photos[0])
    fragment = make_fragment(MemorySource(ransomed), ransomed, (Run(0, len(ransomed)),), "plain")

    read = lend_header(fragment, read_references((str(reference),)))

    assert read is not None
    assert read.borrowed is not None
    assert read.borrowed.lent_by == "the reference photo same camera.jpg"
    assert read.borrowed.bit >= 8 * ENCRYPTED - 8 * 4096
    assert read.borrowed.end <= len(ransomed) - len(TRAILER) - 2


def test_a_header_of_another_file_is_told(tmp_path: Path, photos: tuple[bytes, bytes]) -> None:
    reference = tmp_path / "same.jpg"
    reference.write_bytes(photos[0])
    other = jpeg(9, 640, 480, quality=85, optimize=True, subsampling=0)
    start = read_header(photos[1]).scan.entropy_start
    mixed = other[: read_header(other).scan.entropy_start] + photos[1][start:]
    fragment = make_fragment(MemorySource(mixed), mixed, (Run(0, len(mixed)),), "plain")

    read = lend_header(fragment, read_references((str(reference),)))

    assert read is not None
    assert any("belongs to another file" in note for note in read.notes)


def test_a_sound_file_keeps_its_header(tmp_path: Path, photos: tuple[bytes, bytes]) -> None:
    reference = tmp_path / "same.jpg"
    reference.write_bytes(photos[0])
    for data in (photos[1], photos[1][: len(photos[1]) // 2]):
        fragment = make_fragment(MemorySource(data), data, (Run(0, len(data)),), "plain")
        assert lend_header(fragment, read_references((str(reference),))) is None


def test_a_reference_that_lends_nothing_is_refused(tmp_path: Path) -> None:
    text = tmp_path / "notes.jpg"
    text.write_bytes(b"no picture")
    with pytest.raises(UsageError, match=r"notes\.jpg cannot lend"):
        read_references((str(text),))
    with pytest.raises(UsageError, match="cannot be read"):
        read_references((str(tmp_path / "nowhere.jpg"),))


def test_the_case_of_the_collection(shared_data: Path) -> None:
    source = open_folder(shared_data / "cases/ransomware-folder")
    fragments = list(take_folder(source, "plain", lambda *_: None))
    assert [fragment.borrowed is None for fragment in fragments] == [True, False]
    borrowed = fragments[1].borrowed
    assert borrowed is not None
    assert borrowed.mcus >= 16_524


def test_restart_markers_number_what_is_left(tmp_path: Path) -> None:
    """Its brightness is its own, and every block stands where it did."""
    first, second = (with_restarts(seed) for seed in (1, 2))
    reference = tmp_path / "same.jpg"
    reference.write_bytes(first)
    locked = np.random.default_rng(1).bytes(ENCRYPTED) + second[ENCRYPTED:] + TRAILER
    fragment = make_fragment(MemorySource(locked), locked, (Run(0, len(locked)),), "plain")

    read = lend_header(fragment, read_references((str(reference),)))

    assert read is not None
    assert read.borrowed is not None
    assert read.borrowed.empty % read_header(second).restart_interval == 0
    restored = restore(read)
    truth = decode(second).pixels
    assert restored.pixels is not None
    assert restored.provenance is not None
    assert restored.pixels.shape == truth.shape
    rows = int((restored.provenance == Provenance.LOST).any(axis=1).sum())
    assert 0 < rows < restored.provenance.shape[0] - 4
    height = rows * restored.mcu_size[0]
    assert np.array_equal(restored.pixels[height + 16 :], truth[height + 16 :])
    assert not any("guessed" in note for note in restored.notes)


def with_restarts(seed: int) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(fractal_picture(480, 640, seed)).save(buffer, "JPEG", quality=80, restart_marker_rows=1)
    return buffer.getvalue()
