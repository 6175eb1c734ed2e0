"""What is told of a file of an F2FS. Nothing of it is a fact: it is what the file system claims."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from carving.file_systems.f2fs.f2fs_findings import F2fsFinding
from carving.file_systems.f2fs.inode import F2fsKind


class RunKind(StrEnum):
    """What a stretch of a file is.

    `HOLE` reads as zeros; `LOST` is where the structure that would say its place is damaged, or says one outside;
    `COMPRESSED` is stored compressed.
    """

    DATA = "data"
    HOLE = "hole"
    LOST = "lost"
    COMPRESSED = "compressed"


@dataclass(frozen=True, slots=True)
class F2fsRun:
    """A stretch of a file: `logical` place in the file, `physical` place in the source (None but for data), bytes."""

    logical: int
    physical: int | None
    length: int
    kind: RunKind


class F2fsState(StrEnum):
    """How a file was found.

    `ORPHAN`: deleted while open, complete in all structures. `AFTER_CHECKPOINT`: its node is newer than the checkpoint;
    a mount would take it in where a program had asked for it to be synced. `UNREACHED`: in force, but no folder that
    can be read names it. `DELETED`: an older node whose number is free now, or names another file.
    `OLDER_VERSION`: an older node of a file that exists.
    """

    ALLOCATED = "allocated"
    ORPHAN = "orphan"
    AFTER_CHECKPOINT = "after checkpoint"
    UNREACHED = "unreached"
    DELETED = "deleted"
    OLDER_VERSION = "older version"


@dataclass(frozen=True, slots=True)
class F2fsFile:
    """A file, or a hypothesis of one.

    Attributes:
        inode: its number. One file may have several paths.
        path: from the root; bytes that are not UTF-8 as `\\xNN`, encrypted names as they stand. The path of a file that
            no folder names begins with that of the folder it says it is in, or with `/$OrphanFiles/`.
        name: the last part of it, as stored.
        parent: inode of its folder.
        first_path: where the same inode was told of before, under another name; its runs stand there.
        kind, state, mode, links, size: `size` in bytes, and a claim: see `length_of_runs`.
        created, modified, accessed, changed: seconds since 1970.
        runs: in order, without gaps, up to `size` or as far as structures go.
        inline: content that stands in the inode's block; its place is in `runs`.
        context: of its encryption, as stored.
        node_offset: byte of the source where its inode stands.
        version: of the checkpoint before that inode was written; higher is newer.
        preferred: of several versions of one file, the one to try first.
        in_earlier_checkpoint: the older checkpoint still has it.
        overwritten: bytes of `runs` in blocks that something else uses now.
        findings: what is wrong with its structures.
    """

    inode: int
    path: str
    name: bytes
    parent: int
    first_path: str | None
    kind: F2fsKind
    state: F2fsState
    mode: int
    links: int
    size: int
    created: int | None
    modified: int
    accessed: int
    changed: int
    generation: int
    encrypted: bool
    compressed: bool
    context: bytes | None
    runs: tuple[F2fsRun, ...]
    inline: bytes | None
    node_offset: int
    version: int
    preferred: bool
    in_earlier_checkpoint: bool
    overwritten: int
    findings: tuple[F2fsFinding, ...]

    @property
    def deleted(self) -> bool:
        """Whether no name of the file system leads to these bytes any more."""
        return self.state in (F2fsState.ORPHAN, F2fsState.DELETED, F2fsState.OLDER_VERSION)

    @property
    def length_of_runs(self) -> int:
        """Bytes that `runs` tell of: `size`, unless that is more than any file can have."""
        return sum(run.length for run in self.runs)

    def bytes_of(self, kind: RunKind) -> int:
        """Bytes of the runs of a kind."""
        return sum(run.length for run in self.runs if run.kind is kind)


def name_text(name: bytes) -> str:
    """A name as text: backslash escapes for bytes that are not UTF-8, and for those that no name can have."""
    text = name.decode("utf-8", "backslashreplace")
    return text.replace("/", "\\x2f").replace("\0", "\\x00")
