"""The links of the custody log: how a record is written as a line, and how lines are read back and believed.

A record's `prev` is the SHA-256 of the previous line as it stands in the file, without its newline; the first record
has 64 zeros. Lines are canonical JSON (ASCII, sorted keys, no spaces), so that the hash does not depend on who wrote
it. Changing, removing or inserting a record breaks every later link; cutting the end off shows against the head that
`report.json` holds, and against the signature.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from carving.errors import EvidenceError, HashMismatchError

GENESIS: Final = "0" * 64


@dataclass(frozen=True, slots=True)
class ChainHead:
    """How far a log has come: number of records and the SHA-256 of the last line."""

    records: int
    sha256: str


START: Final = ChainHead(0, GENESIS)
"""The head of an empty log."""


@dataclass(frozen=True, slots=True)
class LogRecord:
    """One event as it stands in the log, and the head of the chain with it as the last record.

    `end` is where its line ends in the file, in bytes, the newline included.
    """

    event: str
    time: str
    details: Mapping[str, Any]
    head: ChainHead
    end: int


def canonical(record: Mapping[str, object]) -> str:
    """One record as the line that is written and hashed."""
    return json.dumps(record, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)


def digest(line: str) -> str:
    """SHA-256 of a line without its newline, hex."""
    return hashlib.sha256(line.encode("ascii")).hexdigest()


def read_records(path: Path, size: int | None = None) -> Iterator[LogRecord]:
    """The records of a log in order, each checked against the one before; one line is in memory at a time.

    Args:
        path: the log.
        size: bytes of it to read, which must end with a record; all where None.

    Raises:
        EvidenceError: the log cannot be read.
        HashMismatchError: a record was changed, removed, inserted or is not one.
    """
    head, end = START, 0
    try:
        with path.open(encoding="ascii", newline="\n") as file:
            for line in file:
                if size is not None and end >= size:
                    break
                end += len(line)
                record = _follow(head, line.removesuffix("\n"), end, path)
                yield record
                head = record.head
    except OSError as error:
        raise EvidenceError(f"cannot read {path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise HashMismatchError(f"{path} was altered: it holds bytes that no record has") from error


def _follow(head: ChainHead, line: str, end: int, path: Path) -> LogRecord:
    where = f"record {head.records} (line {head.records + 1}) of {path}"
    try:
        record = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise HashMismatchError(f"{where} is not a record; the log was altered or cut") from error
    if not isinstance(record, dict) or not _is_written(record, line) or record.get("seq") != head.records:
        raise HashMismatchError(f"{where} is not the record that belongs there; the log was altered")
    if record.get("prev") != head.sha256:
        raise HashMismatchError(f"{where} does not follow from the record before it; the log was altered")
    event, time, details = record.get("event"), record.get("time"), record.get("details")
    if not (isinstance(event, str) and isinstance(time, str) and isinstance(details, dict)):
        raise HashMismatchError(f"{where} lacks an event, a time or details; the log was altered")
    return LogRecord(event, time, details, ChainHead(head.records + 1, digest(line)), end)


def _is_written(record: Mapping[str, object], line: str) -> bool:
    try:
        return canonical(record) == line
    except ValueError:  # NaN and infinities are read by Python, and never written here
        return False
