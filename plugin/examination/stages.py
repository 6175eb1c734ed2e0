"""The stages of one run over open evidence, and what goes wrong in them without ending the run."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from carving.errors import CarveRestoreError, EvidenceError, OutputError, UsageError
from carving.file_systems.allocation import AllocationMap
from carving.file_systems.structure_flip import StructureFlip
from carving.file_systems.volumes import Volume
from carving.fragments import Fragment
from carving.source import ByteSource, location
from carving.support.interrupts import put_off_interrupts
from plugin.common.allocation_record import AllocatedClaim
from plugin.common.faults import describe, keep_traceback, one_line
from plugin.common.nand_record import NandRecord
from plugin.common.progress import Progress, Stage
from plugin.common.record_reading import from_json
from plugin.common.report_model import Failure, FileEntry, Key, ScannedView, VolumeRecord, to_json
from plugin.common.restore_record import RestoreRecord
from plugin.common.settings import Parameters
from plugin.custody.custody_log import CustodyLog
from plugin.custody.evidence_facts import EvidenceFacts
from plugin.examination.allocation_survey import AllocationSurvey, claim_at
from plugin.examination.entries import store_fragment, with_error, with_restoration
from plugin.examination.file_encryption_facts import file_encryption_remarks
from plugin.examination.fragment_record import fragment_from_json
from plugin.examination.fragment_sources import FinishedSearch, FragmentSource
from plugin.examination.journal import Journal
from plugin.examination.known_bad_facts import rescue_map_remarks
from plugin.examination.nand_facts import misfit_of, nand_record, nand_remarks
from plugin.examination.opening import View, views
from plugin.examination.unseen_flips import unseen_flip_remarks
from plugin.workers.pools import Pool
from plugin.workers.worker import RestoreTask, restore_fragment


@dataclass
class Examination:
    """One run over open evidence. `failures` grows as stages meet what they cannot do.

    What the journal says is done is not done again.
    """

    source: ByteSource
    facts: EvidenceFacts
    folder: Path
    keys: tuple[bytes, ...] = field(repr=False)
    parameters: Parameters
    custody: CustodyLog
    progress: Progress
    survey: AllocationSurvey | None
    journal: Journal
    confirmed: tuple[tuple[int | None, Key], ...] = ()
    failures: list[Failure] = field(default_factory=list)
    _finders: tuple[FragmentSource, ...] = field(init=False)
    _entries: dict[str, FileEntry] = field(init=False, default_factory=dict)
    _originals: dict[str, str] = field(init=False, default_factory=dict)
    _restored: int = field(init=False, default=0)

    def __post_init__(self) -> None:
        self._finders = tuple(
            FragmentSource(
                view.source,
                view.layer,
                self.parameters,
                partial(self._scanned, index),
                self._allocation,
                self._search(view.layer),
                view.parts,
                has_files=index == 0,
            )
            for index, view in enumerate(self._views())
        )
        self.failures.extend(self.journal.failures)
        self._entries.update({stem: found.entry for stem, found in self.journal.found.items()})
        self._entries.update(self.journal.done)
        for entry in self._entries.values():
            self._originals.setdefault(entry.carved.sha256, entry.carved.path)
        self._restored = len(self.journal.done)

    def carve_and_restore(self, pool: Pool, meanwhile: Callable[[], None]) -> tuple[FileEntry, ...]:
        """Carve, and have the pool restore what has been carved; entries in order of layer and offset.

        `meanwhile` is called between any two fragments.
        """
        if self.parameters.carve_only:
            for _ in self._tasks():
                meanwhile()
        else:
            with closing(pool.restore(restore_fragment, self._tasks())) as outcomes:
                for task, outcome in outcomes:
                    self._take(task, outcome)
                    meanwhile()
            self.progress.update(Stage.RESTORE, self._restored, len(self._entries))
        return tuple(sorted(self._entries.values(), key=lambda entry: (entry.layer, entry.offset)))

    def scan(self) -> ScannedView:
        """What was scanned so far of the first view."""
        return _scan_of(self._finders[0])

    def plain_scan(self) -> ScannedView | None:
        """What was scanned so far of the bytes as they are stored, where the first view is decrypted."""
        return _scan_of(self._finders[1]) if len(self._finders) > 1 else None

    def nand(self) -> NandRecord | None:
        """What the layout of raw NAND made of the dump so far; a layout that fits nothing is a failure."""
        earlier = self._earlier_layout()
        record = nand_record(self.source) if earlier is None else from_json(NandRecord, earlier["nand"])
        if record is not None and (misfit := misfit_of(record)):
            self.fail("nand", CarveRestoreError(misfit))
        return record

    def structure_flips(self) -> tuple[StructureFlip, ...]:
        """The bits that were flipped in structures of file systems, and reversed in what was read of them; recorded."""
        flips = () if self.survey is None else self.survey.structure_flips
        if flips:
            self.custody.record("structure_flips_reversed", flips=[to_json(flip) for flip in flips])
        return flips

    def notes(self) -> tuple[str, ...]:
        """Remarks on the run as a whole."""
        left_out = (remark for finder in self._finders for remark in finder.remarks)
        earlier = self._earlier_layout()
        layout = nand_remarks(self.source) if earlier is None else tuple(earlier["nand_remarks"])
        remarks = (
            *self.facts.remarks,
            *rescue_map_remarks(self.source, self.facts.files),
            *layout,
            *self._encryption_remarks(),
            *self._survey_remarks(),
            *unseen_flip_remarks(self._entries.values()),
            *left_out,
        )
        if self._entries:
            return remarks
        return (*remarks, f"no JPEG was found in the {self._finders[0].scanned_bytes} bytes that were scanned")

    def compile_kernels(self) -> None:
        """Compile what restoring needs, once after installation, before many processes would do so side by side."""
        with put_off_interrupts():  # libraries swallow what a signal raises while they are imported
            from restore.warming import is_cold, warm_up

            cold = not self.parameters.carve_only and is_cold()
        if cold:
            warm_up(lambda _name, number, count: self.progress.update(Stage.COMPILE, number, count))

    def fail(self, stage: str, error: CarveRestoreError) -> None:
        """Take note of something that the run cannot do, and does without."""
        failure = Failure(stage, one_line(error), error.exit_code)
        self.failures.append(failure)
        self.custody.record("failure", **to_json(failure))

    def _allocation(self) -> AllocationMap | None:
        return None if self.survey is None else self.survey.result()

    def _claim(self, finder: FragmentSource, fragment: Fragment) -> AllocatedClaim | None:
        """What the file system of the first view says of the place where a fragment begins."""
        if finder is not self._finders[0] or (allocation := self._allocation()) is None:
            return None
        return claim_at(allocation, fragment.offset)

    def _volume_at(self, offset: int) -> int | None:
        """The number of the volume in which a byte of what is scanned lies."""
        if self.parameters.volume is not None:
            return self.parameters.volume
        return next((one.index for one in self._volumes() if one.offset <= offset < one.offset + one.length), None)

    def _volumes(self) -> tuple[Volume, ...]:
        """The volumes of the partition table, where a whole disk is scanned."""
        from carving.encryption.disk import find_disk

        disk = find_disk(self.source)
        if disk is not None:
            return disk.volumes
        return () if self.survey is None else self.survey.volumes

    def volumes(self) -> tuple[VolumeRecord, ...]:
        """The volumes of a disk as the report lists them, each with the key that opened it."""
        keys = dict(self.confirmed)
        return tuple(
            VolumeRecord(one.index, one.offset, one.length, one.description, keys.get(one.index))
            for one in self._volumes()
        )

    def _views(self) -> tuple[View, ...]:
        """What is scanned; whoever names the files names them in one view."""
        found = views(self.source)
        return found if self.parameters.only is None else found[:1]

    def _survey_remarks(self) -> tuple[str, ...]:
        """What encryption shows, which file systems there are, and what that meant for the scan."""
        from carving.container_layers import find_files

        found = self._allocation()
        remarks = () if self.survey is None else self.survey.remarks
        if found is None and self.parameters.scan == "unallocated":
            return (*remarks, "no file system could be read, so all bytes were scanned, not only unallocated ones")
        if found is None and self.parameters.scan == "files" and find_files(self.source) is None:
            return (*remarks, "no file system could be read, so nothing was looked at; --scan all carves without one")
        return remarks

    def _encryption_remarks(self) -> tuple[str, ...]:
        """What a header says of the encryption that it opens."""
        from carving.encryption.disk import decryptions

        of_volumes = tuple(
            remark if volume is None else f"volume {volume}: {remark}"
            for volume, decryption in decryptions(self.source)
            for remark in decryption.remarks
        )
        return (*of_volumes, *file_encryption_remarks(self.source))

    def _scanned(self, index: int, done: int, _size: int) -> None:
        """One scan after the other, told as one."""
        sizes = [finder.size for finder in self._finders]
        self.progress.update(Stage.SCAN, sum(sizes[:index]) + done, sum(sizes))

    def _earlier_layout(self) -> Mapping[str, Any] | None:
        """What an earlier run learned of a NAND layout, where this one need not read the dump."""
        if any(finder.earlier is None for finder in self._finders):
            return None
        details = self.journal.scans[self._finders[-1].layer]
        return None if details["nand"] is None else details

    def _search(self, layer: str) -> FinishedSearch | None:
        """How an earlier run ended the search of a layer; None where this run has to search it."""
        ended = self.journal.scans.get(layer)
        return None if ended is None else FinishedSearch(ended["scanned_bytes"], tuple(ended["remarks"]))

    def _tasks(self) -> Iterator[RestoreTask]:
        for finder in self._finders:
            for stem, fragment in self._left_over(finder.layer):
                yield self._task(finder, fragment, stem)
            if finder.earlier is None:
                for stem, fragment in self._found(finder):
                    claim = self._claim(finder, fragment)
                    volume = self._volume_at(fragment.offset)
                    self._entries[stem] = store_fragment(
                        fragment, stem, self.folder, self.custody, claim, self._originals, volume
                    )
                    if not self.parameters.carve_only:
                        self.progress.update(Stage.RESTORE, self._restored, len(self._entries))
                    yield self._task(finder, fragment, stem)

    def _left_over(self, layer: str) -> Iterator[tuple[str, Fragment]]:
        """What an earlier run has carved and not restored."""
        if self.parameters.carve_only:
            return
        for stem, found in self.journal.found.items():
            if found.entry.layer == layer and stem not in self.journal.done:
                yield stem, fragment_from_json(found.fragment, found.entry, self.folder)

    def _found(self, finder: FragmentSource) -> Iterator[tuple[str, Fragment]]:
        """What a search finds and no earlier run has carved; its end is recorded."""
        try:
            for fragment in finder.fragments():
                stem = fragment.name if len(self._finders) > 1 else f"{fragment.offset:010d}"
                if stem not in self._entries:
                    yield stem, fragment
        except (EvidenceError, UsageError) as error:
            self.fail("scan", error)
        else:
            record = nand_record(self.source)
            self.custody.record(
                "scan_finished",
                layer=finder.layer,
                scanned_bytes=finder.scanned_bytes,
                remarks=list(finder.remarks),
                nand=None if record is None else to_json(record),
                nand_remarks=list(nand_remarks(self.source)),
            )

    def _task(self, finder: FragmentSource, fragment: Fragment, stem: str) -> RestoreTask:
        from carving.flips.of_fragment import flip_model

        effort = 0 if self.parameters.carve_only else self.parameters.effort
        model = flip_model(finder.source, fragment) if effort else None
        return RestoreTask(fragment, stem, self.folder, model, effort, self.parameters.device)

    def _take(self, task: RestoreTask, outcome: RestoreRecord | BaseException) -> None:
        entry = self._entries[task.stem]
        if isinstance(outcome, RestoreRecord):
            self._entries[task.stem] = with_restoration(entry, task.stem, outcome, self.custody)
        elif isinstance(outcome, OutputError):
            raise outcome
        else:
            keep_traceback(self.folder, f"restoring the file at offset {entry.offset}", outcome, *self.keys)
            self._entries[task.stem] = with_error(entry, task.stem, describe(outcome, *self.keys), self.custody)
        self._restored += 1
        self.progress.update(Stage.RESTORE, self._restored, len(self._entries))


def _scan_of(finder: FragmentSource) -> ScannedView:
    return ScannedView(finder.layer, location(finder.source), finder.source.size, finder.scanned_bytes)
