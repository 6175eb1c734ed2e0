"""Raw and split raw evidence."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from carving.errors import EvidenceError, SegmentMissingError
from carving.evidence import open_evidence
from carving.media.raw import open_raw
from carving.source import Run

DATA = bytes(range(256)) * 40


def split(directory: Path, suffixes: list[str], stem: str = "dump") -> list[Path]:
    size = -(-len(DATA) // len(suffixes))
    paths = [directory / f"{stem}.{suffix}" for suffix in suffixes]
    for index, path in enumerate(paths):
        path.write_bytes(DATA[index * size : (index + 1) * size])
    return paths


@pytest.mark.parametrize(
    "suffixes",
    [
        ["001", "002", "003"],
        ["000", "001", "002"],
        ["01", "02"],
        ["aa", "ab", "ac"],
        ["AA", "AB"],
        ["aaa", "aab"],
        [f"{number:03d}" for number in range(1, 129)],
    ],
)
def test_pieces_are_joined_in_order_whichever_is_named(tmp_path: Path, suffixes: list[str]) -> None:
    paths = split(tmp_path, suffixes)
    for neighbour in ("dump.txt", "dump.dd", "dump.001.txt", "dump2.002", "dump.9999"):
        (tmp_path / neighbour).write_bytes(b"not a piece")
    for named in (paths[0], paths[-1]):
        source = open_raw(named)
        assert source.paths == tuple(paths)
        assert source.read_at(0, len(DATA) + 5) == DATA
        for offset in range(0, len(DATA), 617):
            assert source.read_at(offset, 3000) == DATA[offset : offset + 3000]
        assert source.trace(5, 10) == (Run(5, 10),)
        source.close()


def test_numbers_go_on_beyond_their_width(tmp_path: Path) -> None:
    paths = [tmp_path / f"d.{number:02d}" for number in range(1, 121)]
    for path in paths:
        path.write_bytes(b"x")
    assert open_raw(paths[0]).paths == tuple(paths)


@pytest.mark.parametrize(
    ("suffixes", "missing"),
    [(["001", "002", "003"], "002"), (["001", "002", "003"], "001"), (["aa", "ab", "ac", "ad"], "ac")],
)
def test_missing_piece_is_named(tmp_path: Path, suffixes: list[str], missing: str) -> None:
    split(tmp_path, suffixes)
    (tmp_path / f"dump.{missing}").unlink()
    with pytest.raises(SegmentMissingError, match=rf"dump\.{missing}\b"):
        open_evidence(tmp_path / f"dump.{suffixes[1] if missing == suffixes[0] else suffixes[-1]}")


def test_lone_files_stand_for_themselves(tmp_path: Path) -> None:
    for name in ("disk.dd", "disk.2020", "disk.ab", "disk", "disk.07"):
        path = tmp_path / name
        path.write_bytes(DATA)
        source = open_raw(path)
        assert source.paths == (path,)
        assert source.read_at(0, source.size) == DATA


def test_empty_piece_is_an_error_and_a_short_one_is_remarked(tmp_path: Path) -> None:
    paths = split(tmp_path, ["001", "002", "003"])
    paths[1].write_bytes(b"short")
    assert "dump.002 has 5 bytes" in open_raw(paths[0]).remarks[0]
    paths[1].write_bytes(b"")
    with pytest.raises(EvidenceError, match=r"dump\.002 is empty"):
        open_raw(paths[0])


def test_what_cannot_be_evidence(tmp_path: Path) -> None:
    empty = tmp_path / "empty.dd"
    empty.touch()
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for path, message in (
        (tmp_path / "nothing.dd", "cannot be read: No such file"),
        (tmp_path, "holds no JPEG; name an image file"),
        (empty, "is empty"),
        (pipe, "neither a file nor a block device"),
        (tmp_path / ("x" * 300), "cannot be read: File name too long"),
    ):
        with pytest.raises(EvidenceError, match=message):
            open_evidence(path)


def test_file_that_shrinks_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "disk.dd"
    path.write_bytes(DATA)
    source = open_raw(path)
    path.write_bytes(DATA[:100])
    with pytest.raises(EvidenceError, match="became shorter"):
        source.read_at(0, 200)


def test_more_pieces_than_handles(tmp_path: Path) -> None:
    paths = [tmp_path / f"d.{number:03d}" for number in range(1, 201)]
    for path in paths:
        path.write_bytes(path.suffix.encode())
    handles = Path("/proc/self/fd")
    before = len(list(handles.iterdir()))
    source = open_raw(paths[0])
    expected = b"".join(path.suffix.encode() for path in paths)
    assert source.read_at(0, source.size) == expected
    assert len(list(handles.iterdir())) - before <= 64
    source.close()
    assert len(list(handles.iterdir())) <= before
