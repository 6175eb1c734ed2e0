"""Allocated files and unallocated bytes, on file systems that mke2fs made, and on FAT and NTFS of the collection."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest

from carving.carver.carver import carve
from carving.evidence import open_evidence
from carving.file_systems.allocation import AllocationMap
from carving.file_systems.unallocated import UnallocatedSource, placed_below
from carving.file_systems.walking.allocation_walk import read_allocation
from carving.media.raw import open_raw
from carving.source import Run, evidence_runs
from tests.carving.memory import MemorySource, camera_jpeg, jpeg

Tool = Callable[..., str]
KEPT, DELETED = camera_jpeg(1), camera_jpeg(2)


@pytest.fixture(scope="session")
def card(tool: Tool, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An ext4 file system of 8 MiB with one photo kept and one deleted, behind 1 MiB of a DOS partition table."""
    folder = tmp_path_factory.mktemp("card")
    content = folder / "content" / "DCIM"
    content.mkdir(parents=True)
    (content / "kept é.jpg").write_bytes(KEPT)
    (content / "deleted.jpg").write_bytes(DELETED)
    volume = folder / "volume"
    tool("mke2fs", "-q", "-t", "ext4", "-d", str(folder / "content"), str(volume), "8M")
    tool("debugfs", "-w", "-R", "rm /DCIM/deleted.jpg", str(volume))
    table = bytearray(1 << 20)
    table[446:462] = b"\0\0\0\0\x83\0\0\0" + (2048).to_bytes(4, "little") + (16384).to_bytes(4, "little")
    table[510:512] = b"\x55\xaa"
    path = folder / "card.dd"
    path.write_bytes(bytes(table) + volume.read_bytes())
    return path


@pytest.mark.parametrize("volume", [None, 1])
def test_ext4_of_mke2fs(card: Path, volume: int | None) -> None:
    source = open_evidence(card, volume=volume)
    allocation = read_allocation(source)
    start = 0 if volume else 1 << 20
    assert allocation.file_systems == (f"ext4 at byte {start}",)
    assert allocation.complete
    (kept,) = (file for file in allocation.files if file.path == "/DCIM/kept é.jpg")
    assert b"".join(source.read_at(run.offset, run.length) for run in kept.runs)[: kept.size] == KEPT
    assert kept.modified is not None
    assert not any("deleted" in file.path for file in allocation.files)
    places = AllocationMap(allocation)
    inside = kept.runs[0].offset + 1000
    assert places.file_at(inside) == (kept, 1000)
    assert places.file_at(start + 100) is None
    free = UnallocatedSource(source, places.unallocated(source.size))
    found = [placed_below(fragment, free) for fragment in carve(free)]
    assert [hashlib.sha256(fragment.data).digest() for fragment in found] == [hashlib.sha256(DELETED).digest()]
    assert source.read_at(found[0].offset, 100) == DELETED[:100]
    assert len(list(carve(source))) == 2


def test_a_deleted_file_around_a_living_one_is_joined() -> None:
    photo, living = jpeg(3, 640, 480), bytes(range(256)) * 16
    cut = len(photo) // 1024 * 512
    tail = photo[cut:].ljust(-(-len(photo[cut:]) // 512) * 512, b"\0")
    source = MemorySource(bytes(4096) + photo[:cut] + living + tail + bytes(4096))
    behind = 4096 + cut + len(living)
    runs = (Run(0, 4096 + cut), Run(behind, source.size - behind))
    free = UnallocatedSource(source, runs)
    (found,) = (placed_below(fragment, free) for fragment in carve(free))
    assert found.data == photo
    assert found.offset == 4096
    assert found.byte_runs == (Run(4096, cut), Run(behind, len(photo) - cut))
    assert found.evidence_runs == found.byte_runs
    assert free.read_at(4090 + cut, 12) == photo[cut - 6 : cut + 6]
    assert free.size == source.size - len(living)
    assert evidence_runs(free, free.size, 10) == ()


def test_nothing_to_read(tmp_path: Path) -> None:
    path = tmp_path / "blank.dd"
    path.write_bytes(bytes(1 << 20))
    allocation = read_allocation(open_raw(path))
    assert allocation.file_systems == ()
    assert AllocationMap(allocation).unallocated(1 << 20) == (Run(0, 1 << 20),)


def test_file_systems_of_the_collection(shared_data: Path) -> None:
    forensic = shared_data / "forensic"
    for name, systems, path in (
        ("simsong_bulk_extractor/src/tests/nps-2010-emails.E01", ("FAT16 at byte 512",), "/testfile.doc"),
        (
            "sleuthkit_sleuthkit/test/data/imageformat_mmls_1.E01",
            ("NTFS at byte 65536", "NTFS at byte 28377088"),
            "/$MFT",
        ),
        ("log2timeline_dfvfs/test_data/iso9660.raw", ("ISO 9660 at byte 0",), "/PASSWORDS.TXT"),
        ("log2timeline_plaso/test_data/image-split.E01", ("ext2 at byte 180224",), "/lost+found"),
    ):
        allocation = read_allocation(open_evidence(forensic / name))
        assert allocation.file_systems == systems
        assert path in {file.path for file in allocation.files}
