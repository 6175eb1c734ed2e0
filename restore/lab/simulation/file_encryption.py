"""A file as fscrypt stores it, for the lab: its blocks one behind the other, perhaps under metadata encryption."""

from __future__ import annotations

import hashlib
from typing import Final, Literal, get_args

import numpy as np

from carving.encryption.ciphers import METADATA_CIPHER, METADATA_NUMBERING
from carving.encryption.dmcrypt import DmCryptSource
from carving.encryption.sectors import decrypt_sectors, encrypt_sectors
from carving.fscrypt.contexts import EncryptionContext, FscryptFlag, FscryptMode
from carving.fscrypt.extent_table import EncryptedExtent, ExtentTable
from carving.fscrypt.fscrypt_source import FoundEncryption, FscryptSource
from carving.fscrypt.keyring import ContentKey, FileIdentity, Keyring
from carving.fscrypt.master_keys import MasterKey
from carving.source import ByteSource, Run

FileScheme = Literal["fscrypt-v2", "fscrypt-lblk64", "fscrypt-v2+metadata", "fscrypt-lblk64+metadata"]
"""How a file is encrypted: its own key, or one for all with the inode's number in the IV; `+metadata` puts Android's
metadata encryption below."""

SCHEMES: Final[tuple[FileScheme, ...]] = get_args(FileScheme)
UNIT: Final = 4096
_INODE: Final = 4711
_METADATA: Final = "+metadata"


def store_file(data: bytes, key: bytes, scheme: FileScheme) -> bytes:
    """The blocks of a file as they are stored; `data` are whole units."""
    content = _content_key(key, scheme)
    units = np.frombuffer(data, dtype=np.uint8).reshape(-1, UNIT)
    stored = content.cipher.encrypt(units, content.ivs(0, len(units))).tobytes()
    if not scheme.endswith(_METADATA):
        return stored
    return encrypt_sectors(stored, metadata_key(key), 0, METADATA_NUMBERING, str(METADATA_CIPHER))


def read_file_blocks(stored: bytes, key: bytes, scheme: FileScheme) -> bytes:
    """The inverse."""
    if scheme.endswith(_METADATA):
        stored = decrypt_sectors(stored, metadata_key(key), 0, METADATA_NUMBERING, str(METADATA_CIPHER))
    content = _content_key(key, scheme)
    units = np.frombuffer(stored, dtype=np.uint8).reshape(-1, UNIT)
    return content.cipher.decrypt(units, content.ivs(0, len(units))).tobytes()


def layers_over(bottom: ByteSource, key: bytes, scheme: FileScheme) -> ByteSource:
    """The stack that reads the blocks of a file in a source."""
    below = bottom
    if scheme.endswith(_METADATA):
        below = DmCryptSource(bottom, metadata_key(key), METADATA_CIPHER, METADATA_NUMBERING)
    extent = EncryptedExtent(Run(0, bottom.size // UNIT * UNIT), 0, _identity(key, scheme), UNIT)
    found = FoundEncryption(ExtentTable([extent]), ExtentTable([]), {}, {}, (), ())
    return FscryptSource(below, Keyring((MasterKey(key),)), found)


def metadata_key(key: bytes) -> bytes:
    """The key of the metadata encryption, 64 bytes that follow from the file's."""
    return hashlib.sha512(b"carve-restore lab metadata key" + key).digest()


def _identity(key: bytes, scheme: FileScheme) -> FileIdentity:
    shared = scheme.startswith("fscrypt-lblk64")
    flags = FscryptFlag.PAD_MASK | (FscryptFlag.IV_INO_LBLK_64 if shared else FscryptFlag(0))
    nonce = hashlib.sha256(b"carve-restore lab nonce" + key).digest()[:16]
    modes = FscryptMode.AES_256_XTS, FscryptMode.AES_256_CTS
    return FileIdentity(EncryptionContext(2, *modes, flags, 0, MasterKey(key).identifier, nonce), _INODE, bytes(16))


def _content_key(key: bytes, scheme: FileScheme) -> ContentKey:
    content = Keyring((MasterKey(key),)).content_key(_identity(key, scheme))
    assert content is not None  # the cipher is one that is read
    return content
