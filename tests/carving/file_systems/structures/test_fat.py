"""Flips in sets of entries and boot sectors of exFAT, and in one of the two tables of FAT16 and FAT32."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from carving.file_systems.structures.exfat import EntrySetCheck
from carving.file_systems.structures.fat import read_tables
from tests.carving.file_systems.stored_files.images import KEPT, exfat_in_pieces, fat_in_pieces
from tests.carving.file_systems.structures.flipping import corrected, places
from tests.carving.memory import MemorySource


@pytest.fixture(scope="module")
def exfat(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return exfat_in_pieces(tmp_path_factory.mktemp("exfat")).read_bytes()


@pytest.mark.parametrize("encrypted", [False, True])
@pytest.mark.parametrize(("byte", "bit"), [(32 + 22, 3), (32 + 25, 7), (4, 1), (66, 2)])
def test_a_set_of_entries(exfat: bytes, byte: int, bit: int, encrypted: bool) -> None:
    start = exfat.index(KEPT[0].encode("utf-16-le")) - 66
    flip = (start + byte, bit)
    source, remarks = corrected(exfat, [flip], encrypted=encrypted)
    if not encrypted and byte != 54:  # bits sixteen places apart change the sum alike
        assert places(source) == []
        assert f"entries at byte {start}" in remarks[0]
        return
    assert places(source) == [flip]
    assert source.read_at(0, len(exfat)) == exfat
    assert source.flips[0].structure == f"entries at byte {start} of exFAT at byte 0"
    assert 0.99 <= source.flips[0].probability < 1
    assert len(remarks) == 1


@pytest.mark.parametrize("encrypted", [False, True])
def test_a_boot_sector_of_exfat(exfat: bytes, encrypted: bool) -> None:
    flip = (89, 4)  # of the place of the clusters
    source, remarks = corrected(exfat, [flip], encrypted=encrypted)
    assert places(source) == [flip]
    assert source.flips[0].structure == "boot sector 0 of exFAT at byte 0"
    assert source.read_at(0, len(exfat)) == exfat
    assert len(remarks) == 1


def test_a_checksum_that_a_tool_wrote(exfat: bytes) -> None:
    source = MemorySource(exfat)
    start = exfat.index(KEPT[1].encode("utf-16-le")) - 66
    data = np.frombuffer(source.read_at(start, 96), dtype=np.uint8).copy()
    assert EntrySetCheck().residual(data) == 0
    data[50] ^= 1
    assert EntrySetCheck().residual(data) != 0


@pytest.fixture(scope="module", params=[16, 32])
def fat(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return fat_in_pieces(tmp_path_factory.mktemp("fat"), request.param).read_bytes()


def first_entry(data: bytes) -> tuple[int, int, int]:
    """Bytes of an entry, where the first table begins, and the place of the entry of the first cluster of a photo."""
    tables = read_tables(data, 0)
    assert tables is not None
    at = data.index(b"IMG_0001JPG")
    cluster = int.from_bytes(data[at + 26 : at + 28] + data[at + 20 : at + 22], "little")
    return tables.width, tables.first.offset, tables.first.offset + tables.width * cluster


@pytest.mark.parametrize("encrypted", [False, True])
def test_the_first_table(fat: bytes, encrypted: bool) -> None:
    width, _, place = first_entry(fat)
    flip = (place + 1, 0)  # leads out of the volume, or into a free cluster
    source, remarks = corrected(fat, [flip], encrypted=encrypted)
    assert places(source) == [flip]
    assert source.flips[0].structure == "file allocation table of FAT at byte 0"
    assert source.read_at(0, len(fat)) == fat
    assert len(remarks) == 1
    assert width in (2, 4)


@pytest.mark.parametrize("encrypted", [False, True])
def test_the_second_table_is_left(fat: bytes, encrypted: bool) -> None:
    tables = read_tables(fat, 0)
    assert tables is not None
    _, first, place = first_entry(fat)
    source, remarks = corrected(fat, [(place - first + tables.second.offset + 1, 0)], encrypted=encrypted)
    assert (source.flips, remarks) == ([], ())


def test_nothing_is_reversed_where_nothing_is_wrong(tmp_path: Path, exfat: bytes, fat: bytes) -> None:
    for data in (exfat, fat, fat_in_pieces(tmp_path, 12).read_bytes()):
        for encrypted in (False, True):
            source, remarks = corrected(data, [], encrypted=encrypted)
            assert (source.flips, remarks) == ([], ())
