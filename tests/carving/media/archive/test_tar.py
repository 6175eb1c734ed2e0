"""TAR archives as evidence: what GNU tar and the standard library write, and what is damaged or lies."""

from __future__ import annotations

import io
import os
import random
import tarfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from carving.errors import EvidenceError
from carving.evidence import open_evidence
from carving.media.archive.archive_source import ArchiveSource
from carving.media.archive.tar_entries import open_tar
from carving.media.archive.tar_headers import read_number
from carving.source import HOLE_OFFSET, evidence_runs, traced_runs
from tests.carving.media.archive.writing import take, tar_of, tar_source
from tests.carving.memory import MemorySource, camera_jpeg

Tool = Callable[..., str]
PHOTOS = {f"data/media/0/DCIM/{number}.jpg": camera_jpeg(number) for number in range(3)}
FORMATS = (tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT)


@pytest.mark.parametrize("kind", FORMATS)
def test_every_photo_by_its_path(kind: int) -> None:
    long = "/".join(["folder" * 3] * (4 if kind == tarfile.USTAR_FORMAT else 40)) + "/ü.jpg"
    others = {"notes.txt": b"no picture", "empty.jpg": b"", "cache/0a1b": camera_jpeg(7)}
    data = tar_of({**others, **PHOTOS, long: camera_jpeg(8)}, kind)
    source = tar_source(data)
    found = take(source)
    assert {name: one.data for name, one in found.items()} == {
        **PHOTOS,
        "cache/0a1b": others["cache/0a1b"],
        long: camera_jpeg(8),
    }
    for one in found.values():
        assert b"".join(data[run.offset : run.end] for run in one.evidence_runs) == one.data
        assert traced_runs(source, one.offset, len(one.data)) == one.evidence_runs
        assert one.claim is not None
        assert (one.claim.place, one.claim.crc32) == ("TAR archive, modified 2020-01-01T00:00:00Z", None)
    assert source.remarks == (
        "in the TAR archive: 1 not JPEGs, searched for pictures inside them",
        "in the TAR archive: 1 empty",
    )
    assert source.faults == ()


@pytest.mark.parametrize(
    "options",
    [
        ("-S", "--format=gnu"),
        ("-S", "--format=posix", "--sparse-version=0.0"),
        ("-S", "--format=posix", "--sparse-version=0.1"),
        ("-S", "--format=posix", "--sparse-version=1.0"),
        ("--format=ustar",),
    ],
)
def test_as_gnu_tar_writes_it(tool: Tool, tmp_path: Path, options: tuple[str, ...]) -> None:
    folder = tmp_path / "content"
    (folder / "a").mkdir(parents=True)
    expected = {}
    for name, photo in zip(("a/first.jpg", "second", "third.JPEG"), PHOTOS.values(), strict=True):
        (folder / name).write_bytes(photo)
        expected[f"content/{name}"] = photo
    os.link(folder / "second", folder / "twice.jpg")
    (folder / "link.jpg").symlink_to("second")
    os.mkfifo(folder / "pipe.jpg")
    with (folder / "holes.jpg").open("wb") as file:
        for number, place in enumerate(range(0, 40 * 65_536, 65_536)):
            file.seek(place)
            file.write(bytes([0xFF, 0xD8, 0xFF, number + 1]) * 1024)
        file.truncate(50 * 65_536)
    expected["content/holes.jpg"] = (folder / "holes.jpg").read_bytes()
    path = tmp_path / "phone.tar"
    tool("tar", "-C", str(tmp_path), *options, "--sort=name", "-cf", str(path), "content")
    source = open_evidence(path)
    assert isinstance(source, ArchiveSource)
    found = take(source)
    if options != ("--format=ustar",):
        assert path.stat().st_size < 1 << 20
        holes = found["content/holes.jpg"]
        assert sum(run.length for run in evidence_runs(source, holes.offset, len(holes.data))) == 40 * 4096
        assert traced_runs(source, holes.offset, len(holes.data))[1].offset == HOLE_OFFSET
    names = {"content/second", "content/twice.jpg"} & set(found)
    assert len(names) == 1  # the other one is a hard link
    expected[names.pop()] = expected.pop("content/second")
    assert {name: one.data for name, one in found.items()} == expected
    told = " ".join(source.remarks)
    assert "1 hard links to other files of the archive: content/" in told
    assert "1 links: content/link.jpg" in told
    assert "1 devices, pipes or sockets: content/pipe.jpg" in told


def test_a_damaged_header_costs_no_photo() -> None:
    data = bytearray(tar_of(PHOTOS))
    data[data.index(b"1.jpg") + 2] ^= 1
    source = tar_source(bytes(data))
    assert [one.data for one in take(source).values()] == list(PHOTOS.values())
    assert source.remarks == ("in the TAR archive: 1 headers whose checksum is wrong, read all the same",)


