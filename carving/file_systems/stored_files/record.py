"""What a file system records of a file."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FileRecord:
    """A file as its file system describes it; none of it is a fact.

    Attributes:
        path: from the root of its file system; a claim, never a path to write to.
        inode: its number there.
        size: bytes of the file.
        deleted: whether the file system counts it as deleted.
        structure: in words, through which structure its bytes were read.
        created, modified, accessed, changed: seconds since 1970, None where none is kept.
        other_paths: further names of the same bytes: hard links, snapshots.
        compression_unit: bytes that the file system has compressed together; 0 where its bytes are stored as they are.
    """

    path: str
    inode: int
    size: int
    deleted: bool
    structure: str
    created: int | None = None
    modified: int | None = None
    accessed: int | None = None
    changed: int | None = None
    other_paths: tuple[str, ...] = ()
    compression_unit: int = 0
