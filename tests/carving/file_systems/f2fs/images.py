"""F2FS images for tests: made by f2fs-tools, read as they are or with bytes changed."""

from __future__ import annotations

import os
import struct
from collections.abc import Callable
from pathlib import Path

from carving.file_systems.f2fs import F2fs, F2fsFile, read_f2fs
from carving.file_systems.f2fs.f2fs_layout import crc32
from carving.source import ByteSource, Run, clamp

Tool = Callable[..., str]
BLOCK = 4096
FULL_FEATURES = "extra_attr,inode_checksum,inode_crtime,sb_checksum,encrypt,compression"


class PatchedSource(ByteSource):
    """Bytes, and zeros behind them up to `size`, with some of them replaced without copying the others."""

    def __init__(self, data: bytes, patches: dict[int, bytes] | None = None, size: int | None = None) -> None:
        self._data = data
        self._size = len(data) if size is None else size
        self._patches = dict(patches or {})

    def patch(self, offset: int, value: bytes) -> None:
        """Replace bytes from `offset` on; later patches stand above earlier ones."""
        self._patches.pop(offset, None)
        self._patches[offset] = value

    def flip(self, offset: int, bit: int = 0) -> None:
        """Flip one bit of a byte."""
        self.patch(offset, bytes([self.read_at(offset, 1)[0] ^ 1 << bit]))

    def word(self, offset: int) -> int:
        """The 32-bit number at `offset`."""
        return int(struct.unpack("<I", self.read_at(offset, 4))[0])

    @property
    def name(self) -> str:
        return "patched"

    @property
    def size(self) -> int:
        return self._size

    @property
    def below(self) -> None:
        return None

    def read_at(self, offset: int, length: int) -> bytes:
        run = clamp(offset, length, self.size)
        data = self._data[run.offset : run.end].ljust(run.length, b"\0")
        for start, value in self._patches.items():
            if start < run.end and start + len(value) > run.offset:
                first, end = max(start, run.offset), min(start + len(value), run.end)
                data = data[: first - run.offset] + value[first - start : end - start] + data[end - run.offset :]
        return data

    def trace(self, offset: int, length: int) -> tuple[Run, ...]:
        return (clamp(offset, length, self.size),)

    def close(self) -> None:
        pass


def make_image(tool: Tool, path: Path, folder: Path | None, *, mib: int = 80, features: str = "") -> bytes:
    """A file system of `mib` MiB that holds the files of a folder."""
    path.touch()
    os.truncate(path, mib << 20)
    tool("mkfs.f2fs", "-q", "-f", *(("-O", features) if features else ()), str(path))
    if folder is not None:
        tool("sload.f2fs", "-f", str(folder), str(path))
    return path.read_bytes()


def content(source: ByteSource, file: F2fsFile) -> bytes:
    """The bytes of a file by its runs, zeros where there are none."""
    data = bytearray(file.length_of_runs)
    for run in file.runs:
        if run.physical is not None:
            data[run.logical : run.logical + run.length] = source.read_at(run.physical, run.length)
    return bytes(data)


def by_path(source: ByteSource) -> dict[str, F2fsFile]:
    """The files of the tree by their paths."""
    return {file.path: file for file in read_f2fs(source).files()}


def problems(system: F2fs) -> str:
    """All findings as one text."""
    return "\n".join(f"{finding.structure}: {finding.problem}" for finding in system.findings)


def table_entry(source: PatchedSource, file: F2fsFile) -> int:
    """Where the entry of an inode stands in the copy of the node table that is in force."""
    first = (source.word(1024 + 84) + file.inode // 455) * BLOCK + file.inode % 455 * 9
    (place,) = (place for place in (first, first + 512 * BLOCK) if source.word(place + 5) * BLOCK == file.node_offset)
    return place


def seal_checkpoint(source: PatchedSource, block: int) -> None:
    """Give a checkpoint block the checksum that its bytes now have."""
    data = source.read_at(block * BLOCK, BLOCK)
    source.patch(block * BLOCK + 4092, struct.pack("<I", crc32(data[:4092])))
