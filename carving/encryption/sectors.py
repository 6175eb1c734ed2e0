"""Decrypt and encrypt sectors of a volume by the name of its cipher."""

from __future__ import annotations

import numpy as np

from carving.encryption.cbc import CbcCipher
from carving.encryption.ciphers import DEFAULT_CIPHER, CipherSpec, SectorNumbering, parse_cipher
from carving.encryption.ecb import EcbCipher
from carving.encryption.sector_cipher import BLOCK, SectorCipher
from carving.encryption.xts import XtsCipher


def sector_cipher(key: bytes, spec: CipherSpec, numbering: SectorNumbering) -> SectorCipher:
    """The cipher of a volume, ready for its sectors.

    Raises:
        UsageError: a key of a length that the cipher does not take.
    """
    if spec.mode == "cbc":
        return CbcCipher(key, spec, numbering)
    if spec.mode == "xts":
        return XtsCipher(key, spec, numbering)
    return EcbCipher(key, spec, numbering)


def decrypt_sectors(
    ciphertext: bytes,
    key: bytes,
    first_sector: int = 0,
    numbering: SectorNumbering | None = None,
    cipher: str = DEFAULT_CIPHER,
) -> bytes:
    """Decrypt bytes that begin at the start of a sector.

    Args:
        ciphertext: any length; up to 15 bytes behind the last whole block are returned as they are.
        key: volume key.
        first_sector: number of the first sector in the volume, in units of the sector size.
        numbering: sector size and IV numbering; dm-crypt's defaults where None.
        cipher: dm-crypt cipher specification.

    Raises:
        UsageError: a key of a length that the cipher does not take, or an unknown cipher.
    """
    plaintext = np.empty(len(ciphertext) + BLOCK, dtype=np.uint8)
    sectors = sector_cipher(key, parse_cipher(cipher), numbering or SectorNumbering())
    sectors.decrypt_into(np.frombuffer(ciphertext, dtype=np.uint8), first_sector, plaintext)
    return plaintext[: len(ciphertext)].tobytes()


def encrypt_sectors(
    plaintext: bytes,
    key: bytes,
    first_sector: int = 0,
    numbering: SectorNumbering | None = None,
    cipher: str = DEFAULT_CIPHER,
) -> bytes:
    """Encrypt bytes that begin at the start of a sector; arguments and errors as for `decrypt_sectors`."""
    sectors = sector_cipher(key, parse_cipher(cipher), numbering or SectorNumbering())
    return sectors.encrypt(plaintext, first_sector)
