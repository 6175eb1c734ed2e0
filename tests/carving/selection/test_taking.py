"""Files that a list names, taken out of an image; and a file system that says where they lie."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from carving.encryption.sectors import encrypt_sectors
from carving.errors import EvidenceError
from carving.evidence import open_evidence
from carving.file_systems.stored_files.file_source import FileSource
from carving.file_systems.volumes import VolumeSource
from carving.jpeg.results import Ending
from carving.selection.listed import ListedFile
from carving.selection.reading import read_list
from carving.selection.taking import take_listed
from carving.source import ByteSource, Run

JPEG = b"\xff\xd8\xff\xe0\x00\x04ab" + bytes(range(200)) * 40 + b"\xff\xd9"
SPARSE = JPEG.ljust(1 << 20, b"\0") + b"end"
"""A file with a hole behind the picture, and three bytes behind the hole."""


def image_of(tmp_path: Path, data: bytes) -> ByteSource:
    (tmp_path / "image.dd").write_bytes(data)
    return open_evidence(tmp_path / "image.dd")


def take(source: ByteSource, *files: ListedFile) -> tuple[list[bytes], dict[str, str]]:
    left_out: dict[str, str] = {}
    taken = list(take_listed(source, files, "plain", left_out.__setitem__))
    for fragment in taken:
        assert FileSource(source, fragment.byte_runs).read_at(0, len(fragment.data)) == fragment.data
        assert fragment.offset == fragment.byte_runs[0].offset
        assert fragment.claim is not None
    return [fragment.data for fragment in taken], left_out


def test_fragmented_file_by_its_runs(tmp_path: Path) -> None:
    source = image_of(tmp_path, bytes(1024) + JPEG[4096:].ljust(8192, b"\0") + bytes(512) + JPEG[:4096])
    runs = (Run(9728, 4096), Run(1024, 8192))
    taken, left_out = take(source, ListedFile("photo.jpg", len(JPEG), media_runs=runs))
    assert (taken, left_out) == ([JPEG], {})


def test_ending_is_told(tmp_path: Path) -> None:
    source = image_of(tmp_path, JPEG + JPEG[:-2])
    files = [
        ListedFile("a", media_runs=(Run(0, len(JPEG)),)),
        ListedFile("b", media_runs=(Run(len(JPEG), len(JPEG) - 2),)),
    ]
    endings = [fragment.ending for fragment in take_listed(source, files, "plain", lambda *_: None)]
    assert endings == [Ending.EOI, Ending.TRUNCATED]


def test_what_is_left_out_is_told(tmp_path: Path) -> None:
    source = image_of(tmp_path, JPEG + b"text" + bytes(600))
    size = len(JPEG)
    taken, left_out = take(
        source,
        ListedFile("twice.jpg", media_runs=(Run(0, size),)),
        ListedFile("again.jpg", media_runs=(Run(0, size),)),
        ListedFile("note.txt", media_runs=(Run(size, 4),)),
        ListedFile("damaged.jpg", media_runs=(Run(size + 4, 500),)),
        ListedFile("beyond.jpg", media_runs=(Run(10**18, 500),)),
        ListedFile("nowhere.jpg"),
    )
    assert taken == [JPEG, bytes(500)]
    assert {name: words.split()[0] for name, words in left_out.items()} == {
        "again.jpg": "another",
        "note.txt": "it",
        "beyond.jpg": "it",
        "nowhere.jpg": "the",
    }


def test_offsets_of_the_medium_in_a_volume(tmp_path: Path) -> None:
    source = image_of(tmp_path, bytes(4096) + JPEG + bytes(4096))
    volume = VolumeSource(source, 2048, 12000, "volume 1")
    (by_media,), _ = take(volume, ListedFile("a.jpg", media_runs=(Run(4096, len(JPEG)),)))
    (by_volume,), _ = take(volume, ListedFile("a.jpg", volume_runs=(Run(2048, len(JPEG)),)))
    assert by_media == by_volume == JPEG
    _, left_out = take(volume, ListedFile("before.jpg", media_runs=(Run(0, 100),)))
    assert "outside" in left_out["before.jpg"]


def test_offsets_of_the_medium_in_a_decrypted_view(tmp_path: Path) -> None:
    key = bytes(16)
    stored = encrypt_sectors((bytes(512) + JPEG).ljust(16384, b"\0"), key)
    (tmp_path / "image.dd").write_bytes(bytes(4096) + stored)
    source = open_evidence(tmp_path / "image.dd", key=key, offset=4096)
    taken, left_out = take(source, ListedFile("a.jpg", media_runs=(Run(4096 + 512, len(JPEG)),)))
    assert (taken, left_out) == ([JPEG], {})


def test_offsets_of_the_medium_where_its_bytes_are_in_another_order(tmp_path: Path) -> None:
    _, left_out = take(Swapped(image_of(tmp_path, bytes(1024))), ListedFile("a.jpg", media_runs=(Run(0, 512),)))
    assert "another order" in left_out["a.jpg"]


class Swapped(VolumeSource):
    """Two halves in reversed order, as a layer that sorts pages may have them."""

    def __init__(self, below: ByteSource) -> None:
        super().__init__(below, 0, 1024, "swapped")

    def trace(self, offset: int, length: int) -> tuple[Run, ...]:
        return tuple(Run((run.offset + 512) % 1024, 512) for run in (Run(offset, 512), Run(length - 512, 512)))


@pytest.fixture(scope="module")
def ext4(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An ext4 file system with a JPEG of two blocks, another file, and a hole."""
    folder = tmp_path_factory.mktemp("ext4")
    (folder / "root/DCIM").mkdir(parents=True)
    (folder / "root/DCIM/photo.jpg").write_bytes(JPEG)
    (folder / "root/note.txt").write_text("no picture")
    with (folder / "root/sparse.jpg").open("wb") as file:
        file.write(JPEG)
        file.truncate(1 << 20)
        file.seek(1 << 20)
        file.write(b"end")
    make: list[str | Path] = [
        "mke2fs",
        "-q",
        "-t",
        "ext4",
        "-O",
        "^has_journal,^inline_data",
        "-d",
        folder / "root",
        folder / "fs.dd",
        "8M",
    ]
    subprocess.run(make, check=True)
    return folder / "fs.dd"


