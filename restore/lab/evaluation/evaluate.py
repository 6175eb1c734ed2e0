"""Evaluate methods on damaged files: cut the work into tasks, do them anywhere, keep every result, go on later."""

from __future__ import annotations

import hashlib
import io
import json
import time
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import numpy as np
from PIL import Image

from carving.errors import JpegError
from restore.lab.evaluation.judge import Judge, Score
from restore.lab.evaluation.methods import find_method
from restore.lab.evaluation.region_score import RegionScore
from restore.lab.evaluation.specimens import Source, damages, load
from restore.lab.simulation.damage import DamagedFile, damage, spared_header
from restore.lab.simulation.embed import beside
from restore.lab.simulation.medium import Medium
from restore.lab.simulation.originals import read_file
from restore.lab.simulation.regions import RegionKind
from restore.lab.simulation.simulate import Simulation

_WARM_UP_SIDE: Final = 128
SEVERAL_SCANS: Final = "which MCUs a region takes is measured for pictures of one scan only"


@dataclass(frozen=True, slots=True)
class Plan:
    """What to evaluate.

    Attributes:
        methods: names of methods, in the order of the tables.
        bers, seeds: every picture is damaged once for each pair.
        simulation: everything else about the damage; its own rate and seed are replaced by those above.
        blur: of the guide, in thumbnail pixels.
        device: handed to the methods.
        regions: every picture is also damaged once for each kind; None for flips alone.
        files_per_kind: how many pictures are drawn for each kind, by the seed; all where None.
    """

    methods: tuple[str, ...]
    bers: tuple[float, ...]
    seeds: tuple[int, ...]
    simulation: Simulation
    blur: float = 0.0
    device: str = "cpu"
    regions: tuple[RegionKind | None, ...] = (None,)
    files_per_kind: int | None = None

    def settings(self) -> dict[str, Any]:
        """What a result depends on besides file, rate, seed and method; no key, which follows from the seed."""
        simulation, numbering = self.simulation, self.simulation.medium.numbering
        return {
            "cipher": simulation.medium.cipher,
            "sector_size": numbering.sector_size,
            "iv_sector": numbering.iv,
            "spare_headers": simulation.spare_headers,
            "thumbnails": simulation.thumbnails,
            "thumbnail_quality": simulation.thumbnail_quality,
            "thumbnail_blur": self.blur,
            "device": self.device,
        }


@dataclass(frozen=True, slots=True)
class Task:
    """One damage of one file, and the methods still to be tried on it; `identity` names the damage."""

    source: Source
    simulation: Simulation
    blur: float
    device: str
    methods: tuple[str, ...]
    identity: str


@dataclass(frozen=True, slots=True)
class EvaluationRecord:
    """One method on one damage: `seconds` by the clock, `cpu_seconds` of all its threads.

    `score` is None where the original cannot be measured against; `note` says why.
    """

    identity: str
    dataset: str
    name: str
    ber: float
    seed: int
    method: str
    seconds: float
    score: Score | None
    note: str = ""
    region: str = ""
    cpu_seconds: float | None = None

    @property
    def key(self) -> tuple[str, str]:
        return self.identity, self.method


Runner = Callable[
    [Callable[[Task], list[EvaluationRecord]], Iterable[Task]],
    Generator[tuple[Task, list[EvaluationRecord] | BaseException], None, None],
]
"""Applies a function to tasks, here or in other processes, in any order."""


def tasks(sources: Iterable[Source], plan: Plan) -> Iterator[Task]:
    """Every damage of every source, with all methods.

    Raises:
        UsageError: a source cannot be read; there is no such method.
    """
    for method in plan.methods:
        find_method(method)
    pictures = list(sources)
    content = {path: hashlib.sha256(read_file(path)).hexdigest() for source in pictures for path in source.files()}
    drawn = {
        (seed, kind): _drawn([content[source.path] for source in pictures], plan.files_per_kind, seed, kind)
        for seed in plan.seeds
        for kind in plan.regions
    }
    for source in pictures:
        for ber, seed, kind in damages(source, plan.bers, plan.seeds, plan.regions):
            if source.kind == "picture" and content[source.path] not in drawn[seed, kind]:
                continue
            simulation = replace(plan.simulation, ber=ber, seed=seed, region=kind)
            paths = [one.path for one in pictures if one.kind == "picture" and one.dataset == source.dataset]
            one = (
                source
                if source.kind != "picture"
                else replace(source, other=simulation.other_photo(source.path, paths))
            )
            digests = [content[path] for path in one.files()]
            recipe: list[Any] = [one.kind, one.dataset, one.path.name, digests, ber, seed, plan.settings()]
            if kind is not None:
                recipe.append(kind)
            identity = hashlib.sha256(json.dumps(recipe).encode()).hexdigest()[:24]
            yield Task(one, simulation, plan.blur, plan.device, plan.methods, identity)


