"""EWF images of real acquisition tools read as pyewf and the stored digests say."""

from __future__ import annotations

import hashlib
import random
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyewf
import pytest

from carving.errors import SegmentMissingError
from carving.media.ewf.chunk_tables import resolve_entries
from carving.media.ewf.ewf_source import EwfSource, open_ewf
from carving.media.ewf.segment_names import segment_suffix
from carving.source import Run, evidence_runs

Acquire = Callable[..., Path]


def read_all(source: EwfSource, step: int = 300_001) -> bytes:
    return b"".join(source.read_at(offset, step) for offset in range(0, source.size, step))


@pytest.mark.parametrize("compression", ["none", "empty-block", "fast", "best"])
def test_compressions_of_ewfacquire(acquire: Acquire, medium: bytes, compression: str) -> None:
    source = open_ewf(acquire("-c", compression, "-d", "sha1"))
    assert read_all(source) == medium
    assert source.stored_digests.get("md5") == hashlib.md5(medium).hexdigest()
    assert source.stored_digests.get("sha1") == hashlib.sha1(medium).hexdigest()
    assert (source.damaged, source.remarks, source.acquisition_errors) == ((), (), ())


@pytest.mark.parametrize("kind", ["ewf", "smart", "ftk", "encase1", "encase2", "encase5", "encase7", "linen6", "ewfx"])
def test_varieties_in_several_segments(acquire: Acquire, medium: bytes, kind: str) -> None:
    source = open_ewf(acquire("-f", kind, "-c", "fast", "-S", "1MiB"))
    assert len(source.paths) > 1
    assert read_all(source) == medium
    assert source.stored_digests.get("md5") == hashlib.md5(medium).hexdigest()
    assert source.damaged == ()


@pytest.mark.parametrize("compression", ["none", "fast"])
@pytest.mark.parametrize("size", [100_001, 3 * 32768 + 100, 4 * 32768 - 1], ids=["odd", "a new chunk", "full chunks"])
def test_a_file_that_ends_within_a_sector_is_read_to_its_last_byte(
    tool: Callable[..., str], tmp_path: Path, size: int, compression: str
) -> None:
    content = random.Random(size).randbytes(size)
    (tmp_path / "odd.raw").write_bytes(content)
    tool("ewfacquire", "-u", "-q", "-c", compression, "-t", str(tmp_path / "odd"), str(tmp_path / "odd.raw"))
    source = open_ewf(tmp_path / "odd.E01")
    assert read_all(source) == content
    assert source.stored_digests["md5"] == hashlib.md5(content).hexdigest()
    assert source.damaged == ()
    (remark,) = source.remarks
    assert f"counts {size // 512 * 512} bytes" in remark
    assert f"{size % 512} more" in remark


@pytest.mark.parametrize("sectors", ["16", "4096"])
def test_small_and_large_chunks(acquire: Acquire, medium: bytes, sectors: str) -> None:
    assert read_all(open_ewf(acquire("-b", sectors, "-c", "fast"))) == medium


def test_random_reads_agree_with_the_medium(acquire: Acquire, medium: bytes) -> None:
    source = open_ewf(acquire("-c", "fast", "-S", "1MiB"), cache_bytes=1 << 16)
    random_source = random.Random(5)
    for _ in range(200):
        offset = random_source.randrange(-10, len(medium) + 10)
        length = random_source.choice((0, 1, 17, 512, 32768, 32769, 100_000))
        expected = medium[max(offset, 0) : max(offset + length, 0)]
        assert source.read_at(offset, length) == expected


@pytest.mark.parametrize("case", [str.lower, str.upper, str.capitalize])
def test_any_case_of_the_suffix_any_segment_named_and_confusing_neighbours(
    acquire: Acquire, medium: bytes, tmp_path: Path, case: Callable[[str], str]
) -> None:
    first = acquire("-c", "none", "-S", "1MiB", stem="photo")
    for path in first.parent.iterdir():
        shutil.copy(path, tmp_path / f"Grüße 図.{case(path.suffix[1:])}")
    for neighbour in ("Grüße 図.E01.txt", "Grüße 図.EXE", "Grüße 図.E99", "Grüße 図2.E02", "grüße 図.E01"):
        (tmp_path / neighbour).write_bytes(b"something else")
    assert read_all(open_ewf(tmp_path / f"Grüße 図.{case('e01')}")) == medium
    assert read_all(open_ewf(tmp_path / f"Grüße 図.{case('e02')}")) == medium


def test_both_cases_in_one_directory_do_not_mix(acquire: Acquire, medium: bytes) -> None:
    first = acquire("-c", "none", "-S", "1MiB")
    for path in list(first.parent.iterdir()):
        path.with_suffix(path.suffix.lower()).write_bytes(b"EVF of someone else")
    assert read_all(open_ewf(first)) == medium


@pytest.mark.parametrize("number", [1, 2, 4])
def test_missing_segment_is_named(acquire: Acquire, number: int) -> None:
    first = acquire("-c", "none", "-S", "1MiB")
    assert first.with_suffix(".E04").exists()
    assert not first.with_suffix(".E05").exists()
    first.with_suffix(f".E0{number}").unlink()
    with pytest.raises(SegmentMissingError, match=rf"photo\.E0{number}$"):
        open_ewf(first.with_suffix(".E03"))


def test_agrees_with_pyewf_on_images_of_other_tools(shared_data: Path) -> None:
    images = sorted((shared_data / "forensic").rglob("*.E01"))
    assert len(images) >= 10
    for path in images:
        source = open_ewf(path)
        oracle = pyewf.handle()
        oracle.open([str(segment) for segment in source.paths])
        counted = oracle.get_media_size()  # whole sectors only
        assert 0 <= source.size - counted < 512
        assert source.stored_digests.get("md5") == oracle.get_hash_value("MD5")
        if source.size > counted:
            assert hashlib.md5(read_all(source)).hexdigest() == source.stored_digests["md5"]
        for offset in range(0, counted, 4 << 20):
            wanted = min(4 << 20, counted - offset)
            assert source.read_at(offset, wanted) == oracle.read_buffer_at_offset(wanted, offset)
        assert source.damaged == ()
        oracle.close()
        source.close()


def test_offsets_count_bytes_of_the_medium(sample_images: Path) -> None:
    source = open_ewf(sample_images / "demo.E01")
    assert source.below is None
    assert evidence_runs(source, 1000, 50) == (Run(1000, 50),)
    assert source.trace(source.size - 5, 100) == (Run(source.size - 5, 5),)


def test_segment_suffixes() -> None:
    numbers = [1, 99, 100, 125, 126, 775, 776, 14971]
    assert [segment_suffix(number) for number in numbers] == ["E01", "E99", "EAA", "EAZ", "EBA", "EZZ", "FAA", "ZZZ"]


def test_table_entries_beyond_two_gibibytes() -> None:
    stored = np.array([0x8000004C, 0x7FFF0000, 0x80001000, 0x80009004], dtype=np.uint32)
    offsets, compressed = resolve_entries(stored)
    assert offsets.tolist() == [0x4C, 0x7FFF0000, 0x80001000, 0x80009004]
    assert compressed.tolist() == [True, False, False, False]
