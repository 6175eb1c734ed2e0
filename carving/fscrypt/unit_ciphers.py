"""Contents of encrypted files, unit by unit: AES-256-XTS and AES-128-CBC-ESSIV.

A unit is a block of the file system, or less where the policy says so; each is encrypted by itself under an IV of 16
bytes that begins with its number. Source: Linux `Documentation/filesystems/fscrypt.rst`, "Contents encryption".
"""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod

import numpy as np
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import ECB
from numpy.typing import NDArray

from carving.encryption.sector_cipher import BLOCK

Words = NDArray[np.uint64]


class UnitCipher(ABC):
    """Decrypts and encrypts units of equal size under given IVs: uint64 (units, 2), low word first."""

    chained: bool
    """Whether a flipped bit of ciphertext also flips that bit of the next block in its unit."""

    def __init__(self, block_key: bytes) -> None:
        self.block_key = block_key
        """The AES key of the data's blocks, for flip models; it is never printed, logged or written."""

    @abstractmethod
    def decrypt(self, units: NDArray[np.uint8], ivs: Words) -> NDArray[np.uint8]:
        """Plaintext of uint8 (units, bytes)."""

    @abstractmethod
    def encrypt(self, units: NDArray[np.uint8], ivs: Words) -> NDArray[np.uint8]:
        """Ciphertext of uint8 (units, bytes)."""

    @abstractmethod
    def masks(self, ivs: Words) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
        """What is combined with the first block of units before and behind the block cipher that decrypts: uint8
        (units, 16) each."""

    @abstractmethod
    def whitening(self, blocks: int, ivs: Words) -> NDArray[np.uint8]:
        """What is combined with each ciphertext block before the block cipher: uint8 (units, blocks, 16)."""


class XtsUnits(UnitCipher):
    """AES-XTS (IEEE Std 1619-2007), the key's halves the two AES keys."""

    chained = False

    def __init__(self, key: bytes) -> None:
        half = len(key) // 2
        super().__init__(key[:half])
        self._data = AES(key[:half])
        self._tweak = AES(key[half:])

    def decrypt(self, units: NDArray[np.uint8], ivs: Words) -> NDArray[np.uint8]:
        white = self.whitening(units.shape[1] // BLOCK, ivs).reshape(units.shape)
        decryptor = Cipher(self._data, ECB()).decryptor()
        return np.frombuffer(decryptor.update((units ^ white).tobytes()), np.uint8).reshape(units.shape) ^ white

    def encrypt(self, units: NDArray[np.uint8], ivs: Words) -> NDArray[np.uint8]:
        white = self.whitening(units.shape[1] // BLOCK, ivs).reshape(units.shape)
        encryptor = Cipher(self._data, ECB()).encryptor()
        return np.frombuffer(encryptor.update((units ^ white).tobytes()), np.uint8).reshape(units.shape) ^ white

    def masks(self, ivs: Words) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
        encryptor = Cipher(self._tweak, ECB()).encryptor()
        white = np.frombuffer(encryptor.update(ivs.astype("<u8").tobytes()), np.uint8).reshape(-1, BLOCK)
        return white, white

    def whitening(self, blocks: int, ivs: Words) -> NDArray[np.uint8]:
        from carving.encryption.xts_kernels import fill_tweaks

        encryptor = Cipher(self._tweak, ECB()).encryptor()
        first = np.frombuffer(encryptor.update(ivs.astype("<u8").tobytes()), np.uint64).reshape(-1, 2)
        tweaks = np.empty((len(ivs), blocks, 2), dtype=np.uint64)
        fill_tweaks(first, tweaks)
        return tweaks.view(np.uint8).reshape(len(ivs), blocks, BLOCK)


class CbcUnits(UnitCipher):
    """AES-CBC, the IV encrypted with AES-256 under SHA-256 of the key (ESSIV)."""

    chained = True

    def __init__(self, key: bytes) -> None:
        super().__init__(key)
        self._data = AES(key)
        self._essiv = AES(hashlib.sha256(key).digest())

    def decrypt(self, units: NDArray[np.uint8], ivs: Words) -> NDArray[np.uint8]:
        decryptor = Cipher(self._data, ECB()).decryptor()
        plain = np.frombuffer(decryptor.update(units.tobytes()), np.uint8).reshape(units.shape).copy()
        plain[:, BLOCK:] ^= units[:, :-BLOCK]
        plain[:, :BLOCK] ^= self._first(ivs)
        return plain

    def encrypt(self, units: NDArray[np.uint8], ivs: Words) -> NDArray[np.uint8]:
        encryptor = Cipher(self._data, ECB()).encryptor()
        out = np.empty_like(units)
        previous = self._first(ivs)
        for start in range(0, units.shape[1], BLOCK):
            mixed = (units[:, start : start + BLOCK] ^ previous).tobytes()
            previous = np.frombuffer(encryptor.update(mixed), np.uint8).reshape(-1, BLOCK)
            out[:, start : start + BLOCK] = previous
        return out

    def masks(self, ivs: Words) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
        return np.zeros((len(ivs), BLOCK), dtype=np.uint8), self._first(ivs)

    def whitening(self, blocks: int, ivs: Words) -> NDArray[np.uint8]:
        return np.zeros((len(ivs), blocks, BLOCK), dtype=np.uint8)

    def _first(self, ivs: Words) -> NDArray[np.uint8]:
        encryptor = Cipher(self._essiv, ECB()).encryptor()
        return np.frombuffer(encryptor.update(ivs.astype("<u8").tobytes()), np.uint8).reshape(-1, BLOCK)
