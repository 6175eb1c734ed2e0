"""Containers through the main job: what a report says of a sparse image, and how the run ends."""

from __future__ import annotations

import json
import zlib
from pathlib import Path

import pytest

from plugin.pipeline import run
from plugin.report.model import Report
from plugin.settings import Parameters
from tests.carving.media.android_sparse.writing import SparseFile
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
