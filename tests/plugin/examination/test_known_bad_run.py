"""Bytes that are known to be bad through the main job: in the report, its page and the custody log."""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
from pathlib import Path

import pytest

from carving.encryption.sectors import encrypt_sectors
from carving.source import Run
from plugin.custody.chain import read_records
from plugin.report.validation import validate
from tests.plugin.conftest import OFFSETS, RunCommand

HEAD = "# Mapfile. Created by GNU ddrescue version 1.27\n0x00000000     +               1\n"
BAD = OFFSETS[0] + 2048


@pytest.fixture
def rescued(tmp_path: Path, volume: bytes, key: bytes) -> Path:
    """The encrypted volume as ddrescue leaves it: one sector in the middle of the first photo is unread."""
    device, image = tmp_path / "device", tmp_path / "card.dd"
    device.write_bytes(encrypt_sectors(volume, key, first_sector=0))
    errors = tmp_path / "errors"
    rest = len(volume) - BAD - 512
    errors.write_text(f"{HEAD}0 {BAD} +\n{BAD} 512 -\n{BAD + 512} {rest} +\n")
    subprocess.run(["ddrescue", "-q", f"--test-mode={errors}", device, image, tmp_path / "card.map"], check=True)
    assert image.read_bytes()[BAD : BAD + 512] == bytes(512)
    return image


def test_an_unread_sector_from_the_map_to_the_page(
    command: RunCommand, tmp_path: Path, rescued: Path, key: bytes, photos: tuple[bytes, ...]
) -> None:
    kept = tmp_path / "card.map"
    out = tmp_path / "out"
    done = command(rescued, "--key", key.hex(), "--map", kept, "--carve-only", "-o", out)
    assert done.returncode == 0, done.stderr
    text = (out / "report.json").read_bytes()
    validate(text)
    report = json.loads(text)
    run = {"offset": BAD, "length": 512}
    assert report["evidence"]["known_bad"] == [
        {"kind": "bad sector", "bytes": 512, "stretches": 1, "runs": [run], "runs_complete": True}
    ]
    assert report["parameters"]["map"] == str(kept)
    first, second = (entry for entry in report["files"] if entry["layer"] == "decrypted")
    assert first["offset"] == OFFSETS[0]
    assert first["known_bad"] == [{"offset": BAD - OFFSETS[0], "length": 512}]
    assert any("512 of its bytes, in one place, are known to be bad" in note for note in first["notes"])
    assert second["known_bad"] == []
    (opened,) = (record.details for record in read_records(out / "custody.jsonl") if record.event == "evidence_opened")
    assert opened["map"] == {
        "path": str(kept),
        "size": kept.stat().st_size,
        "sha256": hashlib.sha256(kept.read_bytes()).hexdigest(),
    }
    page = (out / "report.html").read_text("utf-8")
    assert f'"damaged":[{{"offset":{BAD},"length":512}}]' in page
    assert "512 bytes in 1 stretch: bad sector" in page
    assert "its bytes 2048 to 2559 (512)" in re.sub(r"\s+", " ", (out / f"files/{OFFSETS[0]:010d}.html").read_text())
    again = command("verify", out, "--evidence", rescued, "--key", key.hex())
    assert again.returncode == 0, again.stderr


def test_a_map_beside_the_evidence_is_mentioned_and_not_taken(
    command: RunCommand, tmp_path: Path, rescued: Path
) -> None:
    done = command(rescued, "--carve-only", "-o", tmp_path / "out")
    assert done.returncode == 0
    report = json.loads((tmp_path / "out/report.json").read_bytes())
    (said,) = (note for note in report["notes"] if "card.map" in note)
    assert "it was not used: with --map FILE" in said
    assert report["evidence"]["known_bad"] == []


@pytest.mark.parametrize(
    ("text", "said"), [("GIF89a", "no map file of GNU ddrescue"), (f"{HEAD}0 600 +\n512 9 -\n", "overlaps")]
)
def test_a_map_that_lies_ends_the_run_before_it_begins(
    command: RunCommand, tmp_path: Path, plain_image: Path, text: str, said: str
) -> None:
    (tmp_path / "lying.map").write_text(text)
    done = command(plain_image, "--map", tmp_path / "lying.map", "-o", tmp_path / "out")
    assert done.returncode == 3
    assert said in done.stderr
    assert not (tmp_path / "out").exists()


def test_a_run_is_not_resumed_with_another_map(command: RunCommand, tmp_path: Path, rescued: Path, key: bytes) -> None:
    out = tmp_path / "out"
    options = ("--key", key.hex(), "--map", tmp_path / "card.map", "--carve-only", "-o", out)
    assert command(rescued, *options).returncode == 0
    log = (out / "custody.jsonl").read_text().splitlines(keepends=True)
    cut = next(number for number, line in enumerate(log) if '"scan_finished"' in line)
    (out / "custody.jsonl").write_text("".join(log[:cut]))
    with (tmp_path / "card.map").open("a") as kept:
        kept.write("# another\n")
    done = command(rescued, *options, "--resume")
    assert done.returncode == 2
    assert "begun with another map" in done.stderr


def test_lists_are_cut_and_counts_are_not() -> None:
    from plugin.common.known_bad_record import MOST_LISTED, known_bad_of_runs

    (found,) = known_bad_of_runs("acquisition error", (Run(4 * number, 2) for number in range(MOST_LISTED + 1)))
    assert (found.bytes, found.stretches) == (2 * MOST_LISTED + 2, MOST_LISTED + 1)
    assert (len(found.runs), found.runs_complete) == (MOST_LISTED, False)
    assert known_bad_of_runs("damaged chunk", ()) == ()
