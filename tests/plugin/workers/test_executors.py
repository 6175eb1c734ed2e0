"""Work in other processes: bounded, in spite of tasks that raise or kill their process, and never orphaned.

`eval` is the worker function here, so that each task says in one line how it misbehaves.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import BrokenExecutor
from pathlib import Path

import pytest

from plugin.workers.executors import run_bounded

ROOT = Path(__file__).resolve().parents[3]
DIE = "__import__('os')._exit(3)"


def test_results_and_errors_come_with_their_tasks() -> None:
    outcomes = dict(run_bounded(eval, ["1 + 1", "1 / 0", "'a' * 3"], jobs=2))
    assert outcomes["1 + 1"] == 2
    assert outcomes["'a' * 3"] == "aaa"
    assert isinstance(outcomes["1 / 0"], ZeroDivisionError)


def test_no_task_is_pulled_before_there_is_room() -> None:
    pulled = 0

    def tasks() -> Iterator[str]:
        nonlocal pulled
        for number in range(12):
            pulled += 1
            yield str(number)

    taken = 0
    for _ in run_bounded(eval, tasks(), jobs=1):
        assert pulled - taken <= 2
        taken += 1
    assert taken == 12


def test_task_that_kills_its_process_stops_no_other() -> None:
    tasks = ["1", "2", DIE, "3", "4", "5"]
    outcomes = dict(run_bounded(eval, tasks, jobs=2))
    assert isinstance(outcomes.pop(DIE), BrokenExecutor)
    assert outcomes == {str(number): number for number in range(1, 6)}


def test_no_tasks() -> None:
    assert list(run_bounded(eval, [], jobs=2)) == []


def test_leaving_early_ends_the_workers() -> None:
    results = run_bounded(eval, ["__import__('os').getpid()", "__import__('time').sleep(60)"], jobs=1)
    _, worker = next(results)
    assert isinstance(worker, int)
    begun = time.monotonic()
    results.close()
    assert time.monotonic() - begun < 20
    assert not _alive(worker)


def test_workers_die_with_a_killed_parent() -> None:
    program = (
        "from plugin.workers.executors import run_bounded\n"
        "if __name__ == '__main__':\n"
        "    tasks = ['__import__(\"os\").getpid()', '__import__(\"time\").sleep(60)']\n"
        "    for _, worker in run_bounded(eval, tasks, jobs=1): print(worker, flush=True)\n"
    )
    with subprocess.Popen([sys.executable, "-c", program], cwd=ROOT, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        worker = int(parent.stdout.readline())
        assert _alive(worker)
        parent.send_signal(signal.SIGKILL)
    deadline = time.monotonic() + 20
    while _alive(worker) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not _alive(worker)


def _alive(process: int) -> bool:
    """Whether a process runs; one that has ended and waits to be collected does not."""
    try:
        os.kill(process, 0)
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (ProcessLookupError, FileNotFoundError):
        return False


@pytest.mark.parametrize("jobs", [1, 3])
def test_every_task_comes_out_once(jobs: int) -> None:
    tasks = [str(number) for number in range(9)]
    assert sorted(task for task, _ in run_bounded(eval, tasks, jobs=jobs)) == tasks
