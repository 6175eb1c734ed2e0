"""ZIP archives as evidence: what the standard library and Info-ZIP write, and what lies."""

from __future__ import annotations

import io
import random
import stat
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

from carving.errors import EvidenceError, UsageError
from carving.evidence import open_evidence
from carving.media.archive.archive_source import ArchiveSource
from carving.media.archive.entries import safe_name
from carving.source import HOLE_OFFSET, Run, location, traced_runs
from tests.carving.media.archive.writing import (
    DEFLATED,
    STORED,
    central_header,
    deflate,
    end_record,
    local_header,
    take,
    zip_of,
    zip_source,
)
from tests.carving.memory import camera_jpeg

Tool = Callable[..., str]
PHOTOS = {f"data/media/0/DCIM/{number}.jpg": camera_jpeg(number) for number in range(3)}


@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize("method", [STORED, DEFLATED])
def test_every_photo_by_its_path(method: int, streamed: bool) -> None:
    others = {"notes.txt": b"no picture", "data/": b"", "data/empty.jpg": b"", "cache/0a1b": PHOTOS[next(iter(PHOTOS))]}
    data = zip_of({**others, **PHOTOS}, method, streamed=streamed)
    source = zip_source(data)
    found = take(source)
    assert {name: one.data for name, one in found.items()} == {**PHOTOS, "cache/0a1b": others["cache/0a1b"]}
    for one in found.values():
        packed = b"".join(data[run.offset : run.end] for run in one.evidence_runs)
        assert (packed if method == STORED else zlib.decompress(packed, -15)) == one.data
        assert one.claim is not None
        assert one.claim.crc32 == f"{zlib.crc32(one.data):08x}"
        traced = traced_runs(source, one.offset, len(one.data))
        assert traced == (one.evidence_runs if method == STORED else (Run(HOLE_OFFSET, len(one.data)),))
    inside = "searched for pictures inside them"
    kind = inside if method == STORED else f"deflated and not {inside}"
    assert source.remarks == (f"in the ZIP archive: 1 not JPEGs, {kind}", "in the ZIP archive: 1 empty")
    assert source.faults == ()


def test_reads_across_files() -> None:
    whole = b"".join(PHOTOS.values())
    chance = random.Random(1)
    for method in (STORED, DEFLATED):
        archive = zip_of(PHOTOS, method)
        source = zip_source(archive)
        rest = b"".join(archive[run.offset : run.end] for run in source.trace(source.rest.offset, source.rest.length))
        assert len(rest) == source.rest.length
        assert source.rest.offset == len(whole)
        everything = whole + rest
        assert source.size == len(everything)
        for _ in range(80):
            offset, length = chance.randrange(len(everything)), chance.choice((1, 999, len(whole)))
            assert source.read_at(offset, length) == everything[offset : offset + length]
            assert sum(run.length for run in source.trace(offset, length)) == len(everything[offset : offset + length])


def test_zip64(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zipfile, "ZIP64_LIMIT", 1000)
    monkeypatch.setattr(zipfile, "ZIP_FILECOUNT_LIMIT", 1)
    data = zip_of(PHOTOS, DEFLATED)
    assert b"PK\6\6" in data
    assert b"PK\6\7" in data
    assert {name: one.data for name, one in take(zip_source(data)).items()} == PHOTOS


def test_bytes_before_the_archive_and_a_comment_behind_it() -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.comment = b"made by PK\5\6" + bytes(30)
        archive.writestr("a.jpg", PHOTOS["data/media/0/DCIM/0.jpg"])
    (one,) = take(zip_source(buffer.getvalue())).values()
    assert one.data == PHOTOS["data/media/0/DCIM/0.jpg"]
    (one,) = take(zip_source(b"a stub that unpacks itself" + buffer.getvalue())).values()
    assert one.data == PHOTOS["data/media/0/DCIM/0.jpg"]


