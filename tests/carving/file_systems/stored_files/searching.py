"""The search as a run does it: files first, then what is inside others, then deleted ones, then carving."""

from __future__ import annotations

from dataclasses import dataclass, field

from carving.file_systems.allocation import Allocation, AllocationMap
from carving.file_systems.stored_files.content import Content
from carving.file_systems.stored_files.file_source import FileSource
from carving.file_systems.stored_files.record import FileRecord
from carving.file_systems.stored_files.stored import StoredFile
from carving.file_systems.walking.allocation_walk import read_allocation
from carving.files_first.stored_search import StoredSearch, structures_of
from carving.fragments import Fragment
from carving.source import ByteSource


@dataclass
class Searched:
    """What was found, and what was left out, with the reason."""

    fragments: list[Fragment]
    left_out: dict[str, str] = field(default_factory=dict)

    def data(self) -> list[bytes]:
        return [fragment.data for fragment in self.fragments]

    def by_path(self) -> dict[str, Fragment]:
        return {fragment.record.path: fragment for fragment in self.fragments if fragment.record is not None}


def search(source: ByteSource, *files: StoredFile) -> Searched:
    """Search a source; given files stand in for those of its file systems."""
    allocation = Allocation((), (), complete=True) if files else read_allocation(source)
    places, searched = AllocationMap(allocation), Searched([])
    found = StoredSearch(
        source,
        "plain",
        searched.left_out.__setitem__,
        places.owners,
        structures_of(allocation.structures),
        unowned=None if files else places.unallocated(source.size),
    )
    allocated = [file for file in files if not file.record.deleted] or list(allocation.stored())
    deleted = [file for file in files if file.record.deleted] or list(allocation.deleted)
    searched.fragments += found.allocated(allocated)
    searched.fragments += found.inside(allocated)
    searched.fragments += found.deleted(deleted)
    searched.fragments += found.rest(lambda below: below)
    for fragment in searched.fragments:
        require_same_bytes(source, fragment)
    starts = [fragment.offset for fragment in searched.fragments]
    assert len(starts) == len(set(starts))
    return searched


def require_same_bytes(source: ByteSource, fragment: Fragment) -> None:
    """A fragment's bytes are those of its runs, in the layer and in the evidence."""
    content = FileSource(source, fragment.byte_runs)
    assert content.read_at(0, content.size) == fragment.data
    assert fragment.offset == content.runs[0].offset


def a_file(path: str, content: Content, *, deleted: bool = False, inode: int = 7) -> StoredFile:
    return StoredFile(content, FileRecord(path, inode, content.size, deleted, f"inode {inode}"))
