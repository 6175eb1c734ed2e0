"""Flips in each structure of ext4 that a checksum covers, and file systems in which nothing is wrong."""

from __future__ import annotations

import gzip
import random
import struct
from pathlib import Path

import numpy as np
import pytest

from carving.file_systems.stored_files.ext_geometry import ExtGeometry, read_geometry
from carving.file_systems.structures.checksums import CRC32C, crc_of
from carving.file_systems.structures.ext_checks import ExtChecks
from carving.file_systems.structures.reversal import CorrectedSource, probability_of
from tests.carving.conftest import run_tool
from tests.carving.file_systems.stored_files.images import KEPT, debugfs, ext_in_pieces
from tests.carving.file_systems.structures.flipping import corrected, damaged, flipped, places
from tests.carving.memory import MemorySource

BLOCK = 1024
GROUP = 8192 * BLOCK


@pytest.fixture(scope="module")
def volume(tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, dict[str, int]]:
    """An ext4 file system of 20 MiB, that is three groups, and where the structures of a photo lie in it."""
    folder = tmp_path_factory.mktemp("ext4")
    path = ext_in_pieces(folder, "ext4", "-O", "metadata_csum", "-E", "resize=4G")
    run_tool("resize2fs", str(path), "20M")
    told = debugfs(path, f"stat /DCIM/{KEPT[0]}")
    number = int(told.split("Inode: ")[1].split()[0])
    geometry = read_geometry(MemorySource(path.read_bytes()), 0)
    inode = geometry.place(number)
    assert inode is not None
    listing = int(debugfs(path, "stat /DCIM").split("(0):")[1].split(",", maxsplit=1)[0].split(maxsplit=1)[0])
    leading = int(told.split("(ETB0):")[1].split(",", maxsplit=1)[0])
    bitmap = struct.unpack_from("<I", path.read_bytes(), 2 * BLOCK + 4)[0]
    return path.read_bytes(), {
        "superblock": BLOCK + 0x20,
        "descriptor": 2 * BLOCK + 9,
        "inode": inode + 40 + 9,
        "number": number,
        "extent block": leading * BLOCK + 700,
        "directory block": listing * BLOCK + 30,
        "inode bitmap": bitmap * BLOCK + 3,
    }


def test_the_polynomial() -> None:
    """The check value of CRC-32C (RFC 3720, appendix B.4, in other words)."""
    assert crc_of(b"123456789", CRC32C, 0xFFFFFFFF) ^ 0xFFFFFFFF == 0xE3069283


def test_what_a_probability_is() -> None:
    assert probability_of(2176, 32) == pytest.approx(1 / (1 + 2176 / 2**32))
    assert probability_of(640, 16) == pytest.approx(0.990329, abs=1e-6)
    assert probability_of(700, 16) < 0.99


@pytest.mark.parametrize("encrypted", [False, True])
@pytest.mark.parametrize(
    "structure", ["superblock", "descriptor", "inode", "extent block", "directory block", "inode bitmap"]
)
def test_one_flip(volume: tuple[bytes, dict[str, int]], structure: str, encrypted: bool) -> None:
    data, where = volume
    flip = (where[structure], 2)
    source, remarks = corrected(data, [flip], encrypted=encrypted)
    assert places(source) == [flip]
    assert source.flips[0].structure.startswith(structure)
    assert source.read_at(0, len(data)) == data
    assert source.trace(5000, 100) == damaged(data, [], encrypted=False).trace(5000, 100)
    assert remarks == ("ext4 at byte 0: 1 checksums of its structures failed and hold with one bit reversed in each",)


