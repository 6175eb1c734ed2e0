"""Image formats that are recognised and refused, each with what turns it into a raw image.

Read as if they were raw they would show their own structures and compressed pieces in place of a medium, which looks
like an empty one. Libraries that read them are under the AGPL or LGPL, or not kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

HEAD_BYTES: Final = 4096
"""Bytes from the start of a file that are looked at."""
TAIL_BYTES: Final = 512
"""Bytes from its end."""

_QEMU: Final = "qemu-img convert -O raw makes a raw image of it"
_AFF4: Final = (b"container.description", b"information.turtle")


@dataclass(frozen=True, slots=True)
class Container:
    """A format by the bytes at a known place; `advice` says how to get at the medium."""

    name: str
    offset: int
    value: bytes
    advice: str


CONTAINERS: Final = (
    Container("QCOW2 image", 0, b"QFI\xfb", _QEMU),
    Container("VMDK image", 0, b"KDMV", _QEMU),
    Container("VMDK image (ESX)", 0, b"COWD", _QEMU),
    Container("VMDK descriptor", 0, b"# Disk DescriptorFile", "name its -flat.vmdk file, or let qemu-img convert it"),
    Container("VHDX image", 0, b"vhdxfile", _QEMU),
    Container("VHD image", 0, b"conectix", _QEMU),
    Container("VDI image", 64, b"\x7f\x10\xda\xbe", _QEMU),
    Container("AFF image", 0, b"AFF10\r\n\0", "affconvert makes a raw image of it"),
    Container("gzip-compressed file", 0, b"\x1f\x8b\x08", "unpack it with gunzip and hand in what comes out"),
    Container("bzip2-compressed file", 4, b"1AY&SY", "unpack it with bunzip2 and hand in what comes out"),
    Container("XZ-compressed file", 0, b"\xfd7zXZ\0", "unpack it with unxz and hand in what comes out"),
    Container("7-Zip archive", 0, b"7z\xbc\xaf\x27\x1c", "unpack it with 7z x and hand in what comes out"),
    Container("Zstandard-compressed file", 0, b"\x28\xb5\x2f\xfd", "unpack it with unzstd and hand in what comes out"),
    Container("LZ4-compressed file", 0, b"\x04\x22\x4d\x18", "unpack it with unlz4 and hand in what comes out"),
    Container("RAR archive", 0, b"Rar!\x1a\x07", "unpack it with unrar x and hand in what comes out"),
    Container("AD1 image", 0, b"ADSEGMENTEDFILE", "FTK Imager exports its files"),
)
"""What a file begins with."""

_APPLE: Final = Container("Apple disk image", 0, b"koly", "dmg2img makes a raw image of it")


def container_of(head: bytes, tail: bytes) -> Container | None:
    """The refused format of a file with that beginning and end, `HEAD_BYTES` and `TAIL_BYTES` long; None for others."""
    for container in CONTAINERS:
        if head[container.offset :].startswith(container.value):
            return container
    if head.startswith(b"PK\3\4") and any(name in head for name in _AFF4):
        return Container("AFF4 image", 0, b"PK\3\4", "aff4imager makes a raw image of it")
    return _APPLE if len(tail) == TAIL_BYTES and tail.startswith(_APPLE.value) else None
