"""Android sparse images: against the tools that write and expand them, and with headers that lie."""

from __future__ import annotations

import io
import random
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

from carving.carver.carver import carve
from carving.errors import EvidenceError, SegmentMissingError
from carving.evidence import open_evidence, open_media
from carving.file_systems.magic import file_system
from carving.media.android_sparse.sparse_source import AndroidSparseSource
from carving.source import HOLE_OFFSET, Run, evidence_runs, location, traced_runs
from tests.carving.media.android_sparse.writing import BLOCK, SparseFile
from tests.carving.memory import MemorySource, camera_jpeg

Tool = Callable[..., str]


@pytest.fixture(scope="module")
def photos() -> dict[str, bytes]:
    return {f"{number}.jpg": camera_jpeg(number) for number in range(3)}


@pytest.fixture(scope="module")
def raw(tmp_path_factory: pytest.TempPathFactory, photos: dict[str, bytes], tool: Tool) -> Path:
    """16 MiB of ext4 with the photos, holes, and a stretch that is filled."""
    folder = tmp_path_factory.mktemp("ext4")
    content = folder / "content"
    content.mkdir()
    for name, data in photos.items():
        (content / name).write_bytes(data)
    (content / "filled").write_bytes(b"\xde\xad\xbe\xef" * (1 << 17))
    image = folder / "card.dd"
    tool("mke2fs", "-q", "-t", "ext4", "-d", str(content), str(image), "16M")
    return image


def sparse_of(raw: Path, tool: Tool, *options: str) -> Path:
    sparse = raw.with_name(f"card{''.join(options)}.simg")
    tool("img2simg", str(raw), str(sparse), *options)
    return sparse


@pytest.mark.parametrize("block_size", ["4096", "1024", "65536"])
def test_as_img2simg_writes_it(raw: Path, tool: Tool, tmp_path: Path, block_size: str) -> None:
    sparse = sparse_of(raw, tool, block_size)
    assert sparse.stat().st_size < raw.stat().st_size // 2
    source = open_evidence(sparse)
    whole = raw.read_bytes()
    tool("simg2img", str(sparse), str(tmp_path / "expanded"))
    assert whole == (tmp_path / "expanded").read_bytes()
    assert source.read_at(0, source.size + 5) == whole
    chance = random.Random(1)
    for _ in range(300):
        offset, length = chance.randrange(len(whole)), chance.choice((1, 3, 700, 5000, 200_000))
        assert source.read_at(offset, length) == whole[offset : offset + length]
    assert location(source) == "raw > Android sparse image"
    assert file_system(source) == "ext superblock"


def test_same_fragments_as_the_raw_image(raw: Path, tool: Tool, photos: dict[str, bytes]) -> None:
    sparse = sparse_of(raw, tool)
    source = open_evidence(sparse)
    found = list(carve(source, layer="plain"))
    expected = list(carve(open_evidence(raw), layer="plain"))
    assert {fragment.data for fragment in found} == set(photos.values())
    assert [(one.offset, one.data, one.byte_runs) for one in found] == [
        (one.offset, one.data, one.byte_runs) for one in expected
    ]
    file = sparse.read_bytes()
    for one in found:
        runs = one.evidence_runs
        assert b"".join(file[run.offset : run.end] for run in runs) == one.data
        assert runs == evidence_runs(source, one.offset, len(one.data))


def test_as_append2simg_grows_it(raw: Path, tool: Tool, tmp_path: Path) -> None:
    sparse = tmp_path / "grown.simg"
    sparse.write_bytes(sparse_of(raw, tool).read_bytes())
    added = tmp_path / "added"
    added.write_bytes(camera_jpeg(9).ljust(40 * BLOCK, b"\x07"))
    tool("append2simg", str(sparse), str(added))
    source = open_evidence(sparse)
    assert source.read_at(0, source.size) == raw.read_bytes() + added.read_bytes()


