"""Encryption of a volume by sectors, each on its own: what every dm-crypt cipher has in common.

A short last sector works as long as it holds whole 16-byte blocks; up to 15 bytes behind the last whole block are no
ciphertext and are passed through unchanged.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Final

import numpy as np
from numpy.typing import NDArray

from carving.encryption.ciphers import CipherSpec, SectorNumbering

BLOCK: Final = 16
"""Bytes of an AES block."""


class SectorCipher(ABC):
    """Decrypts and encrypts runs of sectors with one key, into buffers that are reused from call to call.

    Made by `carving.encryption.sectors.sector_cipher`. Not to be shared between threads.
    """

    def __init__(self, key: bytes, spec: CipherSpec, numbering: SectorNumbering) -> None:
        """Expand the key.

        Args:
            key: volume key; it is not kept.
            spec: the cipher.
            numbering: sector size and IV numbering.

        Raises:
            UsageError: a key of a length that the cipher does not take.
        """
        spec.check_key_size(key)
        self._numbering = numbering

    @property
    def numbering(self) -> SectorNumbering:
        return self._numbering

    @property
    @abstractmethod
    def chained(self) -> bool:
        """Whether a flipped bit of ciphertext also flips that bit of the next block in its sector."""

    @property
    @abstractmethod
    def pass_bytes(self) -> int:
        """Bytes that are decrypted at once, a multiple of every sector size."""

    @abstractmethod
    def decrypt_pass(self, ciphertext: NDArray[np.uint8], sector: int, plaintext: NDArray[np.uint8]) -> None:
        """Decrypt whole blocks, at most `pass_bytes` of them and at least one, from the start of a sector on.

        Args:
            ciphertext: uint8 (n,).
            sector: number of the first sector.
            plaintext: uint8, at least n + 15 long; the first n bytes are the result.
        """

    @abstractmethod
    def encrypt_equal(self, sectors: NDArray[np.uint8], first_sector: int) -> NDArray[np.uint8]:
        """Encrypt sectors of equal length: uint8 (sectors, bytes), contiguous and not empty, to the same."""

    def whitening(self, first_block: int, count: int) -> NDArray[np.uint8]:
        """What is combined with each ciphertext block before the block cipher: uint8 (count, 16), zeros but for XTS.

        Args:
            first_block: number of a 16-byte block of the volume.
            count: number of blocks.
        """
        del first_block
        return np.zeros((count, BLOCK), dtype=np.uint8)

    def decrypt_into(self, ciphertext: NDArray[np.uint8], first_sector: int, plaintext: NDArray[np.uint8]) -> None:
        """Decrypt a buffer that begins at the start of sector `first_sector`.

        Args:
            ciphertext: uint8 (n,), contiguous.
            first_sector: number of its first sector in the volume, in units of the sector size.
            plaintext: uint8, at least n + 15 long, contiguous and apart from `ciphertext`; the first n bytes are the
                result (the AES call asks for the room behind them).
        """
        whole = len(ciphertext) // BLOCK * BLOCK
        size = self._numbering.sector_size
        for start in range(0, whole, self.pass_bytes):
            end = min(start + self.pass_bytes, whole)
            self.decrypt_pass(ciphertext[start:end], first_sector + start // size, plaintext[start : end + BLOCK - 1])
        plaintext[whole : len(ciphertext)] = ciphertext[whole:]

    def encrypt(self, plaintext: bytes, first_sector: int) -> bytes:
        """Encrypt bytes that begin at the start of a sector; the inverse of decryption."""
        size = self._numbering.sector_size
        full = len(plaintext) // size * size
        whole = len(plaintext) // BLOCK * BLOCK
        data = np.frombuffer(plaintext, dtype=np.uint8)
        parts = []
        if full:
            parts.append(self.encrypt_equal(data[:full].copy().reshape(-1, size), first_sector).tobytes())
        if whole > full:
            rest = data[full:whole].copy().reshape(1, -1)
            parts.append(self.encrypt_equal(rest, first_sector + full // size).tobytes())
        return b"".join([*parts, plaintext[whole:]])
