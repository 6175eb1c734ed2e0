"""What the file systems of an evidence say of themselves: which files there are, and which bytes they occupy.

The Sleuth Kit reads them: ext2 to ext4, FAT, exFAT, NTFS, HFS+, ISO 9660, UFS, YAFFS2. Nothing of it is a fact: names
and times are what the file system claims.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from carving.file_systems.stored_files.content import Content
from carving.file_systems.stored_files.record import FileRecord
from carving.file_systems.stored_files.stored import StoredFile
from carving.file_systems.structure_flip import StructureFlip
from carving.source import Run


@dataclass(frozen=True, slots=True)
class AllocatedFile:
    """A file or directory that a file system lists as existing.

    Attributes:
        path: as the file system spells it, from its root; a claim, never a path to write to.
        inode: its number.
        size: bytes of its content.
        runs: where it lies in the source, in order; `starts` gives the place of each run in the file.
        created, modified, accessed, changed: seconds since 1970, None where the file system keeps none.
        streams: of a regular file, the content of each of its data streams by name; the main one has none.
    """

    path: str
    inode: int
    size: int
    runs: tuple[Run, ...]
    starts: tuple[int, ...]
    created: int | None
    modified: int | None
    accessed: int | None
    changed: int | None
    streams: tuple[tuple[str, Content], ...] = ()


@dataclass(frozen=True, slots=True)
class Allocation:
    """The allocated files of all file systems of a source.

    `file_systems` names them with their places; `complete` is False where there were more files than are read, or a
    directory could not be read; `remarks` says why. `deleted` are those that once were, as far as their content may
    still be found. `structures` are runs in which file systems keep nothing but their own structures; `structure_flips`
    are the flipped bits in structures that were read the other way round.
    """

    file_systems: tuple[str, ...]
    files: tuple[AllocatedFile, ...]
    complete: bool
    deleted: tuple[StoredFile, ...] = ()
    remarks: tuple[str, ...] = ()
    structures: tuple[Run, ...] = ()
    structure_flips: tuple[StructureFlip, ...] = ()

    def stored(self) -> Iterator[StoredFile]:
        """Every data stream of the allocated files, to be read through its runs."""
        for file in self.files:
            for name, content in file.streams:
                path = f"{file.path}:{name}" if name else file.path
                structure = f"the runs of inode {file.inode}"
                times = (file.created, file.modified, file.accessed, file.changed)
                record = FileRecord(path, file.inode, content.size, False, structure, *times)
                yield StoredFile(content, replace(record, compression_unit=content.unit))


def joined(parts: Iterable[Allocation]) -> Allocation:
    """What was read in parts as one."""
    every = tuple(parts)
    return Allocation(
        file_systems=tuple(name for part in every for name in part.file_systems),
        files=tuple(file for part in every for file in part.files),
        complete=all(part.complete for part in every),
        deleted=tuple(file for part in every for file in part.deleted),
        remarks=tuple(remark for part in every for remark in part.remarks),
        structures=tuple(run for part in every for run in part.structures),
        structure_flips=tuple(flip for part in every for flip in part.structure_flips),
    )


class AllocationMap:
    """Finds the file that occupies a byte, and the stretches that no file occupies."""

    def __init__(self, allocation: Allocation) -> None:
        self.allocation = allocation
        self._files = allocation.files
        self._places = sorted(
            (run.offset, run.end, start, index)
            for index, file in enumerate(allocation.files)
            for run, start in zip(file.runs, file.starts, strict=True)
        )
        self._offsets = [place[0] for place in self._places]

    def file_at(self, offset: int) -> tuple[AllocatedFile, int] | None:
        """The allocated file that byte `offset` of the source belongs to, and which of its bytes that is."""
        index = bisect_right(self._offsets, offset) - 1
        if index < 0 or offset >= self._places[index][1]:
            return None
        first, _, start, file = self._places[index]
        return self._files[file], start + offset - first

    def owners(self, runs: tuple[Run, ...]) -> dict[str, int]:
        """The files that occupy bytes of runs, by path, and how many."""
        found: dict[str, int] = {}
        for run in runs:
            index = max(0, bisect_right(self._offsets, run.offset) - 1)
            while index < len(self._places) and self._offsets[index] < run.end:
                first, end, _, file = self._places[index]
                common = min(end, run.end) - max(first, run.offset)
                if common > 0:
                    path = self._files[file].path
                    found[path] = found.get(path, 0) + common
                index += 1
        return found

    def unallocated(self, size: int) -> tuple[Run, ...]:
        """The stretches of a source of `size` bytes that neither a file nor a structure occupies, in order."""
        free: list[Run] = []
        position = 0
        files = ((first, end) for first, end, _, _ in self._places)
        structures = ((run.offset, run.end) for run in self.allocation.structures)
        for first, end in sorted((*files, *structures)):
            if first > position:
                free.append(Run(position, first - position))
            position = max(position, end)
        if position < size:
            free.append(Run(position, size - position))
        return tuple(free)
