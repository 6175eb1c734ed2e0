"""A disk as common tools lay it out: GPT by sfdisk, FAT by mtools, NTFS by ntfs-3g, F2FS and ext4 with encryption."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import pytest

from carving.encryption.recognition import recognise, recognise_parts
from carving.evidence import open_evidence
from carving.file_systems.magic import file_system
from carving.file_systems.volumes import list_volumes
from carving.file_systems.walking.allocation_walk import read_allocation
from carving.source import location
from tests.carving.memory import MemorySource, camera_jpeg

Tool = Callable[..., str]
MIB = 1 << 20
PHOTO = camera_jpeg(5)
LAYOUT = """label: gpt
start=2048, size=16384, name=card
start=18432, size=16384, name=windows
start=34816, size=2048, name=metadata
start=36864, size=131072, name=userdata
"""


@pytest.fixture(scope="session")
def disk(tool: Tool, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """FAT and NTFS with a photo each, an empty partition, and F2FS with its encryption feature."""
    folder = tmp_path_factory.mktemp("disk")
    photo, card, windows, phone, layout = (folder / name for name in ("photo.jpg", "fat", "ntfs", "f2fs", "layout"))
    photo.write_bytes(PHOTO)
    layout.write_text(LAYOUT)
    for path, size in ((card, 8 * MIB), (windows, 8 * MIB), (phone, 64 * MIB)):
        path.write_bytes(bytes(size))
    tool("mkfs.vfat", "-F", "16", "-s", "1", str(card))
    tool("mcopy", "-i", str(card), str(photo), "::Sommer-ü.jpg")
    tool("mkntfs", "-q", "-F", "-Q", str(windows))
    tool("ntfscp", "-q", str(windows), str(photo), "Sommer-ü.jpg")
    tool("mkfs.f2fs", "-q", "-O", "encrypt", str(phone))
    path = folder / "disk.dd"
    path.write_bytes(bytes(90 * MIB))
    tool("sh", "-c", f"sfdisk -q {path} < {layout}")
    with path.open("r+b") as stream:
        for part, start in ((card, 1), (windows, 9), (phone, 18)):
            stream.seek(start * MIB)
            stream.write(part.read_bytes())
    return path


def test_partitions(disk: Path) -> None:
    found = [(volume.index, volume.offset // MIB, volume.description) for volume in list_volumes(open_evidence(disk))]
    assert found == [(1, 1, "card"), (2, 9, "windows"), (3, 17, "metadata"), (4, 18, "userdata")]
    for volume, name in ((1, "FAT boot sector"), (2, "NTFS boot sector"), (4, "F2FS superblock")):
        source = open_evidence(disk, volume=volume)
        assert file_system(source) == name
        assert location(source) == f"raw > volume {volume}"


@pytest.mark.parametrize("volume", [None, 1, 2])
def test_files_and_their_names(disk: Path, volume: int | None) -> None:
    source = open_evidence(disk, volume=volume)
    allocation = read_allocation(source)
    everywhere = ("FAT16 at byte 1048576", "NTFS at byte 9437184", "F2FS at byte 18874368")
    starts = {None: everywhere, 1: ("FAT16 at byte 0",), 2: ("NTFS at byte 0",)}
    assert allocation.file_systems == starts[volume]
    photos = [file for file in allocation.files if file.path == "/Sommer-ü.jpg"]
    assert len(photos) == min(2, len(allocation.file_systems))
    for file in photos:
        assert file.size == len(PHOTO)
        assert b"".join(source.read_at(run.offset, run.length) for run in file.runs)[: file.size] == PHOTO
        assert file.modified is not None


def test_file_based_encryption_is_recognised(disk: Path, tool: Tool, tmp_path: Path) -> None:
    (text,) = recognise_parts(open_evidence(disk))
    assert text.startswith("volume 4 (userdata) has a file system with file-based encryption (fscrypt)")
    for features, encrypted in (("encrypt", True), ("^encrypt", False)):
        path = tmp_path / features.strip("^")
        path.write_bytes(bytes(4 * MIB))
        tool("mke2fs", "-q", "-F", "-t", "ext4", "-O", features, str(path))
        found = recognise(open_evidence(path))
        assert (found is not None) == encrypted


def test_what_looks_random_throughout(disk: Path, tmp_path: Path) -> None:
    data = bytearray(disk.read_bytes())
    data[18 * MIB : 82 * MIB] = random.Random(9).randbytes(64 * MIB)
    path = tmp_path / "phone.dd"
    path.write_bytes(data)
    (text,) = recognise_parts(open_evidence(path))
    assert text.startswith("volume 4 (userdata) holds nothing but random-looking bytes")
    assert "metadata encryption" in text


def test_photos_and_blanks_do_not_look_random() -> None:
    photos = b"".join(camera_jpeg(seed, width=1200, height=900) for seed in range(8))
    for data in (photos, bytes(1 << 20), bytes(range(256)) * 4096, b"text and more text " * 60_000):
        assert recognise(MemorySource(data)) is None


def test_bitlocker_is_recognised() -> None:
    found = recognise(MemorySource(b"\xeb\x58\x90-FVE-FS-".ljust(1 << 16, b"\0")))
    assert found is not None
    assert "BitLocker" in found.text
