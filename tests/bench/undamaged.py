"""Do no harm: restore every undamaged JPEG below a folder and tell, by kind, what does not come out as it was.

    python -m tests.bench.undamaged FOLDER [--encrypted] [--limit N] [--half tune|held] [--jobs N] [--csv FILE]

The kind of a picture is the subfolder of FOLDER in which it lies. Right is `intact`, no flip claimed, every block as it
stands and every pixel as libjpeg-turbo decodes it. The exit status is 1 where any picture is not.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import multiprocessing
import statistics
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import astuple
from functools import partial
from pathlib import Path
from typing import Final, get_args

from restore.restoration import DEFAULT_EFFORT
from restore.warming import warm_up
from tests.bench.undamaged_measure import COLUMNS, Half, Outcome, Way, half_of, measure

_LINE: Final = "{:<22}{:>9}{:>11}{:>8}{:>11}{:>12}{:>10}{:>10}{:>8}"
_HEAD: Final = ("kind", "pictures", "not right", "claims", "blocks", "pixels", "CPU s", "median", "ratio")


def pictures(folder: Path, limit: int | None, seed: int, half: Half) -> list[tuple[str, Path]]:
    """Kind and path of every picture wanted, kinds in order.

    Args:
        folder: where the kinds lie.
        limit: the most pictures of one kind; None for all. Which ones are taken follows from the seed.
        seed: decides between them.
        half: the half of the set.
    """
    kinds: dict[str, list[Path]] = defaultdict(list)
    for path in sorted(folder.rglob("*.jpg")):
        kind = path.relative_to(folder).parts[0]
        kinds["." if kind == path.name else kind].append(path)
    chosen: list[tuple[str, Path]] = []
    for kind, paths in sorted(kinds.items()):
        wanted = [path for path in paths if half in ("both", half_of(kind, path))]
        wanted.sort(
            key=lambda path: hashlib.sha256(f"{seed} {path.relative_to(folder)}".encode("utf-8", "replace")).digest()
        )
        chosen += [(kind, path) for path in wanted[:limit]]
    return chosen


def outcomes(folder: Path, chosen: Sequence[tuple[str, Path]], way: Way, effort: int, jobs: int) -> Iterator[Outcome]:
    """Measure the pictures in their order, in this process or in several."""
    task = partial(_measure, folder, way, effort)
    if jobs == 1:
        _warm()
        yield from map(task, chosen)
        return
    context = multiprocessing.get_context("forkserver")
    with ProcessPoolExecutor(jobs, context, initializer=_warm) as pool:
        yield from pool.map(task, chosen)


def _warm() -> None:
    """Load the kernels, or compile them, before any time is taken."""
    warm_up(lambda *_: None)


def _measure(folder: Path, way: Way, effort: int, picture: tuple[str, Path]) -> Outcome:
    kind, path = picture
    return measure(path, kind, str(path.relative_to(folder)), way, effort)


def table(found: Iterable[Outcome]) -> Iterator[str]:
    """Lines of the table by kind, with the sum, then one line for each picture that is not right."""
    kinds: dict[str, list[Outcome]] = defaultdict(list)
    for outcome in found:
        kinds[outcome.kind].append(outcome)
    yield _LINE.format(*_HEAD)
    for kind, some in sorted(kinds.items()):
        yield _row(kind, some)
    every = [outcome for some in kinds.values() for outcome in some]
    yield _row("all", every)
    for outcome in every:
        if not outcome.is_right:
            yield (
                f"{outcome.name}: {outcome.status}, {outcome.claims} flips claimed, "
                f"{outcome.moved} placed, {outcome.lost} lost, {outcome.generated} generated, "
                f"{outcome.repaired} repaired, {outcome.different} of {outcome.pixels} pixels; {outcome.notes}"
            )


def _row(kind: str, some: Sequence[Outcome]) -> str:
    spent = [outcome.seconds for outcome in some]
    plain = sum(outcome.plain for outcome in some)
    return _LINE.format(
        kind,
        len(some),
        sum(not outcome.is_right for outcome in some),
        sum(outcome.claims for outcome in some),
        sum(outcome.not_intact for outcome in some),
        sum(max(0, outcome.different) for outcome in some),
        f"{sum(spent):.1f}",
        f"{statistics.median(spent) if spent else 0:.3f}",
        f"{sum(spent) / plain if plain else 0:.1f}",
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, and write a row for each picture as it is done."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.undamaged", description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--way", choices=get_args(Way), default="folder", help="how the files are handed in")
    parser.add_argument("--encrypted", dest="way", action="store_const", const="encrypted", help="--way encrypted")
    parser.add_argument("--limit", type=int, help="the most pictures of one kind")
    parser.add_argument("--half", choices=get_args(Half), default="both", help="a fixed half of the set")
    parser.add_argument("--kind", action="append", help="this kind only; can be repeated")
    parser.add_argument("--effort", type=int, default=DEFAULT_EFFORT, choices=range(4))
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--seed", type=int, default=0, help="which pictures --limit takes")
    parser.add_argument("--csv", type=Path, help="a row for each picture")
    given = parser.parse_args(arguments)
    chosen = pictures(given.folder, given.limit, given.seed, given.half)
    chosen = [(kind, path) for kind, path in chosen if given.kind is None or kind in given.kind]
    if not chosen:
        parser.error(f"no *.jpg below {given.folder}")
    found: list[Outcome] = []
    with (given.csv or Path("/dev/null")).open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for outcome in outcomes(given.folder, chosen, given.way, given.effort, given.jobs):
            found.append(outcome)
            writer.writerow(astuple(outcome))
            file.flush()
    print("\n".join(table(found)))
    return int(not all(outcome.is_right for outcome in found))


if __name__ == "__main__":
    sys.exit(main())