def test_as_info_zip_writes_it(tool: Tool, tmp_path: Path) -> None:
    folder = tmp_path / "content"
    folder.mkdir()
    for name, photo in zip(("a.jpg", "ü.jpg"), PHOTOS.values(), strict=False):
        (folder / name).write_bytes(photo)
    (folder / "link.jpg").symlink_to("a.jpg")
    path = tmp_path / "phone.zip"
    tool("zip", "-q", "-r", "-y", str(path), str(folder))
    source = open_evidence(path)
    assert location(source) == "raw > ZIP archive (2 files)"
    assert isinstance(source, ArchiveSource)
    assert source.rest.offset == sum(map(len, list(PHOTOS.values())[:2]))
    for option in ({"key": bytes(16)}, {"password": b"x"}, {"volume": 1}, {"offset": 512}):
        with pytest.raises(UsageError, match="a folder or an archive of JPEGs"):
            open_evidence(path, **option)
    source.close()
    encrypted = tmp_path / "encrypted.zip"
    tool("zip", "-q", "-r", "-P", "secret", str(encrypted), str(folder))
    with pytest.raises(EvidenceError, match=r"no JPEG that can be read; .*encrypted and not read: .*a\.jpg"):
        open_evidence(encrypted)
    tool("zip", "-q", "-r", "-s", "64k", str(tmp_path / "split.zip"), str(folder), str(path))
    with pytest.raises(EvidenceError, match=r"in several.*zip -s 0"):
        open_evidence(tmp_path / "split.zip")


def hand_made(*files: tuple[bytes, bytes, int, int, int], count: int | None = None) -> bytes:
    """An archive of (name, compressed bytes, size said, method, mode)."""
    data, directory = b"", b""
    for name, packed, size, method, mode in files:
        directory += central_header(name, len(data), len(packed), size, method, mode)
        data += local_header(name, packed, size, method)
    return data + directory + end_record(len(files) if count is None else count, len(directory), len(data))


def test_paths_that_lead_out_are_not_followed() -> None:
    photo = PHOTOS["data/media/0/DCIM/1.jpg"]
    names = [b"../../etc/a.jpg", b"/abs/b.jpg", b"C:\\c.jpg", b"d/../../d.jpg", b"plain..name.jpg", b"e\x1b[2J.jpg"]
    source = zip_source(hand_made(*((name, photo, len(photo), 0, 0) for name in names)))
    assert list(take(source)) == ["etc/a.jpg", "abs/b.jpg", "c.jpg", "d/d.jpg", "plain..name.jpg", "e\\x1b[2J.jpg"]
    (remark,) = source.remarks
    assert remark == (
        "in the ZIP archive: 4 with a path that leads out of the archive; it is not followed: "
        "etc/a.jpg, abs/b.jpg, c.jpg, d/d.jpg"
    )
    assert safe_name("../..") == ("unnamed", True)
    assert len(safe_name("x" * 100_000)[0]) < 2000


def test_links_devices_and_twice_the_same_name() -> None:
    photo = PHOTOS["data/media/0/DCIM/1.jpg"]
    files = [
        (b"link.jpg", b"target", 6, 0, stat.S_IFLNK | 0o777),
        (b"device.jpg", b"x", 1, 0, stat.S_IFCHR),
        (b"a.jpg", photo, len(photo), 0, stat.S_IFREG),
        (b"a.jpg", photo, len(photo), 0, stat.S_IFREG),
        (b"lzma.jpg", photo, len(photo), 14, stat.S_IFREG),
        (b"inside.zip", b"PK\3\4", 4, 0, stat.S_IFREG),
    ]
    source = zip_source(hand_made(*files))
    assert len(list(source.entries())) == 2
    assert source.remarks == (
        "in the ZIP archive: 1 links: link.jpg",
        "in the ZIP archive: 1 devices, pipes or sockets: device.jpg",
        "in the ZIP archive: 1 names that occur more than once, each of them taken: a.jpg",
        "in the ZIP archive: 1 compressed by LZMA and not read: lzma.jpg",
        "in the ZIP archive: 1 archives in the archive, which are not opened: inside.zip",
        "in the ZIP archive: 1 not JPEGs, searched for pictures inside them",
    )


