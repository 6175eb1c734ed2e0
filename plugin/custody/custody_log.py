"""The custody log: one JSON record per line, written as things happen, each holding the hash of the one before it.

`plugin.custody.chain` says how the records hang together. What belongs to one piece of work is written in one go, its
last record being the one that says it is done: a log that ends early never claims more than what is on the disk.
"""

from __future__ import annotations

import fcntl
import getpass
import os
import platform
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from carving.errors import OutputError
from plugin.common.clock import utc_now
from plugin.common.output import OutputFile, flush, output_error
from plugin.custody.chain import START, ChainHead, canonical, digest

FILE_NAME: Final = "custody.jsonl"

LogEvent = tuple[str, Mapping[str, object]]
"""Name and details of something to be recorded; the details are JSON values."""


class CustodyLog:
    """Appends records to a log. A context manager: leaving it puts the log on the disk."""

    def __init__(self, path: Path, head: ChainHead = START, size: int = 0) -> None:
        """Begin a log, or go on with one that was read.

        Args:
            path: the log.
            head: its last whole record; the start of the chain begins a log.
            size: bytes up to the end of that record; half a record behind it is cut off.

        Raises:
            OutputError: a log to begin exists already, one to go on with is not there, another process writes to it,
                or it cannot be written.
        """
        self._path = path
        self._head = head
        try:
            self._descriptor = os.open(path, os.O_RDWR | os.O_APPEND | (0 if head.records else os.O_CREAT | os.O_EXCL))
        except OSError as error:
            raise output_error(path, error) from error
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(self._descriptor)
            raise OutputError(f"another run is at work in {path.parent}; wait for it or stop it") from error
        self._size = size
        try:
            if b"\n" in os.pread(self._descriptor, os.fstat(self._descriptor).st_size - size, size):
                raise OutputError(f"another run went on in {path.parent} meanwhile; look at it again")
            os.ftruncate(self._descriptor, size)
        except OSError as error:
            raise output_error(path, error) from error

    @property
    def head(self) -> ChainHead:
        return self._head

    def record(self, event: str, **details: object) -> None:
        """Append one record; `details` must be JSON values.

        Raises:
            OutputError: the disk is full.
        """
        self.record_together([(event, details)])

    def record_together(self, events: Sequence[LogEvent]) -> None:
        """Append records that belong together in one write.

        Raises:
            OutputError: the disk is full.
        """
        head, lines = self._head, []
        for event, details in events:
            record = {"seq": head.records, "time": utc_now(), "event": event, "details": details, "prev": head.sha256}
            line = canonical(record)
            lines.append(line + "\n")
            head = ChainHead(head.records + 1, digest(line))
        self._append("".join(lines).encode("ascii"))
        self._head = head

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        os.close(self._descriptor)
        flush(self._path)

    def _append(self, data: bytes) -> None:
        """Write all of `data` or nothing: a full disk must not leave half a record at the end."""
        done = 0
        try:
            while done < len(data):
                done += os.write(self._descriptor, data[done:])
        except OSError as error:
            os.ftruncate(self._descriptor, self._size)
            raise output_error(self._path, error) from error
        self._size += len(data)


def file_written(file: OutputFile) -> LogEvent:
    """The event that a file was written: its hash, and what bytes the hash covers."""
    return "file_written", {"path": file.path, "sha256": file.sha256, "size": file.size, "covers": file.covers}


def who_and_where() -> dict[str, str]:
    """The machine and the account a run happens under."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError, ImportError):
        user = f"uid {os.getuid()}" if hasattr(os, "getuid") else "unknown"
    return {"host": platform.node(), "system": platform.platform(), "user": user}
