"""Pictures in a database through the main job: by itself, in an encrypted volume, in pieces in a file system."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from carving.encryption.sectors import encrypt_sectors
from tests.carving.databases.making import database
from tests.carving.memory import camera_jpeg, jpeg
from tests.plugin.conftest import RunCommand


@pytest.fixture(scope="module")
def photos() -> list[bytes]:
    return [camera_jpeg(5, width=320, height=240), jpeg(6, 320, 240), jpeg(7, 480, 160)]


def found_in(folder: Path) -> tuple[list[dict[str, Any]], list[bytes]]:
    files = json.loads((folder / "report.json").read_bytes())["files"]
    return files, [(folder / entry["carved"]["path"]).read_bytes() for entry in files]


def test_a_database_as_evidence(command: RunCommand, tmp_path: Path, photos: list[bytes]) -> None:
    path, out = tmp_path / "chat.db", tmp_path / "out"
    database(path, photos)
    done = command(path, "-o", out)
    assert done.returncode == 0, done.stderr
    files, contents = found_in(out)
    assert sorted(contents) == sorted(photos)
    for entry in files:
        assert entry["status"] == "intact"
        assert entry["bit_flips"] == []
        assert "of an SQLite database" in entry["claim"]["place"]
        assert entry["carving"]["state"].startswith("whole: all blocks decode, in ")
        assert entry["carving"]["confidence"] > 0.99
    assert {entry["claim"]["name"] for entry in files} == {"letters row 1", "letters row 3", "letters row 5"}
    assert len(files[0]["byte_runs"]) > 2
    assert "table letters (root page 2), row 1" in (out / f"files/{files[0]['offset']:010d}.html").read_text()
    again = command("verify", out, "--evidence", path)
    assert again.returncode == 0, again.stderr


def test_a_database_in_an_encrypted_volume(
    command: RunCommand, tmp_path: Path, photos: list[bytes], key: bytes
) -> None:
    image, out = tmp_path / "card.dd", tmp_path / "out"
    first = jpeg(8)
    first += bytes(-len(first) % 4096)
    image.write_bytes(encrypt_sectors(first + database(tmp_path / "chat.db", photos) + bytes(4096), key))
    done = command(image, "--key", key.hex(), "--carve-only", "-o", out)
    assert done.returncode == 0, done.stderr
    files, contents = found_in(out)
    assert sorted(contents) == sorted([*photos, jpeg(8)])
    held = [entry for entry in files if entry["claim"] is not None]
    assert len(held) == len(photos)
    assert all(f"begins at byte {len(first)} of the evidence" in entry["claim"]["place"] for entry in held)


def mtools(*arguments: str | Path) -> None:
    environment = os.environ | {"PATH": f"{os.environ['PATH']}:/usr/sbin:/sbin", "MTOOLS_SKIP_CHECK": "1"}
    subprocess.run([*map(str, arguments)], env=environment, check=True, capture_output=True)


@pytest.mark.parametrize("damaged", [False, True])
def test_a_database_in_pieces_in_a_file_system(
    command: RunCommand, tmp_path: Path, photos: list[bytes], damaged: bool
) -> None:
    path, image, out = tmp_path / "chat.db", tmp_path / "card.dd", tmp_path / "out"
    data = bytearray(database(path, photos))
    if damaged:
        place = data.index(photos[1][5000:5064])
        data[place : place + 64] = bytes(64)
        path.write_bytes(data)
    image.write_bytes(bytes(2 << 20))
    mtools("mkfs.vfat", image)
    fillers = [tmp_path / f"filler{number}" for number in range(40)]
    for filler in fillers:
        filler.write_bytes(b"filler " * 800)
    mtools("mcopy", "-i", image, *fillers, "::/")
    mtools("mdel", "-i", image, *(f"::/{filler.name}" for filler in fillers[::2]))
    mtools("mcopy", "-i", image, path, "::/")
    done = command(image, "--carve-only", "-o", out)
    assert done.returncode == 0, done.stderr
    files, contents = found_in(out)
    expected = [photo if data.find(photo[5000:5064]) >= 0 else None for photo in photos]
    assert sorted(content for content in contents if content in photos) == sorted(
        photo for photo in expected if photo is not None
    )
    assert len(contents) == len(photos)
    assert all("/chat.db" in " ".join(entry["notes"]) for entry in files)
    assert all(len(content) in {len(photo) for photo in photos} for content in contents)
