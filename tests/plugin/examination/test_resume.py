"""Runs that are cut short at any moment, and gone on with: nothing done is done again, and the result is the same."""

from __future__ import annotations

import errno
import io
import json
import random
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

import plugin
from carving.errors import CarveRestoreError, HashMismatchError, OutputError, UsageError
from plugin.cli import cli
from plugin.common.report_model import Report
from plugin.common.settings import CaseDetails, Parameters
from plugin.custody.custody_log import CustodyLog
from plugin.examination.journal import read_journal
from tests.carving.media.nand.encoder import CHIPS, dump, flip

ROOT = Path(__file__).resolve().parents[3]
CARVE_ONLY = Parameters(carve_only=True)
COUNT = 6


@pytest.fixture(scope="module")
def evidence(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Photos, every second with a flipped bit in it; the first carries a thumbnail of bare pixels."""
    volume = bytearray(COUNT * 16384)
    for number in range(COUNT):
        noise = np.random.default_rng(number).integers(0, 256, (12, 16, 3), dtype=np.uint8)
        buffer = io.BytesIO()
        Image.fromarray(noise).resize((128, 96), Image.Resampling.BICUBIC).save(buffer, "JPEG", quality=85)
        data = bytearray(buffer.getvalue())
        if number == 0:
            pixels = bytes(range(0, 240, 5))
            data[2:20] = b"\xff\xe0" + (16 + len(pixels)).to_bytes(2, "big") + data[6:18] + bytes([4, 4]) + pixels
        if number % 2:
            data[len(data) // 2] ^= 16
        volume[number * 16384 : number * 16384 + len(data)] = data
    path = tmp_path_factory.mktemp("evidence") / "photos.dd"
    path.write_bytes(volume)
    return path


def timeless(folder: Path) -> dict[str, Any]:
    """The report without what must differ: times, and the log's head, for times are in the log."""
    document: dict[str, Any] = json.loads((folder / "report.json").read_bytes())
    for name in ("started", "finished", "custody"):
        document.pop(name)
    return document


def events(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "custody.jsonl").read_text("ascii").splitlines()]


def verify(folder: Path) -> None:
    result = CliRunner().invoke(cli, ["verify", str(folder), "--quiet"])
    assert (result.exit_code, result.output) == (0, "")


def run(evidence: Path, folder: Path, options: tuple[str, ...], seconds: float | None = None) -> bool:
    """Run the command, with SIGKILL after so many seconds; whether it came to its end, and that end is a good one."""
    arguments = ["-m", "plugin", str(evidence), "-o", str(folder), "--resume", "--quiet", "--jobs", "1", *options]
    said = folder.with_suffix(".err")
    with said.open("wb") as errors:
        try:
            done = subprocess.run([sys.executable, *arguments], cwd=ROOT, stderr=errors, timeout=seconds, check=False)
        except subprocess.TimeoutExpired:
            return False
    assert done.returncode == 0, said.read_text("utf-8")
    return True


@pytest.mark.parametrize(("options", "kills", "seed"), [((), 5, 1), (("--carve-only",), 15, 2)])
def test_killed_at_random_moments(
    evidence: Path, tmp_path: Path, options: tuple[str, ...], kills: int, seed: int
) -> None:
    begun = time.monotonic()
    run(evidence, tmp_path / "whole", options)
    lasts = time.monotonic() - begun
    expected = timeless(tmp_path / "whole")
    chance = random.Random(seed)
    killed = rounds = 0
    while killed < kills:
        folder = tmp_path / f"out{rounds}"
        rounds += 1
        assert rounds < 3 * kills
        tries = 0
        while not run(evidence, folder, options, chance.uniform(0.3, 0.95) * lasts if tries < 8 else None):
            tries += 1
        killed += tries
        assert timeless(folder) == expected
        verify(folder)
        records = events(folder)
        (hashed,) = (number for number, record in enumerate(records) if record["event"] == "evidence_hashed")
        begun_anew = max(
            number
            for number, record in enumerate(records[:hashed])
            if record["event"] in ("run_started", "run_resumed")
        )
        done = Counter(
            (record["event"], record["details"]["stem"])
            for record in records[begun_anew:]
            if record["event"] in ("carved", "restored")
        )
        assert set(done.values()) == {1}


