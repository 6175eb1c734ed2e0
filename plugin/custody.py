"""The custody log: one JSON record per line, each holding the hash of the one before it.

A record's `prev` is the SHA-256 of the previous line as it stands in the file, without its newline; the first record
has 64 zeros. Lines are canonical JSON (ASCII, sorted keys, no spaces), so that the hash does not depend on who wrote
it. Changing, removing or inserting a record breaks every later link; cutting the end off shows against the head that
`report.json` holds.
"""

from __future__ import annotations

import getpass
import hashlib
import json
import os
import platform
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from carving.errors import EvidenceError, HashMismatchError
from plugin.clock import utc_now
from plugin.output import OutputFile, flush, output_error

FILE_NAME: Final = "custody.jsonl"
GENESIS: Final = "0" * 64


@dataclass(frozen=True, slots=True)
class ChainHead:
    """How far a log has come: number of records and the SHA-256 of the last line."""

    records: int
    sha256: str


class CustodyLog:
    """Appends records to a new log. A context manager: leaving it puts the log on the disk."""

    def __init__(self, path: Path) -> None:
        """Begin a log.

        Raises:
            OutputError: the file exists already or cannot be written.
        """
        self._path = path
        self._head = ChainHead(0, GENESIS)
        try:
            self._file = path.open("x", encoding="ascii", newline="\n")
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
        line = canonical(
            {
                "seq": self._head.records,
                "time": utc_now(),
                "event": event,
                "details": details,
                "prev": self._head.sha256,
            }
        )
        try:
            self._file.write(line + "\n")
            self._file.flush()
        except OSError as error:
            raise output_error(self._path, error) from error
        self._head = ChainHead(self._head.records + 1, _digest(line))

    def file_written(self, file: OutputFile) -> None:
        """Record a file, its hash, and what bytes the hash covers."""
        self.record("file_written", path=file.path, sha256=file.sha256, size=file.size, covers=file.covers)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._file.close()
        flush(self._path)


def canonical(record: Mapping[str, object]) -> str:
    """One record as the line that is written and hashed."""
    return json.dumps(record, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)


def verify_chain(path: Path) -> ChainHead:
    """Read a log from its first record to its last and check every link.

    Raises:
        EvidenceError: the log cannot be read.
        HashMismatchError: a record was changed, removed, inserted or is not one.
    """
    head = ChainHead(0, GENESIS)
    try:
        with path.open(encoding="ascii", newline="\n") as file:
            for line in file:
                head = _follow(head, line.removesuffix("\n"), path)
    except OSError as error:
        raise EvidenceError(f"cannot read {path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise HashMismatchError(f"{path} was altered: it holds bytes that no record has") from error
    return head


def who_and_where() -> dict[str, str]:
    """The machine and the account a run happens under."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError, ImportError):
        user = f"uid {os.getuid()}" if hasattr(os, "getuid") else "unknown"
    return {"host": platform.node(), "system": platform.platform(), "user": user}


def _follow(head: ChainHead, line: str, path: Path) -> ChainHead:
    where = f"record {head.records} (line {head.records + 1}) of {path}"
    try:
        record = json.loads(line)
    except ValueError as error:
        raise HashMismatchError(f"{where} is not a record; the log was altered or cut") from error
    if not isinstance(record, dict) or canonical(record) != line or record.get("seq") != head.records:
        raise HashMismatchError(f"{where} is not the record that belongs there; the log was altered")
    if record.get("prev") != head.sha256:
        raise HashMismatchError(f"{where} does not follow from the record before it; the log was altered")
    return ChainHead(head.records + 1, _digest(line))


def _digest(line: str) -> str:
    return hashlib.sha256(line.encode("ascii")).hexdigest()
