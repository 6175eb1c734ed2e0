"""File systems on which photos lie in 1, 2, 3, 10 and 50 pieces, and with a hole; of each number one was deleted.

What lies between the pieces belongs to a file of text. ext4 is made by mke2fs and debugfs, and deletes as the kernel
does, which leaves the inode in the journal; FAT32 by mkfs.vfat, and its chains are written here.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.carving.conftest import run_tool
from tests.carving.file_systems.stored_files.images import debugfs
from tests.carving.memory import camera_jpeg

PIECES: Final = (1, 2, 3, 10, 50)
SPARSE: Final = 0
"""Stands for the photo with a hole, which lies in two pieces."""
_BLOCK: Final = 1024
_GAP: Final = 8
"""Blocks or clusters between two pieces."""
_INDEXED: Final = 4
"""Extents that an inode has room for; for more there is a block that divides one of the pieces."""


@dataclass(frozen=True, slots=True)
class Photo:
    """One of the photos: in how many pieces it lies, or `SPARSE`, and whether it was deleted."""

    pieces: int
    deleted: bool
    data: bytes

    @property
    def name(self) -> str:
        return f"P{self.pieces}{'D' if self.deleted else 'A'}.JPG"


def photos(*, sparse: bool) -> tuple[Photo, ...]:
    """The photos, about 300 KiB each; those with a hole only where they are asked for."""
    kinds = [(pieces, deleted) for pieces in (*PIECES, *([SPARSE] if sparse else [])) for deleted in (False, True)]
    made = [camera_jpeg(500 + number, width=960, height=720) for number in range(len(kinds))]
    hole = b"\xff\xfe\x20\x00" + bytes(0x2000 - 2)  # a comment of zeros, which debugfs does not store
    return tuple(
        Photo(pieces, deleted, data if pieces else data[:2] + hole + data[2:])
        for (pieces, deleted), data in zip(kinds, made, strict=True)
    )


def ext4(folder: Path) -> tuple[Path, tuple[Photo, ...]]:
    """An ext4 file system of 16 MiB, and the photos on it."""
    volume, kept = folder / "ext4.dd", photos(sparse=True)
    run_tool("mke2fs", "-q", "-t", "ext4", "-b", str(_BLOCK), "-N", "64", "-m", "0", str(volume), "16M")
    (folder / "text").write_bytes(_text(10 << 20))
    debugfs(volume, f"write {folder / 'text'} text", "mkdir DCIM")
    at = 64
    for photo in kept:
        (folder / photo.name).write_bytes(photo.data)
        blocks = -(-len(photo.data) // _BLOCK) - (7 if photo.pieces == SPARSE else 0)
        is_indexed = photo.pieces > _INDEXED
        holes = list(_sizes(blocks + is_indexed, max(1, photo.pieces - is_indexed)))
        commands = []
        for size in holes:
            commands.append(f"punch text {at} {at + size - 1}")
            at += size + _GAP
        debugfs(volume, *commands, f"write {folder / photo.name} DCIM/{photo.name}")
    for photo in kept:
        if photo.deleted:
            _delete(volume, photo.name)
    return volume, kept


def _delete(volume: Path, name: str) -> None:
    """Empty the inode and the block that leads to its pieces; the journal keeps both, and the folder, as they were."""
    told = debugfs(volume, f"stat DCIM/{name}")
    number = int(told.split("Inode: ")[1].split()[0])
    table = int(debugfs(volume, f"imap <{number}>").split("located at block ")[1].split(",")[0])
    listing = int(debugfs(volume, "blocks DCIM").split("\n")[-2].split()[0])
    leading = [int(told.split("(ETB0):")[1].split(",")[0].split()[0])] if "(ETB0):" in told else []
    blocks = [table, *leading, listing]
    data, copies = volume.read_bytes(), volume.with_suffix(".copies")
    copies.write_bytes(b"".join(data[block * _BLOCK : (block + 1) * _BLOCK] for block in blocks))
    debugfs(volume, f"rm DCIM/{name}", f"clri <{number}>")
    debugfs(volume, "journal_open", f"journal_write -b {','.join(map(str, blocks))} {copies}", "journal_close")
    with volume.open("r+b") as file:
        for block in leading:
            file.seek(block * _BLOCK)
            file.write(bytes(_BLOCK))


def fat32(folder: Path) -> tuple[Path, tuple[Photo, ...]]:
    """A FAT32 file system of 40 MiB, and the photos on it."""
    volume, kept = folder / "FAT32.dd", photos(sparse=False)
    volume.write_bytes(bytes(40 << 20))
    run_tool("mkfs.vfat", "-F", "32", "-s", "1", str(volume))
    data = bytearray(volume.read_bytes())
    sector, _, reserved, tables = struct.unpack_from("<HBHB", data, 11)
    length, root = struct.unpack_from("<I", data, 36)[0] * sector, struct.unpack_from("<I", data, 44)[0]
    heap = reserved * sector + tables * length
    entries: list[bytes] = []
    chains: list[list[int]] = []
    text: list[int] = []
    at = root + 10
    for photo in kept:
        chain: list[int] = []
        for size in _sizes(-(-len(photo.data) // sector), photo.pieces):
            chain += range(at, at + size)
            text += range(at + size, at + size + _GAP)
            at += size + _GAP
        _put(data, heap, sector, chain, photo.data)
        chains += [] if photo.deleted else [chain]
        entries.append(_entry(photo.name, chain[0], len(photo.data), deleted=photo.deleted))
    content = _text(len(text) * sector)
    _put(data, heap, sector, text, content)
    entries.append(_entry("TEXT.TXT", text[0], len(content), deleted=False))
    listing = b"".join(entries)
    assert len(listing) <= sector
    data[heap + (root - 2) * sector : heap + (root - 2) * sector + len(listing)] = listing
    for chain in (*chains, text):
        for own, behind in zip(chain, [*chain[1:], 0x0FFFFFFF], strict=True):
            for table in range(tables):
                struct.pack_into("<I", data, reserved * sector + table * length + 4 * own, behind)
    volume.write_bytes(data)
    return volume, kept


def _put(data: bytearray, heap: int, size: int, chain: list[int], content: bytes) -> None:
    for number, cluster in enumerate(chain):
        part = content[number * size : (number + 1) * size]
        start = heap + (cluster - 2) * size
        data[start : start + len(part)] = part


def _entry(name: str, first: int, size: int, *, deleted: bool) -> bytes:
    """A directory entry (Microsoft's FAT specification, section 6)."""
    stem, _, kind = name.partition(".")
    spelled = bytearray(f"{stem:8}{kind:3}".encode())
    if deleted:
        spelled[0] = 0xE5
    date = (2026 - 1980) << 9 | 11 << 5 | 30
    return struct.pack("<11sB8xHHHHI", bytes(spelled), 0x20, first >> 16, 9 << 11, date, first & 0xFFFF, size)


def _sizes(total: int, parts: int) -> Iterator[int]:
    """A total in so many parts, as even as can be."""
    for number in range(parts):
        yield total * (number + 1) // parts - total * number // parts


def _text(length: int) -> bytes:
    lines = (f"line {number} of a text that is no picture\n".encode() for number in range(length // 36 + 1))
    return b"".join(lines)[:length]
