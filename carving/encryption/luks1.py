"""LUKS1 volumes: the header, and the volume key behind a passphrase.

Source: C. Fruhwirth, "LUKS1 On-Disk Format Specification" 1.2.3. All numbers are big-endian. A key slot holds the
volume key, split into stripes and encrypted with a key derived from the passphrase; a digest in the header tells the
right one.
"""

from __future__ import annotations

import hmac
import struct
from dataclasses import dataclass
from typing import Final

from carving.encryption.anti_forensic import merge_stripes
from carving.encryption.ciphers import CipherSpec, SectorNumbering, cipher_of_header
from carving.encryption.key_derivation import Pbkdf2
from carving.encryption.sectors import decrypt_sectors
from carving.encryption.unlocked import Unlocked
from carving.errors import EvidenceError, KeyMismatchError
from carving.source import ByteSource, Run

MAGIC: Final = b"LUKS\xba\xbe"
_HEADER: Final = struct.Struct(">6sH32s32s32sII20s32sI40s")
_SLOT: Final = struct.Struct(">II32sII")
_SLOTS: Final = 8
_ACTIVE: Final = 0x00AC71F3
_SECTOR: Final = 512
_DIGEST_SIZE: Final = 20
_MAX_STRIPES: Final = 16384


@dataclass(frozen=True, slots=True)
class KeySlot:
    """One active key slot; `offset` in bytes of the header's file."""

    index: int
    derivation: Pbkdf2
    offset: int
    stripes: int


@dataclass(frozen=True, slots=True)
class Luks1Header:
    """What the header says. `payload_offset` in bytes; `digest` is that of the volume key."""

    cipher: str
    hash_name: str
    payload_offset: int
    key_size: int
    digest: bytes
    digest_derivation: Pbkdf2
    slots: tuple[KeySlot, ...]

    @property
    def spec(self) -> CipherSpec:
        """The cipher.

        Raises:
            UnsupportedEncryptionError: one that is not supported, or a key size that it does not take.
        """
        return cipher_of_header("LUKS1 header", self.cipher, self.key_size)

    def fits(self, key: bytes) -> bool:
        """Whether that is the volume key."""
        return hmac.compare_digest(self.digest_derivation.derive(key, _DIGEST_SIZE), self.digest)


def read_luks1(header: ByteSource) -> Luks1Header:
    """Read the header at the beginning of a source.

    Raises:
        EvidenceError: it is cut off, or is no LUKS1 header.
    """
    data = header.read_at(0, _HEADER.size + 4 + _SLOTS * _SLOT.size)
    if len(data) < _HEADER.size + _SLOTS * _SLOT.size or data[:8] != MAGIC + b"\0\1":
        raise EvidenceError("the LUKS1 header is cut off or damaged")
    _, _, name, mode, hash_spec, payload, key_size, digest, salt, iterations, _ = _HEADER.unpack_from(data)
    hash_name = _text(hash_spec).lower()
    slots = []
    for index in range(_SLOTS):
        state, slot_iterations, slot_salt, sector, stripes = _SLOT.unpack_from(data, _HEADER.size + index * _SLOT.size)
        if state == _ACTIVE:
            slots.append(KeySlot(index, Pbkdf2(hash_name, slot_salt, slot_iterations), sector * _SECTOR, stripes))
    return Luks1Header(
        f"{_text(name)}-{_text(mode)}",
        hash_name,
        payload * _SECTOR,
        key_size,
        digest,
        Pbkdf2(hash_name, salt, iterations),
        tuple(slots),
    )


def unlock_luks1(header_source: ByteSource, volume_size: int, passphrase: bytes) -> Unlocked:
    """Open a LUKS1 header with a passphrase.

    Args:
        header_source: the volume, or a copy of its header in a file of its own.
        volume_size: bytes of the volume that the payload lies in.
        passphrase: as cryptsetup takes it.

    Raises:
        KeyMismatchError: the passphrase opens no key slot.
        UnsupportedEncryptionError: a cipher or hash that is not supported.
        EvidenceError: the header is damaged.
    """
    header = read_luks1(header_source)
    spec = header.spec
    for slot in header.slots:
        key = _slot_key(header_source, header, slot, passphrase)
        if header.fits(key):
            return unlocked(header, spec, key, volume_size, f"key slot {slot.index}")
    count = len(header.slots)
    raise KeyMismatchError(f"the password opens none of the {count} active key slots of the LUKS1 header")


def open_luks1(header_source: ByteSource, volume_size: int, key: bytes) -> Unlocked:
    """The same with the volume key itself.

    Raises:
        KeyMismatchError: it is not the volume's.
        UnsupportedEncryptionError, EvidenceError: as for a passphrase.
    """
    header = read_luks1(header_source)
    if not header.fits(key):
        raise KeyMismatchError("the key is not the one whose digest stands in the LUKS1 header")
    return unlocked(header, header.spec, key, volume_size, "digest in the header")


def unlocked(header: Luks1Header, spec: CipherSpec, key: bytes, volume_size: int, proof: str) -> Unlocked:
    """The opened volume.

    Raises:
        EvidenceError: the payload lies behind the end of the volume.
    """
    if header.payload_offset >= volume_size:
        raise EvidenceError(f"the LUKS1 payload would begin at byte {header.payload_offset}, behind the volume's end")
    payload = Run(header.payload_offset, volume_size - header.payload_offset)
    return Unlocked(key, spec, SectorNumbering(), payload, "LUKS1", proof)


def _slot_key(source: ByteSource, header: Luks1Header, slot: KeySlot, passphrase: bytes) -> bytes:
    if not 0 < slot.stripes <= _MAX_STRIPES:
        raise EvidenceError(f"key slot {slot.index} of the LUKS1 header claims {slot.stripes} stripes")
    slot_key = slot.derivation.derive(passphrase, header.key_size)
    size = header.key_size * slot.stripes
    stored = source.read_at(slot.offset, -(-size // _SECTOR) * _SECTOR)
    if len(stored) < size:
        raise EvidenceError(f"the material of key slot {slot.index} of the LUKS1 header is cut off")
    material = decrypt_sectors(stored, slot_key, cipher=header.cipher)
    return merge_stripes(material, header.key_size, slot.stripes, header.hash_name)


def _text(field: bytes) -> str:
    return field.split(b"\0")[0].decode("ascii", "replace")
