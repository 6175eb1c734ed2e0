"""What a file system in the evidence says of a carved file; another part of the report's model."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class AllocatedClaim:
    """The allocated file in which a carved one begins, as its file system describes it; none of it is a fact.

    Attributes:
        path: from the root of its file system.
        inode: its number there.
        size: bytes of the allocated file.
        position: which of its bytes the carved file begins at.
        created, modified, accessed, changed: UTC, or local time of unknown zone on FAT; None where not kept.
    """

    path: str
    inode: int
    size: int
    position: int
    created: str | None
    modified: str | None
    accessed: str | None
    changed: str | None


@dataclass(frozen=True, slots=True)
class StoredClaim:
    """The file that a picture is, as its file system describes it; none of it is a fact.

    Attributes:
        inode: its number there.
        size: bytes of the file.
        structure: in words, through which structure its bytes were read.
        created, modified, accessed, changed: UTC, or local time of unknown zone on FAT; None where not kept.
        other_paths: further names of the same bytes.
        compression_unit: bytes that the file system has compressed together; 0 where its bytes are stored as they are.
    """

    inode: int
    size: int
    structure: str
    created: str | None
    modified: str | None
    accessed: str | None
    changed: str | None
    other_paths: tuple[str, ...]
    compression_unit: int