def test_bombs() -> None:
    photo = PHOTOS["data/media/0/DCIM/1.jpg"]
    grown = b"\xff\xd8\xff" + bytes(32 << 20)
    large = b"\xff\xd8\xff" + bytes(65 << 20)
    good = (b"good.jpg", deflate(photo), len(photo), 8, 0)
    source = zip_source(
        hand_made(
            good,
            (b"grown.jpg", deflate(grown), len(grown), 8, 0),
            (b"large.jpg", deflate(large), len(large), 8, 0),
            (b"stored.jpg", photo, 7 * len(photo), 0, 0),
        )
    )
    assert list(take(source)) == ["good.jpg"]
    assert source.remarks == (
        "in the ZIP archive: 1 said to grow more than 200 times, taken for bombs and not read: grown.jpg",
        "in the ZIP archive: 1 said to have over 64 MiB and not read: large.jpg",
        "in the ZIP archive: 1 stored, but with two different sizes, and not read: stored.jpg",
    )


def test_overlapping_files_are_taken_once() -> None:
    """As a bomb without recursion does it: many entries of the directory share the bytes of one."""
    photo = PHOTOS["data/media/0/DCIM/1.jpg"]
    inner = local_header(b"inner.jpg", deflate(photo), len(photo))
    outer = local_header(b"outer.jpg", inner, len(inner), method=0)
    data = outer
    directory = b"".join(
        (
            central_header(b"outer.jpg", 0, len(inner), len(inner), 0),
            central_header(b"inner.jpg", len(outer) - len(inner), len(deflate(photo)), len(photo)),
            *(central_header(b"again.jpg", 0, len(inner), len(inner), 0) for _ in range(1000)),
        )
    )
    source = zip_source(data + directory + end_record(1002, len(directory), len(data)))
    assert [entry.name for _, entry in source.entries()] == ["outer.jpg"]
    assert any(
        remark.startswith("in the ZIP archive: 1001 not taken, for their bytes are also another file's: ")
        for remark in source.remarks
    )


@pytest.mark.parametrize(
    ("size", "cut", "trouble", "kept"),
    [
        (-1000, None, "it would inflate to more than the {} bytes that are declared", -1000),
        (1000, None, "it inflates to {} bytes, {} are declared", 0),
        (0, -300, "its compressed bytes end after {} of {} bytes", None),
    ],
)
def test_sizes_that_lie(size: int, cut: int | None, trouble: str, kept: int | None) -> None:
    photo = PHOTOS["data/media/0/DCIM/2.jpg"]
    said = len(photo) + size
    (one,) = take(zip_source(hand_made((b"a.jpg", deflate(photo)[:cut], said, 8, 0)))).values()
    assert photo.startswith(one.data)
    if kept is not None:
        assert len(one.data) == len(photo) + kept
    numbers = (said,) if trouble.count("{}") == 1 else (len(one.data), said)
    assert one.claim is not None
    assert (
        one.claim.place
        == f"ZIP archive, deflated, modified 1980-01-01 00:00:00, zone unknown; {trouble.format(*numbers)}"
    )


