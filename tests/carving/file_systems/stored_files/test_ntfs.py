"""What NTFS keeps in its records, and what it compresses."""

from __future__ import annotations

import io
import random
import struct
from pathlib import Path

import pytest
from PIL import Image

from carving.evidence import open_evidence
from carving.file_systems.stored_files.content import Content
from carving.file_systems.stored_files.lznt1 import CompressedSource, decompress, holds_compressed_units, one_to_one
from carving.file_systems.stored_files.ntfs_record import FileTable
from carving.file_systems.stored_files.record import FileRecord
from carving.file_systems.stored_files.stored import StoredFile
from carving.files_first.stored_search import StoredSearch
from carving.flips.of_fragment import flip_model
from carving.source import HOLE_OFFSET, Run
from tests.carving.conftest import run_tool
from tests.carving.file_systems.stored_files.images import DELETED, PHOTOS, ntfs_with_photos
from tests.carving.file_systems.stored_files.searching import search
from tests.carving.memory import MemorySource, camera_jpeg

UNIT = 16 * 512


def tiny_jpeg() -> bytes:
    """A picture of 8×8 pixels in some 300 bytes."""
    buffer = io.BytesIO()
    Image.new("L", (8, 8), 77).save(buffer, "JPEG", quality=50, optimize=True)
    return buffer.getvalue()


def test_resident_data_is_traced_around_the_fixups(tmp_path: Path) -> None:
    volume, tiny = tmp_path / "ntfs.dd", tiny_jpeg()
    volume.write_bytes(bytes(4 << 20))
    run_tool("mkntfs", "-F", "-q", "-s", "512", "-p", "0", "-H", "0", "-S", "0", str(volume))
    (tmp_path / "tiny.jpg").write_bytes(tiny)
    run_tool("ntfscp", "-f", str(volume), str(tmp_path / "tiny.jpg"), "tiny.jpg")
    found = search(open_evidence(volume))
    assert found.data() == [tiny]
    (fragment,) = found.fragments
    assert fragment.record is not None
    assert fragment.record.path == "/tiny.jpg"
    assert len(fragment.byte_runs) == 3  # two bytes of it stand among the fixups
    assert [run.length for run in fragment.byte_runs][1] == 2
    assert fragment.evidence_runs == fragment.byte_runs


def test_records_that_contradict_themselves_hold_nothing() -> None:
    record = bytearray(1024)
    record[:4] = b"FILE"
    struct.pack_into("<HH", record, 4, 48, 3)
    struct.pack_into("<H", record, 20, 56)
    resident = struct.pack("<IIBBHHHIHH", 0x80, 24 + 8, 0, 0, 0, 0, 5, 8, 24, 0) + b"contents"
    record[56 : 56 + len(resident)] = resident
    record[56 + len(resident) : 60 + len(resident)] = b"\xff" * 4

    def read(data: bytes) -> list[int]:
        source = MemorySource(data)
        from carving.file_systems.stored_files.file_source import FileSource

        return [found.number for found in FileTable(FileSource(source, (Run(0, len(data)),)), 1024).data_attributes(0)]

    assert read(bytes(record)) == [5]
    chance = random.Random(1)
    for _ in range(3000):
        damaged = bytearray(record)
        for _ in range(3):
            damaged[chance.randrange(100)] = chance.choice((0, 1, 0x7F, 0xFF, chance.randrange(256)))
        read(bytes(damaged))
    for wrong in (b"", bytes(1024), bytes(record[:500])):
        assert read(wrong) == []


def compressed(data: bytes) -> bytes:
    """LZNT1 that refers back wherever three bytes stood before in the chunk (MS-XCA, section 2.5)."""
    out = bytearray()
    for start in range(0, len(data), 4096):
        chunk, body, at = data[start : start + 4096], bytearray(), 0
        while at < len(chunk):
            flags, group = 0, bytearray()
            for bit in range(8):
                if at >= len(chunk):
                    break
                bits = 16 - max(4, (at - 1).bit_length()) if at else 12
                length, back = longest(chunk, at, min((1 << bits) + 2, 4096))
                if length >= 3:
                    group += struct.pack("<H", (back - 1) << bits | (length - 3))
                    flags |= 1 << bit
                    at += length
                else:
                    group.append(chunk[at])
                    at += 1
            body += bytes((flags,)) + group
        if len(body) < 4096:
            out += struct.pack("<H", 0xB000 | (len(body) - 1)) + body
        else:
            out += struct.pack("<H", 0x3000 | (len(chunk) - 1)) + chunk
    return bytes(out)


