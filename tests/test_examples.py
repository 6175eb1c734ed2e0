"""The scripts in docs/examples run as they stand."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
from PIL import Image

from restore.lab.made_pictures import coded_at, fractal_picture

ROOT = Path(__file__).resolve().parent.parent


def test_measure(tmp_path: Path) -> None:
    noise = np.random.default_rng(3).integers(0, 256, (15, 20, 3), dtype=np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(noise).resize((160, 120), Image.Resampling.BICUBIC).save(buffer, "JPEG", quality=90)
    (tmp_path / "photo.jpg").write_bytes(buffer.getvalue())
    done = subprocess.run(
        [sys.executable, "docs/examples/measure.py", tmp_path / "photo.jpg", "--ber", "2e-5", "--seed", "2"],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "bits of the medium flipped" in done.stdout
    assert "restored: " in done.stdout


def test_ablations(tmp_path: Path) -> None:
    folder = tmp_path / "pictures" / "made"
    folder.mkdir(parents=True)
    (folder / "photo.jpg").write_bytes(coded_at(fractal_picture(240, 320, seed=5), 1.0))
    done = subprocess.run(
        [sys.executable, "docs/examples/ablations.py", tmp_path / "pictures", "--ber", "1e-4", "--limit", "1"],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    heading, _, line = done.stdout.splitlines()
    assert heading.startswith("| set | BER | files | robust | SCA | placed by seams |")
    levels = [float(cell) for cell in line.strip("| ").split(" | ")[3:]]
    assert len(levels) == 7
    assert levels[-1] > levels[0]
