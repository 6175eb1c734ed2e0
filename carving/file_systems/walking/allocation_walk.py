"""Read the allocated files of every file system in a source through The Sleuth Kit.

That is C code on hostile bytes: where its crash would be costly, this is called in a process of its own.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import islice
from typing import TYPE_CHECKING, Final

from carving.errors import EvidenceError
from carving.file_systems.allocation import AllocatedFile, Allocation, AllocationMap, joined
from carving.file_systems.stored_files.content import Content
from carving.file_systems.stored_files.heads import begins_as_jpeg
from carving.file_systems.stored_files.tsk_content import TooManyPiecesError, data_streams, volume_of
from carving.file_systems.stored_files.tsk_deleted import DeletedFiles
from carving.file_systems.structures.correction import correct_file_system
from carving.file_systems.structures.reversal import CorrectedSource
from carving.file_systems.volumes import KnowsVolumes, list_volumes, tsk_image
from carving.file_systems.walking.f2fs_files import read_f2fs_in_parts
from carving.fscrypt.fscrypt_source import find_fscrypt
from carving.source import ByteSource, Run, clamp, layers

if TYPE_CHECKING:
    import pytsk3

MAX_FILES: Final = 500_000
"""Files of one evidence that are read."""
_NAMES: Final = {
    "NTFS": "NTFS",
    "FAT12": "FAT12",
    "FAT16": "FAT16",
    "FAT32": "FAT32",
    "EXFAT": "exFAT",
    "EXT2": "ext2",
    "EXT3": "ext3",
    "EXT4": "ext4",
    "FFS1": "UFS1",
    "FFS2": "UFS2",
    "HFS": "HFS+",
    "ISO9660": "ISO 9660",
    "YAFFS2": "YAFFS2",
}
_BATCH: Final = 4096
_VERSION: Final = re.compile(r"#\d+,\d+(\.[^.]*)?$")
OTHER_READERS: Final[tuple[Callable[[ByteSource, int, int], Iterator[Allocation]], ...]] = (read_f2fs_in_parts,)
"""Readers of our own: of a source, the first byte of a file system in it, and how many files are told at most, each
gives the parts of the file system, nothing where it is none of its own."""
_MAX_DEPTH: Final = 64
_MAX_RUNS: Final = 1_000_000


def read_allocation(source: ByteSource) -> Allocation:
    """Read the file system at the start of a source, or those of its partitions.

    Raises:
        EvidenceError: the source cannot be read where a partition table or file system would be.
    """
    return joined(walk_allocation(source))


def walk_allocation(source: ByteSource) -> Iterator[Allocation]:
    """The same in parts: for each file system its name, its files some thousands at a time, then its deleted ones.

    Where checksums of structures fail, and one flipped bit explains that, it is read the other way round.

    Raises:
        EvidenceError: the source cannot be read where a partition table or file system would be.
    """
    corrected = CorrectedSource(source)
    yield _checked(corrected, 0)
    image, failures = tsk_image(corrected)
    left, any_found = MAX_FILES, False
    for start in _starts(corrected, image):
        if start:
            yield _checked(corrected, start)
        image, failed = tsk_image(corrected)  # a new one, for the old one may have kept what was read before
        system = _open(image, start)
        failures += failed
        if system is None:
            for told in _of_other_readers(corrected, start, left):
                any_found = True
                left -= len(told.files)
                yield told
            continue
        any_found = True
        name = f"{_name(system)} at byte {start}"
        yield Allocation((name,), (), complete=True)
        walk = _Walk(corrected, system, start)
        known: list[AllocatedFile] = []
        for part in _batches(walk.files(left)):
            known += part
            yield Allocation((), part, complete=True)
        left -= len(known)
        yield Allocation((), (), complete=True, deleted=tuple(walk.deleted.files))
        if _name(system).startswith("ext"):
            yield _of_ext(corrected, start, name, walk, known)
        findings = tuple(f"{name}: {finding}" for finding in (*walk.findings, *walk.deleted.findings))
        yield Allocation((), (), not findings, remarks=findings)
    if failures and not any_found:
        raise failures[0]
    if failures:
        yield Allocation((), (), complete=False, remarks=(f"not all of it could be read: {failures[0]}",))


def _of_other_readers(source: ByteSource, start: int, limit: int) -> Iterator[Allocation]:
    """The parts of a file system that The Sleuth Kit does not read, by the reader whose it is."""
    for reader in OTHER_READERS:
        yield from reader(source, start, limit)


def _batches(files: Iterator[AllocatedFile]) -> Iterator[tuple[AllocatedFile, ...]]:
    while batch := tuple(islice(files, _BATCH)):
        yield batch


def _of_ext(source: ByteSource, start: int, name: str, walk: _Walk, files: list[AllocatedFile]) -> Allocation:
    """What an ext file system still knows of deleted files: journal, inode tables, orphan list."""
    from carving.file_systems.stored_files.ext_deleted import read_deleted

    places = AllocationMap(Allocation((), tuple(files), complete=True))

    def folder(offset: int) -> str | None:
        found = places.file_at(offset)
        return None if found is None else found[0].path

    try:
        found = read_deleted(source, start, walk.deleted.names, folder, find_fscrypt(source))
    except EvidenceError as error:
        return Allocation((), (), complete=False, remarks=(f"{name}: its journal was not read: {error}",))
    remarks = tuple(f"{name}: {remark}" for remark in (*found.remarks, *found.findings))
    return Allocation((), (), not found.findings, tuple(found.files), remarks, found.structures)


def _checked(source: CorrectedSource, start: int) -> Allocation:
    """The flips in the structures of a file system that are reversed from now on, and what else its checksums say."""
    before = len(source.flips)
    remarks = correct_file_system(source, start)
    return Allocation((), (), complete=True, remarks=remarks, structure_flips=tuple(source.flips[before:]))


def _starts(source: ByteSource, image: pytsk3.Img_Info) -> list[int]:
    """Where file systems may begin."""
    if _open(image, 0) is not None:
        return [0]
    for layer in layers(source):
        if isinstance(layer, KnowsVolumes):
            return list(layer.volume_starts)
    try:
        return [volume.offset for volume in list_volumes(source)] or [0]
    except EvidenceError:  # said when the source is scanned
        return []


def _open(image: pytsk3.Img_Info, offset: int) -> pytsk3.FS_Info | None:
    import pytsk3

    try:
        return pytsk3.FS_Info(image, offset=offset)
    except OSError:
        return None


def _name(system: pytsk3.FS_Info) -> str:
    import pytsk3

    kind = int(system.info.ftype)
    names = {int(getattr(pytsk3, f"TSK_FS_TYPE_{name}", -1)): text for name, text in _NAMES.items()}
    return names.get(kind, f"file system type {kind:#x}")


class _Walk:
    """The directory tree of one file system, every directory once."""

    def __init__(self, source: ByteSource, system: pytsk3.FS_Info, start: int) -> None:
        self._source = source
        self._system = system
        self._size = source.size
        self._runs = 0
        self._folders = {int(system.info.root_inum): ""}
        self._listed: set[int] = set()
        kind = _name(system)
        self._is_ext = kind.startswith("ext")
        self._has_table = kind in ("NTFS", "HFS+", "UFS1", "UFS2")
        self._has_versions = kind == "YAFFS2"
        structures = {"NTFS": "MFT record", "YAFFS2": "object version"}
        structure = structures.get(kind, "inode" if self._has_table else "directory entry")
        self._volume = volume_of(source, system, start)
        self._start = start
        files = find_fscrypt(source)
        self._decrypted_names = {} if files is None else files.found.names
        self.deleted = DeletedFiles(source, self._volume, structure)
        self.findings: set[str] = set()

    def files(self, limit: int) -> Iterator[AllocatedFile]:
        """At most `limit` files and directories."""
        import pytsk3

        waiting: list[tuple[int, str, int]] = [(int(self._system.info.root_inum), "", 0)]
        seen = {waiting[0][0]}
        count = 0
        while waiting:
            inode, path, depth = waiting.pop()
            for entry in self._entries(inode):
                name, meta = entry.info.name, entry.info.meta
                if name.name in (b".", b".."):
                    continue
                own = f"{path}/{self._spelled(name.name)}"
                if self._is_deleted(entry):
                    if self._note_deleted(entry, own) and depth < _MAX_DEPTH and int(meta.addr) not in seen:
                        seen.add(int(meta.addr))
                        waiting.append((int(meta.addr), own, depth + 1))
                    continue
                if meta is None:
                    continue
                if count == limit:
                    self.findings.add(
                        f"there are more than {count} files and folders; the rest is searched by carving alone"
                    )
                    return
                count += 1
                address = int(meta.addr)
                own = self._decrypted_names.get((self._start, address), own)
                self._listed.add(address)
                yield self._file(entry, own)
                if meta.type == pytsk3.TSK_FS_META_TYPE_DIR and address not in seen:
                    if depth == _MAX_DEPTH:
                        self.findings.add(
                            f"folders lie more than {_MAX_DEPTH} deep in each other; no deeper was looked"
                        )
                        continue
                    seen.add(address)
                    self._folders[address] = own
                    waiting.append((address, own, depth + 1))
        if self._has_table:
            self.deleted.sweep(self._system, self._folders, self._listed)
            lost = self.deleted.lost[: limit - count]
            if lost:
                self.findings.add(f"{len(lost)} files are in use, though no folder that can be read leads to them")
            for file, path in lost:
                yield self._file(file, path)

    def _spelled(self, name: bytes) -> str:
        """A name as the file system spells it: The Sleuth Kit adds object and version to those of older versions."""
        text = name.decode("utf-8", "backslashreplace")
        return _VERSION.sub("", text) if self._has_versions else text

    def _is_deleted(self, entry: pytsk3.File) -> bool:
        """Whether an entry or what it leads to is marked as unused."""
        import pytsk3

        name, meta = entry.info.name, entry.info.meta
        if int(name.flags) & int(pytsk3.TSK_FS_NAME_FLAG_UNALLOC):
            return True
        return meta is not None and bool(int(meta.flags) & int(pytsk3.TSK_FS_META_FLAG_UNALLOC))

    def _note_deleted(self, entry: pytsk3.File, path: str) -> bool:
        """Keep what a deleted entry says; whether it is a folder that may be looked into."""
        import pytsk3

        name, meta = entry.info.name, entry.info.meta
        self.deleted.name(int(name.meta_addr), path)
        if meta is None or self._is_ext or not int(meta.flags) & int(pytsk3.TSK_FS_META_FLAG_UNALLOC):
            return False
        self.deleted.note(entry, path)
        return not self._has_table and bool(meta.type == pytsk3.TSK_FS_META_TYPE_DIR)

    def _entries(self, inode: int) -> Iterator[pytsk3.File]:
        try:
            yield from self._system.open_dir(inode=inode)
        except OSError:
            self.findings.add("a folder could not be read")

    def _file(self, entry: pytsk3.File, path: str) -> AllocatedFile:
        meta = entry.info.meta
        found = sorted(self._content(entry), key=lambda item: item[0])
        return AllocatedFile(
            path=path,
            inode=int(meta.addr),
            size=int(meta.size),
            runs=tuple(run for _, run in found),
            starts=tuple(start for start, _ in found),
            created=int(meta.crtime) or None,
            modified=int(meta.mtime) or None,
            accessed=int(meta.atime) or None,
            changed=int(meta.ctime) or None,
            streams=tuple(self._streams(entry)),
        )

    def _streams(self, entry: pytsk3.File) -> Iterator[tuple[str, Content]]:
        """The data streams of a regular file, with what they begin as."""
        import pytsk3

        if entry.info.meta.type != pytsk3.TSK_FS_META_TYPE_REG:
            return
        try:
            for stream in data_streams(entry, self._volume):
                yield stream.name, begins_as_jpeg(self._source, stream.content)
        except TooManyPiecesError as error:
            self.findings.add(str(error))
        except (OSError, EvidenceError):
            self.findings.add("where a file lies could not be read")

    def _content(self, entry: pytsk3.File) -> Iterator[tuple[int, Run]]:
        """Runs of all attributes that lie on the medium, with their places in the file."""
        import pytsk3

        absent = int(pytsk3.TSK_FS_ATTR_RUN_FLAG_SPARSE) | int(pytsk3.TSK_FS_ATTR_RUN_FLAG_FILLER)
        try:
            for attribute in entry:
                for run in attribute:
                    if int(run.flags) & absent:
                        continue
                    for position, piece in self._volume.pieces(run):
                        self._runs += 1
                        if self._runs > _MAX_RUNS:
                            self.findings.add(f"its files lie in more than {_MAX_RUNS} pieces; no more are told apart")
                            return
                        place = clamp(piece.offset, piece.length, self._size)
                        if place.length:
                            yield position, place
        except OSError:
            self.findings.add("where a file lies could not be read")
