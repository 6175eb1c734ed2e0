"""Damaged, truncated and dishonest EWF images: told by name, and never read as if nothing were wrong."""

from __future__ import annotations

import contextlib
import random
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

from carving.errors import EvidenceError
from carving.evidence import open_evidence
from carving.media.ewf.chunks import Chunk, StoredBytes, decode_chunk
from carving.media.ewf.ewf_source import EwfSource, open_ewf
from carving.media.ewf.libewf_source import open_libewf
from carving.source import Run

Acquire = Callable[..., Path]
CHUNK = 32768


@pytest.fixture(scope="session")
def plain_image(acquire: Acquire) -> bytes:
    """One segment of uncompressed chunks."""
    return acquire("-c", "none").read_bytes()


@pytest.fixture(scope="session")
def packed_image(acquire: Acquire) -> bytes:
    """One segment of compressed chunks."""
    return acquire("-c", "fast").read_bytes()


def opened(tmp_path: Path, data: bytes) -> EwfSource:
    path = tmp_path / "photo.E01"
    path.write_bytes(data)
    return open_ewf(path)


def section(image: bytes, kind: str) -> int:
    """Offset of the descriptor of the first section of that kind."""
    offset = 13
    while image[offset : offset + 16].rstrip(b"\0") != kind.encode():
        offset = int.from_bytes(image[offset + 16 : offset + 24], "little")
    return offset


def patched(image: bytes, place: int, value: bytes) -> bytes:
    return image[:place] + value + image[place + len(value) :]


def flipped(image: bytes, place: int) -> bytes:
    return patched(image, place, bytes([image[place] ^ 4]))


def resealed(image: bytes, start: int, end: int) -> bytes:
    """With the Adler-32 at `end` made right for the bytes before it, as a forger would."""
    return patched(image, end, zlib.adler32(image[start:end]).to_bytes(4, "little"))


def test_damaged_plain_chunk_reads_as_stored_and_is_listed(tmp_path: Path, medium: bytes, plain_image: bytes) -> None:
    place = section(plain_image, "sectors") + 76 + 5 * (CHUNK + 4) + 1000
    source = opened(tmp_path, flipped(plain_image, place))
    assert not source.damaged
    data = source.read_at(0, source.size)
    assert source.damaged == (Run(5 * CHUNK, CHUNK),)
    assert data == flipped(medium, 5 * CHUNK + 1000)


def test_damaged_compressed_chunk_reads_as_far_as_it_inflates(
    tmp_path: Path, medium: bytes, packed_image: bytes
) -> None:
    start = section(packed_image, "sectors") + 76
    for place in range(start + 700, start + 400_000, 40_003):
        source = opened(tmp_path, flipped(packed_image, place))
        data = source.read_at(0, source.size)
        (run,) = source.damaged
        assert run.length == CHUNK
        assert data[: run.offset] == medium[: run.offset]
        assert data[run.end :] == medium[run.end :]
        assert len(data) == len(medium)
        source.close()


def test_a_chunk_with_nothing_but_its_checksum_wrong_is_whole_and_listed() -> None:
    text = b"as it was acquired " * 1700
    raw = zlib.compress(text)
    broken = decode_chunk(StoredBytes(raw[:-1] + b"!", True, len(text)), CHUNK)
    assert broken == Chunk(text, sound=False)
    assert decode_chunk(StoredBytes(raw + b"next", True, len(text)), CHUNK) == Chunk(text, sound=True)


def test_what_stands_before_the_break_of_a_compressed_chunk_is_kept() -> None:
    text = random.Random(4).randbytes(3000) + bytes(9000) + random.Random(5).randbytes(3000)
    raw = zlib.compress(text)
    broken = decode_chunk(StoredBytes(raw[:2900], True, len(text)), CHUNK)
    assert not broken.sound
    assert len(broken.data) == len(text)
    assert broken.data[:2800] == text[:2800]
    assert decode_chunk(StoredBytes(b"", True, 512), CHUNK) == Chunk(bytes(512), sound=False)
    assert decode_chunk(StoredBytes(raw, True, CHUNK), CHUNK).data == text + bytes(CHUNK - len(text))


def test_neighbouring_damaged_chunks_are_one_range(tmp_path: Path, plain_image: bytes) -> None:
    start = section(plain_image, "sectors") + 76
    image = flipped(flipped(plain_image, start + 7 * (CHUNK + 4)), start + 8 * (CHUNK + 4))
    source = opened(tmp_path, image)
    source.read_at(0, source.size)
    assert source.damaged == (Run(7 * CHUNK, 2 * CHUNK),)


@pytest.mark.parametrize("place", [0, 20, 24, 40])
def test_damaged_table_is_replaced_by_its_mirror(tmp_path: Path, medium: bytes, plain_image: bytes, place: int) -> None:
    source = opened(tmp_path, flipped(plain_image, section(plain_image, "table") + 76 + place))
    assert source.read_at(0, source.size) == medium
    assert source.damaged == ()


def test_both_tables_damaged(tmp_path: Path, medium: bytes, plain_image: bytes) -> None:
    tables = [section(plain_image, kind) + 76 for kind in ("table", "table2")]
    heads = flipped(flipped(plain_image, tables[0]), tables[1])
    with pytest.raises(EvidenceError, match=r"chunk table at byte \d+ of .*photo\.E01 is damaged"):
        opened(tmp_path, heads)
    entry = 24 + 4 * 9
    source = opened(tmp_path, flipped(flipped(plain_image, tables[0] + entry), tables[1] + entry))
    data = source.read_at(0, source.size)
    assert source.damaged != ()
    assert all(run.offset in (8 * CHUNK, 9 * CHUNK) for run in source.damaged)
    assert data[: 8 * CHUNK] == medium[: 8 * CHUNK]
    assert data[10 * CHUNK :] == medium[10 * CHUNK :]