def _drawn(digests: list[str], count: int | None, seed: int, kind: RegionKind | None) -> set[str]:
    """Which files a kind of region is tried on, by their digests."""
    recipes = {digest: hashlib.sha256(f"{seed} {kind} {digest}".encode()).digest() for digest in digests}
    return set(sorted(digests, key=lambda digest: recipes[digest])[:count])


def pending(all_tasks: Iterable[Task], kept: Path) -> list[Task]:
    """The tasks without the methods that have a result in the file `kept` already."""
    done = {record.key for record in load_records(kept)}
    left = []
    for task in all_tasks:
        methods = tuple(method for method in task.methods if (task.identity, method) not in done)
        if methods:
            left.append(replace(task, methods=methods))
    return left


def in_this_process(
    function: Callable[[Task], list[EvaluationRecord]], work: Iterable[Task]
) -> Generator[tuple[Task, list[EvaluationRecord] | BaseException], None, None]:
    """The simplest runner: one task after the other."""
    for task in work:
        yield task, function(task)


def run_task(task: Task) -> list[EvaluationRecord]:
    """Damage one file and let each method have it. The seconds are the method's own, after a warm-up."""
    ber, seed = task.simulation.ber, task.simulation.seed

    region = str(task.simulation.region or "")

    def record(
        method: str, seconds: float, score: Score | None, note: str = "", cpu_seconds: float | None = None
    ) -> EvaluationRecord:
        name, dataset = task.source.path.name.partition(".")[0], task.source.dataset
        return EvaluationRecord(
            task.identity, dataset, name, ber, seed, method, seconds, score, note, region, cpu_seconds
        )

    try:
        specimen = load(task.source, task.simulation, task.blur)
        judge = Judge(specimen)
    except JpegError as error:
        return [record(method, 0.0, None, str(error)) for method in task.methods]
    records = []
    for name in task.methods:
        _warm_up(name, task.device)
        started, started_cpu = time.perf_counter(), time.process_time()
        result = find_method(name)(specimen.damaged, task.device)
        seconds, cpu_seconds = time.perf_counter() - started, time.process_time() - started_cpu
        score = judge.score(result)
        note = SEVERAL_SCANS if region and score.region is None else ""
        records.append(record(name, seconds, score, note, cpu_seconds))
    return records


@lru_cache(maxsize=64)
def _warm_up(method: str, device: str) -> None:
    """Load and compile what a method needs, on a small picture, so that its first file is not timed with it."""
    ramp = np.linspace(0, 255, _WARM_UP_SIDE)
    grey = np.random.default_rng(0).normal(ramp[:, np.newaxis] / 2 + ramp / 2, 20.0).clip(0, 255).astype(np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(np.repeat(grey[..., np.newaxis], 3, axis=2)).save(buffer, "JPEG", quality=75)
    original, medium = buffer.getvalue(), Medium(bytes(16))
    damaged = damage(original, medium, 1e-4, 0, spared_header(original, medium))
    find_method(method)(DamagedFile("warm-up", damaged.jpeg, damaged.stored, medium, beside(original)), device)


def load_records(path: Path) -> list[EvaluationRecord]:
    """The results kept so far, one JSON object a line; a last line that was cut off by an interruption is dropped."""
    if not path.is_file():
        return []
    records = []
    for line in path.read_text(encoding="utf-8").splitlines():
        try:
            fields = json.loads(line)
            score = fields.pop("score")
            records.append(EvaluationRecord(**fields, score=None if score is None else _score(score)))
        except (ValueError, TypeError, KeyError):
            continue
    return records


def _score(fields: dict[str, Any]) -> Score:
    region = fields.pop("region", None)
    return Score(**fields, region=None if region is None else RegionScore(**region))


def run_tasks(work: Iterable[Task], kept: Path, runner: Runner = in_this_process) -> Iterator[list[EvaluationRecord]]:
    """Do tasks, append each result to the file `kept`, and yield it.

    Raises:
        UsageError: a source cannot be read; there is no such method.
        BaseException: whatever a task ended in; what was done before is kept.
    """
    _end_last_line(kept)
    with kept.open("a", encoding="utf-8") as stream:
        for _, outcome in runner(run_task, work):
            if isinstance(outcome, BaseException):
                raise outcome
            stream.writelines(json.dumps(asdict(record)) + "\n" for record in outcome)
            stream.flush()
            yield outcome


def wanted_records(all_tasks: Iterable[Task], kept: Path) -> list[EvaluationRecord]:
    """The kept results that belong to these tasks, in their order: by dataset and file, rate, seed, method."""
    by_key = {record.key: record for record in load_records(kept)}
    keys = [(task.identity, method) for task in all_tasks for method in task.methods]
    return [by_key[key] for key in dict.fromkeys(keys) if key in by_key]


def _end_last_line(path: Path) -> None:
    """Let what follows begin on a line of its own, behind one that an interruption cut off."""
    if path.is_file() and (data := path.read_bytes()) and not data.endswith(b"\n"):
        with path.open("ab") as stream:
            stream.write(b"\n")
