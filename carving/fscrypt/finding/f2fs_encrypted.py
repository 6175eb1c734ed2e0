"""The encrypted files of an F2FS: those of its tree, and deleted ones that its log still holds."""

from __future__ import annotations

from typing import Final

from carving.errors import EvidenceError
from carving.file_systems.f2fs import F2fsFile, F2fsKind, F2fsState, RunKind, is_f2fs, read_f2fs
from carving.file_systems.f2fs.f2fs_findings import F2fsFindings
from carving.file_systems.f2fs.f2fs_layout import Feature
from carving.file_systems.f2fs.superblock import read_superblock
from carving.fscrypt.contexts import parse_context
from carving.fscrypt.finding.encrypted_volume import EncryptedName, EncryptedNode, EncryptedVolume, NodeKind
from carving.source import ByteSource, Run
from carving.support.intervals import interval_set_of

_KINDS: Final = {F2fsKind.REGULAR: NodeKind.FILE, F2fsKind.DIRECTORY: NodeKind.FOLDER}
_OLDER: Final = (F2fsState.DELETED, F2fsState.OLDER_VERSION, F2fsState.AFTER_CHECKPOINT)
_COMPRESSED: Final = "compressed by F2FS before they were encrypted"
_MORE_INODES: Final = 1 << 12
"""Numbers are given out from low ones on; so many more than were seen may have been."""
_MOST_NODES: Final = 1 << 21
_MOST_NAMES: Final = 1 << 21


def has_encrypted_f2fs(source: ByteSource, start: int) -> bool:
    """Whether an F2FS that knows of encryption begins at a byte of a source.

    Raises:
        EvidenceError: the source cannot be read.
    """
    if not is_f2fs(source, start):
        return False
    return bool(read_superblock(source, start, F2fsFindings()).features & Feature.ENCRYPT)


def encrypted_f2fs(source: ByteSource, start: int) -> EncryptedVolume | None:
    """The encrypted files of the F2FS at a byte of a source; None where there is none, or it cannot be read."""
    try:
        return _read(source, start) if is_f2fs(source, start) else None
    except EvidenceError:  # said by who lists its files
        return None


def _read(source: ByteSource, start: int) -> EncryptedVolume | None:
    system = read_f2fs(source, start)
    superblock = system.superblock
    if not superblock.features & Feature.ENCRYPT:
        return None
    unit = superblock.layout.block_size
    volume = EncryptedVolume(start, "F2FS", superblock.uuid, unit, superblock.root_inode, superblock.node_ids)
    for file in system.files():
        if len(volume.names) < _MOST_NAMES:
            is_folder = file.kind is F2fsKind.DIRECTORY
            volume.names.append(EncryptedName(file.parent, file.inode, file.name, is_folder))
        elif len(volume.names) == _MOST_NAMES and not volume.findings:
            volume.findings.append(f"there are more than {_MOST_NAMES} names")
        if file.encrypted and file.first_path is None:
            _take(volume, file)
    if volume.nodes:
        for file in system.deleted():
            if file.encrypted:
                _take(volume, file)
                name = EncryptedName(file.parent, file.inode, file.name, file.kind is F2fsKind.DIRECTORY)
                volume.old_names[file.node_offset] = name
    numbers = [name.inode for name in volume.names] + [node.inode for node in volume.nodes]
    highest = max(numbers, default=0)
    volume.inodes = min(superblock.node_ids, 2 * highest + _MORE_INODES)
    volume.free = interval_set_of(system.free_runs(), source.size)
    return volume


def _take(volume: EncryptedVolume, file: F2fsFile) -> None:
    if len(volume.nodes) >= _MOST_NODES:
        finding = f"there are more than {_MOST_NODES} encrypted files and folders"
        if finding not in volume.findings:
            volume.findings.append(finding)
        return
    pieces = tuple(
        (run.logical, Run(run.physical, -(-run.length // volume.unit) * volume.unit))
        for run in file.runs
        if run.physical is not None and (run.physical - volume.start) % volume.unit == 0
    )
    context = None if file.context is None else parse_context(file.context)
    problem = _COMPRESSED if any(run.kind is RunKind.COMPRESSED for run in file.runs) else None
    kind = _KINDS.get(file.kind, NodeKind.OTHER)
    older = file.state in _OLDER
    volume.nodes.append(EncryptedNode(file.inode, kind, context, pieces, file.size, older, problem))