def test_a_flip_between_two_inodes(volume: tuple[bytes, dict[str, int]]) -> None:
    """Under CBC the last cipher block of an inode takes a bit of the next one with it."""
    data, where = volume
    own = (where["inode"] - 49) // 256 * 256
    first = own if (own // 256) % 2 == 0 else own - 256  # two inodes share a sector
    flip = (first + 255, 6)
    source, _ = corrected(data, [flip], encrypted=True)
    assert places(source) == [flip]
    assert source.read_at(0, len(data)) == data


def test_two_flips_in_one_inode_are_a_finding(volume: tuple[bytes, dict[str, int]]) -> None:
    data, where = volume
    flips = [(where["inode"], 1), (where["inode"] + 60, 4)]
    source, remarks = corrected(data, flips, encrypted=True)
    assert source.flips == []
    place = where["inode"] - 49
    assert remarks == (
        f"ext4 at byte 0: checksums that fail, and no single bit explains: inode {where['number']} (byte {place})",
    )


@pytest.mark.parametrize("encrypted", [False, True])
def test_copies_of_superblock_and_descriptors(volume: tuple[bytes, dict[str, int]], encrypted: bool) -> None:
    data, where = volume
    ruined = bytearray(data)
    ruined[BLOCK : BLOCK + 512] = random.Random(3).randbytes(512)
    ruined[where["descriptor"] - 9 : where["descriptor"] + 20] = random.Random(4).randbytes(29)
    source, remarks = corrected(bytes(ruined), [], encrypted=encrypted)
    assert source.flips == []
    assert remarks == (
        (
            f"ext4 at byte 0: read from copies, because they are damaged: superblock from byte {GROUP + BLOCK}, "
            f"descriptor of group 0 from byte {GROUP + 2 * BLOCK}"
        ),
    )
    assert geometry_of(source).tables == geometry_of(MemorySource(data)).tables


def geometry_of(source: MemorySource | CorrectedSource) -> ExtGeometry:
    return read_geometry(source, 0)


def test_inodes_without_a_high_half(tmp_path: Path) -> None:
    path = tmp_path / "ext4.dd"
    run_tool("mke2fs", "-q", "-t", "ext4", "-O", "metadata_csum", "-I", "128", "-b", "1024", str(path), "2M")
    data = path.read_bytes()
    source, remarks = corrected(data, [], encrypted=False)
    assert remarks == ()
    place = geometry_of(source).place(2)
    assert place is not None
    for encrypted in (False, True):
        source, remarks = corrected(data, [(place + 44, 7)], encrypted=encrypted)
        assert places(source) == []  # 1024 bits are more than 16 bits of checksum can tell apart with certainty
        assert len(remarks) == 1


def test_a_sound_inode_is_one_that_its_tools_wrote(volume: tuple[bytes, dict[str, int]]) -> None:
    data, where = volume
    seed = crc_of(data[BLOCK + 0x68 : BLOCK + 0x78], CRC32C, 0xFFFFFFFF)
    checks = ExtChecks(seed, 256, BLOCK)
    rows = np.frombuffer(data[where["inode"] - 49 :][:512], dtype=np.uint8).reshape(2, 256)
    assert checks.inode_residuals(where["number"], rows).tolist() == [0, 0]
    assert checks.inode(where["number"] + 1).residual(rows[0]) != 0


@pytest.mark.parametrize("options", [(), ("-O", "^metadata_csum"), ("-O", "bigalloc"), ("-O", "metadata_csum_seed")])
@pytest.mark.parametrize("encrypted", [False, True])
def test_nothing_is_reversed_where_nothing_is_wrong(tmp_path: Path, options: tuple[str, ...], encrypted: bool) -> None:
    path = tmp_path / "ext4.dd"
    run_tool("mke2fs", "-q", "-t", "ext4", *options, "-d", str(Path(__file__).parent), str(path), "8M")
    source, remarks = corrected(path.read_bytes(), [], encrypted=encrypted)
    assert (source.flips, remarks) == ([], ())


@pytest.mark.parametrize("kind", ["ext4", "vfat", "exfat", "ntfs", "f2fs"])
def test_nothing_is_reversed_in_file_systems_of_a_kernel(shared_data: Path, kind: str) -> None:
    with gzip.open(shared_data / "forensic" / "fs" / f"{kind}.img.gz") as packed:
        data = packed.read()
    source, remarks = corrected(data, [], encrypted=False)
    assert (source.flips, remarks) == ([], ())
    assert source.read_at(0, 4096) == flipped(data[:4096], [])
