"""The main job, in order: open the evidence, try the key, hash, carve and restore side by side, report.

On the first run after installation kernels are compiled before the carving.

Nothing is written before the key is known to fit, so that the same folder serves the next try.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Final

from carving.source import ByteSource, location
from plugin.clock import utc_now
from plugin.custody import FILE_NAME as CUSTODY_NAME
from plugin.custody import CustodyLog, who_and_where
from plugin.evidence_facts import evidence_facts
from plugin.examination import Examination
from plugin.output import create, flush, require_vacant, write_file
from plugin.progress import Progress, SilentProgress
from plugin.report.model import SCHEMA_VERSION, CustodyHead, Key, Report, Tool, to_json
from plugin.report.validation import encode, validate
from plugin.settings import CaseDetails, Parameters, available_cores, require_sense
from plugin.versions import DISTRIBUTION, library_versions, tool_version

REPORT_NAME: Final = "report.json"


def run(
    evidence: str | os.PathLike[str],
    output: str | os.PathLike[str],
    *,
    key: str | bytes | None = None,
    parameters: Parameters | None = None,
    details: CaseDetails | None = None,
    jobs: int | None = None,
    arguments: tuple[str, ...] = (),
    progress: Progress | None = None,
) -> Report:
    """Examine `evidence` and leave everything found in the folder `output`.

    Fragments are restored in fresh processes, so a script of one's own calls this under `if __name__ == "__main__":`.

    Args:
        evidence: raw image, first segment of a split one, E01, or one damaged JPEG. Never written.
        output: a folder that is absent or empty.
        key: master key of the volume: its bytes, or hex, `file:PATH`, `env:NAME`. None scans the bytes as they are.
        parameters: how to decrypt, what to scan; defaults as on the command line.
        details: examiner, case and exhibit for the record.
        jobs: number of worker processes; as many as there are cores if None.
        arguments: the command line for the record, already redacted.
        progress: hears how far each stage is.

    Returns:
        The report, as written to `report.json`. Its `exit_code` is not 0 where something in it failed.

    Raises:
        UsageError: parameters that make no sense, or a device that is not there.
        EvidenceError: the evidence cannot be opened.
        KeyMismatchError: the key does not fit.
        OutputError: the folder is not empty, cannot be written, or the disk is full.
    """
    parameters = parameters or Parameters()
    details = details or CaseDetails()
    progress = progress or SilentProgress()
    folder = Path(output)
    started = utc_now()
    require_vacant(folder)
    require_sense(parameters, has_key=key is not None)
    key_bytes = _key_bytes(key)
    with closing(_open(Path(evidence), key_bytes, parameters)) as source:
        confirmed = None if key_bytes is None else _confirm(key_bytes, source)
        facts = evidence_facts(source, Path(evidence))
        create(folder)
        with CustodyLog(folder / CUSTODY_NAME) as custody, _ending_recorded(custody):
            _record_beginning(custody, started, arguments, parameters, details)
            custody.record("evidence_opened", paths=list(facts.paths), size=facts.bottom.size, layers=location(source))
            if confirmed is not None:
                custody.record("key_checked", **asdict(confirmed))
            examination = Examination(source, facts, folder, key_bytes, parameters, custody, progress)
            examined = examination.hash_evidence()
            examination.compile_kernels()
            files = examination.carve_and_restore(jobs or available_cores())
            report = Report(
                schema_version=SCHEMA_VERSION,
                tool=Tool(DISTRIBUTION, tool_version(), library_versions()),
                started=started,
                finished=utc_now(),
                details=details,
                evidence=examined,
                parameters=parameters,
                key=confirmed,
                scan=examination.scan(),
                files=files,
                notes=examination.notes(),
                failures=tuple(examination.failures),
                custody=CustodyHead(CUSTODY_NAME, custody.head.records, custody.head.sha256),
            )
            _write_report(report, folder, custody)
    return report


def _open(evidence: Path, key: bytes | None, parameters: Parameters) -> ByteSource:
    from carving.evidence import open_evidence

    return open_evidence(
        evidence,
        key=key,
        cipher=parameters.cipher,
        sector_size=parameters.sector_size,
        iv_sector=parameters.iv_sector,
        iv_offset=parameters.iv_offset,
        iv_large_sectors=parameters.iv_large_sectors,
        offset=parameters.offset,
        length=parameters.length,
        volume=parameters.volume,
    )


def _key_bytes(key: str | bytes | None) -> bytes | None:
    if not isinstance(key, str):
        return key
    from carving.encryption.keys import parse_key

    return parse_key(key)


def _confirm(key: bytes, source: ByteSource) -> Key:
    from carving.encryption.key_check import check_key
    from carving.encryption.keys import key_fingerprint

    return Key(key_fingerprint(key), check_key(source))


@contextmanager
def _ending_recorded(custody: CustodyLog) -> Iterator[None]:
    """A run that stops before its report says so in the custody log."""
    try:
        yield
    except BaseException as error:
        custody.record("run_stopped", kind=type(error).__name__)
        raise


def _record_beginning(
    custody: CustodyLog, started: str, arguments: tuple[str, ...], parameters: Parameters, details: CaseDetails
) -> None:
    custody.record(
        "run_started",
        started=started,
        tool=DISTRIBUTION,
        version=tool_version(),
        libraries=library_versions(),
        arguments=list(arguments),
        parameters=asdict(parameters),
        **who_and_where(),
        **asdict(details),
    )


def _write_report(report: Report, folder: Path, custody: CustodyLog) -> None:
    text = encode(to_json(report))
    written = write_file(folder, REPORT_NAME, text, "the evidence report")
    validate(text)
    flush(folder / REPORT_NAME)
    custody.file_written(written)
    custody.record("run_finished", files=len(report.files), exit_code=report.exit_code)
