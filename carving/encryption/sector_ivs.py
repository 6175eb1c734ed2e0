"""The IV of each sector, as dm-crypt's generators make it: essiv, plain, plain64, plain64be, null.

Source: the comments in Linux `drivers/md/dm-crypt.c`. The sector number is written as a 16-byte block; essiv encrypts
that block with AES-256 under SHA-256 of the volume key.
"""

from __future__ import annotations

import hashlib

import numpy as np
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import ECB
from numpy.typing import NDArray

from carving.encryption.ciphers import CipherSpec, SectorNumbering

Words = NDArray[np.uint64]


class SectorIvs:
    """Makes the IVs of runs of sectors, into a buffer that is reused from call to call."""

    def __init__(self, spec: CipherSpec, numbering: SectorNumbering, encrypt_with: bytes | None) -> None:
        """Args: the cipher, the numbering, and the key that number blocks are encrypted with, if they are."""
        self._generator = spec.iv_generator
        self._numbering = numbering
        self._encryptor = None if encrypt_with is None else Cipher(AES(encrypt_with), ECB()).encryptor()
        self._ivs = np.empty(2, dtype=np.uint64)

    def make(self, first_sector: int, count: int) -> Words:
        """The IVs of `count` sectors, uint64 (count, 2) in memory order; overwritten by the next call."""
        blocks = self._number_blocks(first_sector, count)
        if self._encryptor is None:
            return blocks
        if 2 * count + 2 > len(self._ivs):
            self._ivs = np.empty(2 * count + 2, dtype=np.uint64)
        written = self._encryptor.update_into(blocks.view(np.uint8).reshape(-1).data, self._ivs.view(np.uint8).data)
        return self._ivs[: written // 8].reshape(count, 2)

    def _number_blocks(self, first_sector: int, count: int) -> Words:
        units = self._numbering.sector_size // 512
        # modulo 2^64 throughout, as the kernel counts
        start = np.uint64((first_sector * units + self._numbering.iv_offset) % (1 << 64))
        numbers = np.arange(count, dtype=np.uint64) * np.uint64(units) + start
        if self._numbering.large_sectors:
            numbers //= np.uint64(units)
        blocks = np.zeros((count, 2), dtype="<u8")
        if self._generator == "null":
            pass
        elif self._numbering.iv == "be32":
            blocks.view(">u4")[:, 0] = numbers & np.uint64(0xFFFFFFFF)
        elif self._generator == "plain64be":
            blocks.view(">u8")[:, 1] = numbers
        elif self._generator == "plain":
            blocks[:, 0] = numbers & np.uint64(0xFFFFFFFF)
        else:
            blocks[:, 0] = numbers
        return blocks


def essiv_key(volume_key: bytes) -> bytes:
    """The key that ESSIV with SHA-256 encrypts sector numbers with."""
    return hashlib.sha256(volume_key).digest()
