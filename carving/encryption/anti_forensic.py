"""The anti-forensic splitter of LUKS: a key spread over so many stripes that a lost one destroys it.

Source: C. Fruhwirth, "LUKS1 On-Disk Format Specification" 1.2.3, section 2.4.
"""

from __future__ import annotations

import hashlib
import struct

from carving.encryption.key_derivation import check_hash


def merge_stripes(material: bytes, key_size: int, stripes: int, hash_name: str) -> bytes:
    """Put a key together again.

    Args:
        material: the decrypted stripes, `key_size * stripes` bytes; more is ignored.
        key_size: bytes of the key.
        stripes: how many there are.
        hash_name: the hash that diffuses.

    Raises:
        UnsupportedEncryptionError: a hash that is not to be had.
    """
    check_hash(hash_name)
    mixed = bytes(key_size)
    for stripe in range(stripes - 1):
        mixed = _diffused(_combined(mixed, material[stripe * key_size : (stripe + 1) * key_size]), hash_name)
    return _combined(mixed, material[(stripes - 1) * key_size : stripes * key_size])


def _combined(first: bytes, second: bytes) -> bytes:
    return (int.from_bytes(first, "big") ^ int.from_bytes(second, "big")).to_bytes(len(first), "big")


def _diffused(data: bytes, hash_name: str) -> bytes:
    size = hashlib.new(hash_name, usedforsecurity=False).digest_size
    parts = []
    for index, start in enumerate(range(0, len(data), size)):
        piece = data[start : start + size]
        digest = hashlib.new(hash_name, struct.pack(">I", index) + piece, usedforsecurity=False).digest()
        parts.append(digest[: len(piece)])
    return b"".join(parts)
