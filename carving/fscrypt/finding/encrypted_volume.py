"""What one file system tells of its encrypted files, whichever it is."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from carving.file_systems.stored_files.content import Piece
from carving.fscrypt.contexts import EncryptionContext
from carving.support.intervals import IntervalSet


class NodeKind(StrEnum):
    """What an encrypted inode is."""

    FILE = "file"
    FOLDER = "folder"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class EncryptedNode:
    """An encrypted file or folder.

    Attributes:
        inode: its number.
        kind: what it is.
        context: of its encryption; None where that is missing or damaged.
        pieces: where its blocks lie, place in the file first.
        size: bytes of it.
        deleted: whether it is told by an older structure alone, so that its blocks may be another's by now.
        problem: why its content cannot be read though the key may be here, such as compression; None where it can.
    """

    inode: int
    kind: NodeKind
    context: EncryptionContext | None
    pieces: tuple[Piece, ...]
    size: int
    deleted: bool = False
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class EncryptedName:
    """A name in a folder, as stored: numbers of the folder and of what is named, and whether that is a folder."""

    folder: int
    inode: int
    stored: bytes
    is_folder: bool


@dataclass
class EncryptedVolume:
    """A file system that has encrypted files.

    Attributes:
        start: its first byte in the source.
        kind: its name.
        uuid: 16 bytes that some keys are bound to.
        unit: bytes of a block.
        root: number of the root folder.
        inodes: numbers of inodes lie below this.
        nodes: those in force first.
        names: of all folders that were reached, each folder's before those of the folders in it.
        old_names: by the place of the structure that tells a deleted file, its name and folder.
        free: the stretches of the source that nothing in the file system occupies.
        findings: what is wrong with it.
    """

    start: int
    kind: str
    uuid: bytes
    unit: int
    root: int
    inodes: int
    nodes: list[EncryptedNode] = field(default_factory=list)
    names: list[EncryptedName] = field(default_factory=list)
    old_names: dict[int, EncryptedName] = field(default_factory=dict)
    free: IntervalSet = field(default_factory=IntervalSet)
    findings: list[str] = field(default_factory=list)
