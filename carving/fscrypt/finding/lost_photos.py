"""Photos in free blocks to which no inode leads any more: which file's key, or which inode's number, makes one of them.

The first block of a photo decides: decrypted rightly it begins as a JPEG does. Where the inode's number is part of the
IV (IV_INO_LBLK_64 and IV_INO_LBLK_32) every number is tried; where each file has its own key, every context that was
seen anywhere.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import ECB
from numpy.typing import NDArray

from carving.carver.candidates import read_candidate
from carving.encryption.sector_cipher import BLOCK
from carving.fscrypt.extent_table import EncryptedExtent, ExtentTable
from carving.fscrypt.finding.encrypted_volume import EncryptedVolume, NodeKind
from carving.fscrypt.keyring import ContentKey, FileIdentity, Keyring, unsupported
from carving.source import ByteSource, Run

_MOST_TRIALS: Final = 1 << 32
"""Cipher blocks that are decrypted in the search of one file system: about a minute."""
_MOST_INODES: Final = 1 << 20
_MOST_BLOCKS: Final = 1 << 24
_AT_ONCE: Final = 1 << 16
_LARGEST: Final = 64 << 20
_HEAD: Final = 0xFFD8FF
_MARKERS: Final = (0xDB, *range(0xE0, 0xF0), 0xFE)


@dataclass(frozen=True, slots=True)
class LostPhotos:
    """What was found: the stretches of each photo, and remarks."""

    extents: tuple[EncryptedExtent, ...]
    remarks: tuple[str, ...]


def find_lost_photos(source: ByteSource, volume: EncryptedVolume, keyring: Keyring, taken: ExtentTable) -> LostPhotos:
    """Search the free blocks of a file system.

    Args:
        source: what it lies in.
        volume: the file system.
        keyring: the keys that fit.
        taken: stretches of which is known what they hold; they are left out.

    Raises:
        EvidenceError: the source cannot be read.
    """
    places, heads = _heads(source, volume, taken)
    remarks: list[str] = []
    extents: list[EncryptedExtent] = []
    ends: dict[int, int] = {}
    left = _MOST_TRIALS
    name = f"{volume.kind} at byte {volume.start}"
    for group in _hypotheses(volume, keyring) if len(heads) else ():
        files = group[: max(1, left // len(heads))]
        if len(files) < len(group):
            remarks.append(
                f"{name}: of {len(group)} inode numbers the first {len(files)} were tried on {len(heads)} free blocks"
            )
        left -= len(files) * len(heads)
        for file, index in _hits(files, heads, keyring):
            place = int(places[index])
            if place in ends:
                continue
            extent = _photo(source, volume, keyring, file, _stretch(volume, taken, place))
            if extent is not None:
                ends[place] = extent.run.end
                extents.append(extent)
                remarks.append(_told(name, extent))
    return LostPhotos(tuple(extents), tuple(remarks))


def _heads(
    source: ByteSource, volume: EncryptedVolume, taken: ExtentTable
) -> tuple[NDArray[np.int64], NDArray[np.uint8]]:
    """The free blocks that are not blank: their places, int64 (n,), and first 16 bytes, uint8 (n, 16)."""
    places: list[NDArray[np.int64]] = []
    heads: list[NDArray[np.uint8]] = []
    count = 0
    for run in volume.free.first(volume.free.count):
        for offset in range(run.offset, run.end, _AT_ONCE * volume.unit // BLOCK):
            data = source.read_at(offset, min(_AT_ONCE * volume.unit // BLOCK, run.end - offset))
            rows = np.frombuffer(data, np.uint8, len(data) // volume.unit * volume.unit).reshape(-1, volume.unit)
            first = rows[:, :BLOCK]
            varied = (first != first[:, :1]).any(axis=1)
            index = np.flatnonzero(varied)
            free = [at for at in index.tolist() if not taken.covers(Run(offset + at * volume.unit, 1))]
            places.append(offset + np.array(free, dtype=np.int64) * volume.unit)
            heads.append(first[free].copy())
            count += len(free)
            if count > _MOST_BLOCKS:
                volume.findings.append(f"only the first {count} free blocks were searched for lost photos")
                return np.concatenate(places), np.concatenate(heads)
    none = np.zeros((0, BLOCK), dtype=np.uint8)
    return np.concatenate([np.zeros(0, dtype=np.int64), *places]), np.concatenate([none, *heads])


def _hypotheses(volume: EncryptedVolume, keyring: Keyring) -> Iterator[list[FileIdentity]]:
    """Files that a block may be of, in groups that share a key."""
    shared: dict[object, FileIdentity] = {}
    single: dict[bytes, FileIdentity] = {}
    for node in volume.nodes:
        context = node.context
        if context is None or keyring.master(context) is None or unsupported(context):
            continue
        identity = FileIdentity(context, node.inode, volume.uuid)
        if context.shares_keys:
            shared.setdefault(context.policy, identity)
        elif node.kind is NodeKind.FILE:
            single.setdefault(context.nonce, identity)
    for identity in single.values():
        yield [identity]
    for identity in shared.values():
        yield [replace(identity, inode=inode) for inode in range(1, min(volume.inodes, _MOST_INODES))]


def _hits(files: list[FileIdentity], heads: NDArray[np.uint8], keyring: Keyring) -> Iterator[tuple[FileIdentity, int]]:
    """The files of a group and the blocks that begin as a JPEG does under them."""
    key = keyring.content_key(files[0])
    if key is None:
        return
    before, behind = key.cipher.masks(_first_ivs(files, keyring))
    step = max(1, _AT_ONCE // len(heads))
    decryptor = Cipher(AES(key.cipher.block_key), ECB()).decryptor()
    words = behind.copy().view("<u4")[:, 0]
    for start in range(0, len(files), step):
        mixed = heads[np.newaxis] ^ before[start : start + step, np.newaxis]
        plain = np.frombuffer(decryptor.update(mixed.tobytes()), "<u4")[::4].reshape(-1, len(heads))
        plain = plain ^ words[start : start + step, np.newaxis]
        for file, block in np.argwhere(plain & np.uint32(0xFFFFFF) == _HEAD).tolist():
            if int(plain[file, block]) >> 24 in _MARKERS:
                yield files[start + file], block


def _first_ivs(files: list[FileIdentity], keyring: Keyring) -> NDArray[np.uint64]:
    """The IVs of the first units of files, uint64 (n, 2)."""
    ivs = np.zeros((len(files), 2), dtype=np.uint64)
    ivs[:, 0] = keyring.first_ivs(files)
    return ivs


def _stretch(volume: EncryptedVolume, taken: ExtentTable, place: int) -> Run:
    """From a block on, what is free and not known."""
    (run,) = volume.free.within(place, _LARGEST)[:1]
    known = next((part.offset for part, _ in taken.within(run)), run.end)
    return Run(place, known - place)


def _photo(
    source: ByteSource, volume: EncryptedVolume, keyring: Keyring, file: FileIdentity, run: Run
) -> EncryptedExtent | None:
    """The blocks of a run that hold a photo from the first on, decrypted as one file's; None where it is none."""
    key = keyring.content_key(file)
    if key is None:
        return None
    unit = 1 << file.context.unit_log if file.context.unit_log else volume.unit

    def read(offset: int, length: int) -> bytes:
        return _decrypted(source, key, unit, run, offset, length)

    found = read_candidate(read, 0, run.length // unit * unit, 1)
    if found is None:
        return None
    used = -(-len(found.data) // volume.unit) * volume.unit
    return EncryptedExtent(Run(run.offset, min(used, run.length // unit * unit)), 0, file, unit)


def _decrypted(source: ByteSource, key: ContentKey, unit: int, run: Run, offset: int, length: int) -> bytes:
    first = offset // unit
    stored = source.read_at(run.offset + first * unit, min(offset + length, run.length) - first * unit)
    rows = np.frombuffer(stored + bytes(-len(stored) % unit), np.uint8).reshape(-1, unit)
    plain = key.cipher.decrypt(rows, key.ivs(first, len(rows))).tobytes()
    return plain[offset - first * unit :][:length]


def _told(name: str, extent: EncryptedExtent) -> str:
    file = extent.file
    how = f"as inode {file.inode}" if file.context.shares_keys else f"with the key of inode {file.inode}"
    place = f"free blocks from byte {extent.run.offset} on"
    return f"{name}: {place} hold a photo to which no inode leads; it decrypts {how} ({file.context.told})"