def test_damaged_compressed_bytes_give_what_comes_before() -> None:
    photo = PHOTOS["data/media/0/DCIM/2.jpg"]
    packed = bytearray(deflate(photo))
    packed[len(packed) // 2 : len(packed) // 2 + 200] = b"\xff" * 200
    source = zip_source(hand_made((b"a.jpg", bytes(packed), len(photo), 8, 0)))
    (one,) = take(source).values()
    kept = len(photo) // 4
    assert one.data[:kept] == photo[:kept]
    assert source.read_at(0, len(photo)).startswith(one.data)


def test_damaged_directory_is_gone_through_all_the_same() -> None:
    data = bytearray(zip_of(PHOTOS))
    second = data.index(b"PK\1\2", data.index(b"PK\1\2") + 4)
    data[second + 1] ^= 8
    source = zip_source(bytes(data))
    assert list(take(source)) == [name for name in PHOTOS if not name.endswith("1.jpg")]
    assert source.faults[0] == f"the central directory of the ZIP archive is damaged at byte {second}"
    assert "lists 2 entries, its last record says 3" in source.faults[1]


def test_damaged_local_headers() -> None:
    data = bytearray(zip_of(PHOTOS))
    data[0] ^= 1  # the signature of the first, and a letter of the second's name
    data[data.index(b"1.jpg")] ^= 1
    assert list(take(zip_source(bytes(data)))) == list(PHOTOS)
    data[30] ^= 1  # the name of the first besides
    source = zip_source(bytes(data))
    assert len(take(source)) == 2
    assert source.remarks == (
        "in the ZIP archive: 1 not where the directory says, and not read: data/media/0/DCIM/0.jpg",
    )


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (
            zip_of({"a.txt": b"x" * 10, "big.img": b"y" * 99}, DEFLATED),
            r"2 not JPEGs, .*; its largest file is big\.img \(99 bytes\)",
        ),
        (zip_of({}), "holds no JPEG"),
    ],
)
def test_nothing_to_take(tmp_path: Path, data: bytes, message: str) -> None:
    path = tmp_path / "it.zip"
    path.write_bytes(data)
    with pytest.raises(EvidenceError, match=message) as caught:
        open_evidence(path)
    assert str(path) in str(caught.value)


def test_only_what_is_looked_at_is_read_at_once() -> None:
    """A long directory goes through memory piece by piece."""
    files = {f"cache/{number:06d}": b"%d" % number for number in range(20_000)}
    data = zip_of({**files, **PHOTOS})
    from carving.media.archive.zip_entries import open_zip
    from tests.carving.memory import MemorySource

    medium = MemorySource(data)
    assert take(open_zip(medium, "it")).keys() == PHOTOS.keys()
    assert medium.longest_read <= 1 << 20
    assert len(data) - data.index(b"PK\1\2") > 1 << 20


@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize("method", [STORED, DEFLATED])
def test_cut_off(method: int, streamed: bool) -> None:
    """Without a directory the files are found by their local headers, and the last one as far as it goes."""
    *whole, last = PHOTOS
    data = zip_of({"notes.txt": b"text " * 1000, **PHOTOS}, method, streamed=streamed)
    cut = data[: data.index(last.encode()) + 9000]
    source = zip_source(cut)
    found = take(source)
    assert {name: found[name].data for name in whole} == {name: PHOTOS[name] for name in whole}
    assert PHOTOS[last].startswith(found[last].data)
    assert len(found[last].data) > 8000
    for name in whole:
        claim = found[name].claim
        assert claim is not None
        assert claim.crc32 == f"{zlib.crc32(PHOTOS[name]):08x}"
    (fault,) = source.faults
    assert "has no central directory: it is cut off" in fault


def test_cut_off_zip64(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zipfile, "ZIP64_LIMIT", 1000)
    data = zip_of(PHOTOS)
    found = take(zip_source(data[: data.index(b"PK\1\2")]))
    assert {name: one.data for name, one in found.items()} == PHOTOS


def test_cut_off_bombs() -> None:
    photo = PHOTOS["data/media/0/DCIM/1.jpg"]
    bomb = bytearray(local_header(b"bomb.jpg", deflate(b"\xff\xd8\xff" + bytes(100 << 20)), 0, flags=8))
    bomb[18:22] = bytes(4)
    source = zip_source(bytes(bomb) + local_header(b"a.jpg", photo, len(photo), method=0))
    assert list(take(source)) == ["a.jpg"]
    assert any("taken for bombs and not read: bomb.jpg" in remark for remark in source.remarks)


def test_an_archive_of_other_files_is_searched() -> None:
    photo = PHOTOS["data/media/0/DCIM/1.jpg"]
    source = zip_source(zip_of({"a.txt": b"x" * 10, "card.dd": bytes(512) + photo}))
    assert list(source.entries()) == []
    assert photo in source.read_at(0, source.size)
    assert source.remarks[-1].startswith(
        f"no file of the ZIP archive is a JPEG; the largest is card.dd ({512 + len(photo)} "
    )
