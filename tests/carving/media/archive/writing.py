"""Archives in memory, by the standard library and by hand, so that they can lie; and what is taken out of them."""

from __future__ import annotations

import io
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Mapping
from typing import Any

from carving.fragments import Fragment
from carving.media.archive.archive_source import ArchiveSource
from carving.media.archive.tar_entries import open_tar
from carving.media.archive.zip_entries import open_zip
from carving.selection.archives import take_archive
from tests.carving.memory import MemorySource

STORED, DEFLATED = zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED


def zip_of(files: Mapping[str, bytes], method: int = STORED, *, streamed: bool = False) -> bytes:
    """A ZIP archive by the standard library; streamed, with data descriptors behind the files."""
    buffer: Any = _Stream() if streamed else io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    written: bytes = buffer.getvalue()
    return written


class _Stream:
    """A file that cannot be sought in."""

    def __init__(self) -> None:
        self._written = bytearray()

    def write(self, data: bytes) -> int:
        self._written += data
        return len(data)

    def flush(self) -> None:
        """Nothing waits."""

    def getvalue(self) -> bytes:
        return bytes(self._written)


def tar_of(files: Mapping[str, bytes], kind: int = tarfile.USTAR_FORMAT) -> bytes:
    """A TAR archive by the standard library."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=kind) as archive:
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size, member.mtime = len(data), 1_577_836_800
            archive.addfile(member, io.BytesIO(data))
    return buffer.getvalue()


def local_header(name: bytes, data: bytes, size: int, method: int = 8, flags: int = 0) -> bytes:
    """A local header with its data behind it; `size` is what the file is said to have."""
    fields = (b"PK\3\4", 20, flags, method, 0, 0x21, zlib.crc32(b""), len(data), size, len(name), 0)
    return struct.pack("<4s5H3I2H", *fields) + name + data


def central_header(name: bytes, place: int, packed: int, size: int, method: int = 8, mode: int = 0) -> bytes:
    """A header of the central directory, of a file made on Unix."""
    fields = (b"PK\1\2", 3 << 8 | 20, 20, 0, method, 0, 0x21, 0, packed, size, len(name), 0, 0, 0, 0, mode << 16, place)
    return struct.pack("<4s6H3I5H2I", *fields) + name


def end_record(count: int, size: int, offset: int) -> bytes:
    """The record at the end of a ZIP archive."""
    return struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, count, count, size, offset, 0)


def deflate(data: bytes) -> bytes:
    """Deflated bytes without a header."""
    stream = zlib.compressobj(9, zlib.DEFLATED, -15)
    return stream.compress(data) + stream.flush()


def take(source: ArchiveSource) -> dict[str, Fragment]:
    """The fragments of an archive by their paths; each is held against what the source reads where it lies."""
    found = {}
    for fragment in take_archive(source, "plain", lambda *_: None):
        assert fragment.claim is not None
        assert b"".join(source.read_at(run.offset, run.length) for run in fragment.byte_runs) == fragment.data
        found[fragment.claim.name] = fragment
    return found


def zip_source(data: bytes) -> ArchiveSource:
    return open_zip(MemorySource(data), "it.zip")


def tar_source(data: bytes) -> ArchiveSource:
    return open_tar(MemorySource(data), "it.tar")
