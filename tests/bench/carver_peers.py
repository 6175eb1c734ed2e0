"""Run carvers in turn over the bench image and say which files each gave back exactly, and in which time.

    python -m tests.bench.carver_peers bench.img --rounds 3

The peers are Debian's photorec (testdisk), foremost, scalpel and recoverjpeg; one that is not installed is named and
left out.
"""

from __future__ import annotations

import argparse
import collections
import hashlib
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

_LIMIT: Final = 170
_SCALPEL_RULES: Final = (
    "jpg y 20000000 \\xff\\xd8\\xff\\xe0 \\xff\\xd9\njpg y 20000000 \\xff\\xd8\\xff\\xe1 \\xff\\xd9\n"
)
_CHUNK: Final = 1 << 20

Command = Callable[[Path, Path], list[str]]


def _photorec(options: str) -> Command:
    def command(image: Path, folder: Path) -> list[str]:
        steps = f"partition_none,options,{options},fileopt,everything,disable,jpg,enable,search"
        return ["photorec", "/log", "/d", str(folder / "found"), "/cmd", str(image), steps]

    return command


def _scalpel(image: Path, folder: Path) -> list[str]:
    (folder / "rules").write_text(_SCALPEL_RULES)
    return ["scalpel", "-c", str(folder / "rules"), "-o", str(folder / "found"), str(image)]


CONTESTANTS: Final[dict[str, Command]] = {
    "carve-restore --carve-only": lambda image, folder: (
        [sys.executable, "-m", "plugin", str(image), "--carve-only", "--quiet", "-o", str(folder / "found")]
    ),
    "carve-restore's carver alone": lambda image, folder: (
        [sys.executable, "-m", "tests.bench.carver_alone", str(image), str(folder)]
    ),
    "photorec, paranoid": _photorec("paranoid"),
    "photorec, paranoid_no": _photorec("paranoid_no"),
    "foremost": lambda image, folder: ["foremost", "-t", "jpg", "-o", str(folder / "found"), "-i", str(image)],
    "scalpel": _scalpel,
    "recoverjpeg": lambda image, folder: ["recoverjpeg", "-q", "-o", str(folder), str(image)],
}


@dataclass
class Score:
    """What one contestant did in all rounds."""

    seconds: list[float] = field(default_factory=list)
    processor: list[float] = field(default_factory=list)
    peak: int = 0
    files: int = 0
    exact: collections.Counter[str] = field(default_factory=collections.Counter)
    finished: bool = True


def run_once(name: str, image: Path, truth: list[dict[str, object]], score: Score) -> None:
    """Run one contestant, add its time, and compare what it found with the truth."""
    with tempfile.TemporaryDirectory(dir=image.parent) as temporary:
        folder = Path(temporary)
        program = CONTESTANTS[name](image, folder)
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        started = time.perf_counter()
        try:
            with (folder / "output").open("wb") as output:
                subprocess.run(
                    program,
                    stdout=output,
                    stderr=output,
                    timeout=_LIMIT,
                    cwd=Path.cwd() if program[0] == sys.executable else folder,
                    env=os.environ | {"HOME": str(folder)} if program[0] != sys.executable else None,
                    check=False,
                )
        except subprocess.TimeoutExpired:
            score.finished = False
        score.seconds.append(time.perf_counter() - started)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        score.processor.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
        found = [path for path in folder.rglob("*") if path.suffix == ".jpg" and "thumbnails" not in path.parts]
        digests = {_digest(path) for path in found}
        score.files = len(found)
        score.exact = collections.Counter(str(entry["kind"]) for entry in truth if entry["sha256"] in digests)
        score.exact["thumbnails"] = sum(1 for path in folder.rglob("thumbnails/*"))


def _digest(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def table(scores: dict[str, Score], truth: list[dict[str, object]], size: int) -> str:
    """A Markdown table: median time, speed, and exact files by kind."""
    kinds = collections.Counter(str(entry["kind"]) for entry in truth)
    titles = " | ".join(f"{kind} of {count}" for kind, count in kinds.most_common())
    lines = [
        f"| | seconds (median; all) | CPU s | MB/s | files | {titles} |",
        "|---|---|---|---|---|" + "---|" * len(kinds),
    ]
    for name, score in scores.items():
        median = statistics.median(score.seconds)
        runs = " ".join(f"{seconds:.1f}" for seconds in score.seconds)
        exact = " | ".join(str(score.exact[kind]) for kind, _ in kinds.most_common())
        speed = f"{size / median / 1e6:.0f}" if score.finished else "not finished"
        lines.append(
            f"| {name} | {median:.2f}; {runs} | {statistics.median(score.processor):.1f} | {speed} |"
            f" {score.files} | {exact} |"
        )
    return "\n".join(lines)


def main() -> None:
    """Entry point of the script."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("image", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", nargs="*", help="names of contestants, or parts of them")
    options = parser.parse_args()
    image = options.image.resolve()
    truth = json.loads(image.with_suffix(".json").read_text())
    names = [name for name in CONTESTANTS if not options.only or any(part in name for part in options.only)]
    for name in [name for name in names if not name.startswith("carve-restore") and not shutil.which(_program(name))]:
        print(f"{name}: not installed, left out")
        names.remove(name)
    scores = {name: Score() for name in names}
    _digest(image)  # so that all find the image in memory
    for _ in range(options.rounds):
        for name in names:
            run_once(name, image, truth, scores[name])
    print(table(scores, truth, image.stat().st_size))


def _program(name: str) -> str:
    return name.replace(",", " ").split(maxsplit=1)[0]


if __name__ == "__main__":
    main()
