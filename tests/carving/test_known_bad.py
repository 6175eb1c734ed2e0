"""Bytes that a layer knows to be bad, asked for at the top of the stack and found in fragments."""

from __future__ import annotations

import io
import random
import struct
import zlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from carving.carver.carver import carve
from carving.encryption.ciphers import SectorNumbering, parse_cipher
from carving.encryption.disk import DiskSource
from carving.encryption.dmcrypt import DmCryptSource
from carving.encryption.sectors import encrypt_sectors
from carving.evidence import open_evidence
from carving.file_systems.stored_files.file_source import FileSource
from carving.file_systems.stored_files.record import FileRecord
from carving.file_systems.volumes import Volume, VolumeSource
from carving.known_bad import with_known_bad
from carving.media.ewf.ewf_source import open_ewf
from carving.media.nand.nand_source import open_nand
from carving.source import HOLE_OFFSET, ByteSource, Run, clamp
from carving.support.intervals import interval_set, union, without
from tests.carving.media.nand.encoder import CHIPS, dump, flip
from tests.carving.media.test_ewf_damage import section

Acquire = Callable[..., Path]
CHUNK = 32768
KEY = bytes(range(16))


class Medium(ByteSource):
    """Bytes, of which some are known to be bad."""

    def __init__(self, data: bytes, *bad: Run) -> None:
        self._data = data
        self._bad = bad

    name = "medium"
    below = None

    @property
    def size(self) -> int:
        return len(self._data)

    def read_at(self, offset: int, length: int) -> bytes:
        wanted = clamp(offset, length, self.size)
        return self._data[wanted.offset : wanted.end]

    def trace(self, offset: int, length: int) -> tuple[Run, ...]:
        return (clamp(offset, length, self.size),)

    def bad_runs(self, offset: int, length: int) -> tuple[Run, ...]:
        end = offset + length
        inside = ((max(run.offset, offset), min(run.end, end)) for run in self._bad)
        return tuple(Run(start, stop - start) for start, stop in inside if start < stop)

    def close(self) -> None:
        """Nothing to close."""


def test_a_partition_counts_from_its_own_first_byte() -> None:
    volume = VolumeSource(Medium(bytes(8192), Run(0, 100), Run(2000, 50), Run(4090, 20)), 1024, 3071, "volume")
    assert volume.bad_runs(0, volume.size) == (Run(976, 50), Run(3066, 5))
    assert volume.bad_runs(1000, 10) == (Run(1000, 10),)
    assert volume.bad_runs(1026, 100) == ()


def test_joined_pieces_of_a_file_and_its_holes() -> None:
    medium = Medium(bytes(8192), Run(1000, 100), Run(5000, 8))
    file = FileSource(medium, (Run(4900, 200), Run(HOLE_OFFSET, 64), Run(900, 150), Run(1050, 10)))
    assert file.bad_runs(0, file.size) == (Run(100, 8), Run(200 + 64 + 100, 60))


@pytest.mark.parametrize("sector", [512, 4096])
def test_a_bad_byte_of_ciphertext_is_a_bad_sector_of_plaintext(sector: int) -> None:
    numbering = SectorNumbering(sector)
    medium = Medium(bytes(65536 + 1000), Run(0, 16), Run(20000, 10000), Run(65536 + 999, 1))
    decrypted = DmCryptSource(medium, KEY, parse_cipher("aes-cbc-essiv:sha256"), numbering)
    start, end = 20000 // sector * sector, -(-30000 // sector) * sector
    last = (medium.size - 1) // sector * sector
    assert decrypted.bad_runs(0, medium.size) == (
        Run(0, sector),
        Run(start, end - start),
        Run(last, medium.size - last),
    )
    assert decrypted.bad_runs(sector - 3, 100) == (Run(sector - 3, 3),)
    assert decrypted.bad_runs(end - 1, 2) == (Run(end - 1, 1),)


def test_a_disk_knows_of_each_volume_what_its_decryption_knows() -> None:
    medium = Medium(bytes(65536), Run(100, 1), Run(8192 + 700, 1), Run(40000, 1))
    inner = VolumeSource(medium, 8192, 8192, "volume 1")
    decryption = DmCryptSource(inner, KEY, parse_cipher("aes-cbc-plain64"), SectorNumbering())
    disk = DiskSource(medium, (Volume(1, 8192, 8192, "Linux"),), {1: decryption})
    assert disk.bad_runs(0, disk.size) == (Run(100, 1), Run(8192 + 512, 512), Run(40000, 1))
    assert disk.bad_runs(8192 + 600, 8) == (Run(8192 + 600, 8),)


def test_a_code_word_of_nand_with_too_many_errors() -> None:
    chip = CHIPS["linux-bch4-2048"]
    raw = dump(chip, random.Random(1).randbytes(4 * 2048))
    flip(raw, chip, 2, 1, list(range(0, 3000, 300)))
    flip(raw, chip, 1, 3, [5, 900])
    unread = Run(3 * (chip.data + chip.spare) + 100, 40)  # zeroed by nobody: the code says that all is right
    nand = open_nand(Medium(bytes(raw), unread), "linux-bch4-2048")
    assert nand.bad_runs(0, 2048) == ()
    nand.read_at(0, nand.size)
    assert nand.bad_runs(0, nand.size) == (Run(2 * 2048 + 512, 512),)


