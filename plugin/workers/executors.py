"""Where fragments are restored: processes of this machine, at a bounded number of fragments in flight.

Any `concurrent.futures.Executor` does. A process that dies of one fragment takes its neighbours' work with it, so
whatever was in flight then is done again, each fragment in a process of its own; the one that kills that too is the
culprit, and the rest go on.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import threading
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import (
    FIRST_COMPLETED,
    BrokenExecutor,
    CancelledError,
    Executor,
    Future,
    ProcessPoolExecutor,
    wait,
)
from multiprocessing import Pipe, get_context
from multiprocessing.connection import Connection
from typing import Final, ParamSpec, TypeVar

TaskT = TypeVar("TaskT")
ResultT = TypeVar("ResultT")
ParametersT = ParamSpec("ParametersT")

_PR_SET_PDEATHSIG: Final = 1
"""prctl(2): the signal this process gets when its parent dies."""
_IN_FLIGHT_PER_JOB: Final = 2
_SINGLE_THREADED: Final = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")


class LocalExecutor(ProcessPoolExecutor):
    """Fresh processes of this machine. They end with the process that started them, however that one ends."""

    def __init__(self, jobs: int) -> None:
        lifeline, self._lifeline = Pipe(duplex=False)
        super().__init__(jobs, get_context("spawn"), initializer=_start_worker, initargs=(lifeline,))

    def submit(
        self, fn: Callable[ParametersT, ResultT], /, *args: ParametersT.args, **kwargs: ParametersT.kwargs
    ) -> Future[ResultT]:
        # Workers inherit the blocked signal: Ctrl-C reaches every process of a terminal, and only this one is to act.
        previous = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            return super().submit(fn, *args, **kwargs)
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, previous)

    def abort(self) -> None:
        """End the workers at once; what they were doing is lost."""
        self._lifeline.close()
        self.shutdown(wait=True, cancel_futures=True)


def run_bounded(
    function: Callable[[TaskT], ResultT],
    tasks: Iterable[TaskT],
    *,
    jobs: int | Callable[[], int],
    make_executor: Callable[[int], Executor] = LocalExecutor,
) -> Generator[tuple[TaskT, ResultT | BaseException], None, None]:
    """Apply `function` to every task, in any order, holding at most two tasks per worker in memory.

    Args:
        function: a module-level function; it, the tasks and the results cross a process boundary.
        tasks: pulled only as fast as results are taken.
        jobs: number of workers, or what tells it where workers come and go.
        make_executor: called with a number of workers.

    Yields:
        Each task with its result, or with the exception that it ended in (`BrokenExecutor` if it killed its process,
        `CancelledError` if the executor gave it up).
    """
    iterator = iter(tasks)
    pending: dict[Future[ResultT], TaskT] = {}
    count = jobs if callable(jobs) else lambda: jobs
    executor = make_executor(count())
    finished = False
    try:
        while True:
            while len(pending) < _IN_FLIGHT_PER_JOB * count() and (task := next(iterator, None)) is not None:
                pending[_submit(executor, function, task)] = task
            if not pending:
                break
            done = wait(pending, return_when=FIRST_COMPLETED).done
            if any(isinstance(_error(future), BrokenExecutor) for future in done):
                executor.shutdown(wait=True, cancel_futures=True)
                done = wait(pending).done
                executor = make_executor(count())
            for future in done:
                task, outcome = pending.pop(future), _outcome(future)
                if isinstance(outcome, BrokenExecutor):
                    outcome = _run_alone(function, task, make_executor)
                yield task, outcome
        finished = True
    finally:
        if not finished and isinstance(executor, LocalExecutor):
            executor.abort()
        executor.shutdown(wait=True, cancel_futures=True)


def _submit(executor: Executor, function: Callable[[TaskT], ResultT], task: TaskT) -> Future[ResultT]:
    try:
        return executor.submit(function, task)
    except BrokenExecutor as error:
        future: Future[ResultT] = Future()
        future.set_exception(error)
        return future


def _run_alone(
    function: Callable[[TaskT], ResultT], task: TaskT, make_executor: Callable[[int], Executor]
) -> ResultT | BaseException:
    with make_executor(1) as executor:
        future = _submit(executor, function, task)
        wait([future])
        return _outcome(future)


def _outcome(future: Future[ResultT]) -> ResultT | BaseException:
    error = _error(future)
    return future.result() if error is None else error


def _error(future: Future[ResultT]) -> BaseException | None:
    try:
        return future.exception()
    except CancelledError as error:
        return error


def _start_worker(lifeline: Connection) -> None:
    """Prepare a worker: one core's worth of threads, and no life beyond its parent's."""
    for name in _SINGLE_THREADED:
        os.environ[name] = "1"
    if sys.platform == "linux":
        # The thread below waits for its turn while a kernel computes; the system does not.
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    threading.Thread(target=_end_with_parent, args=(lifeline,), daemon=True).start()


def _end_with_parent(lifeline: Connection) -> None:
    lifeline.poll(None)  # nothing is ever sent: it returns when the other end closes, or its process dies
    os._exit(1)
