"""The house keeps its order: imports run downward, files stay small, imports are light, every dependency is pinned."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("carving", "restore", "plugin")
FORBIDDEN = {"carving": {"restore", "plugin", "torch"}, "restore": {"plugin"}, "plugin": set[str]()}
HEAVY = ("torch", "numba", "pytsk3", "pyewf")
HEAVY_FOR_HELP = ("numpy", "PIL", "rich", "jsonschema_rs", "cryptography")
"""What a command that only prints its help must not wait for either."""
TOP_LEVEL = {
    *("plugin", "carving", "restore", "tests", "sample_images", "docs"),
    *("pyproject.toml", "constraints.txt", "README.md", "LICENSE", "CHANGELOG.md", "Makefile"),
}
MADE_LOCALLY = {"demo-out", "build", "dist", "__pycache__", "carve_restore.egg-info"}
MAX_LINES = 400


def python_files(*directories: str) -> list[Path]:
    return sorted(path for directory in directories for path in (ROOT / directory).rglob("*.py"))


def imported_packages(tree: ast.AST) -> Iterator[str]:
    """Top-level names of every import in the file, wherever it stands; a relative import stays in its own package."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield node.module.split(".")[0]


@pytest.mark.parametrize("package", PACKAGES)
def test_imports_run_downward(package: str) -> None:
    wrong = [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in python_files(package)
        for name in imported_packages(ast.parse(path.read_text(encoding="utf-8")))
        if name in FORBIDDEN[package]
    ]
    assert not wrong


def test_no_file_is_too_long() -> None:
    lengths = {
        str(path.relative_to(ROOT)): len(path.read_text(encoding="utf-8").splitlines())
        for path in python_files(*PACKAGES, "tests", "sample_images", "docs")
    }
    assert {name: lines for name, lines in lengths.items() if lines > MAX_LINES} == {}


@pytest.mark.parametrize(
    ("statement", "heavy"),
    [
        ("import carving; carving.open_evidence", HEAVY),
        ("import restore", HEAVY),
        ("import plugin", HEAVY),
        ("import plugin.cli, plugin.commands.run", (*HEAVY, *HEAVY_FOR_HELP)),
    ],
)
def test_import_is_light(statement: str, heavy: tuple[str, ...]) -> None:
    program = f"import sys\n{statement}\nprint(*(name for name in {heavy!r} if name in sys.modules))"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == []


def test_top_level_is_fixed() -> None:
    names = {path.name for path in ROOT.iterdir() if not path.name.startswith(".")}
    assert names - MADE_LOCALLY <= TOP_LEVEL


def test_every_dependency_is_pinned_within_its_range() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = [
        *project["dependencies"],
        *(line for extra in project["optional-dependencies"].values() for line in extra),
    ]
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pins = {canonical(name): version for name, _, version in (line.partition("==") for line in lines) if version}
    for requirement in map(Requirement, wanted):
        assert pins[canonical(requirement.name)] in requirement.specifier


def canonical(name: str) -> str:
    """A distribution's name as package indexes compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()
