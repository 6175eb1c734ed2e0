"""`verify`: what a finished run left holds, and every way of tampering with it is named."""

from __future__ import annotations

import dataclasses
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import plugin
from carving.errors import HashMismatchError
from plugin.cli import cli
from plugin.common.output import OutputFile
from plugin.common.report_model import FileEntry
from plugin.common.settings import Parameters
from plugin.custody.chain import GENESIS, canonical, digest
from plugin.examination.opening import read_secrets
from plugin.verify.verification_of_evidence import verify_evidence
from restore.decoding.robust import decode
from restore.provenance import BitFlip, Status


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory, volume: bytes) -> tuple[Path, Path]:
    """Evidence, and the folder of a finished run over it."""
    folder = tmp_path_factory.mktemp("finished")
    evidence = folder / "plain.dd"
    evidence.write_bytes(volume)
    plugin.run(evidence, folder / "out", parameters=Parameters(carve_only=True))
    return evidence, folder / "out"


@pytest.fixture
def case(finished: tuple[Path, Path], tmp_path: Path) -> tuple[Path, Path]:
    """A copy of both, to be tampered with."""
    evidence, folder = finished
    shutil.copytree(folder, tmp_path / "out")
    return Path(shutil.copy(evidence, tmp_path / "plain.dd")), tmp_path / "out"


def verify(folder: Path, *arguments: str | Path) -> Result:
    return CliRunner().invoke(cli, ["verify", str(folder), *map(str, arguments)])


def fails(result: Result, words: str, code: int = 6) -> None:
    assert result.exit_code == code, result.output
    (line,) = result.stderr.splitlines()
    assert words in line


def test_finished_run_holds(case: tuple[Path, Path]) -> None:
    evidence, folder = case
    result = verify(folder, "--evidence", evidence)
    assert result.exit_code == 0, result.output
    assert "2 carved files: read again" in result.output
    assert result.output.endswith("all of it holds\n")
    assert verify(folder, "--quiet").output == ""


def rewrite(folder: Path, change: Callable[[list[dict[str, object]]], None]) -> None:
    """Change records and link all of them anew, as a forger would."""
    log = folder / "custody.jsonl"
    records = [json.loads(line) for line in log.read_text("ascii").splitlines()]
    change(records)
    lines, prev = [], GENESIS
    for number, record in enumerate(records):
        line = canonical(record | {"seq": number, "prev": prev})
        lines.append(line + "\n")
        prev = digest(line)
    log.write_text("".join(lines), "ascii")


def _alter_carved(folder: Path) -> str:
    path = folder / "carved/0000004096.jpg"
    path.write_bytes(path.read_bytes()[:-1] + b"\0")
    return "carved/0000004096.jpg was altered"


def _remove_carved(folder: Path) -> str:
    (folder / "carved/0000065536.jpg").unlink()
    return "carved/0000065536.jpg is missing"


def _add_file(folder: Path) -> str:
    (folder / "carved/0000000000.jpg").touch()
    return "carved/0000000000.jpg is not in the log"


def _link_out(folder: Path) -> str:
    path = folder / "carved/0000004096.jpg"
    moved = path.rename(folder.parent / "elsewhere.jpg")
    path.symlink_to(moved)
    return "leads out of"


def _alter_report(folder: Path) -> str:
    path = folder / "report.json"
    path.write_text(path.read_text("utf-8").replace('"unspecified"', '"I. Nnocent"'), "utf-8")
    return "report.json was altered"


def _alter_log(folder: Path) -> str:
    path = folder / "custody.jsonl"
    path.write_text(path.read_text("ascii").replace('"unspecified"', '"I. Nnocent"', 1), "ascii")
    return "record 1 "


def _cut_log(folder: Path) -> str:
    path = folder / "custody.jsonl"
    path.write_text("".join(path.read_text("ascii").splitlines(keepends=True)[:-1]), "ascii")
    return "ends before the run does"


def _relink_log(folder: Path) -> str:
    def change(records: list[dict[str, object]]) -> None:
        details = records[0]["details"]
        assert isinstance(details, dict)
        details["examiner"] = "I. Nnocent"

    rewrite(folder, change)
    return "report.json was not written after record"


def _escape(folder: Path) -> str:
    (folder.parent / "victim").write_bytes(b"")

    def change(records: list[dict[str, object]]) -> None:
        empty = digest("")
        record = {"path": "../victim", "sha256": empty, "size": 0, "covers": ""}
        records.insert(1, records[1] | {"event": "file_written", "details": record})

    rewrite(folder, change)
    return "leads out of"


def _drop_detail(folder: Path) -> str:
    rewrite(folder, lambda records: records.insert(1, records[1] | {"event": "carved", "details": {}}))
    return "lacks 'entry'"