def addresses(image: Path) -> dict[str, str]:
    """By name: metadata address, as debugfs tells it."""
    listing = subprocess.run(["debugfs", "-R", "ls -p /", image], check=True, capture_output=True, text=True).stdout
    listing += subprocess.run(
        ["debugfs", "-R", "ls -p /DCIM", image], check=True, capture_output=True, text=True
    ).stdout
    fields = [line.split("/") for line in listing.splitlines() if line.startswith("/")]
    return {field[5]: field[1] for field in fields}


def test_files_by_metadata_address(ext4: Path) -> None:
    known = addresses(ext4)
    source = open_evidence(ext4)
    taken, left_out = take(
        source,
        ListedFile("/DCIM/photo.jpg", len(JPEG), address=known["photo.jpg"]),
        ListedFile("/note.txt", address=known["note.txt"]),
        ListedFile("/sparse.jpg", address=known["sparse.jpg"]),
        ListedFile("/none.jpg", address="4000000"),
        ListedFile("/odd.jpg", address="x"),
    )
    assert taken == [JPEG, SPARSE]
    assert left_out["/note.txt"] == "it is no JPEG"
    assert "metadata address" in left_out["/none.jpg"]


@pytest.mark.parametrize("tool", ["fls", "fiwalk"])
def test_lists_as_the_sleuth_kit_writes_them(ext4: Path, tmp_path: Path, tool: str) -> None:
    if tool == "fls":
        listing = subprocess.run(["fls", "-r", "-m", "/", ext4], check=True, capture_output=True).stdout
        (tmp_path / "list").write_bytes(listing)
    else:
        subprocess.run(["fiwalk", "-X", tmp_path / "list", ext4], check=True, capture_output=True)
    left_out: dict[str, str] = {}
    taken = list(take_listed(open_evidence(ext4), read_list(tmp_path / "list"), "plain", left_out.__setitem__))
    found = {fragment.claim.name.lstrip("/"): fragment.data for fragment in taken if fragment.claim is not None}
    assert found == {"DCIM/photo.jpg": JPEG, "sparse.jpg": SPARSE}
    assert {name.lstrip("/"): reason for name, reason in left_out.items()}["note.txt"] == "it is no JPEG"


def test_addresses_need_a_file_system(tmp_path: Path) -> None:
    source = image_of(tmp_path, bytes(1 << 16))
    with pytest.raises(EvidenceError, match="no file system"):
        take(source, ListedFile("a.jpg", address="12"))
