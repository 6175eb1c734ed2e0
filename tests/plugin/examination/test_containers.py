"""Containers through the main job: what a report says of sparse images and archives, and how the run ends."""

from __future__ import annotations

import bz2
import gzip
import hashlib
import json
import lzma
import subprocess
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

from plugin.common.report_model import Report
from plugin.common.settings import Parameters
from plugin.examination.pipeline import run
from plugin.workers.stored_checksum import FAILS, FITS
from restore.provenance import Status
from tests.carving.media.android_sparse.writing import SparseFile
from tests.carving.media.archive.writing import tar_of
from tests.plugin.conftest import RunCommand

CARVE = Parameters(carve_only=True)


@pytest.fixture
def sparse(volume: bytes) -> SparseFile:
    """The volume of two photos behind two blocks that nobody cared for, with a CRC-32 of all."""
    return SparseFile().skip(2).raw(volume).crc(zlib.crc32(bytes(8192) + volume))


def examine(path: Path, output: Path) -> Report:
    return run(path, output, parameters=CARVE)


def test_report_of_a_sparse_image(tmp_path: Path, sparse: SparseFile, volume: bytes, photos: tuple[bytes, ...]) -> None:
    path = tmp_path / "userdata.img"
    path.write_bytes(sparse.data())
    report = examine(path, tmp_path / "out")
    assert report.exit_code == 0
    assert report.scan.location == "raw > Android sparse image"
    assert report.evidence.size == path.stat().st_size
    assert [entry.offset for entry in report.files] == [8192 + 4096, 8192 + 65536]
    for entry, photo in zip(report.files, photos, strict=True):
        (run,) = entry.evidence_runs
        assert path.read_bytes()[run.offset : run.end] == photo
    assert f"Android sparse image: {len(volume)} of the {len(volume) + 8192} bytes" in report.notes[0]
    assert any("stores a CRC-32" in note for note in report.notes)


def test_wrong_checksum_ends_with_6(command: RunCommand, tmp_path: Path, sparse: SparseFile) -> None:
    data = bytearray(sparse.data())
    data[-500] ^= 1
    path = tmp_path / "userdata.img"
    path.write_bytes(data)
    done = command("--carve-only", path, "-o", tmp_path / "out")
    assert done.returncode == 6
    assert "the sparse image stores the CRC-32" in done.stderr
    report = json.loads((tmp_path / "out/report.json").read_bytes())
    assert len(report["files"]) == 2
    assert [failure["stage"] for failure in report["failures"]] == ["hash"]


def test_cut_off_image_gives_what_it_holds_and_ends_with_3(tmp_path: Path, sparse: SparseFile) -> None:
    path = tmp_path / "userdata.img"
    path.write_bytes(sparse.data()[:50_000])
    report = examine(path, tmp_path / "out")
    assert [entry.offset for entry in report.files] == [8192 + 4096]
    assert [(failure.stage, failure.exit_code) for failure in report.failures] == [("evidence", 3)]
    assert "chunk 2 of 3" in report.failures[0].message
    assert str(path) in report.failures[0].message


def test_lying_header_is_refused(command: RunCommand, tmp_path: Path, sparse: SparseFile) -> None:
    sparse.chunk_header_size = 4
    path = tmp_path / "userdata.img"
    path.write_bytes(sparse.data())
    done = command(path, "-o", tmp_path / "out")
    assert done.returncode == 3
    assert "no Android sparse image that can be read" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "out").exists()


def zip_file(path: Path, files: dict[str, bytes], method: int) -> Path:
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return path


def test_report_of_a_deflated_archive(tmp_path: Path, photos: tuple[bytes, ...]) -> None:
    names = ("data/media/0/DCIM/one.jpg", "data/media/0/DCIM/two.jpg")
    path = zip_file(tmp_path / "phone.zip", dict(zip(names, photos, strict=True)), zipfile.ZIP_DEFLATED)
    report = examine(path, tmp_path / "out")
    assert report.exit_code == 0
    assert report.scan.location == "raw > ZIP archive (2 files)"
    assert sum(map(len, photos)) < report.scan.scanned_bytes == report.scan.size
    data = path.read_bytes()
    for entry, name, photo in zip(report.files, names, photos, strict=True):
        assert (tmp_path / "out" / entry.carved.path).read_bytes() == photo
        assert entry.claim is not None
        assert (entry.claim.name, entry.claim.crc32) == (name, f"{zlib.crc32(photo):08x}")
        (packed,) = entry.evidence_runs
        assert zlib.decompress(data[packed.offset : packed.end], -15) == photo
        assert entry.notes == (FITS,)
        place = f'img_offset="{packed.offset}" len="{packed.length}" uncompressed_len="{len(photo)}"'
        assert place in (tmp_path / "out/dfxml.xml").read_text("utf-8")


def test_nothing_is_unpacked_and_the_run_verifies(
    command: RunCommand, tmp_path: Path, photos: tuple[bytes, ...]
) -> None:
    files = {"../../up.jpg": photos[0], "/abs.jpg": photos[1]}
    path = zip_file(tmp_path / "phone.zip", files, zipfile.ZIP_DEFLATED)
    out = tmp_path / "deep/down/out"
    done = command(path, "-o", out)
    assert done.returncode == 0, done.stderr
    report = json.loads((out / "report.json").read_bytes())
    assert [entry["claim"]["name"] for entry in report["files"]] == ["up.jpg", "abs.jpg"]
    assert [entry["status"] for entry in report["files"]] == ["intact", "intact"]
    assert any("2 with a path that leads out of the archive" in note for note in report["notes"])
    assert not [*tmp_path.rglob("up.jpg"), *tmp_path.rglob("abs.jpg")]
    checked = command("verify", out, "--evidence", path)
    assert checked.returncode == 0, checked.stderr
    assert "2 carved files: read again" in checked.stdout


