"""Formats that are no raw image are named and refused, with what to do about it."""

from __future__ import annotations

import bz2
import gzip
import lzma
from collections.abc import Callable
from pathlib import Path

import pytest

from carving.errors import EvidenceError
from carving.evidence import open_evidence


@pytest.mark.parametrize("kind", ["qcow2", "vmdk", "vdi", "vhdx", "vpc"])
def test_images_of_qemu(tool: Callable[..., str], tmp_path: Path, kind: str) -> None:
    raw, image = tmp_path / "medium.raw", tmp_path / "medium.image"
    raw.write_bytes(bytes(1 << 20))
    tool("qemu-img", "convert", "-f", "raw", "-O", kind, str(raw), str(image))
    with pytest.raises(EvidenceError, match=r"medium\.image is of a format that is not supported .*qemu-img convert"):
        open_evidence(image)


@pytest.mark.parametrize(
    ("head", "tail", "name"),
    [
        (b"# Disk DescriptorFile\nversion=1\n", b"", "VMDK descriptor"),
        (b"AFF10\r\n\0" + bytes(5000), b"", "AFF image"),
        (b"PK\3\4" + bytes(26) + b"container.description", b"", "AFF4 image"),
        (b"ADSEGMENTEDFILE\0", b"", "AD1 image"),
        (bytes(5000), b"koly".ljust(512, b"\0"), "Apple disk image"),
    ],
)
def test_other_containers(tmp_path: Path, head: bytes, tail: bytes, name: str) -> None:
    path = tmp_path / "image"
    path.write_bytes(head + tail)
    with pytest.raises(EvidenceError, match=name):
        open_evidence(path)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (gzip.compress(b"medium", mtime=0), r"gzip.*unpack it with gunzip"),
        (bz2.compress(b"medium"), r"bzip2.*unpack it with bunzip2"),
        (lzma.compress(b"medium"), r"XZ.*unpack it with unxz"),
        (b"7z\xbc\xaf\x27\x1c\0\4" + bytes(24), r"7-Zip.*unpack it with 7z x"),
        (bytes.fromhex("28b52ffd"), r"Zstandard.*unzstd"),
        (bytes.fromhex("04224d18"), r"LZ4.*unlz4"),
        (b"Rar!\x1a\x07\1\0", r"RAR.*unrar x"),
    ],
)
def test_compressed_evidence(tmp_path: Path, data: bytes, message: str) -> None:
    path = tmp_path / "card.dd"
    path.write_bytes(data)
    with pytest.raises(EvidenceError, match=message):
        open_evidence(path)


def test_compressed_image_of_the_collection(shared_data: Path) -> None:
    with pytest.raises(EvidenceError, match=r"one_photo\.dd\.gz is .*unpack it with gunzip"):
        open_evidence(shared_data / "cases/gz-image/one_photo.dd.gz")


def test_raw_images_are_none_of_these(tmp_path: Path) -> None:
    path = tmp_path / "image.dd"
    for content in (b"x", bytes(511), b"PK\3\4" + bytes(600), bytes(4096) + b"conectix".ljust(512, b"\0")):
        path.write_bytes(content)
        assert open_evidence(path).size == len(content)