def _nest_deeply(folder: Path) -> str:
    (folder / "custody.jsonl").write_text("[" * 100_000 + "\n", "ascii")
    return "record 0 "


@pytest.mark.parametrize(
    "tamper",
    [
        *(_alter_carved, _remove_carved, _add_file, _link_out, _alter_report, _alter_log, _cut_log, _relink_log),
        *(_escape, _drop_detail, _nest_deeply),
    ],
)
def test_tampering_is_named(case: tuple[Path, Path], tamper: Callable[[Path], str]) -> None:
    _, folder = case
    words = tamper(folder)
    fails(verify(folder), words)


def test_other_evidence_is_noticed(case: tuple[Path, Path]) -> None:
    evidence, folder = case
    content = bytearray(evidence.read_bytes())
    content[100] ^= 1
    evidence.write_bytes(content)
    fails(verify(folder, "--evidence", evidence), "is not the evidence of the run: its SHA256")
    evidence.write_bytes(content[:-512])
    fails(verify(folder, "--evidence", evidence), "holds 130560 bytes, the run examined 131072")


def test_repaired_files_are_made_again(sample_images: Path, tmp_path: Path) -> None:
    """A flip of the demo is reversed by hand here; the check makes the same of the evidence, and of nothing else."""
    evidence, key = sample_images / "demo.E01", (sample_images / "demo.key").read_text("ascii").strip()
    known = json.loads((sample_images / "demo.truth.json").read_text("utf-8"))
    photo = known["photos"][-1]
    report = plugin.run(evidence, tmp_path / "out", key=key, parameters=Parameters(carve_only=True))
    entry = next(entry for entry in report.files if entry.offset == photo["offset"])
    inside = range(entry.evidence_runs[0].offset, entry.evidence_runs[0].end)
    flips = [(flip["offset"], flip["bit"]) for flip in known["flips"] if flip["offset"] in inside]
    assert len(flips) == photo["flips"] > 0
    repaired = OutputFile("repaired/x.jpg", photo["sha256"], photo["size"], "made by hand")
    claimed = dataclasses.replace(
        entry, repaired=repaired, bit_flips=tuple(BitFlip(offset, bit, 1.0, 1.0, 0.99) for offset, bit in flips)
    )
    said: list[str] = []

    def check(claim: FileEntry) -> None:
        changed = dataclasses.replace(report, files=(claim,))
        verify_evidence(evidence, read_secrets(key, None), changed, said.append, lambda _done, _total: None)

    check(claimed)
    assert said[-1].startswith("1 repaired files: made again")
    with pytest.raises(HashMismatchError, match="is not what reversing"):
        check(dataclasses.replace(claimed, bit_flips=claimed.bit_flips[1:]))


def test_a_repaired_stream_of_plain_evidence_is_made_again(
    tmp_path: Path, volume: bytes, photos: tuple[bytes, ...]
) -> None:
    size = len(photos[0])
    for offset in range(4096 + size // 2, 4096 + size // 2 + 40):  # the first flip there that breaks the code
        damaged = bytearray(volume)
        damaged[offset] ^= 0x20
        if decode(bytes(damaged[4096 : 4096 + size])).events:
            break
    (tmp_path / "plain.dd").write_bytes(damaged)
    report = plugin.run(tmp_path / "plain.dd", tmp_path / "out", jobs=1)
    entry = report.files[0]
    assert (entry.status, entry.exact_probability) == (Status.REPAIRED, None)
    assert [(flip.evidence_offset, flip.bit) for flip in entry.bit_flips] == [(offset, 2)]
    assert entry.repaired is not None
    assert entry.restored is not None
    assert (tmp_path / "out" / entry.repaired.path).read_bytes() == photos[0]
    result = verify(tmp_path / "out", "--evidence", tmp_path / "plain.dd")
    assert result.exit_code == 0, result.output
    assert "1 repaired files: made again" in result.output


def test_folder_without_a_run(tmp_path: Path) -> None:
    fails(verify(tmp_path), "cannot read", code=3)


def test_decrypted_files_are_read_again_with_the_key(tmp_path: Path, encrypted_image: Path, key: bytes) -> None:
    plugin.run(encrypted_image, tmp_path / "out", key=key, parameters=Parameters(carve_only=True))
    without = verify(tmp_path / "out", "--evidence", encrypted_image)
    assert "2 carved files were not read again" in without.output
    with_key = verify(tmp_path / "out", "--evidence", encrypted_image, "--key", key.hex())
    assert "2 carved files: read again" in with_key.output
    fails(verify(tmp_path / "out", "--evidence", encrypted_image, "--key", "00" * 16), "not where the report says")
