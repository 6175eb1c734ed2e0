"""Runs over file systems with flipped bits in their structures: the photos come back whole, the bits are reported."""

from __future__ import annotations

import gzip
import hashlib
import json
from pathlib import Path

import pytest

import plugin
from carving.encryption.sectors import encrypt_sectors
from plugin.common.settings import Parameters
from tests.carving.file_systems.stored_files.images import KEPT, PHOTOS, debugfs, ext_in_pieces
from tests.carving.file_systems.structures.flipping import KEY, flipped

TABLE, INODE = 38 * 4096, 256
PHOTO_INODES = (15, 17, 19, 21, 27)
EXTENTS_AT = 40


def inode_flips() -> list[tuple[int, int]]:
    """One bit in the inode of each photo of the shared file system, where the extents begin."""
    return [(TABLE + (number - 1) * INODE + EXTENTS_AT + 5 * index, index) for index, number in enumerate(PHOTO_INODES)]


@pytest.mark.parametrize("encrypted", [False, True])
def test_a_flip_in_the_inode_of_every_photo(tmp_path: Path, shared_data: Path, encrypted: bool) -> None:
    folder = shared_data / "forensic" / "fs"
    with gzip.open(folder / "ext4.img.gz") as packed:
        data = packed.read()
    path, flips = tmp_path / "card.dd", inode_flips()
    path.write_bytes(flipped(encrypt_sectors(data, KEY) if encrypted else data, flips))
    report = plugin.run(path, tmp_path / "out", key=KEY if encrypted else None, parameters=Parameters(carve_only=True))
    truth = json.loads((folder / "fs.json").read_bytes())["files"]
    taken = {entry.carved.sha256: entry for entry in report.files}
    for photo in truth:
        if not photo["deleted"]:
            entry = taken[photo["sha256"]]
            assert (entry.path, entry.deleted, entry.size) == (f"/{photo['name']}", False, photo["size"])
    assert [(flip.evidence_offset, flip.bit) for flip in report.structure_flips] == flips
    assert [flip.structure for flip in report.structure_flips] == [
        f"inode {number} of ext4 at byte 0" for number in PHOTO_INODES
    ]
    assert all(0.999999 < flip.probability < 1 for flip in report.structure_flips)
    assert hashlib.sha256(path.read_bytes()).hexdigest() == report.evidence.sha256


def test_what_is_left_in_the_reports(tmp_path: Path) -> None:
    volume = ext_in_pieces(tmp_path, "ext4", "-O", "metadata_csum")
    told = debugfs(volume, f"imap /DCIM/{KEPT[0]}")
    block, offset = (told.split(mark)[1].split(maxsplit=1)[0].rstrip(",") for mark in ("at block ", "offset "))
    place = int(block) * 1024 + int(offset, 16) + EXTENTS_AT + 8
    stored = flipped(encrypt_sectors(volume.read_bytes(), KEY), [(place, 3)])
    volume.write_bytes(stored)
    report = plugin.run(volume, tmp_path / "out", key=KEY, parameters=Parameters(carve_only=True))
    found = {(tmp_path / "out" / entry.carved.path).read_bytes() for entry in report.files}
    assert {PHOTOS[name] for name in KEPT} <= found
    document = json.loads((tmp_path / "out/report.json").read_bytes())
    (flip,) = document["structure_flips"]
    assert (flip["evidence_offset"], flip["bit"]) == (place, 3)
    assert "inode" in flip["structure"]
    page = (tmp_path / "out/report.html").read_text()
    assert f"<td>{place}</td><td>3</td><td>{flip['structure']}</td>" in page
    records = [json.loads(line) for line in (tmp_path / "out/custody.jsonl").read_text().splitlines()]
    (logged,) = [record["details"] for record in records if record["event"] == "structure_flips_reversed"]
    assert logged == {"flips": [flip]}
    assert any("1 checksums of its structures failed" in note for note in document["notes"])
    assert volume.read_bytes() == stored
