"""What a volume begins with: the file system, container or partition table that its magic bytes name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from carving.file_systems.stored_files.ext_superblock import find_ext_superblocks
from carving.source import ByteSource


@dataclass(frozen=True, slots=True)
class Magic:
    """Bytes that stand at a known offset of a volume; `also` lists further ones that must agree."""

    name: str
    offset: int
    value: bytes
    also: tuple[tuple[int, bytes], ...] = ()


MAGICS: Final = (
    Magic("F2FS superblock", 1024, bytes.fromhex("1020f5f2")),
    Magic("F2FS superblock (second copy)", 5120, bytes.fromhex("1020f5f2")),
    Magic("FAT boot sector", 54, b"FAT1", ((510, b"\x55\xaa"),)),
    Magic("FAT boot sector", 82, b"FAT32   ", ((510, b"\x55\xaa"),)),
    Magic("exFAT boot sector", 3, b"EXFAT   "),
    Magic("exFAT boot sector (copy)", 12 * 512 + 3, b"EXFAT   "),
    Magic("NTFS boot sector", 3, b"NTFS    "),
    Magic("HFS+ volume header", 1024, b"H+\x00\x04"),
    Magic("HFSX volume header", 1024, b"HX\x00\x05"),
    Magic("APFS container", 32, b"NXSB"),
    Magic("squashfs superblock", 0, b"hsqs", ((28, b"\x04\x00\x00\x00"),)),
    Magic("EROFS superblock", 1024, bytes.fromhex("e2e1f5e0")),
    Magic("Btrfs superblock", 0x10040, b"_BHRfS_M"),
    Magic("XFS superblock", 0, b"XFSB", ((4, b"\x00\x00"),)),
    Magic("ISO 9660 descriptor", 0x8001, b"CD001"),
    Magic("LVM2 label", 512, b"LABELONE"),
    Magic("LUKS header", 0, b"LUKS\xba\xbe"),
    Magic("swap space", 4086, b"SWAPSPACE2"),
    Magic("GPT partition table", 512, b"EFI PART"),
    Magic("GPT partition table", 4096, b"EFI PART"),
)
"""Magics of at least four bytes, so that random data meet none; ext has a reader of its own."""

_HEAD_SIZE: Final = max(max(magic.offset + len(magic.value), 512) for magic in MAGICS)


def file_system(source: ByteSource) -> str | None:
    """Name what the volume holds, such as `ext superblock`; None where nothing is recognised."""
    if any(found.head_plausible for found in find_ext_superblocks(source)):
        return "ext superblock"
    return named_by_magic(source)


def named_by_magic(source: ByteSource) -> str | None:
    """The same from fixed magic bytes alone."""
    head = source.read_at(0, _HEAD_SIZE)
    for magic in MAGICS:
        places = ((magic.offset, magic.value), *magic.also)
        if all(head[place : place + len(value)] == value for place, value in places):
            return magic.name
    return None