def test_a_checksum_that_fails(tmp_path: Path, photos: tuple[bytes, ...]) -> None:
    """A byte that no decoder looks at is wrong: the archive knows, the picture does not show it."""
    commented = photos[0][:2] + b"\xff\xfe\x00\x0acomments" + photos[0][2:]
    path = zip_file(tmp_path / "phone.zip", {"a.jpg": commented, "b.jpg": photos[1]}, zipfile.ZIP_STORED)
    data = bytearray(path.read_bytes())
    data[data.index(b"comments") : data.index(b"comments") + 3] = b"DAM"
    path.write_bytes(data)
    report = run(path, tmp_path / "out", parameters=Parameters(effort=0))
    assert [(entry.status, entry.notes[0]) for entry in report.files] == [
        (Status.RESTORED, FAILS),
        (Status.INTACT, FITS),
    ]
    assert examine(path, tmp_path / "carved").files[0].notes == (FAILS,)


@pytest.mark.parametrize("kind", ["zip", "tar"])
def test_pictures_inside_other_files_of_an_archive(tmp_path: Path, photos: tuple[bytes, ...], kind: str) -> None:
    database = bytes(5000) + photos[1] + bytes(3000)
    files = {"DCIM/a.jpg": photos[0], "cache.db": database}
    path = tmp_path / f"phone.{kind}"
    if kind == "zip":
        zip_file(path, files, zipfile.ZIP_STORED)
    else:
        path.write_bytes(tar_of(files))
    report = examine(path, tmp_path / "out")
    named, inside = report.files
    assert (named.claim and named.claim.name, inside.claim) == ("DCIM/a.jpg", None)
    assert (tmp_path / "out" / inside.carved.path).read_bytes() == photos[1]
    (run_,) = inside.evidence_runs
    assert path.read_bytes()[run_.offset : run_.end] == photos[1]
    assert report.scan.scanned_bytes == report.scan.size


def test_an_archive_without_a_picture_is_refused(command: RunCommand, tmp_path: Path) -> None:
    path = zip_file(tmp_path / "phone.zip", {"userdata.img": bytes(5000)}, zipfile.ZIP_DEFLATED)
    done = command(path, "-o", tmp_path / "out")
    assert done.returncode == 3
    assert "holds no JPEG that can be read" in done.stderr
    assert "userdata.img (5000 bytes)" in done.stderr


def test_the_same_photos_by_every_way(
    command: RunCommand, tmp_path: Path, photos: tuple[bytes, ...], volume: bytes
) -> None:
    """A raw image, a sparse image of it, a ZIP and a TAR of the photos: the same bytes in all of them."""
    folder = tmp_path / "photos"
    folder.mkdir()
    for number, photo in enumerate(photos):
        (folder / f"{number}.jpg").write_bytes(photo)
    raw = tmp_path / "card.dd"
    raw.write_bytes(volume)
    for made in (
        ["img2simg", "card.dd", "card.simg"],
        ["zip", "-q", "-r", "card.zip", "photos"],
        ["tar", "-cf", "card.tar", "photos"],
    ):
        subprocess.run(made, cwd=tmp_path, check=True, capture_output=True)
    found = {}
    for name in ("card.dd", "card.simg", "card.zip", "card.tar", "photos"):
        done = command("--carve-only", tmp_path / name, "-o", tmp_path / f"out-{name}")
        assert done.returncode == 0, done.stderr
        report = json.loads((tmp_path / f"out-{name}/report.json").read_bytes())
        found[name] = {entry["carved"]["sha256"] for entry in report["files"]}
    assert set(map(frozenset, found.values())) == {frozenset(hashlib.sha256(photo).hexdigest() for photo in photos)}


@pytest.mark.parametrize(
    ("suffix", "pack", "advice"),
    [
        ("gz", lambda data: gzip.compress(data, mtime=0), "unpack it with gunzip"),
        ("bz2", bz2.compress, "unpack it with bunzip2"),
        ("xz", lzma.compress, "unpack it with unxz"),
        ("7z", lambda _: b"7z\xbc\xaf\x27\x1c\0\4" + bytes(64), "unpack it with 7z x"),
    ],
)
def test_a_packed_image_ends_with_3_and_how_to_unpack_it(
    command: RunCommand, tmp_path: Path, volume: bytes, suffix: str, pack: Callable[[bytes], bytes], advice: str
) -> None:
    path = tmp_path / f"card.dd.{suffix}"
    path.write_bytes(pack(volume))
    done = command(path, "-o", tmp_path / "out")
    assert done.returncode == 3
    assert f"card.dd.{suffix}" in done.stderr
    assert advice in done.stderr
    assert not (tmp_path / "out").exists()


def test_a_zip_that_holds_an_image_alone_ends_with_3(command: RunCommand, tmp_path: Path, volume: bytes) -> None:
    path = tmp_path / "card.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("card.dd", volume)
    done = command(path, "-o", tmp_path / "out")
    assert done.returncode == 3
    assert f"card.dd ({len(volume)} bytes): if that is an image, unpack it with unzip" in done.stderr
