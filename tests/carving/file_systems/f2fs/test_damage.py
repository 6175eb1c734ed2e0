"""Damaged and lying structures: copies take over, lies are named, and nothing but `EvidenceError` is raised."""

from __future__ import annotations

import random
import struct
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from carving.errors import EvidenceError
from carving.file_systems.f2fs import F2fsFile, F2fsLimits, RunKind, read_f2fs
from carving.file_systems.f2fs.f2fs_layout import MAGIC
from carving.source import ByteSource
from tests.carving.file_systems.f2fs.images import (
    BLOCK,
    FULL_FEATURES,
    PatchedSource,
    Tool,
    by_path,
    content,
    make_image,
    problems,
    seal_checkpoint,
    table_entry,
)
from tests.carving.memory import MemorySource

PHOTO = "/DCIM/100MEDIA/photo.jpg"
LARGE = "/DCIM/100MEDIA/deep/large"
ADDRESSES = 360 + 36
"""Where the block addresses of an inode begin when it keeps all further attributes."""


@pytest.fixture(scope="session")
def photo(phone_folder: Path) -> bytes:
    return (phone_folder / PHOTO[1:]).read_bytes()


def size_of_tree(source: ByteSource) -> int:
    return sum(1 for _ in read_f2fs(source).files())


@pytest.mark.parametrize("copy", [1024, 1024 + BLOCK])
@pytest.mark.parametrize("field", [0, 16, 20, 48, 84, 92, 2180, 3068])
def test_one_superblock_is_enough(checked: bytes, photo: bytes, copy: int, field: int) -> None:
    source = PatchedSource(checked)
    source.flip(copy + field, 3)
    system = read_f2fs(source)
    assert any(content(source, file) == photo for file in system.files() if file.path == PHOTO)
    assert "superblock:" in problems(system)
    assert system.superblock.offset != copy or field in {0, 16, 20} or "differ" in problems(system)


def test_no_superblock(checked: bytes) -> None:
    source = PatchedSource(checked, {1024: bytes(4), 1024 + BLOCK: bytes(4)})
    with pytest.raises(EvidenceError, match="no F2FS superblock at byte 0"):
        read_f2fs(source)


@pytest.mark.parametrize(
    ("flips", "sound", "problem"),
    [
        (((512, 0),), True, "checkpoint 1: the checksum of its first block is wrong"),
        (((512, 140),), True, "checkpoint 1: the checksum of its first block is wrong"),
        (((512 + 5, 0),), True, "checkpoint 1: its last block is not that of its first"),
        (((512, 40), (1024, 40)), True, "checkpoint 2: the checksum of its first block is wrong"),
        (((512, 0), (1024, 0)), False, "checkpoint 2: the checksum of its first block is wrong"),
    ],
)
def test_checkpoints(
    checked: bytes, photo: bytes, flips: tuple[tuple[int, int], ...], sound: bool, problem: str
) -> None:
    source = PatchedSource(checked)
    last = source.word(512 * BLOCK + 136) - 1
    for block, byte in flips:
        source.flip((block if block in {512, 1024} else 512 + last) * BLOCK + byte)
    system = read_f2fs(source)
    assert any(content(source, file) == photo for file in system.files() if file.path == PHOTO)
    assert problem in problems(system)
    assert system.checkpoint.sound is sound


def test_the_newer_checkpoint_is_in_force(checked: bytes) -> None:
    source = PatchedSource(checked)
    version = source.word(1024 * BLOCK)
    last = source.word(1024 * BLOCK + 136) - 1
    for block in (1024, 1024 + last):
        source.patch(block * BLOCK, struct.pack("<I", version + 1))
        seal_checkpoint(source, block)
    system = read_f2fs(source)
    assert system.earlier is not None
    assert (system.checkpoint.pack, system.earlier.pack) == (2, 1)
    assert system.checkpoint.version == system.earlier.version + 1
    source.flip((1024 + last) * BLOCK + 500)  # never finished: the older one counts
    assert read_f2fs(source).checkpoint.pack == 1


def test_no_checkpoint_at_all(checked: bytes, photo: bytes) -> None:
    source = PatchedSource(checked, {512 * BLOCK: bytes(1024 * BLOCK)})
    system = read_f2fs(source)
    assert "neither can be read" in problems(system)
    assert any(content(source, file) == photo for file in system.files() if file.path == PHOTO)


@pytest.mark.parametrize("byte", [4, 17, 100, ADDRESSES + 9, BLOCK - 12])
def test_checksum_of_an_inode(checked: bytes, byte: int) -> None:
    source = PatchedSource(checked)
    before = by_path(source)
    source.flip(before[PHOTO].node_offset + byte)
    system = read_f2fs(source)
    after = {file.path: file for file in system.files()}
    assert after.keys() == before.keys()
    (finding,) = after[PHOTO].findings[:1]
    assert finding.problem == "its checksum is wrong"
    assert finding.offset == after[PHOTO].node_offset
    assert finding in system.findings
    assert not after[LARGE].findings


