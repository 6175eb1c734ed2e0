"""`carve-restore train` as a researcher meets it: begin, go on, and what it refuses."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from carving.errors import UsageError
from plugin.commands.train import parse_time
from restore.gca.training import saved_facts
from restore.lab.made_pictures import fractal_picture

RunCommand = Callable[..., subprocess.CompletedProcess[str]]


def test_a_training_begins_and_goes_on_in_slots(command: RunCommand, tmp_path: Path) -> None:
    Image.fromarray(fractal_picture(96, 160, 1)).save(tmp_path / "picture.png")
    folder = tmp_path / "training"
    options = ("--recipe", "paper", "--device", "cpu")
    done = command("train", tmp_path / "picture.png", *options, "--size", "tiny", "--steps", "2", "--batch", "1",
                   "--time-limit", "0", "-o", folder)  # fmt: skip
    assert done.returncode == 0, done.stderr
    facts = saved_facts(folder)
    assert facts is not None
    assert (facts["step"], facts["settings"]["size"], facts["settings"]["steps"]) == (1, "tiny", 2)
    done = command("train", *options, "--time-limit", "9m", "--resume", folder)
    assert done.returncode == 0, done.stderr
    facts = saved_facts(folder)
    assert facts is not None
    assert facts["step"] == 2
    assert "PSNR" in done.stderr or "psnr" in done.stderr
    assert {"training-set.npz", "checkpoint", "log.jsonl", "progress.png", "weights"} <= {
        path.name for path in folder.iterdir()
    }
    assert all(path.stat().st_size < 16 << 20 for path in folder.rglob("*") if path.is_file())
    for wrong in (
        ("train", "--recipe", "restorer", "--resume", folder),
        ("train", *options, "-o", tmp_path / "new"),
        ("train", tmp_path / "picture.png", *options, "--size", "huge", "-o", tmp_path / "other"),
    ):
        done = command(*wrong)
        assert done.returncode == 2, done.stderr
        assert "Traceback" not in done.stderr
    assert command("train", tmp_path / "picture.png", *options, "-o", folder).returncode == 5


@pytest.mark.parametrize(("text", "seconds"), [("540", 540), ("9m", 540), ("1.5h", 5400), ("30s", 30)])
def test_times(text: str, seconds: float) -> None:
    assert parse_time(text) == seconds


@pytest.mark.parametrize("text", ["", "m", "9 minutes", "-3m", "9d"])
def test_what_is_no_time(text: str) -> None:
    with pytest.raises(UsageError):
        parse_time(text)
