"""Directories are told from entropy-coded data: those that mtools and ntfs-3g write, and records of exFAT."""

from __future__ import annotations

import random
import struct
from collections.abc import Callable
from pathlib import Path

import pytest

from carving.jpeg.directory_sectors import is_directory_sector
from carving.jpeg.foreign_sectors import SECTOR, is_foreign
from restore.lab.simulation.made_pictures import coded_at, fractal_picture
from tests.carving.memory import carve_bytes

Tool = Callable[..., str]
CLUSTER = 4096
NAMES = [f"{stem}{number:04d}.JPG" for number in range(60) for stem in ("DSC_", "IMG_2023_holiday_")]


def exfat_files(count: int, seed: int, *, deleted: bool = False) -> bytes:
    """Entries of files in an exFAT directory, as its specification describes them (section 7.4 and on)."""
    chance = random.Random(seed)
    mask = 0x7F if deleted else 0xFF
    records = bytearray()
    for _ in range(count):
        name = f"DSC_{chance.randrange(10000):04d}{chance.choice(('', ' (edited on the phone)'))}.JPG"
        stored = name.encode("utf-16-le")
        pieces = -(-len(name) // 15)
        time, size = chance.randrange(1 << 32), chance.randrange(1 << 22)
        head = (0x85 & mask, 1 + pieces, chance.randrange(1 << 16), 0x20, 0, time, time, time, 7, 9, 128, 128, 128)
        records += struct.pack("<BBHHHIIIBBBBB7x", *head)
        stream = (0xC0 & mask, 3, 0, len(name), chance.randrange(1 << 16), 0, size, 0, chance.randrange(1 << 20), size)
        records += struct.pack("<BBBBHHQIIQ", *stream)
        for piece in range(pieces):
            records += struct.pack("<BB30s", 0xC1 & mask, 0, stored[30 * piece : 30 * piece + 30])
    return bytes(records)


def sectors(data: bytes) -> list[bytes]:
    return [data[start : start + SECTOR] for start in range(0, len(data) - SECTOR + 1, SECTOR)]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("files")
    made = [folder / name for name in NAMES]
    for number, path in enumerate(made):
        path.write_bytes(b"x" * number)
    return made


def test_every_sector_of_a_fat_directory(tmp_path: Path, tool: Tool, files: list[Path]) -> None:
    image = tmp_path / "fat.dd"
    image.write_bytes(bytes(8 << 20))
    tool("mkfs.vfat", str(image))
    tool("mmd", "-i", str(image), "::/DCIM")
    tool("mcopy", "-i", str(image), *map(str, files), "::/DCIM")
    tool("mdel", "-i", str(image), *(f"::/DCIM/{name}" for name in NAMES[::3]))
    found = [sector for sector in sectors(image.read_bytes()) if b"DSC_00" in sector and sector.count(b"JPG") > 2]
    assert len(found) >= 15
    assert all(is_directory_sector(sector) for sector in found)


def test_every_sector_of_an_ntfs_index_and_file_table(tmp_path: Path, tool: Tool, files: list[Path]) -> None:
    image = tmp_path / "ntfs.dd"
    image.write_bytes(bytes(8 << 20))
    tool("mkntfs", "-F", "-q", str(image))
    for path in files[:40]:
        tool("ntfscp", "-q", str(image), str(path), path.name)
    data = image.read_bytes()
    start = data.index(b"INDX", data.rindex(b"INDX") - 3 * CLUSTER)
    name = "DSC_00".encode("utf-16-le")
    index = [data[at : at + SECTOR] for at in range(start, start + CLUSTER, SECTOR) if name in data[at : at + SECTOR]]
    assert len(index) >= 4
    assert all(is_directory_sector(sector) for sector in index)
    table = [data[at : at + SECTOR] for at in range(0, len(data), SECTOR) if data[at : at + 4] == b"FILE"]
    assert len(table) > 40
    assert all(is_directory_sector(sector) for sector in table)


@pytest.mark.parametrize("deleted", [False, True])
def test_sectors_of_an_exfat_directory(deleted: bool) -> None:
    found = sectors(exfat_files(200, seed=1, deleted=deleted))
    assert all(is_directory_sector(sector) for sector in found)


def test_a_directory_that_is_damaged_in_places_is_one_still(tmp_path: Path) -> None:
    sector = bytearray(exfat_files(5, seed=2)[:SECTOR])
    sector[7] ^= 255  # of the first file's reserved bytes
    assert is_directory_sector(bytes(sector))


def test_photos_have_no_such_sectors() -> None:
    flat = coded_at(fractal_picture(240, 320, 1) // 64 * 64, 0.2)
    for photo in (coded_at(fractal_picture(480, 640, 2), 1.5), flat):
        entropy = photo[photo.index(b"\xff\xda") :]
        for shift in range(0, SECTOR, 37):
            assert not any(is_directory_sector(sector) for sector in sectors(entropy[shift:]))


def test_photos_of_the_collection_have_no_such_sectors(shared_data: Path) -> None:
    photos = [path.read_bytes() for path in sorted((shared_data / "photos").glob("*")) if path.is_file()]
    assert len(photos) > 30
    assert not any(is_directory_sector(sector) for photo in photos for sector in sectors(photo))


@pytest.mark.parametrize("seed", [9, 11, 36, 41, 42, 55])
def test_a_directory_is_no_picture_and_hides_none_behind_it(seed: int) -> None:
    """Directories in which FF stands before 00 only, as in entropy-coded data."""
    sibling, lost = (coded_at(fractal_picture(480, 640, seed), 1.5) for seed in (1, 2))
    cut = len(lost) // 2 // CLUSTER * CLUSTER
    entries = exfat_files(120, seed)
    directory = entries[: len(entries) // CLUSTER * CLUSTER][-2 * CLUSTER :]
    first = sibling + bytes(-len(sibling) % CLUSTER)
    image = first + directory + lost[cut:] + bytes(3 * CLUSTER)
    found = carve_bytes(image)
    assert set(found) == {0, len(first) + len(directory)}
    assert found[len(first) + len(directory)].data == lost[cut:]


def test_the_case_of_the_collection(shared_data: Path) -> None:
    image = (shared_data / "cases" / "rootdir-as-picture" / "rootdir.dd").read_bytes()
    assert is_foreign(image[32768 : 32768 + SECTOR])
    assert set(carve_bytes(image)) == {65536}