def lie(source: PatchedSource, file: F2fsFile, offset: int, *words: int) -> None:
    """Write 32-bit numbers into the inode of a file."""
    source.patch(file.node_offset + offset, struct.pack(f"<{len(words)}I", *words))


def test_exabytes(checked: bytes) -> None:
    source = PatchedSource(checked)
    photo = by_path(source)[PHOTO]
    lie(source, photo, 16, 0, 1 << 28)
    system = read_f2fs(source)
    found = next(file for file in system.files() if file.path == PHOTO)
    assert found.size == 1 << 60
    assert found.length_of_runs == (923 + 2 * 1018 + 2 * 1018**2 + 1018**3) * BLOCK
    assert found.bytes_of(RunKind.DATA) >= photo.size
    assert "more than any file can have" in problems(system)


def test_places_outside(checked: bytes) -> None:
    source = PatchedSource(checked)
    photo = by_path(source)[PHOTO]
    lie(source, photo, ADDRESSES + 4, 17, 1 << 31)
    found = by_path(source)[PHOTO]
    lost = [(run.logical, run.length) for run in found.runs if run.kind is RunKind.LOST]
    assert lost == [(BLOCK, 2 * BLOCK)]
    assert found.length_of_runs == photo.size
    assert any("outside the main area" in finding.problem for finding in found.findings)


def test_nodes_in_circles(checked: bytes) -> None:
    """All five node ids name the same direct node, then the inode itself: neither is followed twice."""
    source = PatchedSource(checked)
    large = by_path(source)[LARGE]
    ids = 360 + 923 * 4
    first = source.word(large.node_offset + ids)
    lie(source, large, 16, 40 << 20)
    for nid, words in ((first, "stands twice in it"), (large.inode, "its footer says")):
        lie(source, large, ids, *[nid] * 5)
        found = by_path(source)[LARGE]
        assert found.length_of_runs == 40 << 20
        assert any(words in finding.problem for finding in found.findings)
        assert found.bytes_of(RunKind.LOST) > 30 << 20


def test_folders_in_circles(checked: bytes) -> None:
    source = PatchedSource(checked)
    found = by_path(source)
    folder, deep = found["/DCIM/100MEDIA"], found["/DCIM/100MEDIA/deep"]
    expected = size_of_tree(source)
    (run,) = folder.runs
    assert run.physical is not None
    block = source.read_at(run.physical, run.length)
    slot = block.index(struct.pack("<IHB", deep.inode, 4, 2))
    for target in (3, folder.inode, found["/DCIM"].inode):
        source.patch(run.physical + slot, struct.pack("<I", target))
        assert size_of_tree(source) == expected - 2
        system = read_f2fs(source)
        list(system.files())
        assert f"inode {target} of deep has a name already" in problems(system)
    unreached = {file.path for file in read_f2fs(source).deleted()}
    assert unreached == {"/DCIM/100MEDIA/deep", LARGE}


@pytest.mark.parametrize(
    ("offset", "words", "problem"),
    [
        (0, (0,), "mode 0 and 1 links are those of no file"),
        (88, (1 << 20,), "a name of 1048576 bytes"),
        (360, (0x0FF1,), "further attributes of 4081 bytes"),
    ],
)
def test_lies_of_an_inode(checked: bytes, offset: int, words: tuple[int, ...], problem: str) -> None:
    source = PatchedSource(checked)
    photo = by_path(source)[PHOTO]
    lie(source, photo, offset, *words)
    system = read_f2fs(source)
    list(system.files())
    assert f"inode {photo.inode}: {problem}" in problems(system)


@pytest.mark.parametrize("path", [PHOTO, "/DCIM/100MEDIA", "/many", "/DCIM/tiny é.txt", LARGE])
@pytest.mark.parametrize("at", [0, BLOCK - 32, BLOCK - 16])
def test_a_cipher_block_of_noise(phone: bytes, path: str, at: int) -> None:
    """16 bytes redrawn in the head of an inode or across its footer cost nothing but the claims that stood there."""
    source = PatchedSource(phone)
    before = by_path(source)
    source.patch(before[path].node_offset + at, bytes.fromhex("5aa5c33c96e11e0ff00d87784bb42dd2"))
    system = read_f2fs(source)
    after = {file.path: file for file in system.files()}
    assert after.keys() == before.keys()
    assert (after[path].kind, after[path].runs) == (before[path].kind, before[path].runs)
    assert content(source, after[path])[1 << 12 :] == content(PatchedSource(phone), before[path])[1 << 12 :]
    assert {finding.offset for finding in after[path].findings} == {before[path].node_offset}


@pytest.mark.parametrize("bit", [4, 5, 6])
def test_a_flip_in_the_type(phone: bytes, photo: bytes, bit: int) -> None:
    source = PatchedSource(phone)
    before = by_path(source)[PHOTO]
    source.flip(before.node_offset + 1, bit)
    after = by_path(source)[PHOTO]
    assert (after.kind, content(source, after)) == (before.kind, photo)
    assert after.findings


