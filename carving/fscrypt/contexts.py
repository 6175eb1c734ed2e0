"""The context of an encrypted file or folder: which key, which ciphers, and the nonce that makes its own key.

Layout: Linux `Documentation/filesystems/fscrypt.rst`, "Encryption context", and `fs/crypto/fscrypt_private.h`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, IntFlag
from typing import Final

NONCE_SIZE: Final = 16
_SIZES: Final = {1: 28, 2: 40}


class FscryptMode(IntEnum):
    """Ciphers by the numbers of the kernel's interface."""

    AES_256_XTS = 1
    AES_256_CTS = 4
    AES_128_CBC = 5
    AES_128_CTS = 6
    SM4_XTS = 7
    SM4_CTS = 8
    ADIANTUM = 9
    AES_256_HCTR2 = 10

    @property
    def told(self) -> str:
        """As the kernel's documentation spells it."""
        return {self.ADIANTUM: "Adiantum", self.AES_128_CBC: "AES-128-CBC-ESSIV"}.get(self, self.name.replace("_", "-"))

    @property
    def key_size(self) -> int:
        """Bytes of a key."""
        return {self.AES_256_XTS: 64, self.AES_128_CBC: 16, self.AES_128_CTS: 16, self.SM4_CTS: 16}.get(self, 32)


class FscryptFlag(IntFlag):
    """How names are padded, and which key encrypts what."""

    PAD_MASK = 0x03
    DIRECT_KEY = 0x04
    IV_INO_LBLK_64 = 0x08
    IV_INO_LBLK_32 = 0x10


@dataclass(frozen=True, slots=True)
class EncryptionContext:
    """What is stored with a file or folder.

    Attributes:
        version: 1 or 2.
        contents, names: numbers of the ciphers; `FscryptMode` names those known.
        flags: how they are used.
        unit_log: bytes encrypted together as a power of two; 0 where that is a block of the file system.
        identifier: of the master key: 8 bytes chosen by who set the policy (version 1), or 16 made of the key.
        nonce: of the file.
    """

    version: int
    contents: int
    names: int
    flags: FscryptFlag
    unit_log: int
    identifier: bytes
    nonce: bytes

    @property
    def policy(self) -> tuple[int, int, int, int, int, bytes]:
        """All but the nonce: what a folder hands on to all below it."""
        return self.version, self.contents, self.names, int(self.flags), self.unit_log, self.identifier

    @property
    def told(self) -> str:
        """The policy in words, such as `v2 AES-256-XTS IV_INO_LBLK_64`."""
        ways = [name for name, flag in _WAYS.items() if self.flags & flag]
        return " ".join((f"v{self.version}", mode_name(self.contents), *ways))

    @property
    def shares_keys(self) -> bool:
        """Whether all files of the policy have one key, and the inode's number is part of the IV."""
        return bool(self.flags & (FscryptFlag.IV_INO_LBLK_64 | FscryptFlag.IV_INO_LBLK_32))


_WAYS: Final = {
    "DIRECT_KEY": FscryptFlag.DIRECT_KEY,
    "IV_INO_LBLK_64": FscryptFlag.IV_INO_LBLK_64,
    "IV_INO_LBLK_32": FscryptFlag.IV_INO_LBLK_32,
}


def mode_name(number: int) -> str:
    """The name of a cipher, or its number where it is not known."""
    try:
        return FscryptMode(number).told
    except ValueError:
        return f"cipher {number}"


def parse_context(data: bytes) -> EncryptionContext | None:
    """Read a context as stored in an extended attribute; None where it is none."""
    if not data or _SIZES.get(data[0]) != len(data):
        return None
    version, contents, names, flags = data[:4]
    if version == 1:
        return EncryptionContext(1, contents, names, FscryptFlag(flags), 0, data[4:12], data[12:28])
    unit_log = data[4]
    if unit_log and not 9 <= unit_log <= 16:
        return None
    return EncryptionContext(2, contents, names, FscryptFlag(flags), unit_log, data[8:24], data[24:40])
