"""The crypto footer of Android's full-disk encryption, versions 1.0 to 1.3, and the master key behind a password.

The footer is the structure `crypt_mnt_ftr` of Android's vold (`cryptfs.h`); all numbers are little-endian. It stands
16 KiB before the end of the volume, or at the beginning of a partition or file of its own.
"""

from __future__ import annotations

import hmac
import struct
from dataclasses import dataclass
from typing import Final

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC

from carving.encryption.ciphers import CipherSpec, cipher_of_header
from carving.encryption.key_derivation import KeyDerivation, Pbkdf2, Scrypt
from carving.errors import UnsupportedEncryptionError
from carving.source import ByteSource

DEFAULT_PASSWORD: Final = b"default_password"
"""What Android encrypts with where the user has set no lock."""
FOOTER_ROOM: Final = 0x4000
"""Bytes at the end of a volume that belong to the footer and not to the file system."""

_MAGIC: Final = bytes.fromhex("c4b1b5d0")
_HEAD: Final = struct.Struct("<4sHHIIIIQI64s")
_PROOF: Final = slice(2284, 2316)
_SEARCHED: Final = 64 << 10
_LONGEST: Final = 0x1000
_FIXED_KEY_PLACE: Final = 104
_KEY_PADDING: Final = 32
_SALT_SIZE: Final = 16
_KEY_ROOM: Final = 48
_KEY_UNENCRYPTED: Final = 1
_IN_PROGRESS: Final = 2
_INCONSISTENT: Final = 4
_CORRUPT: Final = 8
_PBKDF2_ITERATIONS: Final = 2000
_KEYMASTER_KINDS: Final = (3, 4, 5)


@dataclass(frozen=True, slots=True)
class AndroidFooter:
    """A footer as it was found.

    Attributes:
        offset: where it begins in the source it was found in.
        minor: version 1.`minor`.
        flags: bit 0 the key is not encrypted, 1 encryption in progress, 2 inconsistent, 3 corrupt.
        key_size: bytes of the master key.
        cipher: as the footer names it.
        volume_size: bytes of the encrypted file system; 0 where not given.
        encrypted_key, salt: to derive the master key from a password.
        kdf: 1 PBKDF2, 2 scrypt, 3 to 5 bound to the phone's keymaster.
        costs: log2 of scrypt's N, r and p.
        proof: what a key derived with the right password hashes to; empty before version 1.3.
        encrypted_upto: 512-byte sectors that were encrypted when encryption was interrupted.
    """

    offset: int
    minor: int
    flags: int
    key_size: int
    cipher: str
    volume_size: int
    encrypted_key: bytes
    salt: bytes
    kdf: int
    costs: tuple[int, int, int]
    proof: bytes
    encrypted_upto: int

    @property
    def name(self) -> str:
        return f"Android crypto footer 1.{self.minor}"

    @property
    def hardware_bound(self) -> bool:
        """Whether the key also needs a secret that never leaves the phone."""
        return self.kdf in _KEYMASTER_KINDS

    @property
    def remarks(self) -> tuple[str, ...]:
        """What the flags say of an encryption that did not come to its end."""
        told = []
        if self.flags & _IN_PROGRESS:
            reached = f" after {512 * self.encrypted_upto} bytes" if self.encrypted_upto else ""
            told.append(
                f"the {self.name} says that encryption was interrupted{reached}: the rest is stored as plaintext"
            )
        if self.flags & (_INCONSISTENT | _CORRUPT):
            told.append(f"the {self.name} says that the volume's encryption is inconsistent or its data corrupt")
        return tuple(told)

    @property
    def spec(self) -> CipherSpec:
        """The cipher.

        Raises:
            UnsupportedEncryptionError: one that is not supported, or a key size that it does not take.
        """
        return cipher_of_header(self.name, self.cipher, self.key_size)


def find_footer(source: ByteSource) -> AndroidFooter | None:
    """Look for a footer at the end of a volume, or at the beginning of a file of its own."""
    places = [source.size - FOOTER_ROOM, 0]
    start = max(0, source.size - _SEARCHED)
    tail = source.read_at(start, _SEARCHED)
    places += [start + place for place in range(0, len(tail), 512) if tail[place : place + 4] == _MAGIC]
    for place in places:
        if place >= 0 and (footer := read_footer(source.read_at(place, _LONGEST), place)):
            return footer
    return None


def read_footer(data: bytes, offset: int = 0) -> AndroidFooter | None:
    """Read a footer from its bytes, or None where they are none; `offset` is only noted."""
    if len(data) < _HEAD.size:
        return None
    magic, major, minor, size, flags, key_size, _, sectors, _, name = _HEAD.unpack_from(data)
    if magic != _MAGIC or major != 1 or not 0 < key_size <= _KEY_ROOM or not 100 <= size <= _LONGEST:
        return None
    key_place = size if minor == 0 else _FIXED_KEY_PLACE
    salt_place = key_place + key_size + _KEY_PADDING if minor == 0 else _FIXED_KEY_PLACE + _KEY_ROOM
    data = data.ljust(max(_LONGEST, salt_place + _SALT_SIZE), b"\0")
    kdf, *costs = data[188:192] if minor >= 2 else (1, 0, 0, 0)
    return AndroidFooter(
        offset=offset,
        minor=minor,
        flags=flags,
        key_size=key_size,
        cipher=name.split(b"\0")[0].decode("ascii", "replace"),
        volume_size=512 * sectors,
        encrypted_key=data[key_place : key_place + key_size],
        salt=data[salt_place : salt_place + _SALT_SIZE],
        kdf=kdf,
        costs=(costs[0], costs[1], costs[2]),
        proof=data[_PROOF] if minor >= 3 and any(data[_PROOF]) else b"",
        encrypted_upto=int.from_bytes(data[192:200], "little") if minor >= 3 else 0,
    )


def explain_hardware(footer: AndroidFooter) -> str:
    """Why no password can open a footer that is bound to a phone's keymaster."""
    return (
        f"the {footer.name} binds the key to the phone's keymaster (key derivation {footer.kdf}): a password opens it "
        "only inside that phone; give the master key with --key"
    )


def master_key(footer: AndroidFooter, password: bytes) -> bytes | None:
    """The master key behind a password; None where the footer itself tells that the password is wrong.

    Before version 1.3 the footer cannot tell, and only the decrypted volume shows whether the key is right.

    Raises:
        UnsupportedEncryptionError: bound to the phone's keymaster, or a key derivation that is not known.
        EvidenceError: costs of the key derivation that cannot be.
    """
    if footer.flags & _KEY_UNENCRYPTED:
        return footer.encrypted_key
    if footer.hardware_bound:
        raise UnsupportedEncryptionError(explain_hardware(footer))
    derivation = _derivation(footer)
    intermediate = derivation.derive(password, 32)
    # vold keeps a hash of the first 16 bytes, the key, of what it derived
    if footer.proof and not hmac.compare_digest(derivation.derive(intermediate[:16], 32), footer.proof):
        return None
    if footer.key_size % 16:
        return None
    decryptor = Cipher(AES(intermediate[:16]), CBC(intermediate[16:])).decryptor()
    return decryptor.update(footer.encrypted_key)


def _derivation(footer: AndroidFooter) -> KeyDerivation:
    if footer.kdf == 1:
        return Pbkdf2("sha1", footer.salt, _PBKDF2_ITERATIONS)
    if footer.kdf == 2:
        return Scrypt(footer.salt, *footer.costs)
    raise UnsupportedEncryptionError(f"the {footer.name} names the key derivation {footer.kdf}, which is not known")
