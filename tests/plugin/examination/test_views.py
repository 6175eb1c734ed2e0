"""What a run scans: the decrypted and the plain view, by key or password, the whole or what no file occupies."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest

import plugin
from carving.encryption.sectors import encrypt_sectors
from plugin.common.settings import Parameters
from tests.carving.conftest import run_tool
from tests.carving.encryption.footers import KEYMASTER, ROOM, footer
from tests.plugin.conftest import KEY, OFFSETS

RunCommand = Callable[..., CompletedProcess[str]]
CARVE_ONLY = Parameters(carve_only=True)
PASSWORD = "four words, no spaces"


def document(folder: Path) -> dict[str, Any]:
    text: dict[str, Any] = json.loads((folder / "report.json").read_bytes())
    return text


@pytest.fixture
def android_image(tmp_path: Path, volume: bytes) -> Path:
    """An encrypted volume with a crypto footer; between its photos one that was never encrypted."""
    path = tmp_path / "userdata.img"
    path.write_bytes(encrypt_sectors(volume, KEY) + footer(3, KEY, PASSWORD.encode(), sectors=len(volume) // 512))
    return path


def test_both_views_are_carved(tmp_path: Path, encrypted_image: Path, key: bytes, photos: tuple[bytes, ...]) -> None:
    place = 32768
    stored = bytearray(encrypted_image.read_bytes())
    stored[place : place + len(photos[0])] = photos[0]
    encrypted_image.write_bytes(stored)
    report = plugin.run(encrypted_image, tmp_path / "out", key=key, parameters=CARVE_ONLY)
    found = {(entry.layer, entry.offset): entry for entry in report.files}
    assert set(found) == {("decrypted", OFFSETS[0]), ("decrypted", OFFSETS[1]), ("plain", place)}
    plain = found["plain", place]
    assert plain.carved.path == f"carved/plain-{place:010d}.jpg"
    assert (tmp_path / "out" / plain.carved.path).read_bytes() == photos[0]
    assert report.plain_scan is not None
    assert (report.scan.layer, report.plain_scan.layer) == ("decrypted", "plain")
    assert report.scan.scanned_bytes == report.plain_scan.scanned_bytes == encrypted_image.stat().st_size
    assert report.plain_scan.location == "raw"


def test_a_password_by_the_command_line(
    command: RunCommand, tmp_path: Path, android_image: Path, photos: tuple[bytes, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EVIDENCE_PASSWORD", PASSWORD)
    ways = {PASSWORD: "", "env:EVIDENCE_PASSWORD": "", "-": f"{PASSWORD}\n"}
    for number, (password, typed) in enumerate(ways.items()):
        out = tmp_path / f"out-{number}"
        done = command(android_image, "--password", password, "-o", out, "--carve-only", input_text=typed)
        assert done.returncode == 0, done.stderr
        report = document(out)
        assert [entry["offset"] for entry in report["files"]] == list(OFFSETS)
        assert report["key"]["confirmed_by"] == "Android crypto footer 1.3: password, check in the footer"
        assert report["key"]["cipher"] == "aes-cbc-essiv:sha256"
        for path in out.rglob("*"):
            assert path.is_dir() or (PASSWORD.encode() not in path.read_bytes() and KEY not in path.read_bytes())
    check = command("verify", tmp_path / "out-0", "--evidence", android_image, "--password", PASSWORD)
    assert "2 carved files: read again" in check.stdout, check.stderr
    (tmp_path / "out-0" / "carved" / f"{OFFSETS[0]:010d}.jpg").read_bytes().startswith(photos[0][:100])


def test_passwords_that_open_nothing(command: RunCommand, tmp_path: Path, android_image: Path) -> None:
    done = command(android_image, "--password", "wrong", "-o", tmp_path / "out")
    assert (done.returncode, "neither the password" in done.stderr) == (4, True)
    done = command(android_image, "--password", "x", "--key", KEY.hex(), "-o", tmp_path / "out")
    assert (done.returncode, "the password does not open the volume" in done.stderr) == (4, True)
    data = android_image.read_bytes()
    android_image.write_bytes(data[:-ROOM] + footer(3, KEY, b"", kdf=KEYMASTER))
    done = command(android_image, "--password", "wrong", "-o", tmp_path / "out")
    assert (done.returncode, "keymaster" in done.stderr) == (3, True)
    assert not (tmp_path / "out").exists()


def test_what_is_encrypted_and_not_opened_is_said(tmp_path: Path, android_image: Path, noise_image: Path) -> None:
    report = plugin.run(android_image, tmp_path / "one", parameters=CARVE_ONLY)
    assert report.key is None
    assert any("the evidence has an Android crypto footer 1.3" in note for note in report.notes)
    report = plugin.run(noise_image, tmp_path / "two", parameters=CARVE_ONLY)
    assert any("nothing but random-looking bytes" in note for note in report.notes)
    assert report.exit_code == 0


@pytest.fixture(scope="session")
def card(tmp_path_factory: pytest.TempPathFactory, photos: tuple[bytes, ...]) -> bytes:
    """An ext4 file system with one photo kept and one deleted."""
    folder = tmp_path_factory.mktemp("card")
    (folder / "content").mkdir()
    for name, photo in zip(("kept.jpg", "deleted.jpg"), photos, strict=True):
        (folder / "content" / name).write_bytes(photo)
    volume = folder / "volume"
    run_tool("mke2fs", "-q", "-t", "ext4", "-d", str(folder / "content"), str(volume), "4M")
    run_tool("debugfs", "-w", "-R", "rm /deleted.jpg", str(volume))
    return volume.read_bytes()


@pytest.mark.parametrize("encrypted", [False, True])
def test_unallocated_bytes_and_claims_of_the_file_system(
    tmp_path: Path, card: bytes, photos: tuple[bytes, ...], encrypted: bool
) -> None:
    path = tmp_path / "card.dd"
    path.write_bytes(encrypt_sectors(card, KEY) if encrypted else card)
    key = KEY if encrypted else None
    whole = plugin.run(path, tmp_path / "whole", key=key, parameters=CARVE_ONLY)
    by_content = {(tmp_path / "whole" / entry.carved.path).read_bytes(): entry for entry in whole.files}
    assert set(by_content) == set(photos)
    claim = by_content[photos[0]].allocated
    assert claim is not None
    assert (claim.path, claim.size, claim.position) == ("/kept.jpg", len(photos[0]), 0)
    assert str(claim.modified).endswith("Z")
    assert by_content[photos[1]].allocated is None
    assert any("ext4 at byte 0" in note for note in whole.notes)

    free = plugin.run(path, tmp_path / "free", key=key, parameters=Parameters(carve_only=True, scan="unallocated"))
    (entry,) = free.files
    assert entry.offset == by_content[photos[1]].offset
    assert entry.byte_runs == by_content[photos[1]].byte_runs
    assert free.scan.scanned_bytes < whole.scan.scanned_bytes


def test_unallocated_bytes_where_there_is_no_file_system(tmp_path: Path, plain_image: Path) -> None:
    report = plugin.run(plain_image, tmp_path / "out", parameters=Parameters(carve_only=True, scan="unallocated"))
    assert len(report.files) == 2
    assert any("all bytes were scanned" in note for note in report.notes)


def test_a_file_system_reader_that_dies_does_not_end_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from plugin.examination import allocation_survey

    monkeypatch.setattr(allocation_survey, "survey", _die)
    path = tmp_path / "some.dd"
    path.write_bytes(random.Random(1).randbytes(1 << 16))
    report = plugin.run(path, tmp_path / "out", parameters=CARVE_ONLY)
    assert report.exit_code == 0
    assert any("crashed, hung" in note for note in report.notes)


def _die(*_: object) -> None:
    import os

    os._exit(9)
