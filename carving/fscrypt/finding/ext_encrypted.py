"""The encrypted files of an ext4: those in its inode tables, and older copies of them in its journal."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Final

import numpy as np

from carving.errors import EvidenceError
from carving.file_systems.stored_files.content import Piece
from carving.file_systems.stored_files.ext_bitmaps import free_runs
from carving.file_systems.stored_files.ext_geometry import read_geometry
from carving.file_systems.stored_files.ext_inline import inline_runs
from carving.file_systems.stored_files.ext_inode import INLINE, ExtInode, Nodes, TooComplexError, parse_inode
from carving.file_systems.stored_files.ext_names import raw_entries
from carving.file_systems.stored_files.ext_reader import ExtReader, versions_of
from carving.file_systems.stored_files.ext_superblock import PRIMARY_OFFSET
from carving.fscrypt.finding.encrypted_volume import EncryptedName, EncryptedNode, EncryptedVolume, NodeKind
from carving.fscrypt.finding.ext_contexts import read_ext_context
from carving.source import HOLE_OFFSET, ByteSource, Run, clamp
from carving.support.intervals import interval_set_of

_INCOMPATIBLE_AT: Final = 96
_UUID_AT: Final = 104
_INODES_AT: Final = 0
_ENCRYPT: Final = 0x10000
_MAGIC: Final = 0xEF53
_ROOT: Final = 2
_FLAGS_WORD: Final = 8
_ENCRYPTED: Final = 0x800
_KINDS: Final = {0x8000: NodeKind.FILE, 0x4000: NodeKind.FOLDER, 0xA000: NodeKind.OTHER}
_FOLDER: Final = 0x4000
_MOST_NODES: Final = 1 << 21
_MOST_ORPHANS: Final = 1 << 16
_MOST_NAMES: Final = 1 << 21
_MOST_FOLDER_BYTES: Final = 1 << 32
_INLINE_PARENT: Final = 4


def has_encrypted_ext(source: ByteSource, start: int) -> bool:
    """Whether an ext4 that knows of encryption begins at a byte of a source.

    Raises:
        EvidenceError: the source cannot be read.
    """
    data = source.read_at(start + PRIMARY_OFFSET, 128)
    if len(data) < 128 or struct.unpack_from("<H", data, 56)[0] != _MAGIC:
        return False
    return bool(struct.unpack_from("<I", data, _INCOMPATIBLE_AT)[0] & _ENCRYPT)


def read_encrypted_ext(source: ByteSource, start: int) -> EncryptedVolume:
    """Its encrypted files and folders, and the names that lead to them.

    Raises:
        EvidenceError: the file system cannot be read.
    """
    head = source.read_at(start + PRIMARY_OFFSET, 128)
    uuid = head[_UUID_AT : _UUID_AT + 16]
    inodes = struct.unpack_from("<I", head, _INODES_AT)[0]
    reader = ExtReader(source, read_geometry(source, start), set())
    volume = EncryptedVolume(start, "ext4", uuid, reader.geometry.block, _ROOT, inodes + 1)
    reading = _Reading(reader, volume)
    reading.tables()
    if volume.nodes:
        reading.names()
    reading.journal()
    volume.free = interval_set_of(free_runs(source, reader.geometry), source.size)
    volume.findings += sorted(reader.findings)
    return volume


class _Reading:
    """Reads one file system into `volume`."""

    def __init__(self, reader: ExtReader, volume: EncryptedVolume) -> None:
        self._reader = reader
        self._volume = volume
        self._seen: set[tuple[int, bytes, int]] = set()
        self._read = 0

    def tables(self) -> None:
        size = self._reader.geometry.inode_size
        orphans = set(self._orphans())
        for first, data in self._reader.tables():
            for slot in _encrypted(data, size):
                raw = data[slot * size :][:size]
                inode = parse_inode(raw)
                gone = (not inode.links or inode.deleted != 0) and first + slot not in orphans
                self._take(first + slot, raw, inode, self._reader.on_medium, gone)

    def _orphans(self) -> Iterator[int]:
        """Inodes that were deleted while open: their blocks are still their own."""
        number = self._reader.geometry.first_orphan
        for _ in range(_MOST_ORPHANS):
            inode = self._reader.inode(number) if number else None
            if inode is None:
                return
            yield number
            number = inode.deleted

    def journal(self) -> None:
        journal = self._reader.journal()
        size = self._reader.geometry.inode_size
        copies, _ = self._reader.split(journal)
        for sequence, first, data in self._reader.old_tables(journal, copies):
            for slot in _encrypted(data, size):
                raw = data[slot * size :][:size]
                inode = parse_inode(raw)
                if inode.links and not inode.deleted:
                    self._take(first + slot, raw, inode, versions_of(self._reader, journal, sequence), True)

    def names(self) -> None:
        """The names of all folders, from the root down; each folder is read once."""
        waiting = [_ROOT]
        known = set(waiting)
        while waiting:
            folder = waiting.pop()
            for number, stored in self._entries(folder):
                if len(self._volume.names) >= _MOST_NAMES:
                    self._note(f"there are more than {_MOST_NAMES} names")
                    return
                data = self._reader.data_of(number)
                is_folder = data is not None and struct.unpack_from("<H", data)[0] & 0xF000 == _FOLDER
                self._volume.names.append(EncryptedName(folder, number, stored, is_folder))
                if is_folder and number not in known:
                    known.add(number)
                    waiting.append(number)

    def _entries(self, folder: int) -> Iterator[tuple[int, bytes]]:
        data = self._reader.data_of(folder)
        if data is None:
            return
        inode = parse_inode(data)
        source, geometry = self._reader.source, self._reader.geometry
        if inode.flags & INLINE:
            runs = inline_runs(source, geometry, folder)
            parts = [source.read_at(run.offset, run.length) for run in runs if run.length]
            for part in [parts[0][_INLINE_PARENT:], *parts[1:]] if parts else []:
                yield from raw_entries(part)
            return
        for _, run in self._pieces(folder, inode, self._reader.on_medium):
            for offset in range(run.offset, run.end, geometry.block):
                self._read += geometry.block
                if self._read > min(_MOST_FOLDER_BYTES, source.size):
                    self._note("folders claim more blocks than there are")
                    return
                yield from raw_entries(source.read_at(offset, geometry.block))

    def _take(self, number: int, raw: bytes, inode: ExtInode, nodes: Nodes, deleted: bool) -> None:
        """Note an encrypted inode, once for each content it had."""
        key = (number, inode.fork, inode.size)
        if key in self._seen:
            return
        self._seen.add(key)
        if len(self._volume.nodes) >= _MOST_NODES:
            self._note(f"there are more than {_MOST_NODES} encrypted files and folders")
            return
        context = read_ext_context(raw, lambda block: nodes(block, 0))
        if context is None and deleted:
            return
        pieces = () if inode.flags & INLINE else self._pieces(number, inode, nodes)
        kind = _KINDS[inode.mode & 0xF000]
        self._volume.nodes.append(EncryptedNode(number, kind, context, pieces, inode.size, deleted))

    def _pieces(self, number: int, inode: ExtInode, nodes: Nodes) -> tuple[Piece, ...]:
        """Where the blocks of an inode lie, as far as that is in the source and not in a structure."""
        if not inode.leads_to_blocks:
            return ()
        try:
            found = self._reader.tree(nodes).pieces(inode)
        except TooComplexError:
            self._note(f"inode {number} lies in too many pieces")
            return ()
        kept: list[Piece] = []
        for place, run in found:
            inside = self._inside(run)
            if inside.length < run.length:
                self._note(f"inode {number} claims blocks outside the file system, or where its structures lie")
            if inside.length:
                kept.append((place, inside))
        return tuple(kept)

    def _inside(self, run: Run) -> Run:
        """The blocks of a run before the first that no file can have."""
        if run.offset == HOLE_OFFSET:
            return Run(HOLE_OFFSET, 0)
        block = self._reader.geometry.block
        inside = clamp(run.offset, run.length, self._reader.source.size)
        end = inside.end
        if inside.offset != run.offset or run.offset < self._volume.start + PRIMARY_OFFSET + 1024:
            return Run(run.offset, 0)
        for structure in self._reader.structures:
            if structure.offset < end and run.offset < structure.end:
                end = max(run.offset, structure.offset)
        return Run(run.offset, (end - run.offset) // block * block)

    def _note(self, finding: str) -> None:
        self._reader.findings.add(finding)


def _encrypted(data: bytes, size: int) -> list[int]:
    """Which inodes of a stretch of a table are encrypted files, folders or links."""
    count = len(data) // size
    words = np.frombuffer(data, dtype="<u4", count=count * size // 4).reshape(count, size // 4)
    kinds = np.isin(words[:, 0] & 0xF000, list(_KINDS))
    return np.flatnonzero(kinds & (words[:, _FLAGS_WORD] & _ENCRYPTED != 0)).tolist()


def encrypted_ext(source: ByteSource, start: int) -> EncryptedVolume | None:
    """The encrypted files of the ext4 at a byte of a source; None where there is none, or it cannot be read."""
    try:
        return read_encrypted_ext(source, start) if has_encrypted_ext(source, start) else None
    except EvidenceError:  # said by who lists its files
        return None
