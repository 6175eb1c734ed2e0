"""A short round of fuzzing for every target, the finds of longer ones, and the fuzzer itself."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

from carving.file_systems.f2fs import read_f2fs
from tests.fuzz.inputs import damaged, finds, seeds
from tests.fuzz.sparse_images import grow
from tests.fuzz.targets import TARGETS, survive

ROOT = Path(__file__).resolve().parents[2]
SLOWEST = 60.0
"""Seconds an input may take on a machine that does other work too, and compiles what it is the first to reach."""
ROUND = 1.5
"""Seconds of each target's round."""


@pytest.mark.parametrize("name", TARGETS)
def test_short_round(name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("tests.fuzz.targets._SCRATCH", tmp_path)
    origins = seeds(name)
    assert origins
    for data in (*finds(name), *origins, b"", b"\0"):
        survive(name, data)
    end = time.monotonic() + ROUND
    for data in damaged(origins, 100_000, seed=1):
        begun = time.monotonic()
        survive(name, data)
        assert time.monotonic() - begun < SLOWEST
        if time.monotonic() > end:
            break


def test_file_systems_of_the_seeds_are_read() -> None:
    unclean, compressed = (grow(data) for data in seeds("f2fs"))
    assert {file.path for file in read_f2fs(unclean).deleted()} >= {"/DCIM/gone.dat", "/DCIM/synced.dat"}
    assert "/d/long.txt" in {file.path for file in read_f2fs(compressed).files()}


def test_fuzzer_runs(tmp_path: Path) -> None:
    """The command that `make fuzz` runs: it explores, and ends without a find."""
    options = [str(tmp_path / "corpus"), "-runs=300", f"-artifact_prefix={tmp_path}/", "-seed=1"]
    done = subprocess.run(
        [sys.executable, "-m", "tests.fuzz.run", "android_footer", *options],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "Done 300 runs" in done.stderr
