"""What the file systems of a disk's volumes hold, and the rest of the disk, each by itself."""

from __future__ import annotations

import subprocess
from collections import Counter
from pathlib import Path
from typing import Any, Final

import pytest

import plugin
from carving.encryption.sectors import encrypt_sectors
from plugin.common.report_model import FileEntry
from plugin.common.settings import Parameters
from tests.carving.conftest import run_tool
from tests.carving.file_systems.stored_files.images import debugfs
from tests.carving.memory import camera_jpeg
from tests.plugin.conftest import KEY

SECTOR: Final = 512
STARTS: Final = {1: 2048, 2: 40 * 2048}
"""First sectors: FAT32, and ext4 under dm-crypt without a header, where a file system over the whole disk would have a
copy of its superblock."""
BETWEEN: Final = 38 * 2048
SIZE: Final = 48 << 20
PHOTOS: Final = {
    name: camera_jpeg(60 + number)
    for number, name in enumerate(
        ("FAT", "deleted from FAT", "free in FAT", "ext4", "free in ext4", "in pieces on ext4", "between")
    )
}
FILES: Final = {"FAT": 1, "deleted from FAT": 1, "ext4": 2, "in pieces on ext4": 2}
"""What the file systems list, by the number of the volume."""
REST: Final = {"deleted from FAT": 1, "free in FAT": 1, "free in ext4": 2, "between": None}
"""What lies where no file is: deleted files are both."""


@pytest.fixture(scope="module")
def disk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("disk")
    path = folder / "disk.dd"
    with path.open("wb") as file:
        file.truncate(SIZE)
    table = f"label: gpt\nstart={STARTS[1]}, size={36 * 2048}\nstart={STARTS[2]}, size={6 * 2048}\n"
    subprocess.run(["sfdisk", "-q", path], input=table, text=True, check=True, capture_output=True)
    with path.open("r+b") as file:
        for start, data in (
            (STARTS[1], fat32(folder)),
            (STARTS[2], encrypt_sectors(ext4(folder), KEY)),
            (BETWEEN, PHOTOS["between"]),
        ):
            file.seek(start * SECTOR)
            file.write(data)
    return path


def fat32(folder: Path) -> bytes:
    image = folder / "fat"
    with image.open("wb") as file:
        file.truncate(36 << 20)
    run_tool("mkfs.vfat", "-F", "32", "-s", "1", str(image))
    for name in ("FAT", "deleted from FAT"):
        (folder / name).write_bytes(PHOTOS[name])
        run_tool("mcopy", "-i", str(image), str(folder / name), f"::/{name[:3]}.JPG")
    run_tool("mdel", "-i", str(image), "::/DEL.JPG")
    return with_last(image.read_bytes(), PHOTOS["free in FAT"])


def ext4(folder: Path) -> bytes:
    content, image = folder / "content", folder / "ext4.dd"
    content.mkdir()
    (content / "photo.jpg").write_bytes(PHOTOS["ext4"])
    for number in range(24):
        (content / f"f{number}").write_bytes(f"words of file {number}\n".encode() * 400)
    run_tool("mke2fs", "-q", "-t", "ext4", "-b", "1024", "-d", str(content), str(image), "6M")
    debugfs(image, *(f"rm /f{number}" for number in range(0, 24, 2)))
    (folder / "pieces").write_bytes(PHOTOS["in pieces on ext4"])
    debugfs(image, f"write {folder / 'pieces'} pieces.jpg")
    return with_last(image.read_bytes(), PHOTOS["free in ext4"])


def with_last(volume: bytes, photo: bytes) -> bytes:
    """The volume with a photo in its last blocks, which are free."""
    place = (len(volume) - len(photo)) // 4096 * 4096 - 4096
    assert not any(volume[place : place + len(photo)])
    return volume[:place] + photo + volume[place + len(photo) :]


def found(disk: Path, folder: Path, scan: Any) -> dict[str, FileEntry]:
    """The entries of a run by the names of their photos, each of which may be there once."""
    report = plugin.run(disk, folder, key=(KEY,), parameters=Parameters(carve_only=True, scan=scan))
    assert report.exit_code == 0
    names = {photo: name for name, photo in PHOTOS.items()}
    entries = [(names[(folder / entry.carved.path).read_bytes()], entry) for entry in report.files]
    assert set(Counter(name for name, _ in entries).values()) == {1}
    looked_at = sum(entry.size for _, entry in entries)
    if scan == "files":
        assert report.scan.scanned_bytes == looked_at
    else:
        assert looked_at < report.scan.scanned_bytes <= SIZE
    return dict(entries)


def test_what_the_volumes_hold_and_the_rest(tmp_path: Path, disk: Path) -> None:
    files, rest = (found(disk, tmp_path / scan, scan) for scan in ("files", "unallocated"))
    everything = found(disk, tmp_path / "all", "all")
    assert {name: entry.volume for name, entry in files.items()} == FILES
    assert {name: entry.volume for name, entry in rest.items()} == REST
    assert {name: entry.volume for name, entry in everything.items()} == FILES | REST
    assert {name for name, entry in files.items() if entry.deleted} == {"deleted from FAT"}
    for name, entry in everything.items():
        assert entry.layer == ("decrypted" if entry.volume == 2 else "plain")
        alone = files.get(name) or rest[name]
        assert (entry.offset, entry.byte_runs, entry.path) == (alone.offset, alone.byte_runs, alone.path)
    assert len(everything["in pieces on ext4"].byte_runs) > 5
