"""What only a kernel writes: an unclean end, compressed clusters, deep and large folders; see `kernel/README.md`."""

from __future__ import annotations

import lzma
from collections.abc import Callable
from itertools import cycle, islice
from pathlib import Path

import pytest

from carving.file_systems.f2fs import F2fsFile, F2fsKind, F2fsState, RunKind, read_f2fs
from tests.carving.file_systems.f2fs.images import BLOCK, PatchedSource, content, problems
from tests.fuzz.sparse_images import pieces_of

FOLDER = Path(__file__).resolve().parent / "kernel"
Open = Callable[[str], PatchedSource]


@pytest.fixture(scope="module")
def open_image() -> Open:
    images: dict[str, bytes] = {}

    def read(name: str) -> PatchedSource:
        if name not in images:
            images[name] = lzma.decompress((FOLDER / f"{name}.img.xz").read_bytes())
        return PatchedSource(images[name])

    return read


def lines(name: str, size: int) -> bytes:
    """What `yes "NAME 0123456789" | head -c SIZE` writes."""
    return bytes(islice(cycle(f"{name} 0123456789\n".encode()), size))


def test_an_unclean_end(open_image: Open) -> None:
    """The tree is that of the checkpoint; what came after it, and what was removed, is told of beside it."""
    source = open_image("unclean")
    system = read_f2fs(source)
    tree = {file.path: content(source, file) for file in system.files() if file.kind is F2fsKind.REGULAR}
    assert tree == {"/DCIM/kept.dat": lines("kept", 60000), "/DCIM/grown.dat": lines("grown", 20000)}
    found = {file.path: file for file in system.deleted()}
    assert {path: file.state for path, file in found.items()} == {
        "/DCIM/open.dat": F2fsState.ORPHAN,
        "/DCIM/gone.dat": F2fsState.DELETED,
        "/DCIM/grown.dat": F2fsState.AFTER_CHECKPOINT,
        "/DCIM/synced.dat": F2fsState.AFTER_CHECKPOINT,
    }
    assert {path: content(source, file) for path, file in found.items()} == {
        "/DCIM/open.dat": lines("open", 70000),
        "/DCIM/gone.dat": lines("gone", 80000),
        "/DCIM/grown.dat": lines("grown", 20000) + lines("more", 30000),
        "/DCIM/synced.dat": lines("synced", 90000),
    }
    assert {path for path, file in found.items() if file.deleted} == {"/DCIM/open.dat", "/DCIM/gone.dat"}
    assert all(file.preferred and not file.overwritten and not file.findings for file in found.values())
    assert found["/DCIM/gone.dat"].in_earlier_checkpoint
    assert (found["/DCIM/open.dat"].links, found["/DCIM/gone.dat"].links) == (0, 1)
    assert system.findings == ()


