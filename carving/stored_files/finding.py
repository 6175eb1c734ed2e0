"""File systems first, then carving: every picture once, by whichever of the two gives the better decode.

A file whose first bytes are a JPEG's is taken through its runs. One that decodes to its end explains its bytes, and the
carver passes them over. One that does not may be damaged, or its file system may be: if it ends as a JPEG does, and
nothing better begins at the same byte, it is taken as well; else the carver's look at the same bytes decides.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Final

from carving.candidates import Candidate, read_candidate
from carving.carver import carve
from carving.fragments import Ending, Fragment, Origin
from carving.jpeg.coding import Check
from carving.orphans import Families
from carving.selection.listed import is_named_jpeg
from carving.selection.taking import LARGEST, make_fragment
from carving.source import HOLE_OFFSET, ByteSource, Run, runs_below
from carving.stored_files.content import cut
from carving.stored_files.explained import Explained, UnexplainedSource, without_explained
from carving.stored_files.file_source import FileSource
from carving.stored_files.stored import StoredFile
from carving.unallocated import UnallocatedSource, placed_below

_ALIGNMENT: Final = 512
_MOST_OWNERS: Final = 3
_TRAILER: Final = 64
"""Bytes behind a picture in its file that are not looked into."""
_HOLE: Final = 1 << 16


@dataclass(frozen=True, slots=True)
class _Doubt:
    """A file that may be another than its runs say, without its bytes."""

    file: StoredFile
    check: Check | None
    ending: Ending

    @property
    def worth(self) -> tuple[bool, int]:
        return worth(self.check, self.ending)


@dataclass
class StoredSearch:
    """The pictures of a source, file systems first.

    Attributes:
        source: what is searched.
        layer: name of the view, copied into every fragment.
        leave_out: hears the path of each file that is not taken, and why.
        owners: the files that occupy bytes of runs, by path, and how many.
        structures: where file systems keep their own structures; what looks there like a piece of a picture is none.
        threads: how many may read the source.
        families: of the files that were taken, those that can lend their tables.
    """

    source: ByteSource
    layer: str
    leave_out: Callable[[str, str], None]
    owners: Callable[[tuple[Run, ...]], dict[str, int]]
    structures: Explained = field(default_factory=Explained)
    threads: int = 1
    families: Families = field(default_factory=Families)
    _explained: Explained = field(default_factory=Explained)
    _taken: dict[int, str] = field(default_factory=dict)
    _doubts: dict[int, _Doubt] = field(default_factory=dict)

    def allocated(self, files: Iterable[StoredFile]) -> Iterator[Fragment]:
        """Take the files that are JPEGs.

        Raises:
            EvidenceError: the source cannot be read.
        """
        for file in one_each(files):
            if file.content.begins_as_jpeg or is_named_jpeg(file.record.path):
                yield from self._take(file)

    def deleted(self, files: Iterable[StoredFile]) -> Iterator[Fragment]:
        """Take the deleted files whose bytes, as far as the file system still tells where they lie, decode to the end.

        Raises:
            EvidenceError: the source cannot be read.
        """
        for file in sorted(files, key=lambda file: file.content.runs[0].offset):
            offset = file.content.runs[0].offset
            if not file.content.begins_as_jpeg or offset in self._taken:
                continue
            content = FileSource(self.source, cut(file.content.runs, LARGEST))
            candidate = read_candidate(content.read_at, 0, content.size, 1)
            if candidate is None:
                continue
            if candidate.check is not None and candidate.check.whole:
                self._doubts.pop(offset, None)
                yield self._settled(file, content, candidate)
                continue
            known = self._doubts.get(offset)
            doubt = _Doubt(file, candidate.check, candidate.ending)
            if known is None or doubt.worth > known.worth:
                self._doubts[offset] = doubt

    def inside(self, files: Iterable[StoredFile]) -> Iterator[Fragment]:
        """The whole pictures inside other files that lie in pieces, such as databases, by the bytes of those files.

        Pictures that are damaged, or not all there, are left to the search of the source itself.

        Raises:
            EvidenceError: the source cannot be read.
        """
        seen = Explained()
        for file in one_each(files):
            runs = tuple(_without_wide_holes(file.content.runs))
            if file.content.begins_as_jpeg or not file.content.is_in_pieces or file.content.unit:
                continue
            if all(seen.covers(run) for run in file.content.stored):
                continue  # another file has the same blocks
            for run in file.content.stored:
                seen.add(run)
            yield from self._inside(FileSource(self.source, runs), file.record.path)

    def files_alone(self) -> Iterator[Fragment]:
        """The files in doubt as their runs say, where nothing is carved.

        Raises:
            EvidenceError: the source cannot be read.
        """
        for doubt in self._doubts.values():
            if not doubt.file.record.deleted or is_named_jpeg(doubt.file.record.path):
                yield self._by_runs(doubt, f"its runs were followed, though {_flaw(doubt.check)}; nothing was carved")

    def rest(
        self, watch: Callable[[ByteSource], ByteSource], within: tuple[Run, ...] | None = None
    ) -> Iterator[Fragment]:
        """What the carver finds in the bytes that no file explains, and then the files in doubt.

        Args:
            watch: lays a layer over what is carved.
            within: the stretches of the source that are carved, one behind the other; all of it where None.

        Raises:
            EvidenceError: the source cannot be read.
        """
        for fragment in self._carved(watch, within):
            if fragment.offset in self._taken:
                continue
            if fragment.borrowed is not None and self.structures.within(Run(fragment.offset, 1)):
                continue
            doubt = self._doubts.pop(fragment.offset, None)
            yield fragment if doubt is None else self._better(doubt, fragment)
        for doubt in self._doubts.values():
            if doubt.file.record.deleted:
                continue  # the head alone of what once was a picture; the carver saw it, too, and found none
            yield self._by_runs(doubt, f"its runs were followed, though {_flaw(doubt.check)}; nothing was carved there")

    def _carved(self, watch: Callable[[ByteSource], ByteSource], within: tuple[Run, ...] | None) -> Iterator[Fragment]:
        """What the carver finds in the bytes that no file explains."""
        if within is not None:
            left = tuple(part for run in within for part in self._explained.left_of(run))
            joined = UnallocatedSource(self.source, left)
            for fragment in self._carve(watch(joined)):
                yield placed_below(fragment, joined)
            return
        for fragment in self._carve(watch(UnexplainedSource(self.source, self._explained))):
            kept = without_explained(fragment, self.source, self._explained)
            if kept is not None:
                yield kept

    def _carve(self, source: ByteSource) -> Iterator[Fragment]:
        return carve(source, layer=self.layer, threads=self.threads, families=self.families)

    def _inside(self, content: FileSource, path: str) -> Iterator[Fragment]:
        """The whole pictures that begin somewhere in a file."""
        for fragment in self._carve(content):
            whole = fragment.ending is Ending.EOI if fragment.check is None else fragment.check.whole
            if not whole or fragment.borrowed is not None:
                continue
            found = placed_below(fragment, content)
            if found.offset in self._taken:
                continue
            self._taken[found.offset] = path
            for run in found.byte_runs:
                self._explained.add(run)
            yield replace(found, notes=(*found.notes, f"found by the bytes of {path}, read through its runs"))

    def _take(self, file: StoredFile) -> Iterator[Fragment]:
        """The file as a fragment, unless it is none or in doubt."""
        content = FileSource(self.source, cut(file.content.runs, LARGEST))
        candidate = read_candidate(content.read_at, 0, content.size, 1)
        if candidate is None:
            self.leave_out(file.record.path, "no JPEG begins there, whatever its name or first bytes say")
            return
        offset = content.runs[0].offset
        check = candidate.check
        whole = check is not None and check.whole
        if not whole and not self._is_settled(offset, candidate, content):
            self._doubts[offset] = _Doubt(file, check, candidate.ending)
            return
        yield self._settled(file, content, candidate)
        end = len(candidate.data)
        if candidate.ending is Ending.EOI and content.size - end > _TRAILER:
            behind = FileSource(self.source, tuple(runs_below(content, (Run(end, content.size - end),))))
            yield from self._inside(behind, file.record.path)

    def _settled(self, file: StoredFile, content: FileSource, candidate: Candidate) -> Fragment:
        """A file that is as its runs say; its bytes are explained then."""
        offset = content.runs[0].offset
        self._taken[offset] = file.record.path
        for run in content.runs:
            self._explained.add(run)
        fragment = self._fragment(file, content)
        if candidate.header is not None and candidate.check is not None and candidate.check.whole:
            self.families.note(fragment.data, candidate.header, offset)
        return fragment

    def _is_settled(self, offset: int, candidate: Candidate, content: FileSource) -> bool:
        """Whether a file that does not decode to its end is as its runs say: it ends as one, and nothing better begins
        at its first byte."""
        if candidate.ending is not Ending.EOI:
            return False
        limit = min(LARGEST, self.source.size - offset)
        if len(content.runs) == 1:
            return True
        other = read_candidate(self.source.read_at, offset, limit, _ALIGNMENT)
        return other is None or worth(other.check, other.ending) <= worth(candidate.check, candidate.ending)

    def _fragment(self, file: StoredFile, content: FileSource, *notes: str) -> Fragment:
        data = content.read_at(0, content.size)
        if content.size < file.content.size:
            notes = (*notes, f"only the first {content.size} of its {file.content.size} bytes were taken")
        if file.record.deleted:
            notes = (*notes, self._owned(content.runs))
        fragment = make_fragment(self.source, data, content.runs, self.layer)
        return replace(fragment, origin=Origin.FILE_SYSTEM, record=file.record, notes=notes)

    def _by_runs(self, doubt: _Doubt, *notes: str) -> Fragment:
        content = FileSource(self.source, cut(doubt.file.content.runs, LARGEST))
        return self._fragment(doubt.file, content, *notes)

    def _better(self, doubt: _Doubt, carved: Fragment) -> Fragment:
        """The better decode of two that begin at the same byte, with the reason."""
        record = doubt.file.record
        by_runs, by_carving = doubt.worth, worth(carved.check, carved.ending)
        said = f"through its runs {_flaw(doubt.check)}, carved from the same byte {_flaw(carved.check)}"
        if by_runs > by_carving or (by_runs == by_carving and not record.deleted):
            return self._by_runs(doubt, f"taken as the file system gives it: {said}")
        notes = (*carved.notes, f"taken as carved: {said}")
        if not record.deleted:
            return replace(carved, record=record, notes=notes)
        notes = (*notes, self._owned(carved.byte_runs))
        if is_named_jpeg(record.path):
            return replace(carved, record=record, notes=notes)
        return replace(carved, notes=(*notes, f"the deleted {record.path} once began at its first byte"))

    def _owned(self, runs: tuple[Run, ...]) -> str:
        """Who owns the bytes of a deleted file now."""
        owners = sorted(self.owners(runs).items(), key=lambda owner: -owner[1])
        if not owners:
            return "the file is deleted; no other file occupies its bytes now"
        named = ", ".join(f"{path} ({count} bytes)" for path, count in owners[:_MOST_OWNERS])
        more = f" and {len(owners) - _MOST_OWNERS} more" if len(owners) > _MOST_OWNERS else ""
        return f"the file is deleted; of its bytes some lie in what now belongs to {named}{more}"


def worth(check: Check | None, ending: Ending) -> tuple[bool, int]:
    """How good a decode is, to be compared with that of other bytes from the same first byte on."""
    if check is None:
        return ending is Ending.EOI, 0
    return check.whole, check.sound


def _flaw(check: Check | None) -> str:
    if check is None:
        return "decoding does not tell how far it goes"
    return "it decodes to its end" if check.whole else f"{check.sound} of {check.mcus} blocks decode"


def structures_of(runs: Iterable[Run]) -> Explained:
    """Runs, to be asked what lies in them."""
    explained = Explained()
    for run in runs:
        explained.add(run)
    return explained


def _without_wide_holes(runs: tuple[Run, ...]) -> Iterator[Run]:
    """Runs with wide holes made narrow: nothing is found in them."""
    for run in runs:
        wide = run.offset == HOLE_OFFSET and run.length > _HOLE
        yield Run(HOLE_OFFSET, _HOLE + run.length % _HOLE) if wide else run


def one_each(files: Iterable[StoredFile]) -> list[StoredFile]:
    """Files in order of their place, those that begin at the same byte as one with all its names."""
    first: dict[int, StoredFile] = {}
    for file in files:
        if not file.content.stored:
            continue
        offset = file.content.runs[0].offset
        known = first.get(offset)
        if known is None:
            first[offset] = file
        elif file.record.path not in (known.record.path, *known.record.other_paths):
            others = (*known.record.other_paths, file.record.path)
            first[offset] = replace(known, record=replace(known.record, other_paths=others))
    return [first[offset] for offset in sorted(first)]
