"""Show that a change of the code changes nothing in what the tool gives.

`make same-reports BEFORE=REV`, or `python -m tests.bench.same_reports REV`, checks REV out into a folder, runs
the main job of both trees on the demo evidence, on the unencrypted sample, and, where the media collection is beside
the repository, on the paper's own files (as pictures of a folder, and encrypted with the published damage). Then the
reports are compared, with the digests of every file written. What differs between any two runs is left out: `VARYING`.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from restore.lab.simulation.bit_errors import apply_flips
from restore.lab.simulation.medium import PAPER_KEY, PAPER_MEDIUM
from restore.lab.simulation.replay import replay

ROOT: Final = Path(__file__).resolve().parents[2]
SAMPLES: Final = ROOT / "sample_images"
COLLECTION: Final = ROOT.parent / "shared" / "data"
VARYING: Final = frozenset(("started", "finished", "version", "libraries", "custody", "code_sha256", "modified"))
"""Fields of the report that two runs never share: times, versions, and the log that holds both. File system times of
evidence made afresh are among them."""
SHOWN: Final = 20
"""Differences printed for each piece of evidence."""


@dataclass(frozen=True, slots=True)
class Job:
    """One run of the main job: the name of its evidence, and the arguments that come before `-o`."""

    name: str
    arguments: tuple[str, ...]


def jobs(folder: Path, collection: Path) -> Iterator[Job]:
    """What is run; evidence that has to be made is written to `folder`."""
    yield Job("demo", (str(SAMPLES / "demo.E01"), "--key", f"file:{SAMPLES / 'demo.key'}"))
    yield Job("plain", (str(SAMPLES / "plain.dd"),))
    papers = collection / "two_acir"
    if not papers.is_dir():
        print(f"{papers} is not there: the paper's files are left out", file=sys.stderr)
        return
    yield Job("paper", (str(papers / "De"),))
    for number, original in enumerate(sorted((papers / "GT").glob("*.jpg")), 1):
        flips = replay(original.read_bytes(), (papers / "De" / original.name).read_bytes()).flips
        evidence = folder / f"paper{number}.dd"
        evidence.write_bytes(apply_flips(PAPER_MEDIUM.store(original.read_bytes()), flips))
        yield Job(f"paper{number}", (str(evidence), "--key", PAPER_KEY.hex(), "--iv-sector", "be32"))


def report_of(tree: Path, job: Job, folder: Path) -> object:
    """The report of `job` as the code in `tree` writes it."""
    command = [sys.executable, "-m", "plugin", "run", *job.arguments, "-o", str(folder), "--quiet"]
    environment = os.environ | {"PYTHONPATH": str(tree), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(command, cwd=tree, env=environment, capture_output=True, text=True, check=False)
    if done.returncode not in (0, 1):
        raise SystemExit(f"{' '.join(command)} in {tree} ended with {done.returncode}:\n{done.stderr}")
    return json.loads((folder / "report.json").read_text(encoding="utf-8"))


def differences(before: object, after: object, where: str = "") -> Iterator[str]:
    """Every place in two JSON values where they differ, but for fields that always do."""
    if isinstance(before, dict) and isinstance(after, dict):
        for name in sorted((before.keys() | after.keys()) - VARYING):
            if name not in before or name not in after:
                yield f"{where}.{name}: only {'after' if name in after else 'before'}"
            else:
                yield from differences(before[name], after[name], f"{where}.{name}")
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for index, pair in enumerate(zip(before, after, strict=True)):
            yield from differences(*pair, f"{where}[{index}]")
    elif before != after:
        yield f"{where}: {json.dumps(before)[:200]} became {json.dumps(after)[:200]}"


def main() -> int:
    """Compare, print every difference, and return how many pieces of evidence gave one."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("before", help="the revision to compare the working tree with")
    parser.add_argument("--collection", type=Path, default=COLLECTION, help="the media collection")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="same-reports-") as name:
        folder = Path(name)
        tree = folder / "before"
        subprocess.run(["git", "worktree", "add", "--detach", tree, options.before], cwd=ROOT, check=True)
        try:
            return compare(tree, folder, options.collection)
        finally:
            subprocess.run(["git", "worktree", "remove", "--force", tree], cwd=ROOT, check=True)


def compare(tree: Path, folder: Path, collection: Path) -> int:
    """Run every job with both trees; the number of jobs whose reports differ."""
    failed = 0
    for job in jobs(folder, collection):
        before, after = (report_of(code, job, folder / f"{job.name}-{code.name}") for code in (tree, ROOT))
        found = list(differences(before, after))
        failed += bool(found)
        print(f"{job.name}: {f'{len(found)} differences' if found else 'the same'}", *found[:SHOWN], sep="\n  ")
    return failed


if __name__ == "__main__":
    sys.exit(main())
