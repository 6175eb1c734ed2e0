"""Evidence is never opened for writing, and nothing is written outside the output folder: as the system saw it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
WRITING = re.compile(r"O_WRONLY|O_RDWR|O_CREAT|O_TRUNC")
OPENED = re.compile(r'open(?:at)?\((?:AT_FDCWD(?:<[^>]*>)?, )?"(?P<path>[^"]*)", (?P<flags>[A-Z_|]+)')
CHANGED = re.compile(r'(?:rename|unlink|link|symlink|mkdir|truncate|chmod|chown|utimensat)\w*\(.*"(?P<path>/[^"]*)"')
# Compiled kernels are kept in the user's cache folder between runs; they hold nothing of the evidence.
SYSTEMS_OWN = ("/dev/", "/proc/", "/sys/")


@pytest.mark.parametrize("encrypted", [False, True])
def test_evidence_is_only_read(
    tmp_path: Path, plain_image: Path, encrypted_image: Path, key: bytes, encrypted: bool
) -> None:
    evidence = encrypted_image if encrypted else plain_image
    evidence.chmod(0o444)
    caches, out, trace = tmp_path / "tmp", tmp_path / "out", tmp_path / "trace"
    caches.mkdir()
    command = [sys.executable, "-m", "plugin", str(evidence), "-o", str(out), "--quiet", "--jobs", "1"]
    done = subprocess.run(
        ["strace", "-f", "--seccomp-bpf", "-qq", "-e", "trace=file,ftruncate", "-o", str(trace), *command]
        + (["--key", key.hex()] if encrypted else []),
        cwd=ROOT,
        env=os.environ | {"TMPDIR": str(caches), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    lines = trace.read_text("utf-8", "replace").splitlines()
    opened = [match for line in lines if (match := OPENED.search(line))]
    assert any(match["path"] == str(evidence) for match in opened)
    written = {match["path"] for match in opened if WRITING.search(match["flags"])}
    written |= {match["path"] for line in lines if " = 0" in line and (match := CHANGED.search(line))}
    assert str(evidence) not in written
    inside = (str(out), str(caches), *SYSTEMS_OWN)
    outside = {path for path in written if path.startswith("/") and not path.startswith(inside)}
    assert {path for path in outside if "/carve-restore/kernels" not in path} == set()
    assert any(path.startswith(str(out)) for path in written)
