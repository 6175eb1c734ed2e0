"""The measure of harm sees harm, and none where there is none."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from restore.lab.simulation.made_pictures import coded_at, fractal_picture
from tests.bench.undamaged import main, pictures, table
from tests.bench.undamaged_measure import COLUMNS, Way, different_pixels, half_of, measure


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for kind in ("noise", "other"):
        (tmp_path / kind).mkdir()
        for seed in range(8):
            (tmp_path / kind / f"{seed}.jpg").write_bytes(coded_at(fractal_picture(64, 96, seed), 1.0))
    return tmp_path


@pytest.mark.parametrize("way", ["folder", "carved", "encrypted", "alone"])
def test_a_sound_picture_is_right_and_a_damaged_one_is_not(folder: Path, way: Way) -> None:
    path = folder / "noise" / "0.jpg"
    sound = measure(path, "noise", "0.jpg", way)
    assert sound.is_right
    assert (sound.status, sound.claims, sound.not_intact, sound.different) == ("intact", 0, 0, 0)
    data = bytearray(path.read_bytes())
    middle = len(data) * 2 // 3
    data[middle : middle + 200] = bytes(200)
    path.write_bytes(data)
    damaged = measure(path, "noise", "0.jpg", way)
    assert not damaged.is_right
    assert damaged.status != "intact"
    *_, line = table([sound, damaged])
    assert line.startswith("0.jpg: ")
    assert damaged.status in line


def test_the_command_counts_by_kind(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(folder), "--limit", "1", "--csv", str(tmp_path / "rows.csv")]) == 0
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert [(line[0], line[1]) for line in lines[1:]] == [("noise", "1"), ("other", "1"), ("all", "2")]
    with (tmp_path / "rows.csv").open(encoding="utf-8", newline="") as file:
        head, *rows = csv.reader(file)
    assert tuple(head) == COLUMNS
    assert [row[0] for row in rows] == ["noise", "other"]


def test_halves_share_nothing_and_leave_nothing_out(folder: Path) -> None:
    tune, held = (pictures(folder, None, 0, half) for half in ("tune", "held"))
    assert {kind for kind, _ in tune} == {kind for kind, _ in held} == {"noise", "other"}
    assert set(tune) | set(held) == set(pictures(folder, None, 0, "both"))
    assert not set(tune) & set(held)


def test_different_pixels() -> None:
    ours = np.zeros((4, 5, 3), dtype=np.uint8)
    theirs = ours.copy()
    theirs[1, 2, 0] = theirs[1, 2, 1] = theirs[3, 3, 2] = 1
    assert different_pixels(ours, theirs) == 2
    assert different_pixels(None, theirs) == 20
    assert different_pixels(ours, None) == -1


def test_pictures_of_one_camera_are_on_one_side(tmp_path: Path) -> None:
    halves = set()
    for number in range(12):
        exif = Image.Exif()
        exif[0x0110] = "Hyperfire"
        path = tmp_path / f"{number}.jpg"
        Image.new("RGB", (16, 16)).save(path, exif=exif)
        halves.add(half_of("trail", path))
    assert len(halves) == 1