def test_filled_and_left_out_blocks_have_no_evidence() -> None:
    first, second = random.Random(1).randbytes(2 * BLOCK), random.Random(2).randbytes(BLOCK)
    file = SparseFile().raw(first).fill(b"abcd", 3).skip(2).raw(second).skip(1).data()
    source = AndroidSparseSource(MemorySource(file), "it")
    image = first + b"abcd" * (3 * BLOCK // 4) + bytes(2 * BLOCK) + second + bytes(BLOCK)
    assert source.read_at(0, source.size) == image
    assert source.read_at(2 * BLOCK + 5, 6) == b"bcdabc"
    place = 28 + 12
    behind = place + 2 * BLOCK + (12 + 4) + 12 + 12
    assert source.trace(0, source.size) == (
        Run(place, 2 * BLOCK),
        Run(HOLE_OFFSET, 3 * BLOCK),
        Run(HOLE_OFFSET, 2 * BLOCK),
        Run(behind, BLOCK),
        Run(HOLE_OFFSET, BLOCK),
    )
    assert evidence_runs(source, BLOCK, 7 * BLOCK) == (Run(place + BLOCK, BLOCK), Run(behind, BLOCK))
    assert sum(run.length for run in traced_runs(source, 3, 5 * BLOCK)) == 5 * BLOCK


def test_longer_headers_of_later_versions(tmp_path: Path) -> None:
    data = random.Random(1).randbytes(BLOCK)
    path = tmp_path / "later.simg"
    path.write_bytes(SparseFile((1, 7), header_size=40, chunk_header_size=20).raw(data).fill(b"\1\2\3\4", 1).data())
    source = open_evidence(path)
    assert source.read_at(0, source.size) == data + b"\1\2\3\4" * (BLOCK // 4)


@pytest.mark.parametrize(
    ("file", "message"),
    [
        (SparseFile((2, 0)).skip(1), r"version 2\.0; only version 1"),
        (SparseFile().skip(1).data()[:20], "ends within its header"),
        (SparseFile(header_size=28, chunk_header_size=8), "those of its chunks 8"),
        (SparseFile(block_size=0, blocks=4), "block size is 0"),
        (SparseFile(block_size=4098).skip(1), "block size is 4098, no multiple of 4"),
        (SparseFile(blocks=0), "would have 0 bytes"),
        (SparseFile(block_size=1 << 31, blocks=0xFFFFFFFF).skip(1), "up to 17592186044416 are believed"),
        (SparseFile(blocks=5, chunks=1), "chunk 1 of 1, at byte 28, is not there"),
        (SparseFile(blocks=5, chunks=0xFFFFFFFF).skip(5), "4294967295 chunks; up to"),
        (SparseFile().chunk(0xCAC9, 1, b""), "unknown type 0xcac9"),
        (SparseFile().raw(bytes(BLOCK), blocks=7), "RAW chunk for 28672 bytes of the image has 28672 bytes of data"),
        (SparseFile().fill(b"12345678", 1), "FILL chunk for 4096 bytes of the image has 4 bytes of data, it says 8"),
        (SparseFile().skip(1, total=3), "DONT_CARE chunk .* has 0 bytes of data, it says -9"),
        (SparseFile(blocks=2).skip(3), "runs past the end of the image: to block 3 of 2"),
    ],
)
def test_headers_that_lie(tmp_path: Path, file: SparseFile | bytes, message: str) -> None:
    path = tmp_path / "lying.simg"
    path.write_bytes(file if isinstance(file, bytes) else file.data())
    with pytest.raises(EvidenceError, match=message) as caught:
        open_evidence(path)
    assert str(path) in str(caught.value)


def test_what_a_damaged_image_still_holds_is_read() -> None:
    photo = camera_jpeg(4)
    first = photo.ljust(-(-len(photo) // BLOCK) * BLOCK, b"\0")
    file = SparseFile().skip(3).raw(first).raw(bytes(range(256)) * 32).data()
    blocks = len(first) // BLOCK
    cut = AndroidSparseSource(MemorySource(file[:-5000]), "it")
    assert cut.size == (3 + blocks + 2) * BLOCK
    kept = 2 * BLOCK - 5000
    assert cut.read_at(0, cut.size) == bytes(3 * BLOCK) + first + (bytes(range(256)) * 32)[:kept] + bytes(5000)
    assert evidence_runs(cut, (3 + blocks) * BLOCK, 2 * BLOCK) == (Run(len(file) - 2 * BLOCK, kept),)
    (fault,) = cut.faults
    assert "chunk 3 of 3" in fault
    assert f"{kept} of its {2 * BLOCK} bytes are there" in fault
    assert fault.endswith(f"from {(3 + blocks) * BLOCK + kept} on cannot be read")
    short = AndroidSparseSource(MemorySource(SparseFile(blocks=blocks + 9).skip(2).raw(first).data()), "it")
    (fault,) = short.faults
    assert f"its chunks end at block {2 + blocks} of {9 + blocks}; the bytes of the image from " in fault
    assert short.read_at(0, short.size) == bytes(2 * BLOCK) + first + bytes(7 * BLOCK)


def test_bytes_behind_the_last_chunk_are_told() -> None:
    source = AndroidSparseSource(MemorySource(SparseFile().skip(1).data() + bytes(77)), "it")
    assert source.faults == ()
    assert any(remark.startswith("77 bytes behind the last chunk") for remark in source.remarks)


def test_checksums(tmp_path: Path) -> None:
    first = random.Random(3).randbytes(3 * BLOCK)
    image = first + b"\1\2\3\4" * (5 * BLOCK // 4) + bytes(1000 * BLOCK)
    crc, early = zlib.crc32(image), zlib.crc32(first)

    def file(early: int, late: int, whole: int) -> bytes:
        made = SparseFile(checksum=whole).raw(first).crc(early).fill(b"\1\2\3\4", 5).skip(1000).crc(late)
        return made.data()

    def wrong(data: bytes) -> tuple[str, ...]:
        medium = MemorySource(data)
        return AndroidSparseSource(medium, "it").wrong_checksums(medium, lambda: None)

    assert wrong(file(early, crc, crc)) == ()
    assert wrong(file(early, crc, 0)) == ()
    assert wrong(SparseFile().raw(first).data()) == ()
    assert [text.partition("stores ")[2] for text in wrong(file(early ^ 1, crc, crc ^ 2))] == [
        f"the CRC-32 {early ^ 1:08x} of its first {len(first)} bytes, but they have {early:08x}",
        f"the CRC-32 {crc ^ 2:08x} of its first {len(image)} bytes, but they have {crc:08x}",
    ]
    damaged = bytearray(file(early, crc, crc))
    damaged[100] ^= 4
    assert len(wrong(bytes(damaged))) == 3


def test_memory_grows_with_chunks_and_not_with_the_image() -> None:
    file = SparseFile(block_size=1 << 16)
    for number in range(2000):
        file.skip(90_000).fill(number.to_bytes(4, "big"), 1)
    source = AndroidSparseSource(MemorySource(file.data()), "it")
    assert source.size == 2000 * 90_001 << 16
    assert source.read_at((90_001 * 1234 - 1) << 16, 8) == (1233).to_bytes(4, "big") * 2
    assert source.read_at(source.size - 3, 10) == (1999).to_bytes(4, "big")[1:]
    assert source.trace(0, source.size)[0] == Run(HOLE_OFFSET, 90_000 << 16)


def test_inside_an_e01(raw: Path, tool: Tool, tmp_path: Path) -> None:
    sparse = sparse_of(raw, tool)
    tool("ewfacquire", "-u", "-q", "-t", str(tmp_path / "phone"), str(sparse))
    source = open_evidence(tmp_path / "phone.E01")
    assert location(source) == "E01 > Android sparse image"
    assert source.read_at(0, source.size) == raw.read_bytes()


def test_a_volume_in_it(tmp_path: Path) -> None:
    """Offset and length count in the expanded image."""
    data = io.BytesIO(random.Random(8).randbytes(4 * BLOCK)).getvalue()
    path = tmp_path / "super.img"
    path.write_bytes(SparseFile().skip(10).raw(data).data())
    source = open_evidence(path, offset=11 * BLOCK, length=BLOCK)
    assert source.read_at(0, BLOCK) == data[BLOCK : 2 * BLOCK]
    assert evidence_runs(source, 5, 9) == (Run(28 + 12 + 12 + BLOCK + 5, 9),)


def split_of(sparse: Path, folder: Path, count: int) -> list[Path]:
    """A sparse image as sparse files that each hold every `count`th of its chunks, as fastboot's parts are made."""
    source = AndroidSparseSource(MemorySource(sparse.read_bytes()), "it")
    blocks = source.size // BLOCK
    files = [SparseFile() for _ in range(count)]
    for start in range(0, blocks, 64):
        length = min(64, blocks - start)
        data = source.read_at(start * BLOCK, length * BLOCK)
        for number, file in enumerate(files):
            if start // 64 % count == number and data.strip(b"\0"):
                file.raw(data)
            else:
                file.skip(length)
    paths = [folder / f"super.img_sparsechunk.{number}" for number in range(count)]
    for path, file in zip(paths, files, strict=True):
        path.write_bytes(file.data())
    return paths


def test_split_images(raw: Path, tool: Tool, tmp_path: Path) -> None:
    paths = split_of(sparse_of(raw, tool), tmp_path, 3)
    (tmp_path / "super.img_sparsechunk.txt").write_text("no part")
    (tmp_path / "super.img_sparsechunk.7").write_bytes(SparseFile().skip(5).data())  # of another image
    tool("simg2img", *map(str, paths), str(tmp_path / "expanded"))
    assert (tmp_path / "expanded").read_bytes() == raw.read_bytes()
    for path in paths:
        source = open_evidence(path)
        assert source.read_at(0, source.size) == raw.read_bytes()
        assert location(source) == "split raw (3 files) > Android sparse image (3 files)"
        assert open_media(path).remarks == ()
    files = b"".join(path.read_bytes() for path in paths)
    (run, *_) = evidence_runs(source, 1024, 64)
    assert files[run.offset : run.end] == raw.read_bytes()[1024:1088]
    paths[1].unlink()
    with pytest.raises(SegmentMissingError, match=r"its part .*sparsechunk\.1 is missing"):
        open_evidence(paths[0])


def test_files_that_do_not_belong_together() -> None:
    one = SparseFile().raw(bytes(range(256)) * 32).skip(3).data()
    with pytest.raises(EvidenceError, match="different data for byte 0 of the image"):
        AndroidSparseSource(MemorySource(one + one), "it")
