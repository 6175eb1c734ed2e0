"""Partitions and windows as layers."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from carving.errors import EvidenceError, UsageError
from carving.evidence import open_evidence
from carving.file_systems.magic import file_system
from carving.file_systems.volumes import Volume, VolumeSource, list_volumes
from carving.media.raw import open_raw
from carving.source import ByteSource, Run, evidence_runs, location


def dos_disk(*partitions: tuple[int, int, int], sectors: int = 4096) -> bytes:
    """A disk with a DOS partition table of (type, first sector, sector count); each sector holds its number."""
    disk = bytearray(b"".join(struct.pack("<I508x", sector) for sector in range(sectors)))
    for index, (kind, first, count) in enumerate(partitions):
        struct.pack_into("<B3xB3xII", disk, 446 + 16 * index, 0, kind, first, count)
    disk[510:512] = b"\x55\xaa"
    return bytes(disk)


@pytest.fixture
def disk(tmp_path: Path) -> Path:
    path = tmp_path / "disk.dd"
    path.write_bytes(dos_disk((0x83, 2048, 1000), (0x0C, 64, 1000), (0x83, 3500, 1000)))
    return path


def test_partitions_in_order_and_within_the_disk(disk: Path) -> None:
    volumes = list_volumes(open_raw(disk))
    assert [(volume.index, volume.offset, volume.length) for volume in volumes] == [
        (1, 64 * 512, 1000 * 512),
        (2, 2048 * 512, 1000 * 512),
        (3, 3500 * 512, 596 * 512),
    ]
    assert "Linux" in volumes[1].description


def test_volume_as_a_layer(disk: Path) -> None:
    source = open_evidence(disk, volume=2)
    assert source.size == 1000 * 512
    assert source.read_at(512, 4) == struct.pack("<I", 2049)
    assert len(source.read_at(0, 1 << 20)) == source.size
    assert source.read_at(source.size, 10) == b""
    assert evidence_runs(source, 10, 20) == (Run(2048 * 512 + 10, 20),)
    assert location(source) == "raw > volume 2"
    source.close()


def test_unknown_volume_lists_the_known_ones(disk: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no volume 4; there are 1 \(.*FAT.* at byte 32768\), 2 \(Linux"):
        open_evidence(disk, volume=4)
    blank = tmp_path / "blank.dd"
    blank.write_bytes(bytes(1 << 16))
    assert list_volumes(open_raw(blank)) == ()
    with pytest.raises(UsageError, match="no partition table"):
        open_evidence(blank, volume=1)


def test_partition_beyond_the_end_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "disk.dd"
    path.write_bytes(dos_disk((0x83, 64, 100), (0x83, 1 << 31, 100)))
    assert [volume.offset for volume in list_volumes(open_raw(path))] in ([64 * 512], [])


def test_window_must_lie_within(disk: Path) -> None:
    source = open_raw(disk)
    for offset, length in ((-1, 5), (0, 0), (source.size, 1), (0, source.size + 1)):
        with pytest.raises(UsageError, match="does not lie"):
            VolumeSource(source, offset, length, "window")


class Unreadable(ByteSource):
    """A disk whose every sector fails."""

    name = "unreadable"
    size = 1 << 20
    below = None

    def read_at(self, offset: int, length: int) -> bytes:
        raise EvidenceError(f"sector 0 of the disk cannot be read ({length} bytes at {offset})")

    def trace(self, offset: int, length: int) -> tuple[Run, ...]:
        return (Run(offset, length),)

    def close(self) -> None:
        """Nothing is open."""


def test_unreadable_disk_is_not_a_disk_without_partitions() -> None:
    with pytest.raises(EvidenceError, match="sector 0"):
        list_volumes(Unreadable())


def test_disks_of_the_collection(shared_data: Path) -> None:
    forensic = shared_data / "forensic"
    source = open_evidence(forensic / "log2timeline_plaso/test_data/image-split.E01", volume=2)
    assert file_system(source) == "ext superblock"
    disk = open_evidence(forensic / "sleuthkit_sleuthkit/test/data/imageformat_mmls_1.E01")
    assert list_volumes(disk)[1] == Volume(2, 28377088, 31457280, "NTFS / exFAT (0x07)")
    assert file_system(open_evidence(disk_path(disk), volume=2)) == "NTFS boot sector"


def disk_path(source: ByteSource) -> Path:
    paths = vars(type(source))["paths"].fget(source)
    assert isinstance(paths[0], Path)
    return paths[0]


@pytest.mark.parametrize(
    ("content", "name"),
    [
        ({1024: bytes.fromhex("1020f5f2")}, "F2FS superblock"),
        ({54: b"FAT16   ", 510: b"\x55\xaa"}, "FAT boot sector"),
        ({82: b"FAT32   ", 510: b"\x55\xaa"}, "FAT boot sector"),
        ({3: b"EXFAT   "}, "exFAT boot sector"),
        ({3: b"NTFS    "}, "NTFS boot sector"),
        ({1024: b"H+\0\4"}, "HFS+ volume header"),
        ({0: b"hsqs", 28: b"\4\0\0\0"}, "squashfs superblock"),
        ({54: b"FAT16   "}, None),
        ({1024 + 56: b"\x53\xef"}, None),
        ({}, None),
    ],
)
def test_magics(tmp_path: Path, content: dict[int, bytes], name: str | None) -> None:
    data = bytearray(1 << 17)
    for offset, value in content.items():
        data[offset : offset + len(value)] = value
    path = tmp_path / "volume"
    path.write_bytes(data)
    assert file_system(open_raw(path)) == name
