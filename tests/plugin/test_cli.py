"""The command as an examiner meets it: help, output, messages, and the documented exit codes."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from carving.carver.carver import carve
from carving.carver.donors import Families
from carving.errors import EvidenceError
from carving.fragments import Fragment
from carving.source import ByteSource
from plugin.cli import cli
from plugin.common.restore_record import RestoreRecord
from plugin.workers.worker import RestoreTask, restore_fragment

ROOT = Path(__file__).resolve().parents[2]
RunCommand = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def interruptible() -> Iterator[None]:
    """Children are started with the default action of an interrupt: a suite that runs in the background of a script has
    inherited that it is ignored, and hands that on."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def test_help_teaches_by_example() -> None:
    short, long = (CliRunner().invoke(cli, arguments) for arguments in (["--help"], ["run", "--help"]))
    assert short.exit_code == long.exit_code == 0
    assert "--key file:mk.bin" in short.output
    assert "4 the key does not fit" in long.output


def test_no_arguments_show_help_as_a_usage_error() -> None:
    result = CliRunner().invoke(cli, [])
    assert result.exit_code == 2
    assert "Examples" in result.output


@pytest.mark.parametrize("leading", [(), ("run",)])
def test_run_is_the_default(command: RunCommand, tmp_path: Path, plain_image: Path, leading: tuple[str, ...]) -> None:
    done = command(*leading, "--carve-only", plain_image, "-o", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    assert done.stdout == ""
    assert "2 pictures found" in done.stderr
    assert str(tmp_path / "out/report.json") in done.stderr


def test_quiet_says_nothing(command: RunCommand, tmp_path: Path, plain_image: Path) -> None:
    done = command(plain_image, "--quiet", "--carve-only", "-o", tmp_path / "out")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_md5_is_computed_where_it_is_asked_for(command: RunCommand, tmp_path: Path, plain_image: Path) -> None:
    done = command(plain_image, "--md5", "--carve-only", "--quiet", "-o", tmp_path / "out")
    assert (done.returncode, done.stderr) == (0, "")
    evidence = json.loads((tmp_path / "out/report.json").read_text("utf-8"))["evidence"]
    media = plain_image.read_bytes()
    assert evidence["md5"] == hashlib.md5(media, usedforsecurity=False).hexdigest()
    assert evidence["sha256"] == hashlib.sha256(media).hexdigest()


def test_json_progress(command: RunCommand, tmp_path: Path, plain_image: Path) -> None:
    done = command(plain_image, "--json-progress", "--quiet", "-o", tmp_path / "out", "--jobs", "1")
    assert (done.returncode, done.stderr) == (0, "")
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    size = plain_image.stat().st_size
    last = {line["stage"]: (line["done"], line["total"]) for line in lines}
    assert last.pop("compile", (3, 3)) == (3, 3)  # there only where kernels had to be compiled
    assert last == {"hash": (size, size), "scan": (size, size), "restore": (2, 2), "recheck": (size, size)}


def test_record_holds_the_command_line_without_the_key(
    command: RunCommand, tmp_path: Path, encrypted_image: Path, key: bytes
) -> None:
    done = command(encrypted_image, "--key", key.hex(), "--carve-only", "-o", tmp_path / "out", "--examiner", "E. X.")
    assert done.returncode == 0, done.stderr
    first = json.loads((tmp_path / "out/custody.jsonl").read_text("ascii").splitlines()[0])["details"]
    assert "[redacted]" in first["arguments"]
    assert str(encrypted_image) in first["arguments"]
    assert first["examiner"] == "E. X."
    assert key.hex() not in "".join(path.read_text("latin-1") for path in (tmp_path / "out").glob("*.json*"))


@pytest.mark.parametrize("how", ["file", "raw file", "env", "-"])
def test_ways_to_give_a_key(
    command: RunCommand, tmp_path: Path, encrypted_image: Path, key: bytes, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "key").write_bytes(key if how == "raw file" else key.hex().encode() + b"\n")
    monkeypatch.setenv("CARVE_TEST_KEY", key.hex())
    value = {"env": "env:CARVE_TEST_KEY", "-": "-"}.get(how, f"file:{tmp_path / 'key'}")
    done = command(encrypted_image, "--key", value, "--carve-only", "-o", tmp_path / "out", input_text=key.hex() + "\n")
    assert done.returncode == 0, done.stderr
    assert key.hex() not in done.stdout + done.stderr


def fails(done: subprocess.CompletedProcess[str], code: int, words: str) -> None:
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    (line,) = (line for line in done.stderr.splitlines() if line.startswith("carve-restore: error: "))
    assert words in line


def test_usage_errors(command: RunCommand, tmp_path: Path, plain_image: Path) -> None:
    for arguments in (["--frob"], [plain_image, "--sector-size", "1000"], [plain_image, "--jobs", "0"], ["run"]):
        assert command(*arguments, "-o", tmp_path / "out").returncode == 2
    secret = "8f3ac1d29b7e4405a6d8f01c77b2e95"
    done = command(plain_image, "--key", secret, "-o", tmp_path / "out")
    fails(done, 2, "key")
    assert secret not in done.stderr
    fails(command(plain_image, "--key", "00" * 16, "--cipher", "xts", "-o", tmp_path / "out"), 2, "xts")
    assert not (tmp_path / "out").exists()


def test_unreadable_evidence(command: RunCommand, tmp_path: Path, sample_images: Path) -> None:
    (tmp_path / "empty.jpg").touch()
    (tmp_path / "cut.E01").write_bytes((sample_images / "demo.E01").read_bytes()[:2_000_000])
    (tmp_path / "split.001").write_bytes(bytes(512))
    (tmp_path / "split.003").write_bytes(bytes(512))
    for name, words in (("empty.jpg", "empty"), ("none.dd", "none.dd"), ("cut.E01", "cut"), ("split.001", ".002")):
        fails(command(tmp_path / name, "-o", tmp_path / "out"), 3, words)
    assert not (tmp_path / "out").exists()


def test_key_that_does_not_fit(command: RunCommand, tmp_path: Path, noise_image: Path) -> None:
    fails(command(noise_image, "--key", "5a" * 16, "-o", tmp_path / "out"), 4, "does not fit")


def test_output_not_empty(command: RunCommand, tmp_path: Path, plain_image: Path) -> None:
    fails(command(plain_image, "-o", tmp_path), 5, "not empty")


def test_output_that_cannot_be_written(tmp_path: Path, plain_image: Path) -> None:
    limited = ["sh", "-c", 'ulimit -f 10; exec "$@"', "sh"]  # 5120 bytes a file; the photos are larger
    done = subprocess.run(
        [*limited, sys.executable, "-m", "plugin", plain_image, "--quiet", "-o", tmp_path / "out"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    fails(done, 5, "carved/0000004096.jpg")
    assert list((tmp_path / "out/carved").iterdir()) == []


def test_altered_evidence(command: RunCommand, tmp_path: Path, sample_images: Path) -> None:
    image = bytearray((sample_images / "demo.E01").read_bytes())
    image[len(image) // 2] ^= 1
    (tmp_path / "altered.E01").write_bytes(image)
    done = command(
        tmp_path / "altered.E01", "--key", f"file:{sample_images / 'demo.key'}", "--carve-only", "-o", tmp_path / "out"
    )
    assert done.returncode == 6
    assert "carve-restore: error: the evidence is not what was acquired" in done.stderr
    assert (tmp_path / "out/report.json").exists()


@pytest.mark.usefixtures("interruptible")
@pytest.mark.parametrize(("stage", "ending"), [("hash", signal.SIGINT), ("restore", signal.SIGTERM)])
def test_interrupt(tmp_path: Path, photos: tuple[bytes, ...], stage: str, ending: signal.Signals) -> None:
    image = tmp_path / "long.dd"
    with image.open("wb") as file:
        for number in range(200 if stage == "restore" else 1):
            file.seek(number * 32768)
            file.write(photos[number % 2])
        file.truncate(4 << 30 if stage == "hash" else 200 * 32768)
    arguments = ["-m", "plugin", str(image), "--json-progress", "-o", str(tmp_path / "out"), "--jobs", "1"]
    with subprocess.Popen(
        [sys.executable, *arguments], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        for line in process.stdout:
            state = json.loads(line)
            if state["stage"] == stage and state["done"]:
                break
        os.kill(process.pid, ending)
        process.stdout.read()
        said = process.stderr.read()
    assert process.returncode == 130, said
    assert (
        said.strip()
        == "carve-restore: error: interrupted; what was written so far is kept, and --resume goes on with it"
    )
    last = json.loads((tmp_path / "out/custody.jsonl").read_text("ascii").splitlines()[-1])
    assert (last["event"], last["details"]["kind"]) == ("run_stopped", "KeyboardInterrupt")
    assert not (tmp_path / "out/report.json").exists()


@pytest.mark.parametrize("begun", [False, True])
def test_unforeseen_error_is_short_and_its_traceback_logged(
    command: RunCommand, tmp_path: Path, plain_image: Path, monkeypatch: pytest.MonkeyPatch, begun: bool
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    where = "carving.carver.carver.carve" if begun else "carving.evidence.open_stack"
    module = where.rpartition(".")[0]
    program = (
        f"import sys, {module}, plugin.cli\n"
        f"def broken(*_, **__): raise ZeroDivisionError('made for a test')\n"
        f"{where} = broken\n"
        f"plugin.cli.main()\n"
    )
    done = command(plain_image, "--quiet", "-o", tmp_path / "out", program=("-c", program))
    fails(done, 1, "ZeroDivisionError")
    log = Path(done.stderr.strip().rpartition(" ")[2])
    assert log.is_relative_to(tmp_path / "out") == begun
    assert "made for a test" in log.read_text("utf-8")
    assert (tmp_path / "out").exists() == begun


def test_file_that_fails_is_named_and_stops_nothing(
    tmp_path: Path, plain_image: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("plugin.examination.stages.restore_fragment", _fail_at_first)
    result = CliRunner().invoke(cli, [str(plain_image), "-o", str(tmp_path / "out"), "--quiet", "--jobs", "1"])
    assert result.exit_code == 1
    assert "carve-restore: error: the file at offset 4096: ZeroDivisionError" in result.stderr
    document = json.loads((tmp_path / "out/report.json").read_bytes())
    assert [bool(entry["error"]) for entry in document["files"]] == [True, False]
    assert [entry["status"] for entry in document["files"]] == ["unrecoverable", "intact"]
    assert "ZeroDivisionError" in (tmp_path / "out/errors.log").read_text("utf-8")


def test_evidence_that_fails_halfway_is_reported_as_far_as_it_went(
    tmp_path: Path, plain_image: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def carve_one(source: ByteSource, *, layer: str, threads: int, families: Families) -> Iterator[Fragment]:
        yield next(carve(source, layer=layer, threads=threads, families=families))
        raise EvidenceError("the disk cannot be read at byte 65536")

    monkeypatch.setattr("carving.carver.carver.carve", carve_one)
    result = CliRunner().invoke(cli, [str(plain_image), "-o", str(tmp_path / "out"), "--quiet", "--carve-only"])
    assert result.exit_code == 3
    assert result.stderr == "carve-restore: error: the disk cannot be read at byte 65536\n"
    document = json.loads((tmp_path / "out/report.json").read_bytes())
    assert [entry["offset"] for entry in document["files"]] == [4096]
    assert document["failures"] == [
        {"stage": "scan", "message": "the disk cannot be read at byte 65536", "exit_code": 3}
    ]


def test_names_that_are_not_utf8(tmp_path: Path, plain_image: Path) -> None:
    odd = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff\xfe.dd"))
    plain_image.rename(odd)
    done = subprocess.run(
        [sys.executable, "-m", "plugin", odd, "--carve-only", "--case", b"\xff", "-o", os.fsencode(odd) + b".out"],
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    document = json.loads(Path(f"{odd}.out/report.json").read_bytes())
    assert document["evidence"]["paths"][0].endswith(r"/\xff\xfe.dd")


def _fail_at_first(task: RestoreTask) -> RestoreRecord:
    if task.fragment.offset == 4096:
        raise ZeroDivisionError("made for a test")
    return restore_fragment(task)
