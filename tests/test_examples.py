"""The scripts in docs/examples run as they stand."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
from PIL import Image

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
