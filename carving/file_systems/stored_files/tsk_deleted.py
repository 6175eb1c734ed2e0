"""Deleted files as The Sleuth Kit finds them: names and records that a file system marks as unused, and their runs.

Where there is a file table, also the files in use that no folder leads to, because the folder is damaged.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from carving.errors import EvidenceError
from carving.file_systems.stored_files.heads import begins_as_jpeg
from carving.file_systems.stored_files.record import FileRecord
from carving.file_systems.stored_files.stored import StoredFile
from carving.file_systems.stored_files.tsk_content import TooManyPiecesError, TskVolume, data_streams
from carving.media.folder import is_named_jpeg
from carving.source import ByteSource

if TYPE_CHECKING:
    import pytsk3

MOST_DELETED: Final = 100_000
"""Deleted files that are kept of one file system, and deleted names."""
MOST_RECORDS: Final = 4_000_000
"""Records of a file table that are looked at for deleted files."""


@dataclass
class DeletedFiles:
    """Collects what of deleted files is met; only those that begin as JPEGs, or are called so, are kept.

    Attributes:
        source, volume: what is read.
        structure: what holds a record here, in words.
        files: what was kept.
        lost: regular files in use that no folder leads to, each with the path that its record gives it.
        findings: what could not be read, or was too much.
    """

    source: ByteSource
    volume: TskVolume
    structure: str
    files: list[StoredFile] = field(default_factory=list)
    lost: list[tuple[pytsk3.File, str]] = field(default_factory=list)
    findings: set[str] = field(default_factory=set)
    _names: dict[int, list[str]] = field(default_factory=dict)
    _named: int = 0
    _seen: set[int] = field(default_factory=set)

    def name(self, inode: int, path: str) -> None:
        """Note the deleted name of a record."""
        if self._named < MOST_DELETED:
            self._named += 1
            self._names.setdefault(inode, []).append(path)
        else:
            self.findings.add(f"there are more than {MOST_DELETED} deleted names")

    @property
    def names(self) -> dict[int, list[str]]:
        """The deleted names by record."""
        return self._names

    def note(self, file: pytsk3.File, path: str, others: tuple[str, ...] = ()) -> None:
        """Keep what the record of a deleted file says; `others` are further names that lead to it."""
        import pytsk3

        meta = file.info.meta
        inode = int(meta.addr)
        if inode in self._seen or meta.type != pytsk3.TSK_FS_META_TYPE_REG:
            return
        self._seen.add(inode)
        try:
            self.files += self._streams(file, path, others)
        except TooManyPiecesError as error:
            self.findings.add(str(error))
        except (OSError, EvidenceError):
            self.findings.add("where a deleted file lay could not be read")

    def sweep(self, system: pytsk3.FS_Info, folders: dict[int, str], listed: set[int]) -> None:
        """Look through a file table for unused records, those among them that no directory names any more, and for
        records in use to which no directory leads.

        Args:
            system: the file system.
            folders: paths of the folders by their record.
            listed: records to which a directory leads.
        """
        import pytsk3

        first, last = int(system.info.first_inum), int(system.info.last_inum)
        if last - first > MOST_RECORDS:
            last = first + MOST_RECORDS
            self.findings.add(f"only the first {MOST_RECORDS} records were looked at for deleted files")
        for inode in range(first, last):
            try:
                file = system.open_meta(inode=inode)
            except OSError:
                continue
            meta = file.info.meta
            if meta is None:
                continue
            if int(meta.flags) & int(pytsk3.TSK_FS_META_FLAG_UNALLOC):
                names = [*self._own_name(inode, folders, "deleted"), *self._names.get(inode, [])]
                self.note(file, *likeliest(names, f"/(nameless {self.structure} {inode})"))
            elif meta.type == pytsk3.TSK_FS_META_TYPE_REG and inode not in listed and len(self.lost) < MOST_DELETED:
                self.lost += [(file, path) for path in self._own_name(inode, folders, "lost")]

    def _own_name(self, inode: int, folders: dict[int, str], absent: str) -> list[str]:
        """The path that an NTFS record gives itself: its name, in its folder or, without, an `absent` one."""
        try:
            named = None if self.volume.table is None else self.volume.table.name(inode)
        except EvidenceError:
            return []
        return [] if named is None else [f"{folders.get(named[0], f'/({absent} folder)')}/{named[1]}"]

    def _streams(self, file: pytsk3.File, path: str, others: tuple[str, ...]) -> Iterator[StoredFile]:
        meta = file.info.meta
        for stream in data_streams(file, self.volume):
            marked = begins_as_jpeg(self.source, stream.content)
            if not marked.begins_as_jpeg and not is_named_jpeg(path):
                continue
            if len(self.files) >= MOST_DELETED:
                self.findings.add(f"there are more than {MOST_DELETED} deleted files that may be JPEGs")
                return
            own = f"{path}:{stream.name}" if stream.name else path
            how = f"{self.structure} {int(meta.addr)}"
            record = FileRecord(own, int(meta.addr), marked.size, True, how, *_times(meta))
            yield StoredFile(marked, replace(record, other_paths=others, compression_unit=marked.unit))


def likeliest(paths: list[str], nameless: str) -> tuple[str, tuple[str, ...]]:
    """Of the deleted names that lead to a record the one that a JPEG has, else the first; and the others."""
    if not paths:
        return nameless, ()
    chosen = next((path for path in paths if is_named_jpeg(path)), paths[0])
    return chosen, tuple(dict.fromkeys(path for path in paths if path != chosen))


def _times(meta: pytsk3.TSK_FS_META) -> tuple[int | None, int | None, int | None, int | None]:
    """When a file was created, modified, accessed and changed."""
    created, modified, accessed, changed = (int(at) or None for at in (meta.crtime, meta.mtime, meta.atime, meta.ctime))
    return created, modified, accessed, changed
