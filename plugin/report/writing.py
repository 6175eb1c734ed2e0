"""All reports of a run, into its folder and into its custody log; `report.json` last, when all else is in place."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from plugin.common.faults import LOG_NAME
from plugin.common.output import OutputFile, describe_file, write_file
from plugin.common.report_model import Report, to_json
from plugin.custody.custody_log import FILE_NAME as CUSTODY_NAME
from plugin.custody.custody_log import CustodyLog, file_written
from plugin.report.case import case_document
from plugin.report.custody_report import file_document, read_history, shared_document
from plugin.report.dfxml import dfxml_document
from plugin.report.pages import file_page, report_page
from plugin.report.validation import REPORT_NAME, encode, validate

PAGE_NAME: Final = "report.html"
DFXML_NAME: Final = "dfxml.xml"
CASE_NAME: Final = "case.jsonld"


def write_reports(report: Report, folder: Path, custody: CustodyLog) -> None:
    """Write every report of a run and record them; the last record says that the run is finished.

    Raises:
        OutputError: the disk is full, or a file cannot be written.
        CarveRestoreError: the report is not what its schema promises.
    """
    text = encode(to_json(report))
    validate(text)
    for written in _beside(report, folder):
        custody.record_together([file_written(written)])
    written = write_file(folder, REPORT_NAME, text, "the evidence report")
    os.sync()  # all files of the run, before the log says that it is finished
    finished = ("run_finished", {"files": len(report.files), "exit_code": report.exit_code})
    custody.record_together([file_written(written), finished])


def _beside(report: Report, folder: Path) -> Iterator[OutputFile]:
    """Every report but `report.json` itself."""
    if (folder / LOG_NAME).exists():
        yield describe_file(folder, LOG_NAME, "tracebacks of the tool's own failures")
    history = read_history(folder / CUSTODY_NAME, report)
    shared = shared_document(report, history)
    for entry in report.files:
        document = file_document(shared, entry, history)
        yield write_file(folder, f"files/{entry.stem}.json", document, "the custody report of one file")
        page = file_page(report, entry, history, folder)
        yield write_file(folder, f"files/{entry.stem}.html", page, "the custody report of one file, to print")
    yield write_file(folder, DFXML_NAME, dfxml_document(report, history.origin), "the carved files in DFXML")
    yield write_file(folder, CASE_NAME, case_document(report), "the run in CASE/UCO")
    yield write_file(folder, PAGE_NAME, report_page(report, folder), "the evidence report for eyes")