def test_behind_a_header_that_is_lost() -> None:
    data = bytearray(tar_of(PHOTOS))
    second = 512 + -(-len(PHOTOS["data/media/0/DCIM/0.jpg"]) // 512) * 512
    data[second + 124 : second + 136] = b"77777777777\0"  # where the data would end is not in the archive
    source = tar_source(bytes(data))
    assert list(take(source)) == [name for name in PHOTOS if not name.endswith("1.jpg")]
    assert source.faults == (f"the TAR archive is damaged at byte {second}, where a header should be",)


def test_cut_off() -> None:
    data = tar_of(PHOTOS)
    last = PHOTOS["data/media/0/DCIM/2.jpg"]
    cut = data[: data.index(last) + 5000]
    source = tar_source(cut)
    found = take(source)
    assert found["data/media/0/DCIM/2.jpg"].data == last[:5000]
    assert source.faults == (
        f"the TAR archive is cut off: of data/media/0/DCIM/2.jpg, 5000 of {len(last)} bytes are there",
    )


def test_one_archive_behind_another() -> None:
    source = tar_source(tar_of({"a.jpg": camera_jpeg(1)}) + tar_of({"b.jpg": camera_jpeg(2), "a.jpg": camera_jpeg(3)}))
    found = [entry.name for _, entry in source.entries()]
    assert found == ["a.jpg", "b.jpg", "a.jpg"]
    assert source.remarks == (
        "in the TAR archive: 1 headers that follow the end of the archive, as another one joined to it",
        "in the TAR archive: 1 names that occur more than once, each of them taken: a.jpg",
    )


def member(name: str, kind: bytes = b"0", size: int = 0, data: bytes = b"", pax: dict[str, str] | None = None) -> bytes:
    """One member, whose size may lie."""
    header = tarfile.TarInfo(name)
    header.type, header.size = kind, size
    header.pax_headers = pax or {}
    return header.tobuf(tarfile.PAX_FORMAT) + data + bytes(-len(data) % 512)


PHOTO = camera_jpeg(5)
END = bytes(1024)


def test_paths_devices_and_members_of_unknown_types() -> None:
    good = member("../../up.jpg", size=len(PHOTO), data=PHOTO) + member("/abs.jpg", size=len(PHOTO), data=PHOTO)
    odd = member("null.jpg", tarfile.CHRTYPE) + member("odd.jpg", b"?") + member("a/", tarfile.DIRTYPE)
    source = tar_source(good + odd + END)
    assert list(take(source)) == ["up.jpg", "abs.jpg"]
    assert source.remarks == (
        "in the TAR archive: 2 with a path that leads out of the archive; it is not followed: up.jpg, abs.jpg",
        "in the TAR archive: 1 devices, pipes or sockets: null.jpg",
        "in the TAR archive: 1 of the unknown type ? and not read: odd.jpg",
    )


@pytest.mark.parametrize(
    ("pax", "told"),
    [
        ({"GNU.sparse.map": "0,512,100,10", "GNU.sparse.size": "1000"}, "map contradicts itself"),
        ({"GNU.sparse.map": "0,512", "GNU.sparse.size": "100"}, "map contradicts itself"),
        ({"GNU.sparse.map": "0,x", "GNU.sparse.size": "1000"}, "map contradicts itself"),
        ({"GNU.sparse.map": "0,99999999", "GNU.sparse.size": "99999999999"}, "map contradicts itself"),
        ({"GNU.sparse.map": "0,512", "GNU.sparse.size": "60000000"}, "taken for bombs"),
        ({"GNU.sparse.map": "0,512", "GNU.sparse.size": "600000000"}, "over 64 MiB"),
        ({"GNU.sparse.major": "1", "GNU.sparse.minor": "0", "GNU.sparse.realsize": "9"}, "map contradicts itself"),
    ],
)
def test_sparse_maps_that_lie(pax: dict[str, str], told: str) -> None:
    lying = member("lying.jpg", size=len(PHOTO), data=PHOTO, pax=pax)
    source = tar_source(lying + member("good.jpg", size=len(PHOTO), data=PHOTO) + END)
    assert list(take(source)) == ["good.jpg"]
    assert any(told in remark and "lying.jpg" in remark for remark in source.remarks)


def test_extended_headers_without_end_are_not_read() -> None:
    huge = tarfile.TarInfo("x")
    huge.type, huge.size = tarfile.XHDTYPE, 3 << 20
    data = huge.tobuf(tarfile.USTAR_FORMAT) + bytes(3 << 20) + member("good.jpg", size=len(PHOTO), data=PHOTO) + END
    medium = MemorySource(data)
    source = open_tar(medium, "it")
    assert list(take(source)) == ["good.jpg"]
    assert medium.longest_read <= 1 << 20
    assert source.remarks == ("in the TAR archive: 1 extended headers of more than 1048576 bytes, not read",)


def test_numbers() -> None:
    chance = random.Random(2)
    for value in (0, 7, 8**11 - 1, 8**11, 1 << 60, *(chance.randrange(1 << 40) for _ in range(20))):
        field = tarfile.itn(value, 12, tarfile.GNU_FORMAT)  # type: ignore[attr-defined]
        assert read_number(field) == value
    assert read_number(tarfile.itn(-5, 12, tarfile.GNU_FORMAT)) == -5  # type: ignore[attr-defined]
    assert read_number(b"12x\0") is None
    assert read_number(b"     17 \0") == 15


def test_nothing_to_take(tmp_path: Path) -> None:
    path = tmp_path / "backup.tar"
    path.write_bytes(tar_of({"empty.jpg": b""}))
    with pytest.raises(EvidenceError, match=r"backup\.tar holds no JPEG .*1 empty"):
        open_evidence(path)


def test_random_bytes_with_the_magic_end() -> None:
    chance = random.Random(3)
    for _ in range(30):
        data = bytearray(tar_of(PHOTOS)[: chance.randrange(600, 60_000)])
        for _ in range(200):
            data[chance.randrange(len(data))] = chance.randrange(256)
        with suppress(EvidenceError):
            take(tar_source(bytes(data)))


def test_as_the_standard_library_reads_it() -> None:
    data = tar_of({**PHOTOS, "x" * 300 + ".jpg": camera_jpeg(9)}, tarfile.PAX_FORMAT)
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        expected = {one.name: archive.extractfile(one).read() for one in archive}  # type: ignore[union-attr]
    assert {name: one.data for name, one in take(tar_source(data)).items()} == expected
