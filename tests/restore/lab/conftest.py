"""Small pictures for the lab, made at run time."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from PIL import Image

from restore.lab.simulation.made_pictures import coded_at, fractal_picture


@pytest.fixture(scope="session")
def picture() -> bytes:
    """A JPEG of 320×240 pixels, 4:2:0, about 1 bit per pixel, without a thumbnail."""
    return coded_at(fractal_picture(240, 320, seed=5), 1.0)


@pytest.fixture(scope="session")
def restarting_picture() -> bytes:
    """One of 200×120 pixels, 4:2:2, with restart markers every 5 MCUs."""
    buffer = io.BytesIO()
    Image.fromarray(fractal_picture(120, 200, seed=6)).save(
        buffer, "JPEG", quality=85, subsampling="4:2:2", restart_marker_blocks=5
    )
    return buffer.getvalue()


@pytest.fixture
def folder(tmp_path: Path, picture: bytes, restarting_picture: bytes) -> Path:
    """A folder with both."""
    directory = tmp_path / "pictures"
    directory.mkdir()
    (directory / "plain.jpg").write_bytes(picture)
    (directory / "restarts.jpg").write_bytes(restarting_picture)
    return directory
