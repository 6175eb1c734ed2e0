"""File systems first, then carving: every picture once, by whichever of the two gives the better decode.

A file whose first bytes are a JPEG's is taken through its runs. One that decodes to its end explains its bytes, and the
carver passes them over. One that does not may be damaged, or its file system may be: if it ends as a JPEG does, and
nothing better begins at the same byte, it is taken as well; else the carver's look at the same bytes decides.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Final

from carving.carver.candidates import read_candidate
from carving.carver.carver import carve
from carving.carver.donors import Families
from carving.file_systems.stored_files.file_source import FileSource
from carving.file_systems.stored_files.stored import StoredFile, one_each
from carving.file_systems.unallocated import UnallocatedSource, placed_above, placed_below
from carving.files_first.explained import UnexplainedSource, without_explained
from carving.files_first.merits import Beginning, Doubt, Look, flaw, worth
from carving.fragments import Fragment, Origin
from carving.jpeg.results import Ending
from carving.media.folder import is_named_jpeg
from carving.selection.taking import LARGEST, make_fragment
from carving.source import HOLE_OFFSET, ByteSource, Run, runs_below
from carving.sources.explained_bytes import Explained

_ALIGNMENT: Final = 512
_MOST_OWNERS: Final = 3
_TRAILER: Final = 64
"""Bytes behind a picture in its file that are not looked into."""
_MOST_CLAIMED: Final = 4
"""How many times the size of the source the files in it may have together."""
_HOLE: Final = 1 << 16
"""Bytes of a hole that are looked at in a file."""


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
        unowned: the stretches that no file and no structure occupies, in order; None where that is not known. A file
            that breaks off in them goes on in them, if the place where it goes on can be there as well as elsewhere.
    """

    source: ByteSource
    layer: str
    leave_out: Callable[[str, str], None]
    owners: Callable[[tuple[Run, ...]], dict[str, int]]
    structures: Explained = field(default_factory=Explained)
    threads: int = 1
    families: Families = field(default_factory=Families)
    unowned: tuple[Run, ...] | None = None
    _explained: Explained = field(default_factory=Explained)
    _taken: dict[int, str] = field(default_factory=dict)
    _doubts: dict[int, Doubt] = field(default_factory=dict)
    _claimed: int = 0

    def allocated(self, files: Iterable[StoredFile]) -> Iterator[Fragment]:
        """Take the files that are JPEGs, and the whole pictures behind them in the same file.

        Raises:
            EvidenceError: the source cannot be read.
        """
        for file in one_each(files):
            if not file.content.begins_as_jpeg and not is_named_jpeg(file.record.path):
                continue
            look = self._look_at(file)
            if look is None:
                continue
            if look.is_whole or self._is_settled(look):
                yield self._settled(look)
                yield from self._behind(look)
            else:
                self._doubts[look.offset] = look.doubt

    def inside(self, files: Iterable[StoredFile]) -> Iterator[Fragment]:
        """The whole pictures inside other files that lie in pieces, such as databases, by the bytes of those files.

        Pictures that are damaged, or not all there, are left to the search of the source itself.

        Raises:
            EvidenceError: the source cannot be read.
        """
        seen = Explained()
        for file in one_each(files):
            content = file.content
            if content.begins_as_jpeg or not content.is_in_pieces or content.unit:
                continue
            if all(seen.covers(run) for run in content.stored):
                continue  # another file has the same blocks
            for run in content.stored:
                seen.add(run)
            yield from self._inside(FileSource(self.source, tuple(_narrowed(content.runs))), file.record.path)

    def deleted(self, files: Iterable[StoredFile]) -> Iterator[Fragment]:
        """Take the deleted files whose bytes, as far as the file system still tells where they lie, decode to the end,
        or end as a JPEG does and belong to nobody else.

        Raises:
            EvidenceError: the source cannot be read.
        """
        for file in sorted(files, key=lambda file: file.content.runs[0].offset):
            if not file.content.begins_as_jpeg or file.content.runs[0].offset in self._taken:
                continue
            look = self._look_at(file)
            if look is None:
                continue
            if look.is_whole or (look.ends_as_jpeg and not self.owners(look.runs) and self._is_settled(look)):
                self._doubts.pop(look.offset, None)
                yield self._settled(look)
                continue
            known = self._doubts.get(look.offset)
            if known is None or look.doubt.worth > known.worth:
                self._doubts[look.offset] = look.doubt

    def files_alone(self) -> Iterator[Fragment]:
        """The files in doubt as their runs say, where nothing is carved.

        Raises:
            EvidenceError: the source cannot be read.
        """
        for doubt in self._doubts.values():
            if not doubt.file.record.deleted or is_named_jpeg(doubt.file.record.path):
                yield self._by_runs(doubt, f"its runs were followed, though {flaw(doubt.check)}; nothing was carved")

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
            if not doubt.file.record.deleted:  # of a deleted one the carver saw the same head, and found nothing
                yield self._by_runs(
                    doubt, f"its runs were followed, though {flaw(doubt.check)}; nothing was carved there"
                )

    def _look_at(self, file: StoredFile) -> Look | None:
        """The JPEG that a file is; None where none begins there, or more is claimed than there can be."""
        look = Look(self.source, file, LARGEST)
        self._claimed += look.content.size
        if self._claimed > _MOST_CLAIMED * self.source.size + LARGEST:
            self.leave_out(file.record.path, "the file systems claim more bytes than the source can hold")
            return None
        beginning = Beginning(look.content)
        candidate = read_candidate(beginning.read_at, 0, look.content.size, 1)
        if candidate is not None:
            return replace(look, candidate=candidate, beginning=beginning)
        if not file.record.deleted:
            self.leave_out(file.record.path, "no JPEG begins there, whatever its name or first bytes say")
        return None

    def _is_settled(self, look: Look) -> bool:
        """Whether a file that does not decode to its end is as its runs say: it ends as one, and nothing better begins
        at its first byte."""
        if look.doubt.ending is not Ending.EOI and not look.ends_as_jpeg:
            return False
        if not look.file.content.is_in_pieces:
            return True
        limit = min(LARGEST, self.source.size - look.offset)
        other = read_candidate(self.source.read_at, look.offset, limit, _ALIGNMENT)
        return other is None or worth(other.check, other.ending) <= look.doubt.worth

    def _settled(self, look: Look) -> Fragment:
        """A file that is as its runs say; its bytes are explained then."""
        self._taken[look.offset] = look.file.record.path
        for run in look.runs:
            self._explained.add(run)
        fragment = self._fragment(look)
        if look.is_whole and look.candidate is not None and look.candidate.header is not None:
            self.families.note(fragment.data, look.candidate.header, look.offset)
        return fragment

    def _behind(self, look: Look) -> Iterator[Fragment]:
        """The pictures behind the first in a file, as phones put them there."""
        end, size = look.end, look.content.size
        if look.doubt.ending is Ending.EOI and size - end > _TRAILER and not look.file.content.unit:
            behind = FileSource(self.source, runs_below(look.content, (Run(end, size - end),)))
            yield from self._inside(behind, look.file.record.path)

    def _inside(self, content: FileSource, path: str) -> Iterator[Fragment]:
        """The whole pictures that begin somewhere in a file, and those that a database in it chains, whole or not."""

        def pass_over(run: Run) -> None:
            for part in content.trace(run.offset, run.length):
                self._explained.add(part)

        for fragment in self._carve(content, pass_over):
            whole = fragment.ending is Ending.EOI if fragment.check is None else fragment.check.whole
            if (not whole and not fragment.chained) or fragment.borrowed is not None:
                continue
            found = placed_below(fragment, content)
            if found.offset in self._taken:
                continue
            self._taken[found.offset] = path
            for run in found.byte_runs:
                self._explained.add(run)
            yield replace(found, notes=(*found.notes, f"found by the bytes of {path}, read through its runs"))

    def _carved(self, watch: Callable[[ByteSource], ByteSource], within: tuple[Run, ...] | None) -> Iterator[Fragment]:
        """What the carver finds in the bytes that no file explains."""
        rest = UnexplainedSource(self.source, self._explained)
        joined = None if within is None else UnallocatedSource(rest, within)
        unowned = self.unowned
        if unowned is not None and within is not None:
            unowned = placed_above(unowned, within)
        for fragment in self._carve(watch(rest if joined is None else joined), unowned=unowned):
            placed = fragment if joined is None else placed_below(fragment, joined)
            if (kept := without_explained(placed, self.source, self._explained)) is not None:
                yield kept

    def _carve(
        self,
        source: ByteSource,
        remains: Callable[[Run], None] | None = None,
        unowned: tuple[Run, ...] | None = None,
    ) -> Iterator[Fragment]:
        return carve(
            source, layer=self.layer, threads=self.threads, families=self.families, remains=remains, unowned=unowned
        )

    def _fragment(self, look: Look, *notes: str) -> Fragment:
        """A file through its runs."""
        file, size = look.file, look.content.size
        if size < file.content.size:
            notes = (*notes, f"only the first {size} of its {file.content.size} bytes were taken")
        if file.content.unit:
            notes = (*notes, "the file system has compressed it: its bytes have no places of their own in the evidence")
        if file.record.deleted:
            notes = (*notes, self._owned(look.runs))
        fragment = make_fragment(self.source, look.data(), look.runs, self.layer)
        notes = (*fragment.notes, *notes)
        return replace(fragment, origin=Origin.FILE_SYSTEM, record=file.record, notes=notes)

    def _by_runs(self, doubt: Doubt, *notes: str) -> Fragment:
        """A file in doubt through its runs after all; what is still to come of them is no picture of its own."""
        look = Look(self.source, doubt.file, LARGEST)
        for run in look.runs:
            self._explained.add(run)
        return self._fragment(look, *notes)

    def _better(self, doubt: Doubt, carved: Fragment) -> Fragment:
        """The better decode of two that begin at the same byte, with the reason."""
        record = doubt.file.record
        by_runs, by_carving = doubt.worth, worth(carved.check, carved.ending)
        said = f"through its runs {flaw(doubt.check)}, carved from the same byte {flaw(carved.check)}"
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


def structures_of(runs: Iterable[Run]) -> Explained:
    """Runs, to be asked what lies in them."""
    explained = Explained()
    for run in runs:
        explained.add(run)
    return explained


def _narrowed(runs: tuple[Run, ...]) -> Iterator[Run]:
    """Runs with wide holes made narrow: nothing is found in them."""
    for run in runs:
        wide = run.offset == HOLE_OFFSET and run.length > _HOLE
        yield Run(HOLE_OFFSET, _HOLE + run.length % _HOLE) if wide else run
