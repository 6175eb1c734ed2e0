"""From master keys and a source to the layer that decrypts the files of its file systems."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from carving.encryption.keys import key_fingerprint
from carving.errors import EvidenceError, KeyMismatchError
from carving.file_systems.structures.correction import correct_file_system
from carving.file_systems.structures.reversal import CorrectedSource
from carving.file_systems.structures.sound_table import with_sound_table
from carving.file_systems.volumes import KnowsVolumes, list_volumes
from carving.fscrypt.contexts import EncryptionContext
from carving.fscrypt.extent_table import EncryptedExtent, ExtentTable
from carving.fscrypt.finding.encrypted_volume import EncryptedNode, EncryptedVolume, NodeKind
from carving.fscrypt.finding.ext_encrypted import encrypted_ext, has_encrypted_ext
from carving.fscrypt.finding.f2fs_encrypted import encrypted_f2fs, has_encrypted_f2fs
from carving.fscrypt.finding.key_matching import Matched, explain_idle, match_keys
from carving.fscrypt.finding.lost_photos import find_lost_photos
from carving.fscrypt.finding.readable_names import ReadableNames
from carving.fscrypt.finding.wrapped_keys import signs_of_wrapped_keys
from carving.fscrypt.fscrypt_source import FoundEncryption, FscryptSource
from carving.fscrypt.key_use import FileEncryption
from carving.fscrypt.keyring import FileIdentity, unsupported
from carving.fscrypt.master_keys import MasterKey
from carving.source import ByteSource, Run, layers


def decrypt_files(source: ByteSource, keys: tuple[MasterKey, ...]) -> FscryptSource:
    """The source with the contents of encrypted files decrypted in their places.

    Args:
        source: a volume, or a medium with several.
        keys: at least one.

    Raises:
        KeyMismatchError: one of the keys is that of no file.
        EvidenceError: the source cannot be read.
    """
    volumes = tuple(encrypted_volumes(source))
    matched = match_keys(volumes, keys)
    if matched.idle:
        raise KeyMismatchError(explain_idle(matched, volumes))
    return layer_over(source, volumes, matched)


def encrypted_volumes(source: ByteSource) -> Iterator[EncryptedVolume]:
    """The file systems of a source that know of encryption, read with the flips in their structures reversed.

    Raises:
        EvidenceError: the source cannot be read.
    """
    corrected = CorrectedSource(source)
    for start in _starts(source):
        correct_file_system(corrected, start)
        for read in (encrypted_ext, encrypted_f2fs):
            if (volume := read(corrected, start)) is not None:
                yield volume


def may_hold_encrypted_files(source: ByteSource) -> bool:
    """Whether a file system of a source knows of encryption, by its superblock as it is stored.

    Raises:
        EvidenceError: the source cannot be read.
    """
    return any(has_encrypted_ext(source, start) or has_encrypted_f2fs(source, start) for start in _starts(source))


def layer_over(source: ByteSource, volumes: tuple[EncryptedVolume, ...], matched: Matched) -> FscryptSource:
    """The layer that decrypts what the keys open of volumes."""
    extents: list[EncryptedExtent] = []
    folders: list[EncryptedExtent] = []
    names: dict[tuple[int, int], str] = {}
    old_names: dict[tuple[int, int], str] = {}
    for volume in volumes:
        readable = ReadableNames(volume, matched.keyring)
        names.update(readable.paths)
        old_names.update(readable.old_paths)
        for node in sorted(volume.nodes, key=lambda node: node.deleted):
            if node.context is None or matched.keyring.master(node.context) is None:
                continue
            if node.kind is NodeKind.FOLDER:
                folders += _extents(volume, node, node.context, volume.unit)
            elif node.kind is NodeKind.FILE and unsupported(node.context) is None:
                unit = 1 << node.context.unit_log if node.context.unit_log else volume.unit
                if unit <= volume.unit:
                    extents += _extents(volume, node, node.context, unit)
    remarks = [remark for volume in volumes for remark in _remarks(volume)]
    for volume in volumes if matched.proofs else ():
        lost = find_lost_photos(source, volume, matched.keyring, ExtentTable(extents))
        extents += lost.extents
        remarks += lost.remarks
    found = FoundEncryption(
        table=ExtentTable(extents),
        folders=ExtentTable(folders),
        names=names,
        old_names=old_names,
        policies=tuple(record for volume in volumes for record in _policies(volume, matched)),
        remarks=tuple(remarks),
    )
    layer = FscryptSource(source, matched.keyring, found)
    signs = tuple(sign for volume in volumes for sign in signs_of_wrapped_keys(layer, volume))
    return FscryptSource(source, matched.keyring, replace(found, remarks=(*found.remarks, *signs)))


def _starts(source: ByteSource) -> list[int]:
    """Where file systems may begin."""
    for layer in layers(source):
        if isinstance(layer, KnowsVolumes):
            return list(layer.volume_starts)
    try:
        found = [volume.offset for volume in list_volumes(source, with_sound_table(source))]
    except EvidenceError:  # said when the source is scanned
        found = []
    return [0, *(start for start in found if start)]


def _extents(
    volume: EncryptedVolume, node: EncryptedNode, context: EncryptionContext, unit: int
) -> Iterator[EncryptedExtent]:
    """The stretches of a node, in whole units."""
    identity = FileIdentity(context, node.inode, volume.uuid)
    for place, run in node.pieces:
        parts = volume.free.within(run.offset, run.length) if node.deleted else (run,)
        for part in parts:
            first = place + part.offset - run.offset
            whole = part.length // unit * unit
            if first % unit == 0 and whole:
                yield EncryptedExtent(Run(part.offset, whole), first // unit, identity, unit)


@dataclass(slots=True)
class _Count:
    files: int = 0
    folders: int = 0
    problems: set[str] = field(default_factory=set)


def _policies(volume: EncryptedVolume, matched: Matched) -> Iterator[FileEncryption]:
    """The policies of a volume, each with the key that opens it."""
    counts: dict[tuple[bytes, str], _Count] = {}
    contexts: dict[tuple[bytes, str], EncryptionContext] = {}
    for node in volume.nodes:
        if node.context is None:
            continue
        key = (node.context.identifier, node.context.told)
        contexts.setdefault(key, node.context)
        count = counts.setdefault(key, _Count())
        if node.kind is NodeKind.FOLDER:
            count.folders += 1
        else:
            count.files += 1
        if node.problem is not None:
            count.problems.add(node.problem)
    for (identifier, policy), count in counts.items():
        context = contexts[identifier, policy]
        master = matched.keyring.master(context) if identifier in matched.proofs else None
        problem = unsupported(context) or "; ".join(sorted(count.problems)) or None
        yield FileEncryption(
            file_system=f"{volume.kind} at byte {volume.start}",
            identifier=identifier.hex(),
            policy=policy,
            files=count.files,
            folders=count.folders,
            fingerprint=None if master is None else key_fingerprint(master.key),
            confirmed_by=None if master is None else matched.proofs[identifier],
            problem=problem,
        )


def _remarks(volume: EncryptedVolume) -> Iterator[str]:
    name = f"{volume.kind} at byte {volume.start}"
    bare = sum(node.context is None for node in volume.nodes)
    if bare:
        yield f"{name}: {bare} encrypted files and folders have no context that can be read"
    yield from (f"{name}: {finding}" for finding in volume.findings)
