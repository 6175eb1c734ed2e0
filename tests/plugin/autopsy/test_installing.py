"""`carve-restore autopsy-install`: the modules lie where Autopsy looks, and know the program."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from plugin.cli import cli
from plugin.common.versions import tool_version
from plugin.report.wording import MEANINGS, probability

SCRIPTS = Path(__file__).parents[3] / "plugin/autopsy/jython"


def installed(folder: Path) -> dict[str, str]:
    """What the written module says."""
    names: dict[str, str] = {}
    exec((folder / "carve_restore/carve_restore_installed.py").read_text("ascii"), names)
    return names


def test_install_finds_the_folder_of_the_user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("APPDATA", raising=False)
    folder = tmp_path / ".autopsy/dev/python_modules"
    missing = CliRunner().invoke(cli, ["autopsy-install"])
    assert missing.exit_code == 2
    assert "--into" in missing.stderr
    folder.mkdir(parents=True)
    assert CliRunner().invoke(cli, ["autopsy-install"]).exit_code == 0
    assert installed(folder)["VERSION"] == tool_version()
    assert Path(installed(folder)["COMMAND"]).name == "carve-restore"


def test_install_replaces_an_earlier_version_only(tmp_path: Path) -> None:
    ours = tmp_path / "carve_restore"
    ours.mkdir()
    for name in ("carve_restore_gone.py", "carve_restore_words$py.class", "notes.txt"):
        (ours / name).touch()
    (tmp_path / "prögram").touch()
    arguments = ["autopsy-install", "--into", str(tmp_path), "--command", str(tmp_path / "prögram")]
    assert CliRunner().invoke(cli, arguments).exit_code == 0
    names = {path.name for path in ours.iterdir()}
    assert {"carve_restore_factories.py", "notes.txt"} <= names
    assert not names & {"carve_restore_gone.py", "carve_restore_words$py.class"}
    assert installed(tmp_path)["COMMAND"] == str(tmp_path / "prögram")


def test_paths_that_autopsy_cannot_load_from(tmp_path: Path) -> None:
    apostrophe = CliRunner().invoke(cli, ["autopsy-install", "--into", str(tmp_path / "o'brien")])
    assert (apostrophe.exit_code, "apostrophe" in apostrophe.stderr) == (2, True)
    assert CliRunner().invoke(cli, ["autopsy-install", "--into", str(tmp_path / "absent")]).exit_code == 5
    (tmp_path / "Müller").mkdir()
    odd = CliRunner().invoke(cli, ["autopsy-install", "--into", str(tmp_path / "Müller")])
    assert (odd.exit_code, "not plain ASCII" in odd.stderr) == (0, True)


@pytest.mark.parametrize("script", sorted(SCRIPTS.glob("*.py")))
def test_loader_takes_only_factories_for_factories(script: Path) -> None:
    lines = script.read_text("ascii").splitlines()
    taken = [line for line in lines if line.startswith("class ") and "IngestModuleFactory" in line]
    assert all(line.endswith("Factory(IngestModuleFactoryAdapter):") for line in taken)
    assert bool(taken) == (script.name == "carve_restore_factories.py")


def test_modules_use_the_words_of_the_reports() -> None:
    words: dict[str, Any] = {}
    exec((SCRIPTS / "carve_restore_words.py").read_text("ascii"), words)
    assert {status.value: words["MEANINGS"][status.value] for status in MEANINGS} == dict(MEANINGS)
    for value in (0.0, 0.00009, 0.5, 0.98765, 0.99989, 0.9999, 1.0):
        assert words["percent"](value) == probability(value)


def test_modules_tell_exact_from_repaired() -> None:
    words: dict[str, Any] = {}
    exec((SCRIPTS / "carve_restore_words.py").read_text("ascii"), words)
    mcus = {"total": 10, "intact": 9, "repaired": 1, "placed": 0, "generated": 0, "lost": 0}
    made: dict[str, Any] = {"mcus": mcus, "bit_flips": [{}], "error": None, "exact_probability": 0.87}
    exact, repaired = ({**made, "status": status} for status in ("exact", "repaired"))
    assert words["set_name"](exact) == "JPEGs whose bit flips were reversed"
    assert words["set_name"](repaired) == "JPEGs whose visible damage was reversed"
    assert "a probability of 87.00 %" in words["justification"](repaired)
    assert "original bytes" not in words["justification"]({**repaired, "exact_probability": None})
    assert [line.split(":")[0] for line in words["tally"]([repaired, exact, repaired])] == ["1 exact", "2 repaired"]
