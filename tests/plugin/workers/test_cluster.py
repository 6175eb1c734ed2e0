"""`--cluster`: the same report from the workers of a Dask scheduler, whatever becomes of single workers."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import plugin
from carving.carver.carver import carve
from carving.errors import ClusterError, InterruptedRunError, UsageError
from carving.evidence import open_evidence
from plugin.common.progress import Stage
from plugin.common.restore_record import RestoreRecord
from plugin.common.settings import Parameters
from plugin.common.versions import code_digest
from plugin.workers.cluster import ClusterPool, restore_remotely
from plugin.workers.worker import RestoreTask, restore_fragment

ROOT = Path(__file__).resolve().parents[3]
COUNT = 8


@dataclass(frozen=True)
class Cluster:
    """A scheduler and the processes that belong to it."""

    address: str
    scheduler: subprocess.Popen[bytes]
    workers: tuple[subprocess.Popen[bytes], ...]


@contextmanager
def cluster(folder: Path, workers: int, *options: str, lost_workers_per_task: int = 3) -> Iterator[Cluster]:
    """A cluster as an administrator starts it: by Dask's own commands, in processes of their own."""
    failures = {"DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": str(lost_workers_per_task)}
    environment = os.environ | failures | {"PYTHONPATH": str(ROOT)}
    started: list[subprocess.Popen[bytes]] = []

    def start(*arguments: str | Path) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "distributed.cli." + str(arguments[0]), *map(str, arguments[1:])]
        with (folder / f"{len(started)}.log").open("wb") as log:
            started.append(subprocess.Popen(command, stdout=log, stderr=log, env=environment, cwd=folder))
        return started[-1]

    try:
        address_file = folder / "scheduler.json"
        quiet = ("--no-dashboard",)
        scheduler = start(
            "dask_scheduler", "--host", "127.0.0.1", "--port", "0", "--scheduler-file", address_file, *quiet
        )
        _wait_for(address_file)
        address = json.loads(address_file.read_text())["address"]
        own = [
            start("dask_worker", address, "--nthreads", "1", "--local-directory", folder, *options, *quiet)
            for _ in range(workers)
        ]
        _wait_for_workers(address, workers)
        yield Cluster(address, scheduler, tuple(own))
    finally:
        for process in reversed(started):
            process.kill()
            process.wait()


def _wait_for(path: Path) -> None:
    deadline = time.monotonic() + 60
    while not (path.exists() and path.read_text().strip().endswith("}")):
        assert time.monotonic() < deadline
        time.sleep(0.1)


def _wait_for_workers(address: str, count: int) -> None:
    from distributed import Client

    with Client(address, set_as_default=False) as client:
        client.wait_for_workers(count, timeout=60)


@pytest.fixture(scope="module")
def evidence(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An image with eight photos, every other one damaged."""
    image = bytearray(COUNT * 32768)
    for number in range(COUNT):
        noise = np.random.default_rng(number).integers(0, 256, (12, 16, 3), dtype=np.uint8)
        buffer = io.BytesIO()
        Image.fromarray(noise).resize((128, 96), Image.Resampling.BICUBIC).save(buffer, "JPEG", quality=85)
        photo = bytearray(buffer.getvalue())
        if number % 2:
            photo[2000:2030] = bytes(30)
        image[number * 32768 : number * 32768 + len(photo)] = photo
    path = tmp_path_factory.mktemp("evidence") / "photos.dd"
    path.write_bytes(image)
    return path


def told(folder: Path) -> dict[str, Any]:
    """The report without times and without the hash of a log that holds times."""
    document: dict[str, Any] = json.loads((folder / "report.json").read_bytes())
    del document["started"], document["finished"], document["custody"]["sha256"]
    for file in document["evidence"]["files"]:
        del file["modified"]
    return document


PARAMETERS = Parameters(effort=1)


def test_same_report_though_a_worker_is_killed(tmp_path: Path, evidence: Path) -> None:
    plugin.run(evidence, tmp_path / "here", parameters=PARAMETERS, jobs=1)
    (tmp_path / "dask").mkdir()
    with cluster(tmp_path / "dask", 2, "--no-nanny") as own:
        killer = KillAtFirstResult(own.workers[0])
        report = plugin.run(evidence, tmp_path / "there", parameters=PARAMETERS, cluster=own.address, progress=killer)
        assert own.workers[0].poll() == -signal.SIGKILL
        assert own.workers[1].poll() is None
    assert report.exit_code == 0
    here, there = told(tmp_path / "here"), told(tmp_path / "there")
    assert len(here["files"]) == COUNT
    assert there == here
    files = {path.relative_to(tmp_path / "here") for path in (tmp_path / "here").rglob("*.png")}
    assert files
    for name in files:
        assert (tmp_path / "there" / name).read_bytes() == (tmp_path / "here" / name).read_bytes()


class KillAtFirstResult:
    """Progress that kills a worker as soon as something has been restored."""

    def __init__(self, worker: subprocess.Popen[bytes]) -> None:
        self._worker = worker

    def update(self, stage: Stage, done: int, total: int) -> None:
        if stage is Stage.RESTORE and 1 == done <= total and self._worker.poll() is None:
            self._worker.kill()
            self._worker.wait()


def _die(task: RestoreTask) -> RestoreRecord:
    if task.fragment.offset == 0:
        os._exit(9)
    return restore_fragment(task)


def tasks(evidence: Path, output: Path) -> list[RestoreTask]:
    return [
        RestoreTask(fragment, f"{fragment.offset:010d}", output, None, 0) for fragment in carve(open_evidence(evidence))
    ]


def test_fragment_that_kills_its_worker_is_given_up_and_the_rest_goes_on(tmp_path: Path, evidence: Path) -> None:
    with cluster(tmp_path, 2, lost_workers_per_task=0) as own:
        pool = ClusterPool(own.address)
        (tmp_path / "out").mkdir()
        outcomes = {
            task.fragment.offset: outcome for task, outcome in pool.restore(_die, tasks(evidence, tmp_path / "out"))
        }
        pool.close()
    assert isinstance(outcomes.pop(0), ClusterError)
    assert len(outcomes) == COUNT - 1
    assert all(isinstance(outcome, RestoreRecord) for outcome in outcomes.values())


def test_scheduler_that_goes_interrupts_the_run(tmp_path: Path, evidence: Path) -> None:
    with cluster(tmp_path, 1, "--no-nanny") as own:
        pool = ClusterPool(own.address)
        (tmp_path / "out").mkdir()
        results = pool.restore(restore_fragment, tasks(evidence, tmp_path / "out"))
        next(results)
        own.scheduler.kill()
        with pytest.raises(InterruptedRunError, match="--resume"):
            list(results)
        pool.close()


def test_worker_with_other_code_restores_nothing(tmp_path: Path, evidence: Path) -> None:
    task = tasks(evidence, tmp_path / "out")[1]
    with pytest.raises(ClusterError, match="another version"):
        restore_remotely(restore_fragment, "0" * 64, task)
    delivery = restore_remotely(restore_fragment, code_digest(), task)
    assert len(delivery.contents) == len(delivery.record.files) > 0
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(("address", "jobs"), [("tcp://127.0.0.1:9", None), ("nonsense://x", None), ("tcp://x:1", 2)])
def test_cluster_that_cannot_be(
    tmp_path: Path, evidence: Path, address: str, jobs: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("plugin.workers.cluster._PATIENCE", "2s")
    with pytest.raises(UsageError, match="--cluster"):
        plugin.run(evidence, tmp_path / "out", cluster=address, jobs=jobs)
    assert not (tmp_path / "out").exists()
