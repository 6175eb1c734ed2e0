"""What is installed is all of it: every file of the packages is in the wheel, and the command is."""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("carving", "plugin", "restore")


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of what a distribution is built of."""
    folder = tmp_path_factory.mktemp("source")
    for name in (*PACKAGES, "sample_images"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, folder / name)
    return folder


def test_wheel_holds_every_file_of_the_packages(source: Path, tmp_path: Path) -> None:
    program = f"import setuptools.build_meta as backend; print(backend.build_wheel({str(tmp_path)!r}))"
    done = subprocess.run([sys.executable, "-c", program], cwd=source, capture_output=True, text=True, check=True)
    with zipfile.ZipFile(tmp_path / done.stdout.split()[-1]) as wheel:
        inside = set(wheel.namelist())
        (entry_points,) = (name for name in inside if name.endswith("entry_points.txt"))
        assert "carve-restore = plugin.cli:main" in wheel.read(entry_points).decode()
    wanted = {
        path.relative_to(source).as_posix()
        for package in PACKAGES
        for path in (source / package).rglob("*")
        if path.is_file()
    }
    assert wanted - inside == set()
    assert {name.partition("/")[0] for name in inside} == {*PACKAGES, entry_points.partition("/")[0]}


def test_source_distribution_holds_what_a_wheel_is_built_of(source: Path, tmp_path: Path) -> None:
    program = f"import setuptools.build_meta as backend; print(backend.build_sdist({str(tmp_path)!r}))"
    done = subprocess.run([sys.executable, "-c", program], cwd=source, capture_output=True, text=True, check=True)
    names = subprocess.run(
        ["tar", "tzf", tmp_path / done.stdout.split()[-1]], capture_output=True, text=True, check=True
    ).stdout.splitlines()
    inside = {name.partition("/")[2] for name in names}
    assert {"pyproject.toml", "LICENSE", "README.md", "plugin/report/schema.json"} <= inside