def cut(folder: Path, records: int, extra: bytes = b"") -> None:
    """Leave the first records of the log, and `extra` behind them, as a crash then would have."""
    log = folder / "custody.jsonl"
    log.write_bytes(b"".join(log.read_bytes().splitlines(keepends=True)[:records]) + extra)


@pytest.fixture
def carved(evidence: Path, tmp_path: Path) -> tuple[Path, Report]:
    """A finished run that only carved."""
    return tmp_path / "out", plugin.run(evidence, tmp_path / "out", parameters=CARVE_ONLY)


def go_on(evidence: Path, folder: Path, **changes: Any) -> Report:
    settings: dict[str, Any] = {"parameters": CARVE_ONLY, "journal": read_journal(folder)} | changes
    return plugin.run(evidence, folder, **settings)


def test_every_record_is_a_place_to_stop(evidence: Path, carved: tuple[Path, Report]) -> None:
    folder, report = carved
    expected = timeless(folder)
    count = len(events(folder))
    log = (folder / "custody.jsonl").read_bytes()
    for records in range(count):
        (folder / "custody.jsonl").write_bytes(log)
        cut(folder, records, extra=b'{"details":{"half a rec')
        if records == 0:
            with pytest.raises(OutputError, match="not empty"):
                read_journal(folder)
            continue
        assert go_on(evidence, folder).files == report.files
        assert timeless(folder) == expected
        verify(folder)
        resumed = [record for record in events(folder) if record["event"] == "run_resumed"]
        assert [record["details"]["half_record_bytes"] for record in resumed] == [23]


@pytest.mark.parametrize("kind", ["encrypted", "NAND"])
def test_what_a_finished_search_learned_is_kept(
    kind: str, tmp_path: Path, encrypted_image: Path, key: bytes, volume: bytes
) -> None:
    """Both views of an encrypted volume, and the map of a NAND dump, when nothing is searched again."""
    secret: dict[str, Any] = {"key": key}
    evidence, parameters = encrypted_image, CARVE_ONLY
    if kind == "NAND":
        evidence, secret = tmp_path / "chip.bin", {}
        chip = CHIPS["linux-hamming-512"]
        raw = dump(chip, volume)
        flip(raw, chip, 40, 0, [100])
        evidence.write_bytes(raw)
        parameters = Parameters(carve_only=True, nand="linux-hamming-512")
    folder = tmp_path / "out"
    plugin.run(evidence, folder, parameters=parameters, **secret)
    expected = timeless(folder)
    assert len(expected["files"]) == 2
    names = [record["event"] for record in events(folder)]
    log = (folder / "custody.jsonl").read_bytes()
    for number in (number for number, name in enumerate(names) if name == "scan_finished"):
        (folder / "custody.jsonl").write_bytes(log)
        cut(folder, number + 1)
        go_on(evidence, folder, parameters=parameters, **secret)
        assert timeless(folder) == expected
        assert [record["event"] for record in events(folder)].count("scan_finished") == names.count("scan_finished")
        verify(folder)


def test_nothing_begun_is_begun(evidence: Path, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    assert not read_journal(folder).begun
    folder.mkdir()
    (folder / "custody.jsonl").write_bytes(b'{"half')
    assert not read_journal(folder).begun
    go_on(evidence, folder)
    verify(folder)
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "letter.txt").touch()
    with pytest.raises(OutputError, match="not empty"):
        read_journal(tmp_path / "other")


