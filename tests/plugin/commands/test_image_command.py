"""`carve-restore image` on a sound, a damaged and an impossible file."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result
from numpy.typing import NDArray
from PIL import Image

from plugin.cli import cli
from restore.decoding.robust import decode

Invoke = Callable[..., Result]


def pixels(path: Path) -> NDArray[np.uint8]:
    with Image.open(path) as picture:
        return np.asarray(picture)


@pytest.fixture
def invoke() -> Invoke:
    return lambda *arguments: CliRunner().invoke(cli, ["image", *map(str, arguments)])


@pytest.fixture
def photo(tmp_path: Path, photos: tuple[bytes, ...]) -> Path:
    path = tmp_path / "photo.jpg"
    path.write_bytes(photos[0])
    return path


def test_a_sound_file_is_its_own_picture(invoke: Invoke, tmp_path: Path, photo: Path) -> None:
    before = photo.read_bytes()
    done = invoke(photo, "-o", tmp_path / "out.png")
    assert done.exit_code == 0, done.output
    assert "intact: no damage found" in done.stderr
    assert done.stdout == ""
    expected = np.asarray(Image.open(io.BytesIO(before)))
    assert np.array_equal(pixels(tmp_path / "out.png"), expected)
    assert photo.read_bytes() == before


def test_a_damaged_file_becomes_a_full_size_picture_with_a_map(invoke: Invoke, tmp_path: Path, photo: Path) -> None:
    photo.write_bytes(photo.read_bytes()[:-1500])
    done = invoke(photo, "-o", tmp_path / "out.png", "--provenance", tmp_path / "map.PNG")
    assert done.exit_code == 0, done.output
    assert "partial: some blocks are lost" in done.stderr
    assert "of 80 blocks (MCUs)" in done.stderr
    colours = pixels(tmp_path / "map.PNG")
    assert pixels(tmp_path / "out.png").shape == (120, 160, 3)
    assert colours.shape == (120, 160, 3)
    assert colours[0, 0].tolist() == [46, 125, 50]
    assert colours[-1, -1].tolist() == [33, 33, 33]


def test_a_flipped_bit_of_the_file_is_reversed(invoke: Invoke, tmp_path: Path, photo: Path) -> None:
    stored = photo.read_bytes()
    for offset in range(len(stored) // 2, len(stored) // 2 + 40):  # the first flip there that breaks the code
        damaged = bytearray(stored)
        damaged[offset] ^= 0x20
        if decode(bytes(damaged)).events:
            break
    photo.write_bytes(damaged)
    done = invoke(photo, "-o", tmp_path / "out.png")
    assert "1 bit flips reversed; the least sure has probability " in done.stderr
    assert "repaired: all visible damage reversed" in done.stderr
    assert "the evidence is not encrypted" in done.stderr
    assert np.array_equal(pixels(tmp_path / "out.png"), np.asarray(Image.open(io.BytesIO(stored))))


def test_quiet_says_nothing(invoke: Invoke, tmp_path: Path, photo: Path) -> None:
    done = invoke(photo, "-o", tmp_path / "out.png", "--quiet")
    assert (done.exit_code, done.output) == (0, "")


@pytest.mark.parametrize(
    ("content", "reason"),
    [(b"", "not a JPEG"), (b"text" * 100, "not a JPEG"), (b"\xff\xd8\xff\xd9", "ends before its first SOS")],
)
def test_what_is_no_picture_is_named_with_its_reason(
    invoke: Invoke, tmp_path: Path, content: bytes, reason: str
) -> None:
    path = tmp_path / "odd.jpg"
    path.write_bytes(content)
    done = invoke(path, "-o", tmp_path / "out.png")
    assert done.exit_code == 1
    assert str(path) in done.stderr
    assert reason in done.stderr
    assert not (tmp_path / "out.png").exists()


def test_a_missing_file_is_unreadable_evidence(invoke: Invoke, tmp_path: Path) -> None:
    for path in (tmp_path / "absent.jpg", tmp_path):
        done = invoke(path, "-o", tmp_path / "out.png")
        assert done.exit_code == 3
        assert f"cannot read {path}" in done.stderr


def test_nothing_is_overwritten(invoke: Invoke, tmp_path: Path, photo: Path) -> None:
    taken = tmp_path / "taken.png"
    taken.write_bytes(b"mine")
    for arguments in (["-o", taken], ["-o", tmp_path / "out.png", "--provenance", taken]):
        done = invoke(photo, *arguments)
        assert done.exit_code == 5
        assert f"{taken} exists already" in done.stderr
    assert taken.read_bytes() == b"mine"
    assert not (tmp_path / "out.png").exists()


def test_a_picture_is_written_as_png_only(invoke: Invoke, tmp_path: Path, photo: Path) -> None:
    done = invoke(photo, "-o", tmp_path / "out.jpg")
    assert done.exit_code == 2
    assert "give it the suffix .png" in done.stderr


def test_a_missing_folder_is_an_output_error(invoke: Invoke, tmp_path: Path, photo: Path) -> None:
    done = invoke(photo, "-o", tmp_path / "no" / "such" / "folder" / "out.png")
    assert done.exit_code == 5
    assert "cannot write" in done.stderr
