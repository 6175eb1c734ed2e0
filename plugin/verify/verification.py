"""Check of a finished run's folder: the log, every file, the report, the signature, the evidence. Each by computing it
anew; the first thing that does not hold ends the check."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from carving.errors import CarveRestoreError, EvidenceError, HashMismatchError
from plugin.common.file_digest import digest_of_file
from plugin.common.record_reading import from_json
from plugin.common.report_model import FileEntry, Report
from plugin.custody.chain import START, ChainHead, read_records
from plugin.custody.custody_log import FILE_NAME as CUSTODY_NAME
from plugin.custody.signature import SUFFIX, PublicKey, verify_signature
from plugin.report.validation import REPORT_NAME, validate

_OUTSIDE_THE_LOG: Final = (CUSTODY_NAME, CUSTODY_NAME + SUFFIX)
_DONE: Final = ("carved", "restored", "restore_failed")
"""Events that hold an entry of the report as it was then."""

Say = Callable[[str], None]
"""Hears, in plain words, each thing that was checked and holds."""


@dataclass
class Logged:
    """What the custody log says a folder holds."""

    head: ChainHead = START
    last_event: str = ""
    files: dict[str, tuple[str, int]] = field(default_factory=dict)
    """SHA-256 and size of every file by its path, as last written."""
    entries: dict[str, Any] = field(default_factory=dict)
    """The report's entry of every carved file by its stem, as last recorded."""


def verify_folder(folder: Path, public_key: PublicKey | None, say: Say) -> Report:
    """Check everything in the folder that a finished run left.

    Args:
        folder: the run's output.
        public_key: who must have signed the log; None takes whoever did, if anyone.
        say: hears what holds.

    Returns:
        The report.

    Raises:
        EvidenceError: something in the folder cannot be read.
        HashMismatchError: something does not hold; the message names it.
    """
    log = folder / CUSTODY_NAME
    logged = _read_log(log)
    if logged.last_event != "run_finished":
        raise HashMismatchError(f"{log} ends before the run does: it was cut, or the run was stopped")
    say(f"{CUSTODY_NAME}: {logged.head.records} records, every link holds, head {logged.head.sha256}")
    _check_signature(log, public_key, say)
    for path, (sha256, size) in logged.files.items():
        _check_file(folder, path, sha256, size)
    _check_nothing_else(folder, logged)
    say(f"{len(logged.files)} files: each has the size and the SHA-256 that the log gives, and there are no others")
    report = _read_report(folder / REPORT_NAME)
    _check_report(report, logged, log)
    say(f"{REPORT_NAME}: fits its schema and says of {len(report.files)} pictures what the log says")
    return report


def _read_log(log: Path) -> Logged:
    logged = Logged()
    for record in read_records(log):
        details = record.details
        logged.head, logged.last_event = record.head, record.event
        try:
            if record.event == "file_written":
                logged.files[str(details["path"])] = (str(details["sha256"]), int(details["size"]))
            elif record.event in _DONE:
                logged.entries[str(details["stem"])] = details["entry"]
        except (KeyError, TypeError, ValueError) as error:
            raise HashMismatchError(f"record {record.head.records - 1} of {log} lacks {error}") from error
    return logged


def _check_signature(log: Path, public_key: PublicKey | None, say: Say) -> None:
    signature = log.with_name(log.name + SUFFIX)
    if not signature.exists():
        if public_key is not None:
            raise HashMismatchError(f"{log} is not signed: there is no {signature.name}")
        say(f"{CUSTODY_NAME} is not signed")
        return
    signed_by = verify_signature(log, signature)
    if public_key is None:
        say(f"signed by {signed_by.fingerprint}: compare this with the signer's own, or give --public-key")
    elif signed_by != public_key:
        raise HashMismatchError(f"{signature} was made by {signed_by.fingerprint}, not by {public_key.fingerprint}")
    else:
        say(f"signed by {signed_by.fingerprint}, the given public key")


def _check_file(folder: Path, relative: str, sha256: str, size: int) -> None:
    path = folder / relative
    if not path.resolve().is_relative_to(folder.resolve()) or path.is_symlink():
        raise HashMismatchError(f"{path} leads out of {folder}; the log or the folder was altered")
    try:
        computed, length = digest_of_file(path)
    except FileNotFoundError as error:
        raise HashMismatchError(f"{path} is missing") from error
    except OSError as error:
        raise EvidenceError(f"cannot read {path}: {error.strerror}") from error
    if (computed, length) != (sha256, size):
        raise HashMismatchError(
            f"{path} was altered: it has {length} bytes with SHA-256 {computed}, the log says {size} with {sha256}"
        )


def _check_nothing_else(folder: Path, logged: Logged) -> None:
    for path in sorted(folder.rglob("*")):
        relative = path.relative_to(folder).as_posix()
        if path.is_dir() and not path.is_symlink():
            continue
        if relative not in logged.files and relative not in _OUTSIDE_THE_LOG:
            raise HashMismatchError(f"{path} is not in the log; the run did not write it")


def _read_report(path: Path) -> Report:
    try:
        text = path.read_bytes()
        validate(text)
        return from_json(Report, json.loads(text))
    except OSError as error:
        raise EvidenceError(f"cannot read {path}: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise HashMismatchError(f"{path} is not a report: {error}") from error
    except CarveRestoreError as error:
        raise HashMismatchError(str(error)) from error


def _check_report(report: Report, logged: Logged, log: Path) -> None:
    """The report agrees with the log: the head it names, the entries, and the files behind them."""
    named = report.custody
    if not any(record.head == ChainHead(named.records, named.sha256) for record in read_records(log)):
        raise HashMismatchError(f"{REPORT_NAME} was not written after record {named.records} of {log}")
    try:
        entries = {(entry.layer, entry.offset): entry for entry in _entries(logged)}
    except ValueError as error:
        raise HashMismatchError(f"{log} holds an entry that is none: {error}") from error
    for entry in report.files:
        where = f"the file at offset {entry.offset} of the {entry.layer} layer"
        if entries.pop((entry.layer, entry.offset), None) != entry:
            raise HashMismatchError(f"{REPORT_NAME} says of {where} what the log does not")
        for file in entry.files:
            if logged.files.get(file.path) != (file.sha256, file.size):
                raise HashMismatchError(f"{file.path}, for {where}, is not as the log says it was written")
    for layer, offset in entries:
        raise HashMismatchError(f"{REPORT_NAME} leaves out the file at offset {offset} of the {layer} layer")


def _entries(logged: Logged) -> list[FileEntry]:
    return [from_json(FileEntry, value) for value in logged.entries.values()]
