"""The names that a notebook user imports are what the interface says, whatever else has been imported before."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import restore
from tests.restore.decoding.pictures import jpeg, texture

ROOT = Path(__file__).resolve().parents[2]


def test_decode_is_the_function_after_its_package_was_imported() -> None:
    program = "import restore, restore.decoding.robust, restore.restoration; assert callable(restore.decode)"
    subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=True)
    assert restore.decode(jpeg(texture(16, 16))).pixels.shape == (16, 16, 3)
