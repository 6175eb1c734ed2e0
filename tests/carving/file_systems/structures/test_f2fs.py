"""Flips in inodes and checkpoints of F2FS."""

from __future__ import annotations

import lzma
from pathlib import Path

import pytest

from carving.file_systems.f2fs import read_f2fs
from tests.carving.file_systems.f2fs.images import FULL_FEATURES, Tool, make_image
from tests.carving.file_systems.structures.flipping import corrected, places
from tests.carving.memory import MemorySource, camera_jpeg

KERNEL = Path(__file__).parent.parent / "f2fs" / "kernel"


@pytest.fixture(scope="module")
def phone(tool: Tool, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """An F2FS with checksums of inodes, and a photo in a folder."""
    folder = tmp_path_factory.mktemp("f2fs")
    (folder / "content" / "DCIM").mkdir(parents=True)
    (folder / "content" / "DCIM" / "photo.jpg").write_bytes(camera_jpeg(1))
    return make_image(tool, folder / "f2fs.dd", folder / "content", features=FULL_FEATURES)


@pytest.mark.parametrize("encrypted", [False, True])
def test_inodes_of_a_photo_and_its_folder(phone: bytes, encrypted: bool) -> None:
    files = {file.path: file for file in read_f2fs(MemorySource(phone)).files()}
    photo, folder = files["/DCIM/photo.jpg"], files["/DCIM"]
    flips = [(photo.node_offset + 450, 3), (folder.node_offset + 1, 5)]
    source, remarks = corrected(phone, flips, encrypted=encrypted)
    assert places(source) == sorted(flips)
    assert sorted(flip.structure for flip in source.flips) == sorted(
        f"inode {file.inode} of F2FS at byte 0" for file in (photo, folder)
    )
    assert remarks == ("F2FS at byte 0: 2 checksums of its structures failed and hold with one bit reversed in each",)
    found = {file.path: file for file in read_f2fs(source).files()}
    assert found == files


@pytest.mark.parametrize("encrypted", [False, True])
def test_checkpoints(phone: bytes, encrypted: bool) -> None:
    system = read_f2fs(MemorySource(phone))
    flips = [((512 + 512 * pack) * 4096 + 132 + 4 * pack, 6) for pack in (0, 1)]
    source, _ = corrected(phone, flips, encrypted=encrypted)
    assert places(source) == flips
    assert [flip.structure[:12] for flip in source.flips] == ["checkpoint 1", "checkpoint 2"]
    assert read_f2fs(source).checkpoint == system.checkpoint


@pytest.mark.parametrize("name", ["unclean", "compress", "folders"])
def test_nothing_is_reversed_in_what_kernels_made(name: str) -> None:
    data = lzma.decompress((KERNEL / f"{name}.img.xz").read_bytes())
    source, remarks = corrected(data, [], encrypted=False)
    assert (source.flips, remarks) == ([], ())
