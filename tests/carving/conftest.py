"""Material for the evidence tests: a medium of mixed content, and images of it written by independent tools."""

from __future__ import annotations

import os
import random
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

Acquire = Callable[..., Path]


@pytest.fixture(scope="session")
def medium() -> bytes:
    """3 MiB and three sectors of noise, blanks and text, so that chunks compress well, badly and not at all."""
    random_source = random.Random(20)
    data = bytearray()
    while len(data) < 3 << 20:
        data += random_source.choice((random_source.randbytes(70_000), bytes(50_000), b"plain words " * 4_000))
    return bytes(data[: 3 << 20]) + random_source.randbytes(3 * 512)


@pytest.fixture(scope="session")
def acquire(medium: bytes, tmp_path_factory: pytest.TempPathFactory) -> Acquire:
    """Write the medium with ewfacquire into a new directory; the first segment is returned."""

    def write(*options: str, stem: str = "photo") -> Path:
        directory = tmp_path_factory.mktemp("ewf")
        raw = directory / "medium.raw"
        raw.write_bytes(medium)
        run_tool("ewfacquire", "-u", "-q", *options, "-t", str(directory / stem), str(raw))
        raw.unlink()
        return next(path for path in sorted(directory.iterdir()) if path.suffix.lower() in {".e01", ".s01"})

    return write


def run_tool(*command: str) -> str:
    """Run a program of the test set-up; what it printed."""
    environment = os.environ | {"PATH": f"{os.environ['PATH']}:/usr/sbin:/sbin", "LC_ALL": "C.UTF-8"}
    for _ in range(30):
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        if "accurate CPU usage" not in done.stderr:  # qemu-img cannot time its key derivation by a coarse clock
            break
    assert done.returncode == 0, f"{command[0]}: {done.stdout}{done.stderr}"
    return done.stdout


@pytest.fixture(scope="session")
def tool() -> Callable[..., str]:
    """Runs a program of the test set-up; what it printed."""
    return run_tool
