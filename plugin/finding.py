"""Where the fragments of a run come from: the carver, a list of files, or a folder that another carver left."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Final

from carving.allocation import AllocationMap
from carving.cores import available_cores
from carving.errors import UsageError
from carving.fragments import Fragment
from carving.source import ByteSource, layers
from plugin.settings import Parameters
from plugin.watched import WatchedSource

_MOST_NAMED: Final = 10
_MOST_THREADS: Final = 4


@dataclass(frozen=True, slots=True)
class Search:
    """A search that came to its end: bytes looked at, and remarks on it."""

    scanned_bytes: int
    remarks: tuple[str, ...]


@dataclass
class Finder:
    """The fragments of a source, found as the parameters say; it remembers how far it came and what it left out.

    `tell` hears how many bytes were looked at, and of how many. `allocation` is asked for the files that file systems
    list; with `has_files` they are files of this source. `earlier` is the search as an earlier run ended it.
    """

    source: ByteSource
    layer: str
    parameters: Parameters
    tell: Callable[[int, int], None]
    allocation: Callable[[], AllocationMap | None]
    earlier: Search | None = None
    has_files: bool = False
    _watched: WatchedSource = field(init=False)
    _left_out: list[str] = field(init=False, default_factory=list)
    _count_left_out: int = field(init=False, default=0)
    _taken: int | None = field(init=False, default=None)
    _told: int = field(init=False, default=0)

    def __post_init__(self) -> None:
        self._watched = WatchedSource(self.source, self.tell)

    @property
    def scanned_bytes(self) -> int:
        """Bytes of the source that were looked at."""
        if self.earlier is not None:
            return self.earlier.scanned_bytes
        return self._watched.farthest if self._taken is None else self._taken

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
        from carving.media.folder import FolderSource

        bottom = list(layers(self.source))[-1]
        if isinstance(bottom, FolderSource):
            from carving.selection.folders import take_folder

            yield from self._counted(take_folder(bottom, self.layer, self._leave_out))
        elif self.parameters.only is not None:
            from carving.selection.reading import read_list
            from carving.selection.taking import take_listed

            listed = read_list(Path(self.parameters.only))
            yield from self._counted(take_listed(self.source, listed, self.layer, self._leave_out))
        elif self.has_files and (allocation := self.allocation()) is not None:
            yield from self._files_first(allocation)
        elif self.parameters.scan != "files":
            yield from self._carved()

    def _carved(self) -> Iterator[Fragment]:
        """What the carver finds where there are no files to begin with."""
        from carving.carver import carve
        from carving.unallocated import UnallocatedSource, placed_below

        if self.parameters.scan != "unallocated" or (allocation := self.allocation()) is None:
            yield from carve(self._watched, layer=self.layer, threads=self._threads)
            return
        free = UnallocatedSource(self.source, allocation.unallocated(self.source.size))
        for fragment in carve(self._watch(free), layer=self.layer, threads=self._threads):
            yield placed_below(fragment, free)

    def _files_first(self, allocation: AllocationMap) -> Iterator[Fragment]:
        """The files of the file systems as far as they are asked for, then what is carved beside them."""
        from carving.stored_files.finding import StoredSearch, structures_of

        found, scan = allocation.allocation, self.parameters.scan
        search = StoredSearch(
            self.source,
            self.layer,
            self._leave_out,
            allocation.owners,
            structures_of(found.structures),
            self._threads,
        )
        stages: list[Iterator[Fragment]] = []
        if scan != "unallocated":
            stages.append(search.allocated(found.stored()))
        if scan == "all":
            stages.append(search.inside(found.stored()))
        stages.append(search.deleted(found.deleted))
        if scan == "files":
            yield from self._counted(chain(*stages, search.files_alone()))
            return
        for fragment in chain(*stages):
            self._tell(self._told + len(fragment.data), self.source.size)
            yield fragment
        yield from search.rest(self._watch, allocation.unallocated(self.source.size) if scan == "unallocated" else None)

    def _watch(self, source: ByteSource) -> ByteSource:
        self._watched = WatchedSource(source, self._tell)
        return self._watched

    def _tell(self, done: int, size: int) -> None:
        """Tell how far the search is, never less than before."""
        self._told = min(size, max(self._told, done))
        self.tell(self._told, size)

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


def list_record(path: Path) -> dict[str, object]:
    """A list of files, with its SHA-256, for the record.

    Raises:
        UsageError: it cannot be read.
    """
    try:
        with path.open("rb") as file:
            return {"path": str(path), "sha256": hashlib.file_digest(file, "sha256").hexdigest()}
    except OSError as error:
        raise UsageError(f"the list {path} cannot be read: {error.strerror or type(error).__name__}") from error