def with_errors(image: bytes, *errors: tuple[int, int]) -> bytes:
    """An E01 of one segment with an error2 section, as libewf writes one, in front of its `done` section."""
    place = section(image, "done")
    head = struct.pack("<I512x", len(errors))
    entries = b"".join(struct.pack("<II", *error) for error in errors)
    data = head + struct.pack("<I", zlib.adler32(head)) + entries + struct.pack("<I", zlib.adler32(entries))
    return image[:place] + described("error2", place, data) + described("done", place + 76 + len(data), b"")


def described(kind: str, place: int, data: bytes) -> bytes:
    following = place if kind == "done" else place + 76 + len(data)
    head = struct.pack("<16sQQ40x", kind.encode(), following, 76 + len(data))
    return head + struct.pack("<I", zlib.adler32(head)) + data


def test_errors_of_the_acquisition_that_an_e01_stores(
    tmp_path: Path, acquire: Acquire, tool: Callable[..., str]
) -> None:
    path = tmp_path / "errors.E01"
    path.write_bytes(with_errors(acquire("-c", "fast").read_bytes(), (4, 2), (3000, 1), (3001, 3)))
    told = tool("ewfinfo", str(path))
    assert "at sector(s): 4 - 5 number: 2" in " ".join(told.split())
    assert "at sector(s): 3000 - 3003 number: 4" in " ".join(told.split())
    source = open_ewf(path)
    assert source.bad_runs(0, source.size) == (Run(2048, 1024), Run(3000 * 512, 4 * 512))
    assert open_evidence(path, offset=2048).bad_runs(0, 5000) == (Run(0, 1024),)


def test_what_a_damaged_chunk_has_lost_is_bad_and_what_it_still_has_is_not(tmp_path: Path, acquire: Acquire) -> None:
    image = bytearray(acquire("-c", "fast").read_bytes())
    start = section(bytes(image), "sectors") + 76 + 300
    image[start : start + 64] = b"\xff" * 64
    path = tmp_path / "damaged.E01"
    path.write_bytes(image)
    source = open_ewf(path)
    assert source.bad_runs(0, source.size) == ()
    data = source.read_at(0, source.size)
    (damaged,) = source.damaged
    (lost,) = source.bad_runs(0, source.size)
    assert damaged.offset < lost.offset
    assert lost.end == damaged.end
    assert data[lost.offset : lost.end] == bytes(lost.length)


def test_a_fragment_names_its_own_bytes(photo: bytes) -> None:
    encrypted = encrypt_sectors(bytes(4096) + photo + bytes(-len(photo) % 512 + 4096), KEY)
    medium = Medium(encrypted, Run(0, 4000), Run(4096 + 1024, 16), Run(4096 + len(photo) - 10, 3))
    source = DmCryptSource(medium, KEY, parse_cipher("aes-cbc-essiv:sha256"), SectorNumbering())
    (fragment,) = carve(source)
    last = (4096 + len(photo) - 10) // 512 * 512 - 4096
    assert fragment.known_bad == (Run(1024, 512), Run(last, len(photo) - last))


@pytest.fixture
def photo() -> bytes:
    """A JPEG of noise, a dozen sectors long."""
    buffer = io.BytesIO()
    noise = np.random.default_rng(2).integers(0, 256, (80, 80, 3), dtype=np.uint8)
    Image.fromarray(noise).save(buffer, "JPEG", quality=85)
    return buffer.getvalue()


def test_interval_sets_against_a_plain_set() -> None:
    generator = np.random.default_rng(1)
    for _ in range(50):
        starts = generator.integers(-20, 120, 12)
        lengths = generator.integers(0, 15, 12)
        found = interval_set(starts, lengths, 100)
        pairs = zip(starts.tolist(), lengths.tolist(), strict=True)
        expected = {byte for start, length in pairs for byte in range(start, start + length)} & set(range(100))
        assert bytes_of(found.first(99)) == expected
        assert all(one.end < two.offset for one, two in zip(found.first(99), found.first(99)[1:], strict=False))
        assert bytes_of(found.within(30, 25)) == expected & set(range(30, 55))
        assert found.total == len(expected)
        taken = union((Run(10, 20), Run(25, 10), Run(60, 1)))
        assert bytes_of(without(found.first(99), taken)) == expected - bytes_of(taken)


def bytes_of(runs: tuple[Run, ...]) -> set[int]:
    return {byte for run in runs for byte in range(run.offset, run.end)}


def test_of_a_compressed_file_only_a_note_is_made(photo: bytes) -> None:
    medium = Medium(bytes(512) + photo, Run(600, 10))
    (fragment,) = carve(medium)
    assert fragment.known_bad == (Run(88, 10),)
    record = FileRecord("/a.jpg", 5, len(photo), False, "runs", compression_unit=65536)
    told = with_known_bad(medium, replace(fragment, record=record, known_bad=()))
    assert told.known_bad == ()
    assert told.notes == ("10 of the bytes that it is stored in could not be read or corrected",)
