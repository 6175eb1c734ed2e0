"""Small evidence for the front of the house: photos that Pillow wrote, in raw images, plain and encrypted."""

from __future__ import annotations

import io
import random
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from carving.encryption.sectors import encrypt_sectors

ROOT = Path(__file__).resolve().parents[2]
KEY = bytes.fromhex("8f3ac1d29b7e4405a6d8f01c77b2e953")
OFFSETS = (4096, 65536)
"""Where the photos begin in the images below."""

RunCommand = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(autouse=True)
def _own_exception_hook(monkeypatch: pytest.MonkeyPatch) -> None:
    """A command installs a hook for its process; a test gives it back."""
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)


@pytest.fixture(scope="session")
def key() -> bytes:
    return KEY


@pytest.fixture(scope="session")
def photos() -> tuple[bytes, ...]:
    """Two JPEGs of natural size for a test: 160×120 pixels, 4:2:0, a texture that is different in each."""
    made = []
    for seed in range(len(OFFSETS)):
        noise = np.random.default_rng(seed).integers(0, 256, (15, 20, 3), dtype=np.uint8)
        buffer = io.BytesIO()
        Image.fromarray(noise).resize((160, 120), Image.Resampling.BICUBIC).save(buffer, "JPEG", quality=90)
        made.append(buffer.getvalue())
    return tuple(made)


@pytest.fixture(scope="session")
def volume(photos: tuple[bytes, ...]) -> bytes:
    """128 KiB with the photos at `OFFSETS` and zeros between them."""
    volume = bytearray(128 << 10)
    for offset, photo in zip(OFFSETS, photos, strict=True):
        volume[offset : offset + len(photo)] = photo
    return bytes(volume)


@pytest.fixture
def plain_image(tmp_path: Path, volume: bytes) -> Path:
    path = tmp_path / "plain.dd"
    path.write_bytes(volume)
    return path


@pytest.fixture
def encrypted_image(tmp_path: Path, volume: bytes) -> Path:
    path = tmp_path / "encrypted.dd"
    path.write_bytes(encrypt_sectors(volume, KEY, first_sector=0))
    return path


@pytest.fixture
def noise_image(tmp_path: Path) -> Path:
    path = tmp_path / "noise.dd"
    path.write_bytes(random.Random(5).randbytes(1 << 20))
    return path


@pytest.fixture
def command(tmp_path: Path) -> RunCommand:
    """Run `carve-restore` as a user does, in a process of its own."""

    def run(
        *arguments: str | Path, input_text: str = "", program: Sequence[str] = ("-m", "plugin")
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, *program, *map(str, arguments)],
            cwd=ROOT,
            input=input_text,
            capture_output=True,
            text=True,
            check=False,
        )

    return run
