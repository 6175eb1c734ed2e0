"""Photos in many pieces on file systems that their keepers' tools made: each once, with its bytes, name and state."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from carving.encryption.sectors import encrypt_sectors
from carving.evidence import open_evidence
from carving.fragments import Origin
from carving.source import evidence_runs
from tests.carving.file_systems.stored_files.images import (
    DELETED,
    KEPT,
    PHOTOS,
    debugfs,
    delete_as_the_kernel_does,
    exfat_in_pieces,
    ext_in_pieces,
    fat_in_pieces,
    ntfs_with_photos,
)
from tests.carving.file_systems.stored_files.searching import search

KEY = bytes(range(16))


def journalled(folder: Path, kind: str, *options: str) -> Path:
    volume = ext_in_pieces(folder, kind, *options)
    delete_as_the_kernel_does(volume, DELETED)
    return volume


def ext2(folder: Path) -> Path:
    volume = ext_in_pieces(folder, "ext2")
    debugfs(volume, f"rm /DCIM/{DELETED}")
    return volume


MAKERS: dict[str, Callable[[Path], Path]] = {
    "ext4": partial(journalled, kind="ext4"),
    "ext4 of old": lambda folder: journalled(folder, "ext4", "-O", "^metadata_csum,^64bit"),
    "ext3": partial(journalled, kind="ext3"),
    "ext2": ext2,
    "FAT12": partial(fat_in_pieces, bits=12),
    "FAT16": partial(fat_in_pieces, bits=16),
    "FAT32": partial(fat_in_pieces, bits=32),
    "exFAT": exfat_in_pieces,
    "NTFS": ntfs_with_photos,
}


@pytest.fixture(scope="module", params=MAKERS)
def volume(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    return request.param, MAKERS[request.param](tmp_path_factory.mktemp("volume"))


def test_every_photo_once(volume: tuple[str, Path]) -> None:
    kind, path = volume
    found = search(open_evidence(path))
    assert sorted(found.data()) == sorted(PHOTOS.values())
    for fragment in found.fragments:
        record = fragment.record
        assert record is not None
        name = next(name for name, photo in PHOTOS.items() if photo == fragment.data)
        assert record.path.rpartition("/")[2][1:] == name[1:]  # FAT forgets the first letter of a deleted name
        assert fragment.origin is Origin.FILE_SYSTEM
        assert (record.deleted, record.size) == (name == DELETED, len(fragment.data))
        assert len(fragment.byte_runs) > 4 or kind == "NTFS"
        assert fragment.evidence_runs == fragment.byte_runs
        assert record.modified is not None
        assert fragment.thumbnail is not None
        assert any("no other file occupies" in note for note in fragment.notes) == record.deleted
    assert {
        fragment.record.path for fragment in found.fragments if fragment.record and not fragment.record.deleted
    } == {f"{'' if kind in ('NTFS', 'exFAT') else '/DCIM'}/{name}" for name in KEPT}


@pytest.mark.parametrize("kind", ["ext4", "FAT32"])
def test_under_encryption(kind: str, tmp_path: Path) -> None:
    path = MAKERS[kind](tmp_path)
    stored = tmp_path / "stored.dd"
    stored.write_bytes(bytes(4096) + encrypt_sectors(path.read_bytes(), KEY))
    source = open_evidence(stored, key=KEY, offset=4096)
    found = search(source)
    assert sorted(found.data()) == sorted(PHOTOS.values())
    for fragment in found.fragments:
        physical = tuple(low for run in fragment.byte_runs for low in evidence_runs(source, run.offset, run.length))
        assert fragment.evidence_runs == physical
        assert physical[0].offset == fragment.offset + 4096


def test_hard_links_are_names_of_one_entry(tmp_path: Path) -> None:
    path = ext_in_pieces(tmp_path, "ext4")
    debugfs(path, "ln /DCIM/IMG_0001.JPG /again.jpg")
    found = search(open_evidence(path)).by_path()
    assert len(found) == len(PHOTOS)
    record = next(found[name].record for name in found if "IMG_0001" in name or name == "/again.jpg")
    assert record is not None
    assert {record.path, *record.other_paths} == {"/DCIM/IMG_0001.JPG", "/again.jpg"}


def test_a_file_that_was_deleted_while_it_was_open(tmp_path: Path) -> None:
    path = ext_in_pieces(tmp_path, "ext4")
    number = debugfs(path, f"stat /DCIM/{DELETED}").split("Inode: ")[1].split()[0]
    debugfs(path, f"unlink /DCIM/{DELETED}", f"sif <{number}> links_count 0", f"ssv last_orphan {number}")
    found = [fragment for fragment in search(open_evidence(path)).fragments if fragment.data == PHOTOS[DELETED]]
    assert len(found) == 1
    assert found[0].record is not None
    assert "orphan list" in found[0].record.structure
    assert found[0].record.deleted


def test_blocks_of_a_deleted_file_that_belong_to_another_now(tmp_path: Path) -> None:
    path = journalled(tmp_path, "ext4")
    living = tmp_path / "living"
    living.write_bytes(bytes(range(256)) * 4000)
    debugfs(path, f"write {living} /living")
    found = search(open_evidence(path))
    assert PHOTOS[DELETED] not in found.data()
    assert {PHOTOS[name] for name in KEPT} <= set(found.data())
