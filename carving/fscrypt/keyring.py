"""From a context and the master keys to what decrypts a file, or the names in a folder."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from carving.fscrypt.contexts import EncryptionContext, FscryptFlag, FscryptMode, mode_name
from carving.fscrypt.file_names import decrypt_name
from carving.fscrypt.master_keys import KeyUse, MasterKey, derive, derive_version_1
from carving.fscrypt.siphash import siphash_of_numbers
from carving.fscrypt.unit_ciphers import CbcUnits, UnitCipher, Words, XtsUnits

_CONTENTS: Final = {FscryptMode.AES_256_XTS: XtsUnits, FscryptMode.AES_128_CBC: CbcUnits}
_NAMES: Final = (FscryptMode.AES_256_CTS, FscryptMode.AES_128_CTS)
_WORD: Final = (1 << 64) - 1
_HALF: Final = (1 << 32) - 1


@dataclass(frozen=True, slots=True)
class FileIdentity:
    """What of a file goes into its key and IVs: its context, its number, and the file system's UUID."""

    context: EncryptionContext
    inode: int
    uuid: bytes


@dataclass(frozen=True, slots=True)
class ContentKey:
    """How the contents of a file are encrypted.

    Attributes:
        cipher: of its units.
        base: the IV of its first unit as a little-endian number; that of another unit is added to it.
        narrow: whether the sum wraps at 32 bits.
    """

    cipher: UnitCipher = field(repr=False)
    base: int = 0
    narrow: bool = False

    def ivs(self, first: int, count: int) -> Words:
        """The IVs of units from `first` on, uint64 (count, 2)."""
        ivs = np.zeros((count, 2), dtype=np.uint64)
        ivs[:, 0] = np.arange(count, dtype=np.uint64) + np.uint64((self.base + first) & _WORD)
        if self.narrow:
            ivs[:, 0] &= np.uint64(_HALF)
        return ivs


class Keyring:
    """The master keys of one examination. It can be pickled; it shows no key."""

    def __init__(self, keys: tuple[MasterKey, ...]) -> None:
        self.keys = keys
        self._by_identifier = {key.identifier: key for key in keys}
        self._by_descriptor = {name: key for key in keys for name in key.descriptors}

    def master(self, context: EncryptionContext) -> MasterKey | None:
        """The key that a context names; None where it is not here."""
        named = self._by_descriptor if context.version == 1 else self._by_identifier
        return named.get(context.identifier)

    def named(self, descriptor: bytes, key: MasterKey) -> Keyring:
        """The same keys, one of them under a descriptor that was found to be its own."""
        return Keyring(tuple(replace(one, descriptor=descriptor) if one is key else one for one in self.keys))

    def content_key(self, identity: FileIdentity) -> ContentKey | None:
        """What decrypts a file; None where the key or the cipher is not here."""
        master = self.master(identity.context)
        return None if master is None or unsupported(identity.context) else _content_key(master.key, identity)

    def first_ivs(self, files: list[FileIdentity]) -> NDArray[np.uint64]:
        """The low words of the IVs of first units, for files of one policy whose key is here: uint64 (n,)."""
        master = self.master(files[0].context)
        assert master is not None
        numbers = np.array([file.inode for file in files], dtype=np.uint64)
        if files[0].context.flags & FscryptFlag.IV_INO_LBLK_64:
            return numbers << np.uint64(32)
        if files[0].context.flags & FscryptFlag.IV_INO_LBLK_32:
            key = inode_hash_key(master.key)
            return siphash_of_numbers(numbers, key) & np.uint64(_HALF)
        return np.zeros(len(files), dtype=np.uint64)

    def name(self, stored: bytes, folder: FileIdentity) -> bytes | None:
        """A name in an encrypted folder; None where it cannot be told."""
        master = self.master(folder.context)
        return None if master is None else name_under(master, stored, folder)

    def __repr__(self) -> str:
        return f"Keyring({len(self.keys)} keys)"


def unsupported(context: EncryptionContext) -> str | None:
    """What of a context is not read here, in words; None where it all is."""
    if context.contents not in _CONTENTS:
        return f"contents encrypted with {mode_name(context.contents)}"
    if context.flags & FscryptFlag.DIRECT_KEY:
        return f"contents encrypted with {mode_name(context.contents)} under DIRECT_KEY"
    return None


def name_under(master: MasterKey, stored: bytes, folder: FileIdentity) -> bytes | None:
    """A name in an encrypted folder under a certain key."""
    if folder.context.names not in _NAMES:
        return None
    return decrypt_name(stored, *_name_key(master.key, folder))


@lru_cache(maxsize=1024)
def _content_key(master: bytes, identity: FileIdentity) -> ContentKey:
    mode = FscryptMode(identity.context.contents)
    key, base, narrow = _derived(master, identity, mode)
    return ContentKey(_cipher(mode, key), base, narrow)


@lru_cache(maxsize=256)
def _cipher(mode: FscryptMode, key: bytes) -> UnitCipher:
    return _CONTENTS[mode](key)


@lru_cache(maxsize=1024)
def _name_key(master: bytes, folder: FileIdentity) -> tuple[bytes, bytes]:
    key, base, _ = _derived(master, folder, FscryptMode(folder.context.names))
    return key, struct.pack("<QQ", base, 0)


def _derived(master: bytes, identity: FileIdentity, mode: FscryptMode) -> tuple[bytes, int, bool]:
    """Key, IV of the first unit, and whether IVs wrap at 32 bits."""
    context = identity.context
    if context.version == 1:
        return derive_version_1(master, context.nonce, mode.key_size), 0, False
    policy_key = bytes([mode]) + identity.uuid
    if context.flags & FscryptFlag.IV_INO_LBLK_64:
        return derive(master, KeyUse.INODE_BLOCK_64, policy_key, mode.key_size), identity.inode << 32 & _WORD, False
    if context.flags & FscryptFlag.IV_INO_LBLK_32:
        hashed = hashed_inode(master, identity.inode)
        return derive(master, KeyUse.INODE_BLOCK_32, policy_key, mode.key_size), hashed, True
    return derive(master, KeyUse.FILE, context.nonce, mode.key_size), 0, False


def hashed_inode(master: bytes, inode: int) -> int:
    """What stands for an inode's number under IV_INO_LBLK_32: 32 bits of its SipHash."""
    return int(siphash_of_numbers(np.array([inode], dtype=np.uint64), inode_hash_key(master))[0]) & _HALF


def inode_hash_key(master: bytes) -> bytes:
    """The key of that hash."""
    return derive(master, KeyUse.INODE_HASH, b"", 16)
