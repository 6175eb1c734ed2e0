"""Master keys of file-based encryption, and the keys that are derived from them.

Version 2: HKDF-SHA512 (RFC 5869) without salt, its info `fscrypt\\0`, one byte that says what the key is for, and what
binds it. Version 1: the master key encrypted with AES-128-ECB under the file's nonce. Source: Linux
`Documentation/filesystems/fscrypt.rst`, "Key hierarchy", and `fs/crypto/fscrypt_private.h`.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from enum import IntEnum
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import ECB
from cryptography.hazmat.primitives.hashes import SHA512
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from carving.encryption.keys import parse_key, read_secret_file
from carving.errors import UnsupportedEncryptionError, UsageError

DESCRIPTOR_SIZE: Final = 8
IDENTIFIER_SIZE: Final = 16
_NAMED: Final = re.compile(r"([0-9A-Fa-f]{16}|[0-9A-Fa-f]{32}):(.*)", re.DOTALL)
_HEX: Final = re.compile(rb"[0-9A-Fa-f\s]*")
_SHORTEST_KEY: Final = 16
_LONGEST_KEY: Final = 64
_LABEL: Final = b"fscrypt\0"


class KeyUse(IntEnum):
    """What a derived key of version 2 is for."""

    IDENTIFIER = 1
    FILE = 2
    DIRECT = 3
    INODE_BLOCK_64 = 4
    INODE_BLOCK_32 = 6
    INODE_HASH = 7


@dataclass(frozen=True, slots=True)
class MasterKey:
    """A master key as an examiner gives it; shown and written nowhere.

    Attributes:
        key: 16 to 64 bytes.
        told: what messages call it.
        descriptor: what files name it by, where the examiner says that: 8 bytes (version 1) or 16 (version 2).
    """

    key: bytes = field(repr=False)
    told: str = "the file-based key"
    descriptor: bytes | None = None

    def check_size(self) -> None:
        """Refuse a key that no policy can take.

        Raises:
            UsageError: naming its length, never the key.
        """
        if not _SHORTEST_KEY <= len(self.key) <= _LONGEST_KEY:
            raise UsageError(f"{self.told} has {len(self.key)} bytes; a master key has 16 to 64")

    @property
    def identifier(self) -> bytes:
        """By which contexts of version 2 name it."""
        return derive(self.key, KeyUse.IDENTIFIER, b"", IDENTIFIER_SIZE)

    @property
    def descriptors(self) -> tuple[bytes, ...]:
        """By which contexts of version 1 may name it: as the examiner says, else as Android and fscryptctl make one."""
        if self.descriptor is not None:
            return (self.descriptor,) if len(self.descriptor) == DESCRIPTOR_SIZE else ()
        return (hashlib.sha512(hashlib.sha512(self.key).digest()).digest()[:DESCRIPTOR_SIZE],)


def parse_master_key(text: str, told: str) -> MasterKey:
    """Read a master key as the examiner gave it: `[DESCRIPTOR:]KEY`, the descriptor in 16 or 32 hex digits, the key in
    hex, `file:PATH` or `env:NAME`.

    Raises:
        UsageError: nothing there or not a key; the message never repeats what was given.
        UnsupportedEncryptionError: a file that holds a key wrapped by hardware.
    """
    named = _NAMED.fullmatch(text)
    descriptor, rest = (None, text) if named is None else (bytes.fromhex(named[1]), named[2])
    source, _, path = rest.partition(":")
    if source == "file":
        data = read_secret_file(Path(path), "key")
        if len(data) > _LONGEST_KEY and not _HEX.fullmatch(data):
            raise UnsupportedEncryptionError(wrapped_key(told, len(data)))
    return MasterKey(parse_key(rest, "--fbe-key"), told, descriptor)


def wrapped_key(told: str, size: int) -> str:
    """What is said of a key file that is longer than any raw key."""
    return (
        f"{told}: its file holds {size} bytes, more than a raw master key can have (16 to 64): it is most likely a key "
        "blob of Keystore or a key wrapped by the phone's hardware, which only that hardware can unwrap; the raw "
        "key has to be taken from the running phone's memory or from the unwrapping itself"
    )


def derive(master: bytes, use: KeyUse, bound_to: bytes, size: int) -> bytes:
    """A key of version 2.

    Args:
        master: the master key.
        use: what for.
        bound_to: nonce of the file, or number of the cipher and the file system's UUID.
        size: bytes of it.
    """
    return HKDF(SHA512(), size, None, _LABEL + bytes([use]) + bound_to).derive(master)


def derive_version_1(master: bytes, nonce: bytes, size: int) -> bytes:
    """A file's key of version 1: the first `size` bytes of the master key, encrypted."""
    encryptor = Cipher(AES(nonce), ECB()).encryptor()
    return encryptor.update(master[:size]) + encryptor.finalize()
