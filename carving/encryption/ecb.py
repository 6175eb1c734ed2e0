"""AES-ECB, dm-crypt's `aes-ecb`: every block on its own. Nobody should use it, but old LUKS volumes do."""

from __future__ import annotations

import numpy as np
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import ECB
from numpy.typing import NDArray

from carving.encryption.ciphers import CipherSpec, SectorNumbering
from carving.encryption.sector_cipher import SectorCipher


class EcbCipher(SectorCipher):
    """Blocks that depend on nothing but the key."""

    def __init__(self, key: bytes, spec: CipherSpec, numbering: SectorNumbering) -> None:
        super().__init__(key, spec, numbering)
        volume = Cipher(AES(key), ECB())
        self._decryptor = volume.decryptor()
        self._encryptor = volume.encryptor()

    @property
    def pass_bytes(self) -> int:
        return 1 << 20

    @property
    def chained(self) -> bool:
        return False

    def decrypt_pass(self, ciphertext: NDArray[np.uint8], sector: int, plaintext: NDArray[np.uint8]) -> None:
        del sector
        self._decryptor.update_into(ciphertext.data, plaintext.data)

    def encrypt_equal(self, sectors: NDArray[np.uint8], first_sector: int) -> NDArray[np.uint8]:
        del first_sector
        return np.frombuffer(self._encryptor.update(sectors.tobytes()), dtype=np.uint8).reshape(sectors.shape)
