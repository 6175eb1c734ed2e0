"""The files of an F2FS as allocation and as deleted files, from what its reader tells of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Final, Protocol

from carving.file_systems.allocation import AllocatedFile, Allocation
from carving.file_systems.f2fs import is_f2fs, read_f2fs
from carving.file_systems.stored_files.content import Content, laid_out
from carving.file_systems.stored_files.heads import begins_as_jpeg
from carving.file_systems.stored_files.record import FileRecord
from carving.file_systems.stored_files.stored import StoredFile
from carving.fscrypt.fscrypt_source import find_fscrypt
from carving.media.folder import is_named_jpeg
from carving.source import ByteSource, Run

_BATCH: Final = 4096
_KIND: Final = 0xF000
_REGULAR: Final = 0x8000
_MOST_DELETED: Final = 100_000


class StretchOfFile(Protocol):
    """A stretch of a file: its place in the file, its place in the source or None, and bytes."""

    @property
    def logical(self) -> int: ...
    @property
    def physical(self) -> int | None: ...
    @property
    def length(self) -> int: ...


class ToldFile(Protocol):
    """What the reader tells of a file; `state` is in words."""

    @property
    def inode(self) -> int: ...
    @property
    def path(self) -> str: ...
    @property
    def mode(self) -> int: ...
    @property
    def size(self) -> int: ...
    @property
    def state(self) -> str: ...
    @property
    def deleted(self) -> bool: ...
    @property
    def encrypted(self) -> bool: ...
    @property
    def compressed(self) -> bool: ...
    @property
    def created(self) -> int | None: ...
    @property
    def modified(self) -> int: ...
    @property
    def accessed(self) -> int: ...
    @property
    def changed(self) -> int: ...
    @property
    def node_offset(self) -> int: ...
    @property
    def version(self) -> int: ...
    @property
    def runs(self) -> Sequence[StretchOfFile]: ...


class ReportedFinding(Protocol):
    """Something wrong with the structures; its text says what."""

    def __str__(self) -> str: ...


class FileSystemReader(Protocol):
    """The reader of one file system."""

    def files(self) -> Iterator[ToldFile]: ...
    def deleted(self) -> Iterator[ToldFile]: ...
    @property
    def findings(self) -> Sequence[ReportedFinding]: ...


def read_f2fs_in_parts(source: ByteSource, start: int, limit: int) -> Iterator[Allocation]:
    """The F2FS that begins at byte `start`, in parts; nothing where none does.

    Raises:
        EvidenceError: the source cannot be read.
    """
    if is_f2fs(source, start):
        yield from parts_of_f2fs(source, start, read_f2fs(source, start), limit)


def parts_of_f2fs(source: ByteSource, start: int, system: FileSystemReader, limit: int) -> Iterator[Allocation]:
    """An F2FS in parts: its name, at most `limit` files some thousands at a time, its deleted ones, and findings.

    Args:
        source: what it lies in.
        start: its first byte.
        system: reads it; places it tells count in the source.
        limit: files that are told at most.

    Raises:
        EvidenceError: the source cannot be read.
    """
    name = f"F2FS at byte {start}"
    files = EncryptedFiles(source, start)
    yield Allocation((name,), (), complete=True)
    left = islice(system.files(), limit)
    count = 0
    while batch := tuple(_allocated(files, file) for file in islice(left, _BATCH)):
        count += len(batch)
        yield Allocation((), batch, complete=True)
    named, gone = _not_in_the_tree(files, islice(system.deleted(), _MOST_DELETED))
    yield Allocation((), named, complete=True, deleted=gone)
    remarks = [f"{name}: {finding}" for finding in islice(system.findings, 20)]
    if len(system.findings) > len(remarks):
        remarks.append(f"{name}: {len(system.findings) - len(remarks)} findings more")
    if count == limit:
        remarks.append(f"{name}: there are more than {limit} files and folders; the rest is searched by carving alone")
    yield Allocation((), (), not remarks, remarks=tuple(remarks))


class EncryptedFiles:
    """What a layer that decrypts files, if there is one, says of the files of one file system."""

    def __init__(self, source: ByteSource, start: int) -> None:
        self.source = source
        self._start = start
        self._layer = find_fscrypt(source)

    def path(self, file: ToldFile) -> str:
        """The path of a file, as far as keys make it readable."""
        if self._layer is None:
            return file.path
        found = self._layer.found
        if file.deleted:
            return found.old_names.get((self._start, file.node_offset), file.path)
        return found.names.get((self._start, file.inode), file.path)

    def reads(self, run: Run) -> bool:
        """Whether an encrypted file reads as plaintext where a stretch of it begins."""
        return self._layer is not None and self._layer.reads(run)


def _allocated(files: EncryptedFiles, file: ToldFile) -> AllocatedFile:
    pieces = [(run.logical, Run(run.physical, run.length)) for run in file.runs if run.physical is not None]
    content = _content(files, file)
    return AllocatedFile(
        path=files.path(file),
        inode=file.inode,
        size=file.size,
        runs=tuple(run for _, run in pieces),
        starts=tuple(start for start, _ in pieces),
        created=file.created or None,
        modified=file.modified or None,
        accessed=file.accessed or None,
        changed=file.changed or None,
        streams=() if content is None else (("", content),),
    )


def _not_in_the_tree(
    encrypted: EncryptedFiles, files: Iterable[ToldFile]
) -> tuple[tuple[AllocatedFile, ...], tuple[StoredFile, ...]]:
    """Files that exist, though no folder of the checkpoint leads to them, such as those that were synced after it; and
    deleted ones that begin as JPEGs, or are called so."""
    named: list[AllocatedFile] = []
    gone: list[StoredFile] = []
    for file in files:
        if not file.deleted:
            named.append(_allocated(encrypted, file))
            continue
        content = _content(encrypted, file)
        path = encrypted.path(file)
        if content is None or not (content.begins_as_jpeg or is_named_jpeg(path)):
            continue
        how = f"inode {file.inode} at byte {file.node_offset}, checkpoint {file.version}: {file.state}"
        times = (file.created or None, file.modified or None, file.accessed or None, file.changed or None)
        gone.append(StoredFile(content, FileRecord(path, file.inode, content.size, True, how, *times)))
    return tuple(named), tuple(gone)


def _content(files: EncryptedFiles, file: ToldFile) -> Content | None:
    """The content of a regular file whose bytes stand on the medium as they are, or are decrypted in their places."""
    if file.mode & _KIND != _REGULAR or file.compressed:
        return None
    pieces = [(run.logical, Run(run.physical, run.length)) for run in file.runs if run.physical is not None]
    if not pieces or file.size <= 0 or (file.encrypted and not files.reads(pieces[0][1])):
        return None
    return begins_as_jpeg(files.source, Content(laid_out(pieces, file.size)))
