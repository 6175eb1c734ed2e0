"""Who restores fragments: a pool takes tasks and gives each back with its record. This one is of this machine."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass
from typing import Protocol

from plugin.common.restore_record import RestoreRecord
from plugin.workers.executors import run_bounded
from plugin.workers.worker import RestoreTask

Restore = Callable[[RestoreTask], RestoreRecord]
RestoredTasks = Generator[tuple[RestoreTask, RestoreRecord | BaseException], None, None]


class Pool(Protocol):
    """Restores fragments side by side, in any order, holding a bounded number of them in memory."""

    def restore(self, function: Restore, tasks: Iterable[RestoreTask]) -> RestoredTasks: ...

    def facts(self) -> dict[str, object]:
        """Who they are, for the record."""

    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class LocalPool:
    """Fresh processes of this machine; they write the pictures where they belong."""

    jobs: int

    def restore(self, function: Restore, tasks: Iterable[RestoreTask]) -> RestoredTasks:
        """Each task with its record, or with the exception that it ended in."""
        return run_bounded(function, tasks, jobs=self.jobs)

    def facts(self) -> dict[str, object]:
        """Processes of this machine, and how many."""
        return {"processes": self.jobs}

    def close(self) -> None:
        """Nothing is held between two calls."""
