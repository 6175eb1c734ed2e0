"""Where the fragments of a run come from: the carver, a list of files, an archive, or a folder of another carver."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from itertools import chain
from pathlib import Path
from typing import Final

from carving.carver.donors import Families
from carving.encryption.disk import Part
from carving.errors import UsageError
from carving.file_systems.allocation import AllocationMap
from carving.file_systems.stored_files.stored import StoredFile
from carving.fragments import Fragment
from carving.media.archive.archive_source import ArchiveSource
from carving.source import ByteSource, Run, common_runs
from carving.support.cores import available_cores
from plugin.common.file_digest import digest_of_file
from plugin.common.settings import Parameters
from plugin.examination.watched import WatchedSource

_MOST_NAMED: Final = 10
_MOST_THREADS: Final = 4
_HEAD: Final = 4096
"""Bytes of the evidence by which a file is known that a transfer has changed."""


@dataclass(frozen=True, slots=True)
class FinishedSearch:
    """A search that came to its end: bytes looked at, and remarks on it."""

    scanned_bytes: int
    remarks: tuple[str, ...]


@dataclass
class FragmentSource:
    """The fragments of a source, found as the parameters say; it remembers how far it came and what it left out.

    `tell` hears how many bytes were looked at, and of how many. `allocation` is asked for the files that file systems
    list; with `has_files` they are files of this source. `earlier` is the search as an earlier run ended it. `parts`
    are stretches of the source that are searched one by one, if not all of it in one.
    """

    source: ByteSource
    layer: str
    parameters: Parameters
    tell: Callable[[int, int], None]
    allocation: Callable[[], AllocationMap | None]
    earlier: FinishedSearch | None = None
    parts: tuple[Part, ...] = ()
    has_files: bool = False
    _searched: int = field(init=False, default=0)
    _watched: WatchedSource = field(init=False)
    _left_out: list[str] = field(init=False, default_factory=list)
    _count_left_out: int = field(init=False, default=0)
    _taken: int | None = field(init=False, default=None)
    _told: int = field(init=False, default=0)
    _lenders: Families | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        self._watched = WatchedSource(self.source, self._tell)

    @property
    def size(self) -> int:
        """Bytes that are to be looked at."""
        return sum(part.run.length for part in self.parts) or self.source.size

    @property
    def scanned_bytes(self) -> int:
        """Bytes of the source that were looked at."""
        if self.earlier is not None:
            return self.earlier.scanned_bytes
        return self._searched + self._watched.farthest if self._taken is None else self._taken

    @property
    def _threads(self) -> int:
        """How many may read the source: one where others restore beside it, who also fill the cores."""
        return min(available_cores(), _MOST_THREADS) if self.parameters.carve_only else 1

    @property
    def _families(self) -> Families:
        """Files that lend their headers, the examiner's reference photos first."""
        from carving.selection.references import read_references

        if self._lenders is None:
            self._lenders = read_references(self.parameters.reference)
        return self._lenders

    @property
    def remarks(self) -> tuple[str, ...]:
        """What was pointed out and not taken, with the reasons for the first few."""
        if self.earlier is not None:
            return self.earlier.remarks
        if not self._count_left_out:
            return ()
        more = self._count_left_out - len(self._left_out)
        tail = f"; and {more} more" if more else ""
        return (f"{self._count_left_out} files were pointed out and not taken: {'; '.join(self._left_out)}{tail}",)

    def fragments(self) -> Iterator[Fragment]:
        """Find them.

        Raises:
            EvidenceError: the source cannot be read.
            UsageError: the list of files cannot be read.
        """
        from carving.known_bad import with_known_bad

        for fragment in self._fragments():
            yield with_known_bad(self.source, fragment)

    def _fragments(self) -> Iterator[Fragment]:
        from carving.container_layers import find_files

        files = find_files(self.source)
        if isinstance(files, ArchiveSource):
            yield from self._archive(files)
        elif files is not None:
            from carving.selection.folders import take_folder

            yield from self._counted(take_folder(files, self.layer, self._leave_out, self._families))
        elif self.parameters.only is not None:
            from carving.selection.reading import read_list
            from carving.selection.taking import take_listed

            listed = read_list(Path(self.parameters.only))
            taken = take_listed(self.source, listed, self.layer, self._leave_out)
            yield from self._counted(map(self._in_its_layer, taken))
        elif self.parts:
            yield from self._part_by_part()
        elif (fragment := self._transferred()) is not None:
            yield from self._counted(iter((fragment,)))
        else:
            yield from self._stretch(self.layer, None)

    def _transferred(self) -> Fragment | None:
        """The one JPEG that the evidence is, where a transfer has changed it so that nothing of it would be found."""
        from carving.media.raw import RawSource
        from carving.selection.taking import LARGEST, make_fragment
        from carving.transfers.counting import begins_as_transferred

        if not isinstance(self.source, RawSource) or self.source.size > LARGEST:
            return None
        if not begins_as_transferred(self.source.read_at(0, _HEAD)):
            return None
        run = Run(0, self.source.size)
        fragment = make_fragment(self.source, self.source.read_at(0, run.length), (run,), self.layer)
        return fragment if fragment.transfers else None

    def _archive(self, archive: ArchiveSource) -> Iterator[Fragment]:
        """The JPEGs of an archive, then what lies inside its other files, as far as they are not compressed."""
        from carving.carver.carver import carve
        from carving.file_systems.unallocated import placed_below
        from carving.file_systems.volumes import VolumeSource
        from carving.selection.archives import take_archive

        for fragment in take_archive(archive, self.layer, self._leave_out):
            self._searched += len(fragment.data)
            self.tell(self._searched, self.size)
            yield fragment
        rest = archive.rest
        if rest.length and self.parameters.scan != "files":
            stretch = VolumeSource(archive, rest.offset, rest.length, "other bytes")
            watched = self._watch(stretch)
            for fragment in carve(watched, layer=self.layer, threads=self._threads, families=self._families):
                yield placed_below(fragment, stretch)

    def _part_by_part(self) -> Iterator[Fragment]:
        """Every part by itself: no file goes on in another."""
        for part in self.parts:
            yield from self._stretch(part.layer, part.run)
            self._searched += self._watched.farthest
            self._watched = WatchedSource(self.source, self._tell)

    def _in_its_layer(self, fragment: Fragment) -> Fragment:
        """A listed file, in the view that the part it begins in belongs to."""
        layers = (part.layer for part in self.parts if part.run.offset <= fragment.offset < part.run.end)
        return replace(fragment, layer=next(layers, self.layer))

    def _stretch(self, layer: str, place: Run | None) -> Iterator[Fragment]:
        """What a stretch of the source holds, or all of it: its files first, if it has any, then what is carved."""
        scan = self.parameters.scan
        allocation = self.allocation() if self.has_files or scan == "unallocated" else None
        within: tuple[Run, ...] | None = None if place is None else (place,)
        if scan == "unallocated" and allocation is not None:
            free = allocation.unallocated(self.source.size)
            within = free if place is None else tuple(common_runs(free, (place,)))
        if self.has_files and allocation is not None:
            yield from self._files_first(allocation, layer, place, within)
        elif scan != "files":
            yield from self._carved(layer, within)

    def _carved(self, layer: str, within: tuple[Run, ...] | None) -> Iterator[Fragment]:
        """What the carver finds where there are no files to begin with."""
        from carving.carver.carver import carve
        from carving.file_systems.unallocated import UnallocatedSource, placed_below

        if within is None:
            yield from carve(self._watched, layer=layer, threads=self._threads, families=self._families)
        elif within:
            joined = UnallocatedSource(self.source, within)
            watched = self._watch(joined)
            for fragment in carve(watched, layer=layer, threads=self._threads, families=self._families):
                yield placed_below(fragment, joined)

    def _files_first(
        self, found: AllocationMap, layer: str, place: Run | None, within: tuple[Run, ...] | None
    ) -> Iterator[Fragment]:
        """The files of the file systems as far as they are asked for, then what is carved beside them.

        Args:
            found: the files.
            layer: name of the view.
            place: the files that begin there are taken; all where None.
            within: what is carved; all where None.
        """
        from carving.files_first.stored_search import StoredSearch, structures_of

        scan = self.parameters.scan
        structures = structures_of(found.allocation.structures)
        search = StoredSearch(
            self.source,
            layer,
            self._leave_out,
            found.owners,
            structures,
            self._threads,
            self._families,
            unowned=found.unallocated(self.source.size),
        )
        listed = [file for file in found.allocation.stored() if _begins_in(file, place)]
        stages: list[Iterator[Fragment]] = []
        if scan != "unallocated":
            stages.append(search.allocated(listed))
        if scan == "all":
            stages.append(search.inside(listed))
        stages.append(search.deleted(file for file in found.allocation.deleted if _begins_in(file, place)))
        if scan == "files":
            yield from self._counted(chain(*stages, search.files_alone()))
            return
        for fragment in chain(*stages):
            self._tell(self._told - self._searched + len(fragment.data), self.size)
            yield fragment
        if within != ():
            yield from search.rest(self._watch, within)

    def _watch(self, source: ByteSource) -> ByteSource:
        self._watched = WatchedSource(source, self._tell)
        return self._watched

    def _tell(self, done: int, _size: int) -> None:
        """Tell how far the search is behind what was searched before, never less than it was."""
        self._told = min(self.size, max(self._told, self._searched + done))
        self.tell(self._told, self.size)

    def _counted(self, fragments: Iterator[Fragment]) -> Iterator[Fragment]:
        self._taken = self._taken or 0
        for fragment in fragments:
            self._taken += len(fragment.data)
            self.tell(min(self._taken, self.source.size), self.source.size)
            yield fragment
        self.tell(self.source.size, self.source.size)

    def _leave_out(self, name: str, reason: str) -> None:
        self._count_left_out += 1
        if len(self._left_out) < _MOST_NAMED:
            self._left_out.append(f"{name}: {reason}")


def _begins_in(file: StoredFile, place: Run | None) -> bool:
    """Whether a file begins in a stretch of the source."""
    return place is None or place.offset <= next(iter(file.content.stored), file.content.runs[0]).offset < place.end


def list_record(path: Path) -> dict[str, object]:
    """A list of files, with its SHA-256, for the record.

    Raises:
        UsageError: it cannot be read.
    """
    try:
        return {"path": str(path), "sha256": digest_of_file(path).hex}
    except OSError as error:
        raise UsageError(f"the list {path} cannot be read: {error.strerror or type(error).__name__}") from error


def reference_records(paths: tuple[str, ...]) -> tuple[dict[str, object], ...]:
    """The reference photos that an examiner gives, each with its SHA-256, for the record.

    Raises:
        UsageError: one cannot be read, or cannot lend anything.
    """
    if not paths:
        return ()
    from carving.selection.references import read_references

    read_references(paths)
    return tuple({"path": path, "sha256": digest_of_file(Path(path)).hex} for path in paths)
