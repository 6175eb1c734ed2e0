"""What people see: pace in the bars, and at the end plain words for what the numbers mean."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest

import plugin
from plugin.commands.bars import BarProgress, print_summary
from plugin.common.progress import Stage
from plugin.common.settings import Parameters

RunCommand = Callable[..., CompletedProcess[str]]


def test_summary_says_what_the_numbers_mean(
    tmp_path: Path, plain_image: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report = plugin.run(plain_image, tmp_path / "out", parameters=Parameters(carve_only=True), jobs=1)
    print_summary(report, "out")
    said = capsys.readouterr().err
    assert "2 pictures found" in said
    assert "restoring was not asked for" in said
    assert "same SHA-256 before and after" in said
    assert "report: out/report.html" in said
    assert "generated" not in said


def test_bars_tell_pace(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    with BarProgress() as bars:
        bars.update(Stage.SCAN, 1_000_000, 2_000_000)
        bars.update(Stage.RESTORE, 1, 2)
        bars.update(Stage.RESTORE, 2, 2)
    said = capsys.readouterr().err
    assert "1.0 MB of 2.0 MB" in said
    assert "2 of 2 pictures" in said
