"""The custody report of a single file: everything that is known of it and of how it came about, to stand alone.

`files/STEM.json` for programs, `files/STEM.html` (`plugin.report.pages`) for the printer.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from plugin.common.report_model import FileEntry, Report, to_json
from plugin.custody.chain import read_records
from plugin.report.wording import NATURES

KIND: Final = "urn:carve-restore:file-custody:1"
_OF_THE_RUN: Final = ("tool", "started", "finished", "details", "evidence", "parameters", "key", "scan")
_OF_ONE_FILE: Final = ("carved", "flip_reversed", "restored", "restore_failed")


@dataclass(frozen=True, slots=True)
class Step:
    """One record of the custody log: its number, when it was written, what it says happened, the digest of its line."""

    seq: int
    time: str
    event: str
    sha256: str


@dataclass(frozen=True)
class History:
    """What the custody log says of a run.

    Attributes:
        origin: details of the record with which the run began: host, account, tool, arguments.
        steps: by the stem of the file they belong to, in order.
    """

    origin: Mapping[str, Any]
    steps: Mapping[str, list[Step]]


def read_history(log: Path, report: Report) -> History:
    """Gather from the log what belongs to the files of a report.

    Raises:
        EvidenceError: the log cannot be read.
        HashMismatchError: the log was altered.
    """
    owners = {file.path: entry.stem for entry in report.files for file in entry.files}
    steps: dict[str, list[Step]] = {entry.stem: [] for entry in report.files}
    origin: Mapping[str, Any] = {}
    for record in read_records(log):
        if record.event == "run_started" and not origin:
            origin = record.details
        if record.event == "file_written":
            stem = owners.get(str(record.details["path"]))
        else:
            stem = str(record.details["stem"]) if record.event in _OF_ONE_FILE else None
        if stem in steps:
            steps[stem].append(Step(record.head.records - 1, record.time, record.event, record.head.sha256))
    return History(origin, steps)


def shared_document(report: Report, history: History) -> dict[str, object]:
    """What the custody reports of all files have in common: the run and the evidence, as JSON values."""
    run = to_json(replace(report, files=()))
    origin = {name: value for name, value in history.origin.items() if name not in ("details", "parameters")}
    return {"kind": KIND, **{name: run[name] for name in _OF_THE_RUN}, "origin": origin, "log": report.custody.path}


def file_document(shared: Mapping[str, object], entry: FileEntry, history: History) -> bytes:
    """The custody report of one file as JSON: what all share, the file, and its records in the log."""
    document = {
        **{name: value for name, value in shared.items() if name != "log"},
        "file": to_json(entry),
        "natures": {kind: nature for kind, nature in NATURES.items() if getattr(entry, kind) is not None},
        "custody": {"log": shared["log"], "records": [to_json(step) for step in history.steps[entry.stem]]},
    }
    text = json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    return text.encode("utf-8", "backslashreplace")