def longest(chunk: bytes, at: int, most: int) -> tuple[int, int]:
    """How many bytes at a place stood before, and how far back."""
    length = min(most, len(chunk) - at)
    while length >= 3:
        found = chunk.rfind(chunk[at : at + length], 0, at + length - 1)
        if 0 <= found < at:
            return length, at - found
        length //= 2
    return 0, 0


@pytest.mark.parametrize("text", [b"aaaaaaaaaaaaaaaa" * 600, b"the same words, the same words; " * 256, bytes(8192)])
def test_decompression(text: bytes) -> None:
    packed = compressed(text)
    assert len(packed) < len(text) // 2
    assert decompress(packed, len(text)) == text
    assert decompress(packed, 5000) == text[:5000]
    mixed = random.Random(2).randbytes(4096) + text[:4096]
    assert decompress(compressed(mixed), 8192) == mixed


def test_damaged_compression_ends_in_zeros() -> None:
    chance = random.Random(3)
    packed = compressed(b"the same words, the same words; " * 256)
    for _ in range(500):
        damaged = bytearray(packed)
        damaged[chance.randrange(len(damaged))] = chance.randrange(256)
        assert len(decompress(bytes(damaged), 8192)) == 8192
    assert decompress(b"", 100) == bytes(100)


def compressed_photo() -> tuple[bytes, bytes, Content]:
    """A photo with a comment that compresses: the image, the photo, and where it lies."""
    photo = camera_jpeg(5)
    photo = photo[:2] + b"\xff\xfe\x60\x00" + (b"comment " * 4096)[: 0x6000 - 2] + photo[2:]
    image, pieces = bytearray(4096), []
    for start in range(0, len(photo), UNIT):
        unit = photo[start : start + UNIT]
        packed = compressed(unit)
        kept = packed if len(packed) <= UNIT - 512 and len(unit) == UNIT else unit
        stored = kept.ljust(-(-len(kept) // 512) * 512, b"\0")
        length = len(unit) if kept is unit else len(stored)
        pieces.append(Run(len(image), length))
        if kept is not unit:
            pieces.append(Run(HOLE_OFFSET, UNIT - length))
        image += stored + bytes(512)
    return bytes(image), photo, Content(tuple(pieces), True, UNIT)


def test_compressed_file_is_read_and_has_no_places_where_it_is_compressed() -> None:
    image, photo, content = compressed_photo()
    assert holds_compressed_units(content.runs, UNIT)
    source = MemorySource(image)
    opened = CompressedSource(source, content.runs, UNIT)
    assert opened.read_at(0, opened.size) == photo
    assert opened.read_at(10000, 20000) == photo[10000:30000]
    traced = opened.trace(0, opened.size)
    assert traced == one_to_one(content.runs, UNIT)
    position = holes = 0
    for run in traced:
        if run.offset == HOLE_OFFSET:
            holes += run.length
        else:
            assert image[run.offset : run.end] == photo[position : position + run.length]
        position += run.length
    assert holes // UNIT in (2, 3)
    record = FileRecord("/a.jpg", 5, len(photo), False, "the runs of inode 5", compression_unit=UNIT)
    left_out: dict[str, str] = {}
    found = StoredSearch(source, "plain", left_out.__setitem__, lambda _: {})
    (fragment,) = found.allocated([StoredFile(content, record)])
    assert fragment.data == photo
    assert any("no places of their own" in note for note in fragment.notes)
    model = flip_model(source, fragment)
    assert model.starts.size == len(photo) - holes
    for unit in (0, model.starts.size // 2, model.starts.size - 1):
        at, _ = model.place(unit, 0)
        assert image[at] == photo[int(model.starts[unit])]


def test_files_to_which_no_folder_leads_any_more(tmp_path: Path) -> None:
    data = bytearray(ntfs_with_photos(tmp_path).read_bytes())
    table = data.index(b"FILE0")
    root = table + 5 * 1024
    index = data.index(b"$\0I\x003\x000\0", root)
    data[index : index + 64] = bytes(64)  # the name of the root's index, and what it begins with
    found = search(MemorySource(bytes(data)))
    assert sorted(found.data()) == sorted(PHOTOS.values())
    assert {path.rpartition("/")[2] for path in found.by_path()} == set(PHOTOS)
    deleted = {path for path, fragment in found.by_path().items() if fragment.record and fragment.record.deleted}
    assert {path.rpartition("/")[2] for path in deleted} == {DELETED}
