"""The stages of one run over open evidence, and what goes wrong in them without ending the run."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from carving.errors import CarveRestoreError, EvidenceError, OutputError, UsageError
from carving.fragments import Fragment
from carving.source import ByteSource, location
from plugin.custody import CustodyLog
from plugin.entries import store_fragment, with_error, with_restoration
from plugin.evidence_facts import EvidenceFacts
from plugin.executors import run_bounded
from plugin.faults import describe, keep_traceback, one_line
from plugin.finding import Finder
from plugin.nand_facts import misfit_of, nand_record, nand_remarks
from plugin.progress import Progress, Stage
from plugin.report.model import Failure, FileEntry, Scan
from plugin.report.nand import NandRecord
from plugin.settings import Parameters
from plugin.worker import RestoreRecord, RestoreTask, restore_fragment


@dataclass
class Examination:
    """One run over open evidence. `failures` grows as stages meet what they cannot do."""

    source: ByteSource
    facts: EvidenceFacts
    folder: Path
    key: bytes | None = field(repr=False)
    parameters: Parameters
    custody: CustodyLog
    progress: Progress
    failures: list[Failure] = field(default_factory=list)
    _finder: Finder = field(init=False)
    _entries: dict[str, FileEntry] = field(init=False, default_factory=dict)
    _restored: int = field(init=False, default=0)

    def __post_init__(self) -> None:
        self._finder = Finder(self.source, self.layer, self.parameters, self.progress)

    @property
    def layer(self) -> str:
        """Which view is scanned."""
        return "plain" if self.key is None else "decrypted"

    def carve_and_restore(self, jobs: int) -> tuple[FileEntry, ...]:
        """Carve, and restore in `jobs` processes what has been carved; entries in order of layer and offset."""
        if self.parameters.carve_only:
            for _ in self._tasks():
                pass
        else:
            with closing(run_bounded(restore_fragment, self._tasks(), jobs=jobs)) as outcomes:
                for task, outcome in outcomes:
                    self._take(task, outcome)
            self.progress.update(Stage.RESTORE, self._restored, len(self._entries))
        return tuple(sorted(self._entries.values(), key=lambda entry: (entry.layer, entry.offset)))

    def scan(self) -> Scan:
        """What was scanned so far."""
        return Scan(self.layer, location(self.source), self.source.size, self._finder.scanned_bytes)

    def nand(self) -> NandRecord | None:
        """What the layout of raw NAND made of the dump so far; a layout that fits nothing is a failure."""
        record = nand_record(self.source)
        if record is not None and (misfit := misfit_of(record)):
            self.fail("nand", CarveRestoreError(misfit))
        return record

    def notes(self) -> tuple[str, ...]:
        """Remarks on the run as a whole."""
        remarks = (*self.facts.remarks, *nand_remarks(self.source), *self._finder.remarks)
        if self._entries:
            return remarks
        return (*remarks, f"no JPEG was found in the {self._finder.scanned_bytes} bytes that were scanned")

    def compile_kernels(self) -> None:
        """Compile what restoring needs, once after installation, before many processes would do so side by side."""
        from restore.warming import is_cold, warm_up

        if not self.parameters.carve_only and is_cold():
            warm_up(lambda _name, number, count: self.progress.update(Stage.COMPILE, number, count))

    def fail(self, stage: str, error: CarveRestoreError) -> None:
        """Take note of something that the run cannot do, and does without."""
        self.failures.append(Failure(stage, one_line(error), error.exit_code))

    def _fragments(self) -> Iterator[Fragment]:
        try:
            yield from self._finder.fragments()
        except (EvidenceError, UsageError) as error:
            self.fail("scan", error)

    def _tasks(self) -> Iterator[RestoreTask]:
        from carving.flips import flip_model

        for fragment in self._fragments():
            stem = f"{fragment.offset:010d}"  # one view is scanned in a run, so its name need not say which
            self._entries[stem] = store_fragment(fragment, stem, self.folder, self.custody)
            if not self.parameters.carve_only:
                self.progress.update(Stage.RESTORE, self._restored, len(self._entries))
            effort = 0 if self.parameters.carve_only else self.parameters.effort
            model = flip_model(self.source, fragment) if effort else None
            yield RestoreTask(fragment, stem, self.folder, model, effort)

    def _take(self, task: RestoreTask, outcome: RestoreRecord | BaseException) -> None:
        entry = self._entries[task.stem]
        if isinstance(outcome, RestoreRecord):
            self._entries[task.stem] = with_restoration(entry, task.stem, outcome, self.custody)
        elif isinstance(outcome, OutputError):
            raise outcome
        else:
            keep_traceback(self.folder, f"restoring the file at offset {entry.offset}", outcome, self.key)
            self._entries[task.stem] = with_error(entry, task.stem, describe(outcome, self.key), self.custody)
        self._restored += 1
        self.progress.update(Stage.RESTORE, self._restored, len(self._entries))
