"""Restore fragments on the machines of a Dask cluster (distributed.dask.org), with the same results as here.

A worker needs nothing but this tool in the same version: the fragment goes there, the record and the pictures come
back and are written here, by the digests the worker gave them. When a worker dies, the scheduler gives its tasks to
another one. Fragments that were under way while several workers died are tried again at the end; what kills workers
even then is given up and named in the report. While there is no worker at all, the run waits for one.

The key travels inside the tasks, as reversing flips needs it. Where the network is not to be trusted, use `tls://`.
"""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import CancelledError, Executor, Future
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final, ParamSpec, TypeVar

from carving.errors import ClusterError, InterruptedRunError, OutputError, UsageError
from plugin.common.output import OutputFile, write_file
from plugin.common.restore_record import RestoreRecord
from plugin.common.versions import code_digest
from plugin.workers.executors import run_bounded
from plugin.workers.pools import Restore, RestoredTasks
from plugin.workers.worker import RestoreTask

if TYPE_CHECKING:
    from distributed import Client

ResultT = TypeVar("ResultT")
ParametersT = ParamSpec("ParametersT")

_PATIENCE: Final = "10s"
_LARGEST_TASK: Final = "1GB"
"""Dask warns of tasks above 10 MB, which it takes for graphs that grew by mistake; a fragment may be 64 MB."""
_ONE_AT_A_TIME: Final = threading.Lock()
"""Held while a fragment is restored: a worker may have several threads, and restoring already uses the cores it is
given."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """What comes back from a worker: the record, and the bytes of the files it lists, in the same order."""

    record: RestoreRecord
    contents: tuple[bytes, ...]


class ClusterPool:
    """The workers of one Dask scheduler."""

    def __init__(self, address: str) -> None:
        """Connect, and make sure that all workers run this very code.

        Raises:
            UsageError: nobody answers, there is no worker, a worker runs other code, or `distributed` is missing.
        """
        self._address = address
        self._code = code_digest()
        self._client = _connect(address)
        try:
            _check_workers(self._client, address, self._code)
        except BaseException:
            self._client.close()
            raise

    @property
    def workers(self) -> int:
        """How many workers there are now; some may join or leave while a run goes on."""
        return max(1, len(self._workers()))

    def facts(self) -> dict[str, object]:
        """The scheduler and its workers as they are now."""
        return {"cluster": self._address, "workers": sorted(self._workers())}

    def restore(self, function: Restore, tasks: Iterable[RestoreTask]) -> RestoredTasks:
        """Each task with its record, or with the exception that it ended in; pictures are written by then.

        Raises:
            InterruptedRunError: the scheduler is gone.
            OutputError: a picture cannot be written.
        """
        from distributed.scheduler import KilledWorker

        suspects: list[RestoreTask] = []
        with closing(self._run(function, tasks, lambda: self.workers)) as outcomes:
            for task, outcome in outcomes:
                if isinstance(outcome, KilledWorker):
                    suspects.append(task)  # it may have died of its neighbour
                else:
                    yield task, self._received(task, outcome)
        with closing(self._run(function, suspects, lambda: 1)) as outcomes:
            for task, outcome in outcomes:
                yield task, self._received(task, outcome)

    def close(self) -> None:
        """Leave the cluster; it stays as it is."""
        self._client.close()

    def _workers(self) -> list[str]:
        return list(self._client.scheduler_info(n_workers=-1).get("workers", ()))  # it has none once it is gone

    def _run(
        self, function: Restore, tasks: Iterable[RestoreTask], workers: Callable[[], int]
    ) -> Generator[tuple[RestoreTask, Delivery | BaseException], None, None]:
        remote = partial(restore_remotely, function, self._code)
        return run_bounded(remote, tasks, jobs=workers, make_executor=lambda _: _ClusterExecutor(self._client))

    def _received(self, task: RestoreTask, outcome: Delivery | BaseException) -> RestoreRecord | BaseException:
        from distributed.scheduler import KilledWorker

        if isinstance(outcome, Delivery):
            return _write(task, outcome)
        if isinstance(outcome, KilledWorker):
            return ClusterError("the workers that restored it died; the file may need more memory than they have")
        if isinstance(outcome, CancelledError):
            raise InterruptedRunError(
                f"the scheduler at {self._address} is gone; what is done is kept, --resume goes on from there"
            )
        return outcome


class _ClusterExecutor(Executor):
    """A Dask client as an executor; leaving it cancels what is under way and leaves the client open."""

    def __init__(self, client: Client) -> None:
        self._inner = client.get_executor(pure=False)

    def submit(
        self, fn: Callable[ParametersT, ResultT], /, *args: ParametersT.args, **kwargs: ParametersT.kwargs
    ) -> Future[ResultT]:
        future: Future[ResultT] = self._inner.submit(fn, *args, **kwargs)
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        from distributed.client import ClosedClientError

        with suppress(ClosedClientError):  # the scheduler is gone, and all that was under way with it
            self._inner.shutdown(wait=wait and not cancel_futures)


def restore_remotely(function: Restore, code: str, task: RestoreTask) -> Delivery:
    """Restore a fragment on a worker, in a folder of its own that is gone afterwards.

    Args:
        function: what restores a task and writes its pictures.
        code: digest of the code that the run is made with.
        task: its output folder is not touched.

    Raises:
        ClusterError: this worker runs other code, as one that joined late may.
    """
    if code_digest() != code:
        raise ClusterError("a worker that joined the cluster later runs another version of this tool")
    with _ONE_AT_A_TIME, tempfile.TemporaryDirectory(prefix="carve-restore-") as folder:
        record = function(replace(task, output=Path(folder)))
        return Delivery(record, tuple((Path(folder) / file.path).read_bytes() for file in record.files))


def _write(task: RestoreTask, delivery: Delivery) -> RestoreRecord | BaseException:
    for file, content in zip(delivery.record.files, delivery.contents, strict=True):
        written: OutputFile = write_file(task.output, file.path, content, file.covers)
        if written != file:
            raise OutputError(f"{file.path} is not what the worker sent: its digest differs")
    return delivery.record


def _connect(address: str) -> Client:
    try:
        import dask
        from distributed import Client
    except ImportError as error:
        raise UsageError("--cluster needs Dask: pip install 'carve-restore[cluster]'") from error
    dask.config.set({"distributed.admin.large-graph-warning-threshold": _LARGEST_TASK})
    try:
        # Pictures come from the workers themselves, where they can be reached; else the scheduler passes them on.
        return Client(address, timeout=_PATIENCE, set_as_default=False, direct_to_workers=True)
    except (OSError, TimeoutError, ValueError) as error:
        raise UsageError(f"--cluster {address}: no scheduler answers there ({type(error).__name__})") from error


def _check_workers(client: Client, address: str, code: str) -> None:
    digests = client.run(code_digest, on_error="return")
    if not digests:
        raise UsageError(f"--cluster {address}: the scheduler has no workers; start some with `dask worker {address}`")
    other = sorted(worker for worker, digest in digests.items() if digest != code)
    if other:
        raise UsageError(
            f"--cluster {address}: {len(other)} of {len(digests)} workers have another version of carve-restore, or "
            f"none: {', '.join(other[:5])}"
        )
