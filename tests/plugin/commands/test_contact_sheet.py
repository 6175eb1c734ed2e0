"""The contact sheet: drawn from a run, with its counts, and from nothing else."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from carving.errors import EvidenceError
from plugin.commands.sheet_drawing import counts, draw, read_run
from plugin.examination.pipeline import run
from tests.carving.memory import camera_jpeg

RunCommand = Callable[..., subprocess.CompletedProcess[str]]


def test_a_sheet_of_a_run(tmp_path: Path, command: RunCommand) -> None:
    whole, cut = camera_jpeg(1), camera_jpeg(2)[:20_480]
    (tmp_path / "card.dd").write_bytes(whole + bytes(-len(whole) % 512) + cut + bytes(4096))
    run(tmp_path / "card.dd", tmp_path / "out", jobs=1)

    done = command("contact-sheet", tmp_path / "out", "-o", tmp_path / "sheet.png")

    assert done.returncode == 0, done.stderr
    assert "| intact | 1 |" in done.stdout
    assert "| all | 2 |" in done.stdout
    with Image.open(tmp_path / "sheet.png") as sheet:
        assert len(sheet.getcolors(1 << 24) or []) > 1000
    assert command("contact-sheet", tmp_path / "out", "-o", tmp_path / "sheet.png").returncode == 5
    assert command("contact-sheet", tmp_path, "-o", tmp_path / "other.png").returncode == 3


def test_a_changed_report_leads_nowhere_else(tmp_path: Path) -> None:
    preview = {"found": {"path": "../../secret.jpg"}, "restored": None}
    entry = {"carved": {"path": "carved/1.jpg"}, "thumbnail": None, "previews": preview, "status": "intact"}
    (tmp_path / "report.json").write_text(json.dumps({"files": [entry]}))
    with pytest.raises(EvidenceError, match="not the report of a run"):
        read_run(tmp_path)


def test_an_empty_run_has_an_empty_sheet(tmp_path: Path) -> None:
    (tmp_path / "report.json").write_text('{"files": []}')
    assert draw(read_run(tmp_path)).size[0] > 0
    assert counts([]).endswith("| all | 0 | |")
