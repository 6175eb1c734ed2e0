"""AES-CBC by sectors over whole buffers, as dm-crypt's `aes-cbc-*` are defined.

Decryption is one AES-ECB call over the buffer and an exclusive or with the ciphertext one block earlier, so it needs no
loop over sectors. Encryption is sequential within a sector, but runs over all sectors of a buffer at once.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import ECB
from numpy.typing import NDArray

from carving.encryption.ciphers import CipherSpec, SectorNumbering
from carving.encryption.sector_cipher import BLOCK, SectorCipher
from carving.encryption.sector_ivs import SectorIvs, essiv_key

_PASS_BYTES: Final = 256 << 10
"""Bytes per pass: small enough that ciphertext and plaintext stay in the processor's cache between the two steps."""


class CbcCipher(SectorCipher):
    """CBC within each sector, the first block chained to the sector's IV."""

    def __init__(self, key: bytes, spec: CipherSpec, numbering: SectorNumbering) -> None:
        super().__init__(key, spec, numbering)
        volume = Cipher(AES(key), ECB())
        self._decryptor = volume.decryptor()
        self._encryptor = volume.encryptor()
        self._ivs = SectorIvs(spec, numbering, essiv_key(key) if spec.iv_generator == "essiv" else None)

    @property
    def pass_bytes(self) -> int:
        return _PASS_BYTES

    @property
    def chained(self) -> bool:
        return True

    def decrypt_pass(self, ciphertext: NDArray[np.uint8], sector: int, plaintext: NDArray[np.uint8]) -> None:
        self._decryptor.update_into(ciphertext.data, plaintext.data)
        size = len(ciphertext)
        stored, out = ciphertext.view(np.uint64), plaintext[:size].view(np.uint64)
        words = self.numbering.sector_size // 8
        ivs = self._ivs.make(sector, -(-size // self.numbering.sector_size))
        np.bitwise_xor(out[2:], stored[:-2], out=out[2:])
        for half in (0, 1):  # the first block of each sector chains to its IV, not to the sector before
            first = out[half::words]
            first[1:] ^= stored[words - 2 + half :: words][: len(first) - 1]
            first ^= ivs[:, half]

    def encrypt_equal(self, sectors: NDArray[np.uint8], first_sector: int) -> NDArray[np.uint8]:
        """CBC over sectors of equal length: block i of all of them in one AES call."""
        count, size = sectors.shape
        out = np.empty_like(sectors)
        plain = sectors.view(np.uint64).reshape(count, size // BLOCK, 2)
        chained = out.view(np.uint64).reshape(count, size // BLOCK, 2)
        mixed = np.empty((count, 2), dtype=np.uint64)
        cipher = np.empty(2 * count + 2, dtype=np.uint64)
        previous = self._ivs.make(first_sector, count)
        for block in range(size // BLOCK):
            np.bitwise_xor(plain[:, block], previous, out=mixed)
            self._encryptor.update_into(mixed.view(np.uint8).reshape(-1).data, cipher.view(np.uint8).data)
            previous = cipher[: 2 * count].reshape(count, 2)
            chained[:, block] = previous
        return out
