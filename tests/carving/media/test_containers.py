"""Formats that are no raw image are named and refused, with what to do about it."""

from __future__ import annotations

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


def test_raw_images_are_none_of_these(tmp_path: Path) -> None:
    path = tmp_path / "image.dd"
    for content in (b"x", bytes(511), b"PK\3\4" + bytes(600), bytes(4096) + b"conectix".ljust(512, b"\0")):
        path.write_bytes(content)
        assert open_evidence(path).size == len(content)