def test_truncated_image(tmp_path: Path, plain_image: bytes) -> None:
    for size in (13, 50, 2000, len(plain_image) // 2, section(plain_image, "table") + 80):
        with pytest.raises(EvidenceError, match=r"photo\.E01"):
            opened(tmp_path, plain_image[:size])


def test_image_without_its_last_sections_is_still_read(tmp_path: Path, medium: bytes, plain_image: bytes) -> None:
    source = opened(tmp_path, plain_image[: section(plain_image, "hash")])
    assert source.read_at(0, source.size) == medium
    assert source.stored_digests.get("md5") is None
    assert "ends without its end marker" in source.remarks[0]


def test_a_damaged_digest_section_is_named(tmp_path: Path, medium: bytes, plain_image: bytes) -> None:
    start = section(plain_image, "hash") + 76
    source = opened(tmp_path, flipped(plain_image, start + 3))
    assert source.read_at(0, source.size) == medium
    (remark,) = (remark for remark in source.remarks if "hash section" in remark)
    assert f"hash section at byte {start}" in remark
    assert "is not compared" in remark


def test_a_table_that_counts_from_no_byte_of_a_file_is_refused(tmp_path: Path, plain_image: bytes) -> None:
    image = plain_image
    for kind in ("table", "table2"):
        start = section(image, kind) + 76
        image = resealed(patched(image, start + 8, (1 << 63).to_bytes(8, "little")), start, start + 20)
    with pytest.raises(EvidenceError, match=r"chunk table at byte \d+ of .*photo\.E01 is damaged"):
        opened(tmp_path, image)


def test_libewf_reads_the_same_medium(tmp_path: Path, medium: bytes, plain_image: bytes) -> None:
    path = tmp_path / "photo.E01"
    path.write_bytes(plain_image)
    with contextlib.closing(open_libewf(path)) as other:
        assert other.read_at(0, other.size) == medium
        assert other.read_at(other.size - 5, 100) == medium[-5:]
        assert other.name.startswith("E01 by libewf 20")
        assert other.stored_digests == opened(tmp_path, plain_image).stored_digests


def test_empty_and_foreign_files(tmp_path: Path) -> None:
    path = tmp_path / "photo.E01"
    for content, message in (
        (b"", "is empty"),
        (b"\xff\xd8\xff\xe0 a JPEG", "does not begin like an EWF segment"),
        (b"LVF\x09\x0d\x0a\xff\x00" + bytes(100), "L01"),
        (b"LEF2\x0d\x0a\x81\x00" + bytes(100), "Lx01"),
        (b"EVF2\x0d\x0a\x81\x00" + bytes(100), "libewf cannot open"),
    ):
        path.write_bytes(content)
        with pytest.raises(EvidenceError, match=message):
            open_evidence(path)


def test_section_that_points_back_does_not_loop(tmp_path: Path, plain_image: bytes) -> None:
    start = section(plain_image, "sectors")
    image = resealed(patched(plain_image, start + 16, (13).to_bytes(8, "little")), start, start + 72)
    with pytest.raises(EvidenceError, match="points back to byte 13"):
        opened(tmp_path, image)


@pytest.mark.parametrize("field", [8, 12, 16])
def test_impossible_geometry(tmp_path: Path, plain_image: bytes, field: int) -> None:
    start = section(plain_image, "volume") + 76
    for value in (b"\0\0\0\0", b"\xff\xff\xff\xff"):
        image = resealed(patched(plain_image, start + field, value), start, start + 1048)
        with pytest.raises(EvidenceError, match="claims"):
            opened(tmp_path, image)


def test_segment_of_another_number_or_acquisition(acquire: Acquire) -> None:
    first = acquire("-c", "none", "-S", "2MiB")
    for path, kind, identifier in ((first, "volume", b"A" * 16), (first.with_suffix(".E02"), "data", b"B" * 16)):
        image = path.read_bytes()
        start = section(image, kind) + 76
        path.write_bytes(resealed(patched(image, start + 64, identifier), start, start + 1048))
    with pytest.raises(EvidenceError, match=r"photo\.E02 belongs to another acquisition"):
        open_ewf(first)
    first.with_suffix(".E02").write_bytes(first.read_bytes())
    with pytest.raises(EvidenceError, match=r"photo\.E02 says that it is segment 1"):
        open_ewf(first)


def test_any_flipped_byte_is_an_error_or_listed_or_harmless(tmp_path: Path, medium: bytes, plain_image: bytes) -> None:
    random_source = random.Random(9)
    structure = [random_source.randrange(section(plain_image, "sectors") + 76) for _ in range(60)]
    tail = [random_source.randrange(section(plain_image, "table"), len(plain_image)) for _ in range(60)]
    for place in structure + tail:
        with contextlib.suppress(EvidenceError):
            source = opened(tmp_path, flipped(plain_image, place))
            data = source.read_at(0, source.size)
            lost = {offset for run in source.damaged for offset in range(run.offset, run.end, CHUNK)}
            assert source.size == len(medium)
            for offset in range(0, len(medium), CHUNK):
                assert offset in lost or data[offset : offset + CHUNK] == medium[offset : offset + CHUNK]
