"""A run over file systems: what is taken through runs, what reports say of it, and what a list makes of it again."""

from __future__ import annotations

import gzip
import hashlib
import json
import time
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any
from xml.etree import ElementTree as ET

import pytest

import plugin
from carving.encryption.sectors import encrypt_sectors
from carving.file_systems.allocation import Allocation
from plugin.common.report_model import FileEntry, Report
from plugin.common.settings import Parameters
from plugin.report.dfxml import DFXML
from tests.carving.file_systems.stored_files.images import (
    DELETED,
    KEPT,
    PHOTOS,
    debugfs,
    delete_as_the_kernel_does,
    ext_in_pieces,
)

RunCommand = Callable[..., CompletedProcess[str]]
CARVE_ONLY = Parameters(carve_only=True)
KEY = bytes(range(16))


def with_a_hole(photo: bytes) -> bytes:
    """The photo with a comment of zeros behind its SOI, blocks of which a file system need not store."""
    return photo[:2] + b"\xff\xfe\x20\x00" + bytes(0x2000 - 2) + photo[2:]


@pytest.fixture(scope="session")
def card(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An ext4 file system with photos in pieces, one of them deleted, one with a hole, and one that lies in no file."""
    folder = tmp_path_factory.mktemp("card")
    volume = ext_in_pieces(folder, "ext4")
    sparse = folder / "sparse.jpg"
    sparse.write_bytes(with_a_hole(PHOTOS[KEPT[0]]))
    debugfs(volume, f"write {sparse} /DCIM/sparse.jpg")  # which leaves out blocks of zeros
    delete_as_the_kernel_does(volume, DELETED)
    return volume


def by_content(report: Report, folder: Path) -> dict[bytes, FileEntry]:
    return {(folder / entry.carved.path).read_bytes(): entry for entry in report.files}


def test_what_the_report_says(tmp_path: Path, card: Path, command: RunCommand) -> None:
    done = command(card, "--carve-only", "-o", tmp_path / "out", "--quiet")
    assert done.returncode == 0, done.stderr
    document: dict[str, Any] = json.loads((tmp_path / "out/report.json").read_bytes())
    files = {entry["path"]: entry for entry in document["files"]}
    assert set(files) == {f"/DCIM/{name}" for name in (*PHOTOS, "sparse.jpg")}
    for path, entry in files.items():
        assert entry["origin"] == "file system"
        assert entry["deleted"] == (DELETED in path)
        assert entry["stored"]["size"] == entry["size"]
        assert entry["stored"]["modified"].endswith("Z")
        assert "whole: all blocks decode" in entry["carving"]["state"]
    assert "journal" in files[f"/DCIM/{DELETED}"]["stored"]["structure"]
    holes = [run for run in files["/DCIM/sparse.jpg"]["byte_runs"] if run["offset"] is None]
    assert holes == [{"offset": None, "length": 7168}]
    assert any("the journal holds" in note for note in document["notes"])
    assert command("verify", tmp_path / "out", "--evidence", card).returncode == 0

    again = command(card, "--only", tmp_path / "out/dfxml.xml", "--carve-only", "-o", tmp_path / "again", "--quiet")
    assert again.returncode == 0, again.stderr
    relisted = json.loads((tmp_path / "again/report.json").read_bytes())["files"]
    assert {entry["carved"]["sha256"] for entry in relisted} == {
        entry["carved"]["sha256"] for entry in document["files"]
    }
    assert {entry["claim"]["name"] for entry in relisted} == set(files)
    root = ET.parse(tmp_path / "out/dfxml.xml").getroot()
    fills = [run for run in root.iter(f"{{{DFXML}}}byte_run") if run.get("fill") == "0"]
    assert [run.get("len") for run in fills] == ["7168"]


@pytest.mark.parametrize("scan", ["files", "unallocated"])
def test_files_alone_and_the_rest_alone(tmp_path: Path, card: Path, scan: Any) -> None:
    photo = PHOTOS[KEPT[1]].replace(b"Exif", b"EXIF")
    path = tmp_path / "card.dd"
    data = bytearray(card.read_bytes())
    data[-len(photo) - 512 : -512] = photo  # a photo in the last blocks, which no file has
    path.write_bytes(data)
    report = plugin.run(path, tmp_path / "out", parameters=Parameters(carve_only=True, scan=scan))
    found = by_content(report, tmp_path / "out")
    gone = {PHOTOS[DELETED]}
    if scan == "files":
        assert set(found) == {*PHOTOS.values(), with_a_hole(PHOTOS[KEPT[0]])}
        assert report.scan.scanned_bytes == sum(entry.size for entry in report.files)
    else:
        assert gone < set(found)
        assert all(entry.deleted is not False for entry in report.files)
    assert report.exit_code == 0


def test_files_alone_where_there_is_no_file_system(tmp_path: Path, plain_image: Path) -> None:
    report = plugin.run(plain_image, tmp_path / "out", parameters=Parameters(carve_only=True, scan="files"))
    assert report.files == ()
    assert any("nothing was looked at" in note for note in report.notes)


def test_what_came_before_the_reader_hung_is_kept(
    tmp_path: Path, plain_image: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from plugin.examination import allocation_survey

    monkeypatch.setattr(allocation_survey, "survey", _hang)
    monkeypatch.setattr(allocation_survey, "_PATIENCE", 20)
    report = plugin.run(plain_image, tmp_path / "out", parameters=CARVE_ONLY)
    assert len(report.files) == 2
    assert any("ext9 at byte 0" in note for note in report.notes)
    assert any("were not read to their end" in note for note in report.notes)


def _hang(answers: Any, *_: object) -> None:
    answers.send(())  # no encryption shown
    answers.send(())  # no volumes
    answers.send(Allocation(("ext9 at byte 0",), (), complete=True))
    time.sleep(600)


@pytest.mark.parametrize("encrypted", [False, True])
@pytest.mark.parametrize("kind", ["ext4", "vfat", "exfat", "ntfs"])
def test_file_systems_as_a_real_kernel_leaves_them(
    tmp_path: Path, shared_data: Path, kind: str, encrypted: bool
) -> None:
    folder = shared_data / "forensic" / "fs"
    path = tmp_path / "fs.dd"
    with gzip.open(folder / f"{kind}.img.gz") as packed:
        data = packed.read()
    path.write_bytes(encrypt_sectors(data, KEY) if encrypted else data)
    report = plugin.run(path, tmp_path / "out", key=KEY if encrypted else None, parameters=CARVE_ONLY)
    found = [hashlib.sha256(content).hexdigest() for content in by_content(report, tmp_path / "out")]
    assert len(found) == len(report.files)
    truth = json.loads((folder / "fs.json").read_bytes())["files"]
    states = {entry.carved.sha256: (entry.deleted, entry.path) for entry in report.files}
    for photo in truth:
        deleted, called = states[photo["sha256"]]
        assert deleted == photo["deleted"]
        assert str(called).endswith(photo["name"][-11:])