def test_blocks_that_others_took(open_image: Open) -> None:
    """The segment table says that three blocks of the deleted file are in use again."""
    source = open_image("unclean")
    system = read_f2fs(source)
    gone = next(file for file in system.deleted() if file.path == "/DCIM/gone.dat")
    (run,) = gone.runs
    assert run.physical is not None
    block = run.physical // BLOCK + 2 - system.superblock.main_block
    bitmap = _segment_entry(source, block // 512) + 2
    free = sum(run.length for run in system.free_runs())
    for taken in (block, block + 1, block + 5):
        source.flip(bitmap + taken % 512 // 8, 7 - taken % 8)
    system = read_f2fs(source)
    again = next(file for file in system.deleted() if file.path == "/DCIM/gone.dat")
    assert again.overwritten == 3 * BLOCK
    assert sum(run.length for run in system.free_runs()) == free - 3 * BLOCK
    assert f"segment {block // 512}: the count of its blocks in use" in problems(system)


def _segment_entry(source: PatchedSource, segment: int) -> int:
    """Where the entry of a segment stands: in the journal, which on this image holds it."""
    system = read_f2fs(source)
    summary = (system.checkpoint.block + system.checkpoint.summary_start) * BLOCK
    journal = summary + 507 if system.checkpoint.flags & 4 else summary + 2 * BLOCK + 3584
    for index in range(int.from_bytes(source.read_at(journal, 2), "little")):
        entry = journal + 2 + 78 * index
        if source.word(entry) == segment:
            return entry + 4
    bitmap = system.checkpoint.segment_bitmap[segment // 55 // 8] & 0x80 >> segment // 55 % 8
    table = source.word(1024 + 80) + (512 if bitmap else 0)
    return (table + segment // 55) * BLOCK + segment % 55 * 74


def test_an_orphan_list_that_lies(open_image: Open) -> None:
    source = open_image("unclean")
    block = read_f2fs(source).checkpoint.block + 1
    source.patch(block * BLOCK + BLOCK - 8, b"\xff\xff\xff\x7f")
    system = read_f2fs(source)
    assert "/DCIM/open.dat" in {file.path for file in system.deleted() if file.state is F2fsState.UNREACHED}
    assert "orphan inodes: 2147483647 are claimed in a block that holds 1020" in problems(system)


def test_compressed_clusters(open_image: Open) -> None:
    """Clusters that are stored compressed are named; those that did not get smaller are read."""
    source = open_image("compress")
    files = {file.path: file for file in read_f2fs(source).files()}
    long, noise, plain = files["/d/long.txt"], files["/d/noise.txt"], files["/d/plain.dat"]
    assert (long.compressed, noise.compressed, plain.compressed) == (True, True, False)
    assert [(run.kind, run.logical, run.length) for run in long.runs] == [
        (RunKind.COMPRESSED, 0, 294912),
        (RunKind.DATA, 294912, 5088),
    ]
    assert content(source, long)[294912:] == lines("compressible", 300000)[294912:]
    assert noise.bytes_of(RunKind.DATA) == 20000
    assert content(source, plain) == lines("plain", 50000)
    assert read_f2fs(source).findings == ()


def test_folders_and_holes(open_image: Open) -> None:
    source = open_image("folders")
    system = read_f2fs(source)
    files = list(system.files())
    assert {file.path for file in files if file.parent == files[0].inode} == {
        f"/many/name number {number}" for number in range(0, 700, 3)
    }
    deep = "".join(f"/deep{number}" for number in range(60))
    bottom = [file for file in files if file.links == 2 and file.kind is F2fsKind.REGULAR]
    assert [(file.path, file.first_path, len(file.runs)) for file in bottom] == [
        ("/linked.txt", None, 1),
        (f"{deep}/bottom.txt", "/linked.txt", 0),
    ]
    assert bottom[0].inline == b"bottom\n"
    named = {file.path: file for file in files}
    assert content(source, named["/symlink"]) == b"deep0/nowhere"
    sparse = [(run.kind, run.logical, run.length) for run in named["/sparse"].runs]
    assert [kind for kind, _, _ in sparse] == [RunKind.DATA, RunKind.HOLE, RunKind.DATA]
    assert sparse[1] == (RunKind.HOLE, BLOCK, 500_000_000 // BLOCK * BLOCK - BLOCK)
    assert [(run.kind, run.length) for run in named["/reserved"].runs] == [(RunKind.HOLE, 100_000)]
    hole, data = named["/far"].runs
    assert (hole.kind, hole.length, data.logical, data.length) == (
        *(RunKind.HOLE, 3_000_000 * BLOCK),
        *(3_000_000 * BLOCK, BLOCK),
    )
    assert source.read_at(data.physical or 0, BLOCK) == lines("doubly", BLOCK)
    assert all(_has_times(file) for file in files)
    removed = {file.path for file in system.deleted() if file.state is F2fsState.DELETED}
    assert removed == {f"/many/name number {number}" for number in range(700) if number % 3}
    assert system.findings == ()


def test_blocks_of_16_kib() -> None:
    """As on phones whose pages have 16 KiB; `fsck.f2fs` of the tools that made it found nothing wrong."""
    pieces = dict(pieces_of(lzma.decompress((FOLDER / "pages16k.pieces.xz").read_bytes())))
    source = PatchedSource(b"", pieces, 260 << 20)
    system = read_f2fs(source)
    assert system.superblock.layout.block_size == 16384
    files = {file.path: file for file in system.files()}
    names = {f"/nested/name number {number}" for number in range(1, 41)}
    assert files.keys() == names | {"/nested", "/nested/paged.dat", "/tiny.txt"}
    assert content(source, files["/nested/paged.dat"]) == lines("paged", 150000)
    assert content(source, files["/tiny.txt"]) == b"tiny\n"
    in_use = int.from_bytes(source.read_at(system.checkpoint.block * 16384 + 16, 8), "little")
    free = sum(run.length for run in system.free_runs())
    assert free == (system.superblock.main_segments * 512 - in_use) * 16384
    assert list(system.deleted()) == []
    assert system.findings == ()
    source.flip(files["/tiny.txt"].node_offset + 5)
    damaged = {file.path: file for file in read_f2fs(source).files()}
    assert [path for path, file in damaged.items() if file.findings] == ["/tiny.txt"]


def _has_times(file: F2fsFile) -> bool:
    return file.created is not None and 1_790_000_000 < file.created <= file.modified <= file.changed
