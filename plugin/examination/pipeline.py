"""The main job, in order: open the evidence, try the key, hash, carve and restore side by side, hash again, report.

On the first run after installation kernels are compiled before the carving.

Nothing is written before the key is known to fit, so that the same folder serves the next try.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import asdict
from pathlib import Path

from carving.errors import EvidenceError, UsageError
from carving.fscrypt.key_use import FileEncryption
from carving.source import ByteSource, location
from carving.support.cores import available_cores
from plugin.common.clock import utc_now
from plugin.common.output import create, flush, write_file
from plugin.common.progress import Progress, SilentProgress
from plugin.common.report_model import SCHEMA_VERSION, CustodyHead, Key, Report, Tool, to_json
from plugin.common.settings import CaseDetails, Parameters, require_sense
from plugin.common.versions import (
    DISTRIBUTION,
    code_digest,
    library_digests,
    library_versions,
    tool_version,
    weight_digests,
)
from plugin.custody.custody_log import FILE_NAME as CUSTODY_NAME
from plugin.custody.custody_log import CustodyLog, who_and_where
from plugin.custody.evidence_facts import EvidenceFacts, evidence_facts
from plugin.custody.evidence_files import look_at
from plugin.custody.integrity import Integrity
from plugin.custody.signature import SUFFIX, Signer
from plugin.examination.allocation_survey import AllocationSurvey, is_worth_a_survey
from plugin.examination.fragment_sources import list_record, reference_records
from plugin.examination.journal import Journal
from plugin.examination.known_bad_facts import rescue_map_record, with_known_bad_totals
from plugin.examination.opening import (
    Given,
    GivenFileKeys,
    confirm_keys,
    file_encryption,
    open_layers,
    read_secrets,
    reopening,
    volume_keys,
)
from plugin.examination.resume_cleanup import drop_incomplete_files
from plugin.examination.stages import Examination
from plugin.report.writing import write_reports
from plugin.workers.pools import LocalPool, Pool


def run(
    evidence: str | os.PathLike[str],
    output: str | os.PathLike[str],
    *,
    key: Given = None,
    password: Given = None,
    metadata_key: Given = None,
    fbe_key: GivenFileKeys = (),
    parameters: Parameters | None = None,
    details: CaseDetails | None = None,
    jobs: int | None = None,
    cluster: str | None = None,
    arguments: tuple[str, ...] = (),
    progress: Progress | None = None,
    signer: Signer | None = None,
    journal: Journal | None = None,
) -> Report:
    """Examine `evidence` and leave everything found in the folder `output`.

    Fragments are restored in fresh processes, so a script of one's own calls this under `if __name__ == "__main__":`.

    Args:
        evidence: raw image, first segment of a split one, E01, one damaged JPEG, or a folder of them. Never written.
        output: a folder that is absent or empty, or that of the journal.
        key: master key of the volume: its bytes, or hex, `file:PATH`, `env:NAME`; or several. Text that begins with a
            number and a colon is for the volume with that number.
        password: what opens the volume's LUKS header or Android crypto footer: itself, `file:PATH`, `env:NAME`, for one
            volume as a key is; or several. Without key and password the bytes are scanned as they are, or as Android's
            default password decrypts them.
        metadata_key: key of a volume under Android's metadata encryption; given as a key is.
        fbe_key: master keys of file-based encryption, given as a key is, but that text may begin with the descriptor
            that files name it by, in hex, and a colon.
        parameters: how to decrypt, what to scan; defaults as on the command line.
        details: examiner, case and exhibit for the record.
        jobs: number of worker processes; as many as there are cores if None.
        cluster: address of a Dask scheduler, whose workers then restore in place of processes of this machine.
        arguments: the command line for the record, already redacted.
        progress: hears how far each stage is.
        signer: signs the finished custody log.
        journal: of a run that was cut short, to go on with it (`plugin.examination.journal.read_journal`).

    Returns:
        The report, as written to `report.json`. Its `exit_code` is not 0 where something in it failed.

    Raises:
        UsageError: parameters that make no sense, a device that is not there, or a cluster that does not answer.
        EvidenceError: the evidence cannot be opened.
        KeyMismatchError: the key or the password does not fit.
        OutputError: the folder is not empty, cannot be written, or the disk is full.
    """
    parameters = parameters or Parameters()
    details = details or CaseDetails()
    progress = progress or SilentProgress()
    folder = Path(output)
    started = utc_now()
    journal = journal or Journal(folder)
    journal.require_same(parameters, details, code_digest())
    if journal.begun:
        started, details = journal.started, journal.details
    require_sense(parameters, has_key=key not in (None, ()))
    secrets = read_secrets(key, password, metadata_key, fbe_key)
    selected = None if parameters.only is None else list_record(Path(parameters.only))
    references = reference_records(parameters.reference)
    with (
        closing(open_layers(Path(evidence), secrets, parameters)) as source,
        closing(_pool(jobs, cluster)) as pool,
        ExitStack() as undo,
    ):
        confirmed = confirm_keys(source)
        policies = file_encryption(source)
        facts = evidence_facts(source, Path(evidence))
        opened = _opened(facts, source)
        journal.require_same_evidence(opened, selected, _keys_recorded(confirmed, policies))
        create(folder)
        with (
            CustodyLog(folder / CUSTODY_NAME, journal.head, journal.size) as custody,
            _ending_recorded(custody),
        ):
            if journal.begun:
                _record_resumption(custody, arguments, journal)
            else:
                _record_beginning(custody, started, arguments, parameters, details)
            custody.record("evidence_opened", **opened)
            if selected is not None:
                custody.record("files_selected", **selected)
            for reference in references:
                custody.record("reference_photo", **reference)
            for details_of_key in _keys_recorded(confirmed, policies):
                custody.record("decrypting", **details_of_key)
            survey = (
                undo.enter_context(closing(AllocationSurvey(Path(evidence), *reopening(source, parameters))))
                if is_worth_a_survey(source, parameters)
                else None
            )
            examination = Examination(
                source, facts, folder, volume_keys(source), parameters, custody, progress, survey, journal, confirmed
            )
            integrity = undo.enter_context(
                closing(
                    Integrity(
                        facts,
                        ("md5",) if parameters.md5 else (),
                        custody,
                        progress,
                        examination.fail,
                        journal.evidence,
                    )
                )
            )
            for fault in facts.faults:
                examination.fail("evidence", EvidenceError(fault))
            examination.compile_kernels()
            custody.record("restoring", **pool.facts())
            files = examination.carve_and_restore(pool, integrity.settle)
            examined, nand = integrity.after(), examination.nand()
            report = Report(
                schema_version=SCHEMA_VERSION,
                tool=Tool(DISTRIBUTION, tool_version(), library_versions(), weight_digests()),
                started=started,
                finished=utc_now(),
                details=details,
                evidence=with_known_bad_totals(examined, source, nand),
                parameters=parameters,
                key=confirmed[0][1] if confirmed else None,
                scan=examination.scan(),
                plain_scan=examination.plain_scan(),
                nand=nand,
                files=files,
                structure_flips=examination.structure_flips(),
                notes=examination.notes(),
                failures=tuple(examination.failures),
                custody=CustodyHead(CUSTODY_NAME, custody.head.records, custody.head.sha256),
                volumes=examination.volumes(),
                file_encryption=policies,
            )
            write_reports(report, folder, custody)
    if signer is not None:
        sign_log(signer, folder)
    return report


def _pool(jobs: int | None, cluster: str | None) -> Pool:
    if cluster is None:
        return LocalPool(jobs or available_cores())
    if jobs is not None:
        raise UsageError("--jobs counts processes of this machine; with --cluster the workers of the cluster count")
    from plugin.workers.cluster import ClusterPool

    return ClusterPool(cluster)


def _opened(facts: EvidenceFacts, source: ByteSource) -> dict[str, object]:
    """The evidence as it was found when it was opened, for the record."""
    files = [to_json(look_at(path)) for path in facts.files]
    opened: dict[str, object] = {"files": files, "size": facts.bottom.size, "layers": location(source)}
    rescue_map = rescue_map_record(source)
    return opened if rescue_map is None else {**opened, "map": rescue_map}


def _keys_recorded(
    confirmed: tuple[tuple[int | None, Key], ...], policies: tuple[FileEncryption, ...]
) -> list[dict[str, object]]:
    """The keys that fit, for the record: of volumes, then of files."""
    return [*(_decrypting(*one) for one in confirmed), *(to_json(one) for one in policies if one.fingerprint)]


def _decrypting(volume: int | None, key: Key) -> dict[str, object]:
    """A key that fits, for the record, and the volume of a disk that it opens."""
    return asdict(key) if volume is None else {**asdict(key), "volume": volume}


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
        library_digests=library_digests(),
        code_sha256=code_digest(),
        weights=weight_digests(),
        arguments=list(arguments),
        parameters=asdict(parameters),
        **who_and_where(),
        **asdict(details),
    )


def _record_resumption(custody: CustodyLog, arguments: tuple[str, ...], journal: Journal) -> None:
    """Say who goes on, and what of the earlier run did not count as done."""
    removed = drop_incomplete_files(journal)
    custody.record(
        "run_resumed",
        arguments=list(arguments),
        half_record_bytes=journal.torn,
        removed=removed,
        carved=len(journal.found),
        restored=len(journal.done),
        **who_and_where(),
    )


def sign_log(signer: Signer, folder: Path) -> None:
    """Sign the custody log of a finished run.

    Raises:
        OutputError: the signature cannot be written.
    """
    name = CUSTODY_NAME + SUFFIX
    write_file(folder, name, signer.sign(folder / CUSTODY_NAME), "an Ed25519 signature of the custody log")
    flush(folder / name)