def test_entries_that_lie(checked: bytes) -> None:
    """A name longer than its block, and an inode number beyond the table."""
    source = PatchedSource(checked)
    found = by_path(source)
    (run,) = found["/DCIM/100MEDIA"].runs
    assert run.physical is not None
    slot = run.physical + source.read_at(run.physical, run.length).index(struct.pack("<IHB", found[PHOTO].inode, 9, 1))
    source.patch(slot + 4, struct.pack("<H", 60000))
    system = read_f2fs(source)
    assert PHOTO not in {file.path for file in system.files()}
    assert "an entry with a name of 60000 bytes" in problems(system)
    source.patch(slot, struct.pack("<IH", 0xFFFFFFF0, 9))
    system = read_f2fs(source)
    assert PHOTO not in {file.path for file in system.files()}
    assert "inode 4294967280 of photo.jpg cannot be read" in problems(system)


def test_an_inode_the_table_has_elsewhere(checked: bytes, photo: bytes) -> None:
    """A table entry that names another file's node: the file is told of by its own node, as an older version."""
    source = PatchedSource(checked)
    found = by_path(source)
    entry = table_entry(source, found[PHOTO])
    source.patch(entry + 5, struct.pack("<I", found[LARGE].node_offset // BLOCK))
    system = read_f2fs(source)
    assert PHOTO not in {file.path for file in system.files()}
    assert "its footer says" in problems(system)
    assert photo in {content(source, file) for file in system.deleted() if file.path == PHOTO}


def test_limits(checked: bytes) -> None:
    source = MemorySource(checked)
    system = read_f2fs(source, limits=F2fsLimits(names=20))
    assert len(list(system.files())) == 20
    assert "more than 20 names" in problems(system)
    system = read_f2fs(source, limits=F2fsLimits(depth=1))
    assert LARGE not in {file.path for file in system.files()}
    assert "deeper than 1 folders" in problems(system)


@pytest.fixture(scope="session")
def small(tool: Tool, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A few files, so that reading all takes little."""
    folder = tmp_path_factory.mktemp("f2fs") / "small"
    (folder / "a" / "b").mkdir(parents=True)
    for name, size in (("a/one", 10), ("a/b/two", 9000), ("a/three", 50000), ("four", 0)):
        (folder / name).write_bytes(random.Random(size).randbytes(size))
    return make_image(tool, folder.parent / "small.img", folder, mib=64, features=FULL_FEATURES)


@pytest.fixture(scope="session")
def blocks(small: bytes) -> list[int]:
    """Those that hold something."""
    numbers = range(len(small) // BLOCK)
    return [number for number in numbers if small[number * BLOCK : (number + 1) * BLOCK] != bytes(BLOCK)]


def everything(source: ByteSource) -> Iterator[F2fsFile]:
    """All that a reader tells; what must be true of it however damaged the source is."""
    system = read_f2fs(source)
    for file in (*system.files(), *system.deleted()):
        place = 0
        for run in file.runs:
            assert (run.logical, run.physical is None) == (place, run.kind is not RunKind.DATA)
            assert run.length > 0
            assert run.physical is None or run.physical + run.length <= source.size
            place += run.length
        assert place <= max(file.size, 0)
        assert 0 <= file.overwritten <= place
        assert file.path.startswith("/")
        yield file
    assert all(0 <= run.offset < run.end <= source.size for run in system.free_runs())


@pytest.mark.parametrize("seed", range(30))
def test_random_damage(small: bytes, blocks: list[int], seed: int) -> None:
    """Up to 30 places of the structures are overwritten with bits flipped, noise, extremes or other structures."""
    chance = random.Random(seed)
    source = PatchedSource(small)
    for _ in range(chance.randint(1, 30)):
        block = chance.choice(blocks)
        used = [place for place in range(block * BLOCK, (block + 1) * BLOCK, 4) if any(small[place : place + 4])]
        place = chance.choice(used)
        match chance.randrange(4):
            case 0:
                source.flip(place + chance.randrange(4), chance.randrange(8))
            case 1:
                source.patch(place, chance.randbytes(chance.choice((2, 4, 64))))
            case 2:
                source.patch(place, chance.choice((b"\xff", b"\0", b"\x7f")) * 4)
            case _:
                source.patch(block * BLOCK, source.read_at(chance.choice(blocks) * BLOCK, BLOCK))
    for block in (512, 1024) if seed % 2 else ():
        seal_checkpoint(source, block)
    if source.word(1024) == source.word(1024 + BLOCK) == MAGIC:
        list(everything(source))
    else:
        with suppress(EvidenceError):
            list(everything(source))


@pytest.mark.parametrize("size", [0, 2000, 5000, 512 * BLOCK + 9, 2560 * BLOCK, 4096 * BLOCK + 10, 5500 * BLOCK])
def test_cut_off(small: bytes, size: int) -> None:
    source = MemorySource(small[:size])
    try:
        files = list(everything(source))
    except EvidenceError:
        assert size < 1024 + 3072
    else:
        assert len(files) < 6
        assert "the source ends before" in problems(read_f2fs(source))
