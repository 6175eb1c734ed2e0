"""Machine code on disk is used again as long as all its sources are unchanged, and not a moment longer."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from carving.support import compiled

ROOT = Path(__file__).resolve().parents[3]
OUTER = """
from carving.support.compiled import is_cached, kernel
from restore.inner_kernels import FACTOR, inner

@kernel(error_model="numpy")
def outer(value: int) -> int:
    return inner(value) * FACTOR

print(outer.py_func.__name__, is_cached(outer), outer(7))
"""
INNER = """
from carving.support.compiled import kernel
from restore.constants import OFFSET

FACTOR = 10

@kernel
def inner(value: int) -> int:
    return value + OFFSET
"""


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A package of two kernel files and a file of constants that stands in the place of `restore`."""
    folder = tmp_path / "restore"
    folder.mkdir()
    (folder / "__init__.py").touch()
    (folder / "outer_kernels.py").write_text(OUTER)
    (folder / "inner_kernels.py").write_text(INNER)
    (folder / "constants.py").write_text("OFFSET = 1\n")
    return folder


def run(package: Path, **environment: str) -> str:
    """What the outer kernel's module prints."""
    paths = os.pathsep.join([str(package.parent), str(ROOT)])
    kept = {name: value for name, value in os.environ.items() if name not in {"NUMBA_CACHE_DIR", "XDG_CACHE_HOME"}}
    done = subprocess.run(
        [sys.executable, "-P", "-c", "import restore.outer_kernels"],
        env=kept | {"PYTHONPATH": paths} | environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == ""
    return done.stdout.strip()


def test_a_change_in_another_file_is_noticed(package: Path, tmp_path: Path) -> None:
    chosen = str(tmp_path / "cache")
    assert run(package, NUMBA_CACHE_DIR=chosen) == "outer False 80"
    assert run(package, NUMBA_CACHE_DIR=chosen) == "outer True 80"
    (package / "inner_kernels.py").write_text(INNER.replace("value + OFFSET", "value - OFFSET"))
    assert run(package, NUMBA_CACHE_DIR=chosen) == "outer False 60"
    (package / "constants.py").write_text("OFFSET = 2\n")
    assert run(package, NUMBA_CACHE_DIR=chosen) == "outer False 50"
    (package / "inner_kernels.py").write_text(INNER)
    (package / "constants.py").write_text("OFFSET = 1\n")
    assert run(package, NUMBA_CACHE_DIR=chosen) == "outer True 80"


def test_the_users_own_cache_folder_is_used(package: Path, tmp_path: Path) -> None:
    assert run(package, XDG_CACHE_HOME=str(tmp_path / "own")) == "outer False 80"
    folders = sorted(path.name.split("-")[0] for path in (tmp_path / "own/carve-restore/kernels").iterdir())
    assert folders == ["restore.inner_kernels", "restore.outer_kernels"]
    assert not (package / "__pycache__").exists() or not list((package / "__pycache__").glob("*.nbi"))


def test_without_a_writable_folder_each_process_compiles_for_itself(package: Path, tmp_path: Path) -> None:
    blocked = tmp_path / "a file"
    blocked.touch()
    for _ in range(2):
        assert run(package, NUMBA_CACHE_DIR=str(blocked / "cache")) == "outer False 80"


def test_the_global_setting_is_left_alone() -> None:
    from numba import config

    before = config.CACHE_DIR
    import restore.scan.extend_kernels  # noqa: F401

    assert before == config.CACHE_DIR


def test_the_digest_follows_imports_through_other_files_and_reads_each_once() -> None:
    import restore.scan.extend_kernels

    name = restore.scan.extend_kernels.__name__
    compiled._source.cache_clear()
    sources = compiled._sources(name)
    assert {"restore.decoding.lookup", "restore.decoding.entropy_kernels", "restore.scan.contracts"} <= sources.keys()
    assert compiled._source.cache_info().misses == len(sources)
    compiled._sources(name)
    assert compiled._source.cache_info().misses == len(sources)


def test_kernels_are_compiled_in_no_other_way() -> None:
    wrong = [
        str(path.relative_to(ROOT))
        for package in ("carving", "restore", "plugin")
        for path in (ROOT / package).rglob("*.py")
        if "njit" in path.read_text(encoding="utf-8") and path.name != "compiled.py"
    ]
    assert wrong == []
