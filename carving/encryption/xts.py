"""AES-XTS by sectors over whole buffers, as IEEE Std 1619-2007 and dm-crypt's `aes-xts-*` define it.

Block j of a sector is whitened before and after the block cipher with the sector's encrypted IV times x^j in GF(2^128),
so that a buffer takes one AES call between two passes of exclusive or.
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
from carving.encryption.sector_ivs import SectorIvs, Words

_PASS_BYTES: Final = 128 << 10


class XtsCipher(SectorCipher):
    """XTS without ciphertext stealing: sectors are whole numbers of blocks."""

    def __init__(self, key: bytes, spec: CipherSpec, numbering: SectorNumbering) -> None:
        super().__init__(key, spec, numbering)
        volume = Cipher(AES(key[: len(key) // 2]), ECB())
        self._decryptor = volume.decryptor()
        self._encryptor = volume.encryptor()
        self._ivs = SectorIvs(spec, numbering, key[len(key) // 2 :])
        sectors = _PASS_BYTES // numbering.sector_size
        self._tweaks = np.empty((sectors, numbering.sector_size // BLOCK, 2), dtype=np.uint64)
        self._whitened = np.empty(_PASS_BYTES // 8, dtype=np.uint64)

    @property
    def pass_bytes(self) -> int:
        return _PASS_BYTES

    @property
    def chained(self) -> bool:
        return False

    def whitening(self, first_block: int, count: int) -> NDArray[np.uint8]:
        per_sector = self.numbering.sector_size // BLOCK
        first, last = first_block // per_sector, -(-(first_block + count) // per_sector)
        tweaks = np.empty((last - first, per_sector, 2), dtype=np.uint64)
        self._fill(tweaks, first)
        blocks = tweaks.view(np.uint8).reshape(-1, BLOCK)
        return blocks[first_block - first * per_sector :][:count]

    def decrypt_pass(self, ciphertext: NDArray[np.uint8], sector: int, plaintext: NDArray[np.uint8]) -> None:
        size = len(ciphertext)
        tweaks = self._tweaks[: -(-size // self.numbering.sector_size)]
        self._fill(tweaks, sector)
        white = tweaks.reshape(-1)[: size // 8]
        whitened = self._whitened[: size // 8]
        np.bitwise_xor(ciphertext.view(np.uint64), white, out=whitened)
        self._decryptor.update_into(whitened.view(np.uint8).data, plaintext.data)
        out = plaintext[:size].view(np.uint64)
        np.bitwise_xor(out, white, out=out)

    def encrypt_equal(self, sectors: NDArray[np.uint8], first_sector: int) -> NDArray[np.uint8]:
        count, size = sectors.shape
        tweaks = np.empty((count, self.numbering.sector_size // BLOCK, 2), dtype=np.uint64)
        self._fill(tweaks, first_sector)
        white = tweaks.view(np.uint8).reshape(count, -1)[:, :size]
        return np.frombuffer(self._encryptor.update((sectors ^ white).tobytes()), np.uint8).reshape(count, size) ^ white

    def _fill(self, tweaks: Words, first_sector: int) -> None:
        """Write the whitening of every block into uint64 (sectors, blocks, 2)."""
        from carving.encryption.xts_kernels import fill_tweaks

        fill_tweaks(self._ivs.make(first_sector, len(tweaks)), tweaks)
