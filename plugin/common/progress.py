"""How a run tells what it is doing: to programs as JSON lines, or not at all (to people: `plugin.commands.bars`)."""

from __future__ import annotations

import enum
import json
import threading
import time
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Final, Protocol, TextIO


class Stage(enum.StrEnum):
    """The stages of a run; hash, scan and restore overlap."""

    HASH = "hash"
    """Bytes of the evidence."""
    COMPILE = "compile"
    """Steps of the first run after installation."""
    SCAN = "scan"
    """Bytes of the scanned layer."""
    RESTORE = "restore"
    """Fragments, as many as have been found so far."""
    RECHECK = "recheck"
    """Bytes of the evidence files, hashed again at the end."""


class Progress(Protocol):
    """Hears how far a stage is, from several threads; `done` and `total` in the stage's unit."""

    def update(self, stage: Stage, done: int, total: int) -> None: ...


class SilentProgress(AbstractContextManager["SilentProgress"]):
    """Says nothing."""

    def update(self, stage: Stage, done: int, total: int) -> None:
        pass

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        pass


class JsonProgress(AbstractContextManager["JsonProgress"]):
    """One line `{"stage": …, "done": …, "total": …}` per step.

    At most ten a second while a stage is under way, and always its last.
    """

    _INTERVAL: Final = 0.1

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._last: dict[Stage, float] = {}
        self._held: dict[Stage, tuple[int, int]] = {}
        self._turn = threading.Lock()

    def update(self, stage: Stage, done: int, total: int) -> None:
        with self._turn:
            now = time.monotonic()
            if done < total and now - self._last.get(stage, -self._INTERVAL) < self._INTERVAL:
                self._held[stage] = (done, total)
                return
            self._last[stage] = now
            self._held.pop(stage, None)
            self._write(stage, done, total)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        for stage, (done, total) in self._held.items():
            self._write(stage, done, total)

    def _write(self, stage: Stage, done: int, total: int) -> None:
        self._stream.write(json.dumps({"stage": stage.value, "done": done, "total": total}) + "\n")
        self._stream.flush()


def human_size(size: float) -> str:
    """A number of bytes for people, in decimal units."""
    for unit in ("B", "kB", "MB", "GB"):
        if size < 1000:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} TB"
