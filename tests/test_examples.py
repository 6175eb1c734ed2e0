"""The scripts in docs/examples run as they stand."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
from PIL import Image

from restore.lab.simulation.made_pictures import coded_at, fractal_picture

ROOT = Path(__file__).resolve().parent.parent


def run(script: str, *options: str) -> str:
    """What an example prints."""
    done = subprocess.run(
        [sys.executable, f"docs/examples/{script}", *options],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_measure(tmp_path: Path) -> None:
    noise = np.random.default_rng(3).integers(0, 256, (15, 20, 3), dtype=np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(noise).resize((160, 120), Image.Resampling.BICUBIC).save(buffer, "JPEG", quality=90)
    (tmp_path / "photo.jpg").write_bytes(buffer.getvalue())
    printed = run("measure.py", str(tmp_path / "photo.jpg"), "--ber", "2e-5", "--seed", "2")
    assert "bits of the medium flipped" in printed
    assert "restored: " in printed


def test_ablations(tmp_path: Path) -> None:
    folder = tmp_path / "pictures" / "made"
    folder.mkdir(parents=True)
    (folder / "photo.jpg").write_bytes(coded_at(fractal_picture(240, 320, seed=5), 1.0))
    printed = run("ablations.py", str(tmp_path / "pictures"), "--ber", "1e-4", "--limit", "1")
    heading, _, line = printed.splitlines()
    assert heading.startswith("| set | BER | files | robust | SCA | placed by seams |")
    levels = [float(cell) for cell in line.strip("| ").split(" | ")[3:]]
    assert len(levels) == 7
    assert levels[-1] > levels[0]
