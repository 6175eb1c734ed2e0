"""Where the fragments of a run come from: the carver, a list of files, an archive, or a folder of another carver."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from carving.encryption.disk import Part
from carving.errors import UsageError
from carving.file_systems.allocation import AllocationMap
from carving.fragments import Fragment
from carving.media.archive.archive_source import ArchiveSource
from carving.source import ByteSource, Run
from carving.support.cores import available_cores
from plugin.common.file_digest import digest_of_file
from plugin.common.settings import Parameters
from plugin.examination.watched import WatchedSource

_MOST_NAMED: Final = 10
_MOST_THREADS: Final = 4


@dataclass(frozen=True, slots=True)
class FinishedSearch:
    """A search that came to its end: bytes looked at, and remarks on it."""

    scanned_bytes: int
    remarks: tuple[str, ...]


@dataclass
class FragmentSource:
    """The fragments of a source, found as the parameters say; it remembers how far it came and what it left out.

    `tell` hears how many bytes were looked at, and of how many. `allocation` is asked for the allocated files where
    only the rest is to be scanned. `earlier` is the search as an earlier run ended it. `parts` are stretches of the
    source that are searched one by one, if not all of it in one.
    """

    source: ByteSource
    layer: str
    parameters: Parameters
    tell: Callable[[int, int], None]
    allocation: Callable[[], AllocationMap | None]
    earlier: FinishedSearch | None = None
    parts: tuple[Part, ...] = ()
    _searched: int = field(init=False, default=0)
    _watched: WatchedSource = field(init=False)
    _left_out: list[str] = field(init=False, default_factory=list)
    _count_left_out: int = field(init=False, default=0)
    _taken: int | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        self._watched = WatchedSource(self.source, self.tell)

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
        from carving.container_layers import find_files

        files = find_files(self.source)
        if isinstance(files, ArchiveSource):
            yield from self._archive(files)
        elif files is not None:
            from carving.selection.folders import take_folder

            yield from self._counted(take_folder(files, self.layer, self._leave_out))
        elif self.parameters.only is not None:
            from carving.selection.reading import read_list
            from carving.selection.taking import take_listed

            listed = read_list(Path(self.parameters.only))
            taken = take_listed(self.source, listed, self.layer, self._leave_out)
            yield from self._counted(map(self._in_its_layer, taken))
        elif self.parts:
            yield from self._part_by_part()
        elif self.parameters.scan == "unallocated" and (allocation := self.allocation()) is not None:
            yield from self._unallocated(allocation)
        else:
            from carving.carver.carver import carve

            yield from carve(self._watched, layer=self.layer, threads=self._threads)

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
        if rest.length:
            stretch = VolumeSource(archive, rest.offset, rest.length, "other bytes")
            self._watched = WatchedSource(stretch, lambda done, _size: self.tell(rest.offset + done, self.size))
            for fragment in carve(self._watched, layer=self.layer, threads=self._threads):
                yield placed_below(fragment, stretch)

    def _part_by_part(self) -> Iterator[Fragment]:
        """Every part by itself: no file goes on in another."""
        from carving.carver.carver import carve
        from carving.file_systems.unallocated import UnallocatedSource, placed_below

        free = None
        if self.parameters.scan == "unallocated" and (allocation := self.allocation()) is not None:
            free = allocation.unallocated(self.source.size)
        for part in self.parts:
            runs = (part.run,) if free is None else _common(free, part.run)
            if not runs:
                continue
            stretch = UnallocatedSource(self.source, runs)
            self._watched = WatchedSource(stretch, lambda done, _size: self.tell(self._searched + done, self.size))
            for fragment in carve(self._watched, layer=part.layer, threads=self._threads):
                yield placed_below(fragment, stretch)
            self._searched += self._watched.farthest
            self._watched = WatchedSource(self.source, self.tell)

    def _in_its_layer(self, fragment: Fragment) -> Fragment:
        """A listed file, in the view that the part it begins in belongs to."""
        layers = (part.layer for part in self.parts if part.run.offset <= fragment.offset < part.run.end)
        return replace(fragment, layer=next(layers, self.layer))

    def _unallocated(self, allocation: AllocationMap) -> Iterator[Fragment]:
        from carving.carver.carver import carve
        from carving.file_systems.unallocated import UnallocatedSource, placed_below

        free = UnallocatedSource(self.source, allocation.unallocated(self.source.size))
        self._watched = WatchedSource(free, self.tell)
        for fragment in carve(self._watched, layer=self.layer, threads=self._threads):
            yield placed_below(fragment, free)

    def _counted(self, fragments: Iterator[Fragment]) -> Iterator[Fragment]:
        self._taken = 0
        for fragment in fragments:
            self._taken += len(fragment.data)
            self.tell(min(self._taken, self.source.size), self.source.size)
            yield fragment
        self.tell(self.source.size, self.source.size)

    def _leave_out(self, name: str, reason: str) -> None:
        self._count_left_out += 1
        if len(self._left_out) < _MOST_NAMED:
            self._left_out.append(f"{name}: {reason}")


def _common(runs: tuple[Run, ...], part: Run) -> tuple[Run, ...]:
    """The stretches of runs that lie in a part."""
    cut = ((max(run.offset, part.offset), min(run.end, part.end)) for run in runs)
    return tuple(Run(start, end - start) for start, end in cut if start < end)


def list_record(path: Path) -> dict[str, object]:
    """A list of files, with its SHA-256, for the record.

    Raises:
        UsageError: it cannot be read.
    """
    try:
        return {"path": str(path), "sha256": digest_of_file(path).hex}
    except OSError as error:
        raise UsageError(f"the list {path} cannot be read: {error.strerror or type(error).__name__}") from error
