"""What the documents show works: Python as it stands, TOML as a layout, commands with options that exist."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from carving.encryption.sectors import encrypt_sectors
from carving.media.nand.settings import load_layout
from plugin.cli import cli
from restore.lab.simulation.made_pictures import coded_at, fractal_picture

ROOT = Path(__file__).resolve().parent.parent
KEY = bytes(range(16))
SECTOR = 512
DOCUMENTS = sorted([ROOT / "README.md", *(ROOT / "docs").glob("*.md")])
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
COMMAND = re.compile(r"^\s*(?:\$ )?(carve-restore [^|#\n]*)", re.MULTILINE)


def blocks(language: str) -> list[tuple[str, str]]:
    """The code blocks of the documents in a language, each with the document's name."""
    return [
        (path.name, text)
        for path in DOCUMENTS
        for name, text in BLOCK.findall(path.read_text(encoding="utf-8"))
        if name == language
    ]


def commands() -> Iterator[tuple[str, str]]:
    """Every line of a code block that calls the command, with what follows a backslash."""
    for document, text in (*blocks(""), *blocks("sh"), *blocks("bash")):
        for line in COMMAND.findall(text.replace("\\\n", " ")):
            yield document, line.strip()


@pytest.mark.parametrize(("document", "program"), blocks("python"))
def test_python_runs(document: str, program: str, tmp_path: Path) -> None:
    """A small encrypted image takes the place of `phone.E01`, an ellipsis in a string stands for its key."""
    photo = coded_at(fractal_picture(120, 160, seed=3), 1.5)
    (tmp_path / "phone.dd").write_bytes(encrypt_sectors(photo + bytes(-len(photo) % SECTOR), KEY, 0))
    done = subprocess.run(
        [sys.executable, "-c", program.replace("phone.E01", "phone.dd").replace('"…"', f'"{KEY.hex()}"')],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{document}: {done.stderr}"


@pytest.mark.parametrize(("document", "text"), blocks("toml"))
def test_toml_is_a_layout(document: str, text: str, tmp_path: Path) -> None:
    (tmp_path / "layout.toml").write_text(text, encoding="utf-8")
    assert load_layout(str(tmp_path / "layout.toml")).page.data > 0, document


@pytest.mark.parametrize(("document", "line"), sorted(set(commands())))
def test_commands_have_the_options_that_are_shown(document: str, line: str) -> None:
    words = shlex.split(line.partition("  ")[0])[1:]
    context = click.Context(cli)
    name = words[0] if words and words[0] in cli.list_commands(context) else "run"
    command = cli.get_command(context, name)
    assert command is not None
    known = {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)}
    known |= {"--help", "-h", "--version"}
    shown = {word.partition("=")[0] for word in words if re.fullmatch(r"--?[a-z][\w-]*(=.*)?", word)}
    assert shown <= known, f"{document}: {line}"


def test_files_that_are_named_exist() -> None:
    """Files of the repository, and links from one document to another."""
    missing = []
    for path in DOCUMENTS:
        text = path.read_text(encoding="utf-8")
        named = re.findall(r"`((?:carving|restore|plugin|tests|docs)/[\w./-]+\.\w+)`", text)
        linked = [target for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", text) if target]
        missing += [f"{path.name}: {name}" for name in named if not (ROOT / name).exists()]
        missing += [f"{path.name}: {target}" for target in linked if not (path.parent / target).exists()]
    assert missing == []
