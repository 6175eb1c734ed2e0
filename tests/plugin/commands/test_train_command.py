"""`carve-restore train` as a researcher meets it: begin, go on, and what it refuses."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from PIL import Image

from carving.errors import UsageError
from plugin.cli import cli
from plugin.commands.train import parse_time
from restore.gca.training.training import saved_facts
from restore.lab.simulation.made_pictures import fractal_picture

PAPER = ("--recipe", "paper", "--device", "cpu")


@pytest.fixture(autouse=True)
def excepthook(monkeypatch: pytest.MonkeyPatch) -> None:
    """Commands set their own; it ends with the test."""
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    path = tmp_path / "picture.png"
    Image.fromarray(fractal_picture(96, 160, 1)).save(path)
    return path


def train(*arguments: str | Path) -> Result:
    return CliRunner().invoke(cli, ["train", *map(str, arguments)])


def test_a_training_begins_and_goes_on_in_slots(tmp_path: Path, picture: Path) -> None:
    folder = tmp_path / "training"
    short = ("--size", "tiny", "--steps", "2", "--batch", "1", "--time-limit", "0")
    done = train(picture, *PAPER, *short, "-o", folder)
    assert done.exit_code == 0, done.output
    facts = saved_facts(folder)
    assert facts is not None
    assert (facts["step"], facts["settings"]["size"], facts["settings"]["steps"]) == (1, "tiny", 2)
    done = train(*PAPER, "--time-limit", "9m", "--resume", folder)
    assert done.exit_code == 0, done.output
    facts = saved_facts(folder)
    assert facts is not None
    assert facts["step"] == 2
    assert "step 2 of 2: psnr" in done.output
    assert {"training-set.npz", "checkpoint", "log.jsonl", "progress.png", "weights"} <= {
        path.name for path in folder.iterdir()
    }
    assert all(path.stat().st_size < 16 << 20 for path in folder.rglob("*") if path.is_file())
    assert train("--recipe", "restorer", "--resume", folder).exit_code == 2
    assert train(picture, *PAPER, "-o", folder).exit_code == 5


def test_what_makes_no_sense_is_refused(tmp_path: Path, picture: Path) -> None:
    new = tmp_path / "new"
    for wrong in (
        (*PAPER, "-o", new),
        (picture, *PAPER),
        (picture, *PAPER, "--time-limit", "soon", "-o", new),
        (picture, *PAPER, "--size", "huge", "-o", new),
        (picture, "--recipe", "restorer", "--size", "huge", "-o", tmp_path / "newer"),
    ):
        done = train(*wrong)
        assert done.exit_code == 2, done.output
        assert "Traceback" not in done.output


@pytest.mark.parametrize(("text", "seconds"), [("540", 540), ("9m", 540), ("1.5h", 5400), ("30s", 30)])
def test_times(text: str, seconds: float) -> None:
    assert parse_time(text) == seconds


@pytest.mark.parametrize("text", ["", "m", "9 minutes", "-3m", "9d"])
def test_what_is_no_time(text: str) -> None:
    with pytest.raises(UsageError):
        parse_time(text)
