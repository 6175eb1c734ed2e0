"""LUKS2 volumes: the volume key behind a passphrase, and how the payload is encrypted.

Source: M. Broz, "LUKS2 On-Disk Format Specification" 1.1.4.
"""

from __future__ import annotations

import base64
import hmac
from collections.abc import Iterator
from typing import Any, Final

from carving.encryption.anti_forensic import merge_stripes
from carving.encryption.ciphers import CipherSpec, SectorNumbering, parse_cipher
from carving.encryption.key_derivation import Argon2, KeyDerivation, Pbkdf2
from carving.encryption.luks2_header import Json, Luks2Metadata, read_luks2
from carving.encryption.sectors import decrypt_sectors
from carving.encryption.unlocked import Unlocked
from carving.errors import EvidenceError, KeyMismatchError, UnsupportedEncryptionError, UsageError
from carving.source import ByteSource, Run

_SECTOR: Final = 512
_MAX_KEY_SIZE: Final = 64
_MAX_STRIPES: Final = 16384


def unlock_luks2(header: ByteSource, volume_size: int, passphrase: bytes) -> Unlocked:
    """Open a LUKS2 header with a passphrase.

    Args:
        header: the volume, or a copy of its header in a file of its own.
        volume_size: bytes of the volume that the payload lies in.
        passphrase: as cryptsetup takes it.

    Raises:
        KeyMismatchError: the passphrase opens no key slot.
        UnsupportedEncryptionError: what the volume needs is not supported; the message names it.
        EvidenceError: the header is damaged.
    """
    return _open(header, volume_size, passphrase, None)


def open_luks2(header: ByteSource, volume_size: int, key: bytes) -> Unlocked:
    """The same with the volume key itself.

    Raises:
        KeyMismatchError: it is not the volume's.
        UnsupportedEncryptionError, EvidenceError: as for a passphrase.
    """
    return _open(header, volume_size, None, key)


def _open(header: ByteSource, volume_size: int, passphrase: bytes | None, key: bytes | None) -> Unlocked:
    metadata = read_luks2(header)
    try:
        segment_name, segment = _payload_segment(metadata)
        spec = _spec(segment["encryption"])
        payload = _payload(segment, volume_size)
        numbering = SectorNumbering(int(segment["sector_size"]), iv_offset=int(segment["iv_tweak"]))
        digest = _digest_of(metadata, segment_name)
        if passphrase is None:
            assert key is not None
            if not _fits(digest, key):
                raise KeyMismatchError("the key is not the one whose digest stands in the LUKS2 header")
            proof = "digest in the header"
        else:
            key, slot = _key_of_a_slot(header, metadata, digest, passphrase)
            proof = f"key slot {slot}"
        spec.check_key_size(key)
    except (KeyError, ValueError, TypeError, AttributeError, UsageError) as error:
        raise EvidenceError(f"the LUKS2 header makes no sense ({type(error).__name__}: {error})") from None
    return Unlocked(key, spec, numbering, payload, "LUKS2", proof)


def _payload_segment(metadata: Luks2Metadata) -> tuple[str, Json]:
    """The one encrypted segment there has to be."""
    if metadata.requirements:
        raise UnsupportedEncryptionError(
            f"the LUKS2 volume requires {', '.join(metadata.requirements)}, which is not supported"
        )
    if len(metadata.segments) != 1:
        count = len(metadata.segments)
        raise UnsupportedEncryptionError(f"the LUKS2 volume has {count} segments; only volumes of one are supported")
    ((name, segment),) = metadata.segments.items()
    if segment["type"] != "crypt":
        raise UnsupportedEncryptionError(f"the LUKS2 segment is of type {segment['type']}, which is not supported")
    if "integrity" in segment:
        raise UnsupportedEncryptionError("the LUKS2 volume has integrity protection, which is not supported")
    return name, segment


def _spec(name: str) -> CipherSpec:
    try:
        return parse_cipher(name)
    except UsageError:
        raise UnsupportedEncryptionError(f"the LUKS2 volume is encrypted with {name}, which is not supported") from None


def _payload(segment: Json, volume_size: int) -> Run:
    offset = int(segment["offset"])
    if not 0 <= offset < volume_size:
        raise EvidenceError(f"the LUKS2 payload would begin at byte {offset}, behind the volume's end")
    rest = volume_size - offset
    size = rest if segment["size"] == "dynamic" else int(segment["size"])
    return Run(offset, min(max(size, 1), rest))


def _digest_of(metadata: Luks2Metadata, segment: str) -> Json:
    for digest in metadata.digests.values():
        if segment in digest["segments"] and digest["type"] == "pbkdf2":
            found: Json = digest
            return found
    raise UnsupportedEncryptionError("the LUKS2 header has no PBKDF2 digest of its volume key")


def _fits(digest: Json, key: bytes) -> bool:
    expected = base64.b64decode(digest["digest"])
    derivation = Pbkdf2(digest["hash"], base64.b64decode(digest["salt"]), int(digest["iterations"]))
    return hmac.compare_digest(derivation.derive(key, len(expected)), expected)


def _key_of_a_slot(header: ByteSource, metadata: Luks2Metadata, digest: Json, passphrase: bytes) -> tuple[bytes, str]:
    tried = 0
    for name, slot in _slots(metadata, digest):
        tried += 1
        key = _slot_key(header, name, slot, passphrase)
        if _fits(digest, key):
            return key, name
    raise KeyMismatchError(f"the password opens none of the {tried} key slots of the LUKS2 header")


def _slots(metadata: Luks2Metadata, digest: Json) -> Iterator[tuple[str, Json]]:
    """The key slots that hold the digest's key, those meant to be tried first in front."""
    named = [(name, metadata.keyslots[name]) for name in digest["keyslots"]]
    usable = [(name, slot) for name, slot in named if slot["type"] == "luks2"]
    yield from sorted(usable, key=lambda item: -int(item[1].get("priority", 1)))


def _slot_key(header: ByteSource, name: str, slot: Json, passphrase: bytes) -> bytes:
    key_size, area, splitter = int(slot["key_size"]), slot["area"], slot["af"]
    stripes, area_key_size = int(splitter["stripes"]), int(area["key_size"])
    if not (0 < key_size <= _MAX_KEY_SIZE and 0 < area_key_size <= _MAX_KEY_SIZE and 0 < stripes <= _MAX_STRIPES):
        raise EvidenceError(f"key slot {name} of the LUKS2 header claims {stripes} stripes of {key_size} bytes")
    size = key_size * stripes
    stored = header.read_at(int(area["offset"]), -(-size // _SECTOR) * _SECTOR)
    if len(stored) < size:
        raise EvidenceError(f"the material of key slot {name} of the LUKS2 header is cut off")
    slot_key = _derivation(slot["kdf"]).derive(passphrase, area_key_size)
    material = decrypt_sectors(stored, slot_key, cipher=str(_spec(area["encryption"])))
    return merge_stripes(material, key_size, stripes, splitter["hash"])


def _derivation(kdf: Any) -> KeyDerivation:
    salt = base64.b64decode(kdf["salt"])
    if kdf["type"] == "pbkdf2":
        return Pbkdf2(kdf["hash"], salt, int(kdf["iterations"]))
    if kdf["type"] in ("argon2i", "argon2id"):
        return Argon2(kdf["type"], salt, int(kdf["time"]), int(kdf["memory"]), int(kdf["cpus"]))
    raise UnsupportedEncryptionError(f"a LUKS2 key slot derives its key by {kdf['type']}, which is not supported")
