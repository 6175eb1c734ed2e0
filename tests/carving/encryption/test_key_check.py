"""A key that fits is recognised, damage notwithstanding; a wrong one or wrong settings never are."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from carving.encryption.jpeg_signs import begins_like_jpeg
from carving.encryption.key_check import check_key
from carving.encryption.keys import parse_key
from carving.encryption.sectors import encrypt_sectors
from carving.errors import KeyMismatchError
from carving.evidence import open_evidence

KEY = bytes(range(16))


@pytest.fixture(scope="module")
def ext4(tool: Callable[..., str], tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """An empty ext4 of 12 MiB with blocks of 1 KiB, so that a backup superblock lies in it."""
    path = tmp_path_factory.mktemp("ext4") / "volume.raw"
    tool("mke2fs", "-q", "-F", "-t", "ext4", "-b", "1024", str(path), "12288")
    return path.read_bytes()


@pytest.fixture
def encrypted(tmp_path: Path) -> Callable[[bytes], Path]:
    """Writes a volume encrypted with KEY."""

    def write(plain: bytes) -> Path:
        path = tmp_path / "disk.dd"
        path.write_bytes(encrypt_sectors(plain, KEY))
        return path

    return write


def photo(sample_images: Path) -> bytes:
    truth = json.loads((sample_images / "plain.truth.json").read_text(encoding="utf-8"))
    first = truth["photos"][0]
    return (sample_images / "plain.dd").read_bytes()[first["offset"] :][: first["size"]]


def test_file_system_tells(encrypted: Callable[[bytes], Path], ext4: bytes) -> None:
    assert check_key(open_evidence(encrypted(ext4), key=KEY)) == "ext superblock"


def test_demo(sample_images: Path) -> None:
    key = parse_key(f"file:{sample_images / 'demo.key'}")
    assert check_key(open_evidence(sample_images / "demo.E01", key=key)) == "ext superblock"


@pytest.mark.parametrize("block", range(6))
def test_flipped_bits_in_the_superblock_do_not_hide_it(
    encrypted: Callable[[bytes], Path], ext4: bytes, block: int
) -> None:
    path = encrypted(ext4)
    damaged = bytearray(path.read_bytes())
    damaged[1024 + 16 * block + 3] ^= 16
    path.write_bytes(damaged)
    assert check_key(open_evidence(path, key=KEY)) == "ext superblock"


def test_backup_superblock_tells_where_the_first_is_gone(encrypted: Callable[[bytes], Path], ext4: bytes) -> None:
    gone = random.Random(2).randbytes(4096) + ext4[4096:]
    assert check_key(open_evidence(encrypted(gone), key=KEY)) == "ext superblock"


def test_jpeg_tells_without_a_file_system(encrypted: Callable[[bytes], Path], sample_images: Path) -> None:
    noise = random.Random(3)
    volume = noise.randbytes(5 << 20) + photo(sample_images) + noise.randbytes(1 << 20)
    assert check_key(open_evidence(encrypted(volume), key=KEY)) == f"JPEG header at byte {5 << 20}"


@pytest.mark.parametrize(
    "settings",
    [
        {"iv_sector": "be32"},
        {"iv_offset": 1},
        {"sector_size": 4096},
        {"sector_size": 4096, "iv_large_sectors": True},
    ],
)
def test_wrong_numbering_is_told_apart_from_a_wrong_key(
    encrypted: Callable[[bytes], Path], ext4: bytes, sample_images: Path, settings: dict[str, Any]
) -> None:
    data = photo(sample_images)
    volume = ext4[: 6 << 20] + data + bytes(-len(data) % 512) + ext4[6 << 20 :]
    path = encrypted(volume)
    with pytest.raises(KeyMismatchError, match="--iv-sector, --sector-size, --iv-offset"):
        check_key(open_evidence(path, key=KEY, **settings))


def test_wrong_key_is_noticed_within_seconds(encrypted: Callable[[bytes], Path], ext4: bytes) -> None:
    path = encrypted(ext4 + random.Random(4).randbytes(40 << 20))
    start = time.perf_counter()
    with pytest.raises(KeyMismatchError, match="neither a file system nor a JPEG"):
        check_key(open_evidence(path, key=bytes(16)))
    assert time.perf_counter() - start < 5


def test_wrong_offset_is_noticed(encrypted: Callable[[bytes], Path], ext4: bytes) -> None:
    with pytest.raises(KeyMismatchError):
        check_key(open_evidence(encrypted(ext4), key=KEY, offset=512))


def test_volume_that_is_not_encrypted_is_named(tmp_path: Path, ext4: bytes) -> None:
    path = tmp_path / "plain.dd"
    path.write_bytes(ext4)
    with pytest.raises(KeyMismatchError, match="undecrypted it shows this: ext superblock"):
        check_key(open_evidence(path, key=KEY))


def test_random_data_with_a_signature_do_not_pass(encrypted: Callable[[bytes], Path]) -> None:
    noise = random.Random(6)
    volume = bytearray(noise.randbytes(2 << 20))
    for offset in range(0, len(volume), 512):
        volume[offset : offset + 4] = b"\xff\xd8\xff\xe1"
    with pytest.raises(KeyMismatchError):
        check_key(open_evidence(encrypted(bytes(volume)), key=KEY))


def test_tiny_volume(encrypted: Callable[[bytes], Path]) -> None:
    for size in (1, 16, 511, 1500):
        with pytest.raises(KeyMismatchError):
            check_key(open_evidence(encrypted(bytes(size)), key=KEY))


def test_begins_like_jpeg(sample_images: Path) -> None:
    data = photo(sample_images)
    assert begins_like_jpeg(data)
    assert not begins_like_jpeg(b"\xff\xd8\xff")
    assert not begins_like_jpeg(b"\xff\xd8\xff\xe0\x00\x10JFIF" + bytes(100))
    assert not begins_like_jpeg(data[2:])