def test_finished_run_is_left_as_it_is(evidence: Path, carved: tuple[Path, Report]) -> None:
    folder, _ = carved
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
    result = CliRunner().invoke(cli, [str(evidence), "-o", str(folder), "--resume", "--carve-only"])
    assert (result.exit_code, "nothing is left to do" in result.stderr) == (0, True)
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*")} == before


def test_files_that_a_power_cut_emptied_are_made_again(evidence: Path, carved: tuple[Path, Report]) -> None:
    folder, report = carved
    cut(folder, len(events(folder)) - 2)
    (folder / report.files[1].carved.path).write_bytes(b"")
    (folder / "carved" / "stray.jpg").touch()
    (folder / "carved" / ".0000016384.jpg.part").touch()
    assert go_on(evidence, folder).files == report.files
    verify(folder)
    (resumed,) = (record for record in events(folder) if record["event"] == "run_resumed")
    assert resumed["details"]["removed"] == [
        "carved/.0000016384.jpg.part",
        report.files[1].carved.path,
        "carved/stray.jpg",
        *(f"files/{entry.stem}.{kind}" for entry in report.files for kind in ("html", "json")),
    ]


def test_another_way_of_going_on_is_refused(
    evidence: Path, carved: tuple[Path, Report], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, _ = carved
    cut(folder, len(events(folder)) - 2)
    before = (folder / "custody.jsonl").read_bytes()
    other = tmp_path / "other.dd"
    other.write_bytes(bytes(512))
    refusals: list[tuple[str, dict[str, Any]]] = [
        ("--effort 2, not 3", {"parameters": Parameters(carve_only=True, effort=3)}),
        ("another examiner", {"details": CaseDetails("somebody else")}),
        ("other evidence", {"evidence": other}),
    ]
    for words, changes in refusals:
        with pytest.raises(UsageError, match=words):
            go_on(changes.pop("evidence", evidence), folder, **changes)
    monkeypatch.setattr("plugin.examination.pipeline.code_digest", lambda: "0" * 64)
    with pytest.raises(UsageError, match="another build"):
        go_on(evidence, folder)
    assert (folder / "custody.jsonl").read_bytes() == before


def test_altered_log_is_not_gone_on_with(evidence: Path, carved: tuple[Path, Report]) -> None:
    folder, _ = carved
    cut(folder, 6)
    log = folder / "custody.jsonl"
    log.write_bytes(log.read_bytes().replace(b'"unspecified"', b'"I. Nnocent"', 1))
    with pytest.raises(HashMismatchError, match="altered"):
        go_on(evidence, folder)


def test_forged_log_is_not_gone_on_with(evidence: Path, carved: tuple[Path, Report]) -> None:
    """Every link holds, but it is no run's."""
    folder, _ = carved
    (folder / "custody.jsonl").unlink()
    with CustodyLog(folder / "custody.jsonl") as custody:
        custody.record("run_started", examiner="somebody")
    with pytest.raises(HashMismatchError, match="case, code_sha256, exhibit"):
        read_journal(folder)


def test_other_evidence_may_follow_before_anything_was_taken_from_the_first(evidence: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.dd"
    other.write_bytes(evidence.read_bytes() * 2)
    plugin.run(other, tmp_path / "out", parameters=CARVE_ONLY)
    cut(tmp_path / "out", 2)
    assert len(go_on(evidence, tmp_path / "out").files) == COUNT
    cut(tmp_path / "out", len(events(tmp_path / "out")) - 2)
    assert len(go_on(evidence, tmp_path / "out").files) == COUNT
    verify(tmp_path / "out")


def test_two_runs_do_not_go_on_in_one_folder(evidence: Path, carved: tuple[Path, Report]) -> None:
    folder, _ = carved
    cut(folder, 6)
    journal = read_journal(folder)
    with CustodyLog(folder / "custody.jsonl", journal.head, journal.size) as custody:
        with pytest.raises(OutputError, match="another run is at work"):
            go_on(evidence, folder)
        custody.record("something")
    with pytest.raises(OutputError, match="meanwhile"):
        go_on(evidence, folder, journal=journal)


def test_nothing_counts_that_was_found_before_the_evidence_was_hashed(
    evidence: Path, carved: tuple[Path, Report]
) -> None:
    folder, report = carved
    expected = timeless(folder)
    log = (folder / "custody.jsonl").read_text("ascii").splitlines(keepends=True)
    written = [json.loads(line)["details"]["path"] for line in log if '"event":"file_written"' in line]
    hashed = next(number for number, line in enumerate(log) if '"event":"evidence_hashed"' in line)
    with CustodyLog(folder / "again.jsonl") as custody:
        for number, line in enumerate(log):
            if number != hashed:
                record = json.loads(line)
                custody.record(record["event"], **record["details"])
    (folder / "again.jsonl").replace(folder / "custody.jsonl")
    cut(folder, [record["event"] for record in events(folder)].index("scan_finished") + 1)

    journal = read_journal(folder)
    assert (journal.found, journal.scans) == ({}, {})
    assert go_on(evidence, folder).files == report.files
    assert timeless(folder) == expected
    (resumed,) = (record for record in events(folder) if record["event"] == "run_resumed")
    assert set(resumed["details"]["removed"]) >= {path for path in written if path.startswith("carved/")}
    verify(folder)


def test_evidence_that_changes_between_is_noticed(evidence: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.dd"
    copy.write_bytes(evidence.read_bytes())
    plugin.run(copy, tmp_path / "out", parameters=CARVE_ONLY)
    names = [record["event"] for record in events(tmp_path / "out")]
    cut(tmp_path / "out", names.index("evidence_hashed") + 1)
    content = bytearray(copy.read_bytes())
    content[-1] ^= 1
    copy.write_bytes(content)
    report = go_on(copy, tmp_path / "out")
    assert report.exit_code == 6
    assert report.evidence.unchanged is False
    assert "changed while it was examined" in report.failures[0].message


@pytest.mark.parametrize("after", [0, 1, 7, 20])
def test_full_disk_stops_the_run_and_room_lets_it_go_on(
    evidence: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, after: int
) -> None:
    """The disk is full after so many files; the log itself can still be written."""
    written = 0
    write = Path.write_bytes

    def write_until_full(path: Path, data: bytes) -> int:
        nonlocal written
        written += 1
        if written > after:
            write(path, data[: len(data) // 2])
            raise OSError(errno.ENOSPC, "no room")
        return write(path, data)

    with monkeypatch.context() as limited:
        limited.setattr(Path, "write_bytes", write_until_full)
        with pytest.raises(OutputError, match="disk is full"):
            plugin.run(evidence, tmp_path / "out", parameters=CARVE_ONLY)
    assert events(tmp_path / "out")[-1]["event"] == "run_stopped"
    assert not list((tmp_path / "out").rglob("*.part"))
    assert not (tmp_path / "out/report.json").exists()
    report = go_on(evidence, tmp_path / "out")
    assert len(report.files) == COUNT
    verify(tmp_path / "out")


def test_log_on_a_full_disk_holds_whole_records_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import os

    write = os.write
    with CustodyLog(tmp_path / "log") as custody:
        custody.record("first")
        with monkeypatch.context() as limited:

            def write_a_little(descriptor: int, data: bytes) -> int:
                if len(data) < 100:
                    raise OSError(errno.ENOSPC, "no room")
                return write(descriptor, data[:60])

            limited.setattr("plugin.custody.custody_log.os.write", write_a_little)
            with pytest.raises(CarveRestoreError, match="disk is full"):
                custody.record("second", text="x" * 200)
        custody.record("third")
        head = custody.head
    from tests.plugin.custody.chain_check import verify_chain

    assert verify_chain(tmp_path / "log") == head
    assert head.records == 2
