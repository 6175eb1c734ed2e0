"""A folder with files that transfers have changed: undone, with both digests, through the report and its check."""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from carving.transfers.transfer import TransferKind
from plugin.cli import cli
from plugin.examination.pipeline import run
from restore.lab.simulation.made_pictures import coded_at, fractal_picture
from restore.provenance import Status


@pytest.fixture(scope="module")
def photo() -> bytes:
    return coded_at(fractal_picture(240, 320, 4), 2.0)


def test_a_run_keeps_the_bytes_as_found_and_as_undone(tmp_path: Path, photo: bytes) -> None:
    folder, output = tmp_path / "evidence", tmp_path / "out"
    folder.mkdir()
    found = {"a.jpg": photo.decode("latin-1").encode(), "b.txt": base64.encodebytes(photo), "c.jpg": photo}
    for name, data in found.items():
        (folder / name).write_bytes(data)

    report = run(folder, output, jobs=1)

    entries = {entry.claim.name: entry for entry in report.files if entry.claim is not None}
    assert entries.keys() == found.keys()
    for name, kind in (("a.jpg", TransferKind.UTF8), ("b.txt", TransferKind.BASE64)):
        entry = entries[name]
        assert [transfer.kind for transfer in entry.transfers] == [kind]
        assert (output / entry.carved.path).read_bytes() == found[name]
        assert entry.undone is not None
        assert (output / entry.undone.path).read_bytes() == photo
        assert entry.undone.sha256 == hashlib.sha256(photo).hexdigest()
        assert entry.carved.sha256 == hashlib.sha256(found[name]).hexdigest()
        assert entry.status is Status.EXACT
        assert entry.mcus.repaired == entry.mcus.total > 0
        assert sum(piece.length for piece in entry.evidence_runs) == len(found[name])
        assert any(entry.undone.sha256 in note and entry.carved.sha256 in note for note in entry.notes)
    assert entries["c.jpg"].transfers == ()
    assert entries["c.jpg"].undone is None
    done = CliRunner().invoke(cli, ["verify", str(output), "--evidence", str(folder)])
    assert done.exit_code == 0, done.output
    undone = entries["a.jpg"].undone
    assert undone is not None
    (output / undone.path).write_bytes(photo[:-1] + b"\0")
    assert CliRunner().invoke(cli, ["verify", str(output)]).exit_code == 6


def test_one_file_alone(tmp_path: Path, photo: bytes) -> None:
    evidence = tmp_path / "sent.jpg"
    evidence.write_bytes(photo.decode("latin-1").encode())
    report = run(evidence, tmp_path / "out", jobs=1)
    assert [entry.status for entry in report.files] == [Status.EXACT]
    done = CliRunner().invoke(cli, ["image", str(evidence), "-o", str(tmp_path / "sent.png")])
    assert done.exit_code == 0, done.output
    assert "was read as Latin-1" in done.stderr
    assert hashlib.sha256(photo).hexdigest() in done.stderr


def test_the_message_names_what_cannot_be_undone(tmp_path: Path, photo: bytes) -> None:
    evidence = tmp_path / "lost.jpg"
    evidence.write_bytes(photo.decode("utf-8", "replace").encode())
    done = CliRunner().invoke(cli, ["image", str(evidence), "-o", str(tmp_path / "lost.png")])
    assert done.exit_code == 1
    assert "EF BF BD" in done.stderr


def test_a_reference_is_recorded_with_its_digest(tmp_path: Path, photo: bytes) -> None:
    from plugin.common.settings import Parameters

    evidence, reference = tmp_path / "card.dd", tmp_path / "same.jpg"
    evidence.write_bytes(bytes(4096) + photo + bytes(-len(photo) % 4096))
    reference.write_bytes(photo)
    report = run(evidence, tmp_path / "out", jobs=1, parameters=Parameters(reference=(str(reference),)))
    assert report.parameters.reference == (str(reference),)
    records = [json.loads(line) for line in (tmp_path / "out/custody.jsonl").read_text().splitlines()]
    named = [record for record in records if "reference_photo" in json.dumps(record)]
    assert len(named) == 1
    assert hashlib.sha256(photo).hexdigest() in json.dumps(named[0])


def test_a_run_goes_on_with_the_same_references_alone(tmp_path: Path, photo: bytes) -> None:
    from carving.errors import UsageError
    from plugin.common.settings import CaseDetails, Parameters
    from plugin.common.versions import code_digest
    from plugin.examination.journal import read_journal

    evidence, reference = tmp_path / "card.dd", tmp_path / "same.jpg"
    evidence.write_bytes(photo)
    reference.write_bytes(photo)
    given = Parameters(reference=(str(reference),), carve_only=True)
    run(evidence, tmp_path / "out", jobs=1, parameters=given)
    journal = read_journal(tmp_path / "out")
    journal.require_same(given, CaseDetails(), code_digest())
    with pytest.raises(UsageError, match="--reference"):
        journal.require_same(Parameters(carve_only=True), CaseDetails(), code_digest())
