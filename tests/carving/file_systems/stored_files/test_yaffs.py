"""Photos on YAFFS2 with the spare bytes of its pages: files, and their older versions as deleted ones."""

from __future__ import annotations

import struct
from typing import Final

from carving.file_systems.walking.allocation_walk import read_allocation
from carving.fragments import Origin
from tests.carving.file_systems.stored_files.searching import search
from tests.carving.memory import MemorySource, camera_jpeg

PAGE: Final = 2048
SPARE: Final = 64
TAGS: Final = 30
"""Where the packed tags stand in the spare bytes, as Linux's MTD layer puts them."""
PAGES_OF_A_BLOCK: Final = 64
FILE, FOLDER = 1, 3
ROOT, DELETED = 1, 4
"""Numbers of the root, and of the folder that what was deleted is moved to."""
PHOTOS: Final = {name: camera_jpeg(70 + number) for number, name in enumerate(("old", "new", "kept", "gone"))}


class Yaffs:
    """A log of pages (`yaffs_guts.h` and `yaffs_packedtags2.h` of the YAFFS2 source)."""

    def __init__(self) -> None:
        self._log = bytearray()
        self._page(_header(FOLDER, ROOT, "", 0), ROOT, 0, 0xFFFF)

    def write(self, number: int, name: str, content: bytes, folder: int = ROOT) -> None:
        """Write a file, or a version of it, as a driver does: a header without length, the chunks, the header again."""
        self.rename(number, name, 0, folder)
        for chunk, start in enumerate(range(0, len(content), PAGE), start=1):
            part = content[start : start + PAGE]
            self._page(part, number, chunk, len(part))
        self.rename(number, name, len(content), folder)

    def rename(self, number: int, name: str, size: int, folder: int) -> None:
        """Write the header of a file anew."""
        self._page(_header(FILE, folder, name, size), number, 0, 0xFFFF)

    def _page(self, data: bytes, number: int, chunk: int, used: int) -> None:
        block = len(self._log) // (PAGES_OF_A_BLOCK * (PAGE + SPARE))
        tags = struct.pack("<4I", 0x1000 + block, number, chunk, used)
        self._log += data.ljust(PAGE, b"\xff") + (bytes(b"\xff" * TAGS) + tags).ljust(SPARE, b"\xff")

    def dump(self) -> bytes:
        """The log, and erased blocks behind it."""
        block = PAGES_OF_A_BLOCK * (PAGE + SPARE)
        return bytes(self._log.ljust((len(self._log) // block + 3) * block, b"\xff"))


def _header(kind: int, folder: int, name: str, size: int) -> bytes:
    mode = 0o40755 if kind == FOLDER else 0o100644
    named = struct.pack("<IIH", kind, folder, 0xFFFF) + name.encode().ljust(258, b"\0")
    return named + struct.pack("<6IIi", mode, 0, 0, *(3 * (1_790_000_000,)), size, -1)


def written() -> bytes:
    volume = Yaffs()
    volume.write(257, "IMG_1.JPG", PHOTOS["old"])
    volume.write(258, "IMG_2.JPG", PHOTOS["kept"])
    volume.write(259, "IMG_3.JPG", PHOTOS["gone"])
    volume.write(257, "IMG_1.JPG", PHOTOS["new"])
    volume.rename(259, "IMG_3.JPG", 0, DELETED)
    for number in range(20):
        volume.write(300 + number, f"words{number}", f"file {number} holds words\n".encode() * 900)
    return volume.dump()


def test_files_and_their_older_versions() -> None:
    found = search(MemorySource(written()))
    names = {photo: name for name, photo in PHOTOS.items()}
    states = {names[one.data]: one for one in found.fragments}
    assert len(found.fragments) == len(states)
    records = {name: one.record for name, one in states.items()}
    assert {name: record and (record.path, record.deleted) for name, record in records.items()} == {
        "old": ("/IMG_1.JPG", True),
        "new": ("/IMG_1.JPG", False),
        "kept": ("/IMG_2.JPG", False),
        "gone": ("/IMG_3.JPG", True),
    }
    assert all(one.origin is Origin.FILE_SYSTEM for one in states.values())
    assert all(record and record.structure.startswith("object version") for record in (records["old"], records["gone"]))
    pages = -(-len(PHOTOS["old"]) // PAGE)
    assert len(states["old"].byte_runs) == pages
    assert states["old"].byte_runs[1].offset - states["old"].byte_runs[0].offset == PAGE + SPARE


def test_what_files_occupy() -> None:
    allocation = read_allocation(MemorySource(written()))
    assert allocation.file_systems == ("YAFFS2 at byte 0",)
    (new,) = (file for file in allocation.files if file.path == "/IMG_1.JPG")
    assert {run.length for run in new.runs} == {PAGE}
    assert {run.offset % (PAGE + SPARE) for run in new.runs} == {0}
