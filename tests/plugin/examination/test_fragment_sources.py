"""Files that are pointed out instead of searched for: `--only LIST`, and a folder of JPEGs."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest

import plugin
from carving.errors import UsageError
from plugin.common.settings import Parameters
from tests.plugin.conftest import OFFSETS

RunCommand = Callable[..., CompletedProcess[str]]


def document(folder: Path) -> dict[str, Any]:
    text: dict[str, Any] = json.loads((folder / "report.json").read_bytes())
    return text


def test_only_what_a_list_names(
    command: RunCommand, tmp_path: Path, plain_image: Path, photos: tuple[bytes, ...]
) -> None:
    (tmp_path / "list.xml").write_text(
        f"<dfxml><fileobject><filename>DCIM/one.jpg</filename><filesize>{len(photos[1])}</filesize><byte_run "
        f"img_offset='{OFFSETS[1]}' len='{len(photos[1])}'/></fileobject><fileobject><filename>none</filename>"
        "<byte_run img_offset='0' len='512'/></fileobject></dfxml>"
    )
    done = command(plain_image, "--only", tmp_path / "list.xml", "-o", tmp_path / "out", "--effort", "0")
    assert done.returncode == 0, done.stderr
    (entry,) = document(tmp_path / "out")["files"]
    assert (entry["offset"], entry["status"]) == (OFFSETS[1], "intact")
    assert entry["claim"] == {"name": "DCIM/one.jpg", "place": None, "crc32": None}
    assert (tmp_path / "out" / entry["carved"]["path"]).read_bytes() == photos[1]
    assert document(tmp_path / "out")["scan"]["scanned_bytes"] == len(photos[1])
    assert "none: it is no JPEG" in done.stderr
    assert "files_selected" in (tmp_path / "out/custody.jsonl").read_text()
    assert command("verify", tmp_path / "out", "--evidence", plain_image).returncode == 0


def test_folder_of_jpegs(command: RunCommand, tmp_path: Path, photos: tuple[bytes, ...]) -> None:
    folder = tmp_path / "recup_dir.1"
    folder.mkdir()
    for name, photo in zip(("a<b>.jpg", "zwei.JPEG"), photos, strict=True):
        (folder / name).write_bytes(photo)
    done = command(folder, "-o", tmp_path / "out", "--effort", "0")
    assert done.returncode == 0, done.stderr
    entries = document(tmp_path / "out")["files"]
    assert [entry["claim"]["name"] for entry in entries] == ["a<b>.jpg", "zwei.JPEG"]
    assert [(tmp_path / "out" / entry["carved"]["path"]).read_bytes() for entry in entries] == list(photos)
    assert [entry["status"] for entry in entries] == ["intact", "intact"]
    verified = command("verify", tmp_path / "out", "--evidence", folder)
    assert verified.returncode == 0, verified.stderr


@pytest.mark.parametrize(("options", "words"), [(["--volume", "1"], "folder"), (["--key", "00" * 16], "folder")])
def test_folder_takes_no_layers(
    command: RunCommand, tmp_path: Path, photos: tuple[bytes, ...], options: list[str], words: str
) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in/a.jpg").write_bytes(photos[0])
    done = command(tmp_path / "in", *options, "-o", tmp_path / "out")
    assert done.returncode == 2
    assert words in done.stderr


def test_list_that_breaks_off_is_a_failure_of_the_scan(tmp_path: Path, plain_image: Path) -> None:
    (tmp_path / "list.xml").write_text("<dfxml><fileobject>")
    report = plugin.run(plain_image, tmp_path / "out", parameters=Parameters(only=str(tmp_path / "list.xml")), jobs=1)
    assert (report.failures[0].stage, report.exit_code) == ("scan", 2)


def test_list_that_is_not_there(tmp_path: Path, plain_image: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        plugin.run(plain_image, tmp_path / "out", parameters=Parameters(only=str(tmp_path / "absent")))
    assert not (tmp_path / "out").exists()


def test_reports_of_one_run_are_the_list_of_the_next(
    command: RunCommand, tmp_path: Path, encrypted_image: Path, key: bytes
) -> None:
    first = command(encrypted_image, "--key", key.hex(), "--carve-only", "-o", tmp_path / "first")
    assert first.returncode == 0, first.stderr
    again = ("--only", tmp_path / "first/dfxml.xml", "--carve-only", "-o", tmp_path / "second")
    second = command(encrypted_image, "--key", key.hex(), *again)
    assert second.returncode == 0, second.stderr
    wanted = [entry["carved"]["sha256"] for entry in document(tmp_path / "first")["files"]]
    assert [entry["carved"]["sha256"] for entry in document(tmp_path / "second")["files"]] == wanted
    assert wanted
