"""What the custody log says a run had finished when it was cut short: the ground on which `--resume` goes on.

Only what the log records as done, and what lies on the disk with the digest that the log gives, counts as done.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

from carving.errors import HashMismatchError, UsageError
from plugin.common.output import output_error, require_vacant
from plugin.common.record_reading import from_json
from plugin.common.report_model import Evidence, Failure, FileEntry, to_json
from plugin.common.settings import CaseDetails, Parameters
from plugin.custody.chain import START, ChainHead, LogRecord, read_records
from plugin.custody.custody_log import FILE_NAME
from plugin.custody.signature import SUFFIX

_IN_THE_BEGINNING: Final = frozenset(("started", "version", "code_sha256", "parameters", "examiner", "case", "exhibit"))
"""What the first record of a log says."""


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A carved file: its entry when it was carved, and what else the log keeps of the fragment."""

    entry: FileEntry
    fragment: dict[str, Any]


@dataclass
class Journal:
    """A run as far as it had come; one that has not begun is as if nothing had been done.

    Attributes:
        folder: its output.
        head: of its log.
        size: of its log in bytes, without half a record at the end.
        torn: bytes of half a record at the end.
        beginning: details of its first record.
        opened: what it said of the evidence when it opened it last.
        selected: the list of files it was given, with its digest.
        keys: how its keys were recorded.
        evidence: the evidence as hashed before the search; None where that was not finished.
        failures: what hashing could not do.
        scans: what was recorded at the end of each search, by layer.
        found: every carved file by its stem.
        done: the entries of those that were restored, or failed, by stem.
        finished: whether nothing is left to do.
    """

    folder: Path
    head: ChainHead = START
    size: int = 0
    torn: int = 0
    beginning: Mapping[str, Any] = field(default_factory=dict)
    opened: Mapping[str, Any] | None = None
    selected: Mapping[str, Any] | None = None
    keys: list[Mapping[str, Any]] = field(default_factory=list)
    evidence: Evidence | None = None
    failures: list[Failure] = field(default_factory=list)
    scans: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    found: dict[str, FoundFile] = field(default_factory=dict)
    done: dict[str, FileEntry] = field(default_factory=dict)
    finished: bool = False

    @property
    def begun(self) -> bool:
        """Whether there is a run to go on with."""
        return bool(self.beginning)

    @property
    def signed(self) -> bool:
        """Whether a signature of the log is there."""
        return (self.folder / (FILE_NAME + SUFFIX)).exists()

    @property
    def started(self) -> str:
        """When the run began."""
        return str(self.beginning["started"])

    @property
    def details(self) -> CaseDetails:
        """Examiner, case and exhibit as the run was begun with."""
        return CaseDetails(*(str(self.beginning[name]) for name in ("examiner", "case", "exhibit")))

    def require_same(self, parameters: Parameters, details: CaseDetails, code_sha256: str) -> None:
        """Refuse to go on in another way than the run was begun.

        Raises:
            UsageError: settings, examiner, case, exhibit or the tool itself differ; the message names the first.
            OutputError: nothing was begun, and the folder holds something.
        """
        if not self.begun:
            require_vacant(self.folder)
            return
        begun = self.beginning["parameters"]
        for name, value in to_json(parameters).items():  # as the log keeps them
            if begun.get(name) != value:
                option = f"--{name.replace('_', '-')}"
                raise UsageError(f"the run in {self.folder} was begun with {option} {begun.get(name)}, not {value}")
        if details not in (CaseDetails(), self.details):
            begun_for = ", ".join(asdict(self.details).values())
            raise UsageError(f"the run in {self.folder} was begun for another examiner, case or exhibit: {begun_for}")
        if self.beginning["code_sha256"] != code_sha256:
            raise UsageError(
                f"the run in {self.folder} was begun with another build of carve-restore, {self.beginning['version']}; "
                "go on with that one, or begin anew in another folder"
            )

    def require_same_evidence(
        self, opened: Mapping[str, Any], selected: Mapping[str, Any] | None, keys: Sequence[Mapping[str, Any]]
    ) -> None:
        """Refuse to go on with other evidence, another list of files or another key.

        Args:
            opened: what is said of the evidence now; its size and layers are compared here, its digests at the end.
            selected: what is said of the list of files now.
            keys: what is said of the keys now.

        Raises:
            UsageError: one is not the same.
        """
        if self.evidence is None:
            return  # nothing that was taken from the evidence counts yet
        assert self.opened is not None
        if any(self.opened[name] != opened[name] for name in ("size", "layers")):
            raise UsageError(f"the run in {self.folder} was begun with other evidence: {self.evidence.paths[0]}")
        if self.opened.get("map") != opened.get("map"):
            raise UsageError(f"the run in {self.folder} was begun with another map, or without one")
        if self.selected != selected:
            raise UsageError(f"the run in {self.folder} was begun with another list of files")
        if self.keys != list(keys):
            raise UsageError(f"the run in {self.folder} was begun with another key, or without one")


def read_journal(folder: Path) -> Journal:
    """How far the run in a folder had come.

    Raises:
        OutputError: the folder holds something, but no run of this tool.
        HashMismatchError: the log was altered.
        EvidenceError: the log cannot be read.
    """
    log = folder / FILE_NAME
    try:
        size = log.stat().st_size
    except FileNotFoundError:
        require_vacant(folder)
        return Journal(folder)
    except OSError as error:
        raise output_error(log, error) from error
    whole = _whole_lines(log)
    if whole == 0:
        log.unlink()  # begun, and cut short before its first record was whole
        require_vacant(folder)
        return Journal(folder)
    journal = Journal(folder, size=whole, torn=size - whole)
    try:
        for record in read_records(log, journal.size):
            _take(journal, record)
        if missing := _IN_THE_BEGINNING - journal.beginning.keys():
            raise KeyError(", ".join(sorted(missing)))
    except (KeyError, TypeError, ValueError) as error:
        raise HashMismatchError(f"{log} holds a record that the tool does not write: {error}") from error
    if journal.evidence is None:
        _forget(journal)
    return journal


def _forget(journal: Journal) -> None:
    """Begin the search anew: nothing says that what was found before the evidence was hashed is of this evidence."""
    for done in (journal.failures, journal.scans, journal.found, journal.done):
        done.clear()


def _take(journal: Journal, record: LogRecord) -> None:
    """One record more; the event says what of it matters."""
    details: Any = record.details
    journal.head = record.head
    journal.finished = record.event == "run_finished"
    match record.event:
        case "run_started":
            journal.beginning = details
        case "evidence_opened":
            journal.opened, journal.selected, journal.keys = details, None, []
        case "files_selected":
            journal.selected = details
        case "decrypting":
            journal.keys.append(details)
        case "failure" if details["stage"] == "hash":
            journal.failures.append(from_json(Failure, details))
        case "evidence_hashed":
            journal.evidence = from_json(Evidence, details["evidence"])
        case "carved":
            entry = from_json(FileEntry, details["entry"])
            journal.found[details["stem"]] = FoundFile(entry, dict(details["fragment"]))
        case "restored" | "restore_failed":
            journal.done[details["stem"]] = from_json(FileEntry, details["entry"])
        case "scan_finished":
            journal.scans[details["layer"]] = details


def _whole_lines(log: Path) -> int:
    """Bytes of a log up to the end of its last whole line."""
    try:
        with log.open("rb") as file:
            return sum(len(line) for line in file if line.endswith(b"\n"))
    except OSError as error:
        raise output_error(log, error) from error
