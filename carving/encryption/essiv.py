"""AES-CBC with ESSIV sector IVs over whole buffers: dm-crypt `aes-cbc-essiv:sha256` as the Linux kernel defines it.

The IV of sector n is n as a 16-byte block (little-endian, zero-padded), encrypted with AES-256 under SHA-256 of the
volume key. Decryption is one AES-ECB call over the buffer and an exclusive or with the ciphertext one block earlier, so
it needs no loop over sectors. Encryption is sequential within a sector, but runs over all sectors of a buffer at once.

A short last sector works as long as it holds whole 16-byte blocks; up to 15 bytes behind the last whole block are no
ciphertext and are passed through unchanged.
"""

from __future__ import annotations

import hashlib
from typing import Final

import numpy as np
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import ECB
from numpy.typing import NDArray

from carving.encryption.ciphers import SectorNumbering, check_key_size

BLOCK: Final = 16
_PASS_BYTES: Final = 256 << 10
"""Bytes per pass: small enough that ciphertext and plaintext stay in the processor's cache between the two steps."""

Words = NDArray[np.uint64]


class SectorCipher:
    """Decrypts and encrypts runs of sectors with one key, into buffers that are reused from call to call."""

    def __init__(self, key: bytes, numbering: SectorNumbering) -> None:
        """Expand the key.

        Args:
            key: volume key of 16, 24 or 32 bytes; it is not kept.
            numbering: sector size and IV numbering.

        Raises:
            UsageError: a key of another length.
        """
        check_key_size(key)
        self._numbering = numbering
        volume = _block_cipher(key)
        self._decryptor = volume.decryptor()
        self._encryptor = volume.encryptor()
        self._iv_encryptor = _block_cipher(hashlib.sha256(key).digest()).encryptor()
        self._pass_sectors = _PASS_BYTES // numbering.sector_size
        self._ivs = np.empty(2 * self._pass_sectors + 2, dtype=np.uint64)

    @property
    def numbering(self) -> SectorNumbering:
        return self._numbering

    def sector_ivs(self, first_sector: int, count: int) -> Words:
        """The encrypted IVs of `count` sectors, uint64 (count, 2) in memory order; overwritten by the next call."""
        units = self._numbering.sector_size // 512
        if count > len(self._ivs) // 2 - 1:
            self._ivs = np.empty(2 * count + 2, dtype=np.uint64)
        # modulo 2^64 throughout, as the kernel counts
        start = np.uint64((first_sector * units + self._numbering.iv_offset) % (1 << 64))
        numbers = np.arange(count, dtype=np.uint64) * np.uint64(units) + start
        if self._numbering.large_sectors:
            numbers //= np.uint64(units)
        plain = np.zeros((count, 2), dtype="<u8")
        if self._numbering.iv == "le64":
            plain[:, 0] = numbers
        else:
            plain.view(">u4")[:, 0] = numbers & np.uint64(0xFFFFFFFF)
        written = self._iv_encryptor.update_into(plain.view(np.uint8).reshape(-1).data, self._ivs.view(np.uint8).data)
        return self._ivs[: written // 8].reshape(count, 2)

    def decrypt_into(self, ciphertext: NDArray[np.uint8], first_sector: int, plaintext: NDArray[np.uint8]) -> None:
        """Decrypt a buffer that begins at the start of sector `first_sector`.

        Args:
            ciphertext: uint8 (n,), contiguous.
            first_sector: number of its first sector in the volume, in units of the sector size.
            plaintext: uint8, at least n + 15 long, contiguous and apart from `ciphertext`; the first n bytes are the
                result (the AES call asks for the room behind them).
        """
        step = self._pass_sectors * self._numbering.sector_size
        for start in range(0, len(ciphertext), step):
            self._decrypt_pass(
                ciphertext[start : start + step],
                first_sector + start // self._numbering.sector_size,
                plaintext[start : start + step + BLOCK - 1],
            )

    def _decrypt_pass(self, ciphertext: NDArray[np.uint8], sector: int, plaintext: NDArray[np.uint8]) -> None:
        whole = len(ciphertext) // BLOCK * BLOCK
        if whole:
            self._decryptor.update_into(ciphertext[:whole].data, plaintext.data)
        plaintext[whole : len(ciphertext)] = ciphertext[whole:]
        if whole == 0:
            return
        stored, out = ciphertext[:whole].view(np.uint64), plaintext[:whole].view(np.uint64)
        words = self._numbering.sector_size // 8
        ivs = self.sector_ivs(sector, -(-whole // self._numbering.sector_size))
        np.bitwise_xor(out[2:], stored[:-2], out=out[2:])
        for half in (0, 1):  # the first block of each sector chains to its IV, not to the sector before
            first = out[half::words]
            first[1:] ^= stored[words - 2 + half :: words][: len(first) - 1]
            first ^= ivs[:, half]

    def encrypt(self, plaintext: bytes, first_sector: int) -> bytes:
        """Encrypt bytes that begin at the start of sector `first_sector`; the inverse of decryption."""
        size = self._numbering.sector_size
        full = len(plaintext) // size * size
        rest = (len(plaintext) - full) // BLOCK * BLOCK
        data = np.frombuffer(plaintext, dtype=np.uint8)
        parts = [
            self._encrypt_equal(data[:full].reshape(-1, size), first_sector).tobytes(),
            self._encrypt_equal(data[full : full + rest].reshape(1, -1), first_sector + full // size).tobytes(),
            plaintext[full + rest :],
        ]
        return b"".join(parts)

    def _encrypt_equal(self, sectors: NDArray[np.uint8], first_sector: int) -> NDArray[np.uint8]:
        """CBC over sectors of equal length, uint8 (sectors, bytes): block i of all of them in one AES call."""
        count, size = sectors.shape
        out = np.empty_like(sectors)
        if out.size == 0:
            return out
        plain = np.ascontiguousarray(sectors).view(np.uint64).reshape(count, size // BLOCK, 2)
        chained = out.view(np.uint64).reshape(count, size // BLOCK, 2)
        mixed = np.empty((count, 2), dtype=np.uint64)
        cipher = np.empty(2 * count + 2, dtype=np.uint64)
        previous = self.sector_ivs(first_sector, count)
        for block in range(size // BLOCK):
            np.bitwise_xor(plain[:, block], previous, out=mixed)
            self._encryptor.update_into(mixed.view(np.uint8).reshape(-1).data, cipher.view(np.uint8).data)
            previous = cipher[:-2].reshape(count, 2)
            chained[:, block] = previous
        return out


def _block_cipher(key: bytes) -> Cipher[ECB]:
    """AES on single blocks; the chaining of CBC is added here, over whole buffers."""
    return Cipher(AES(key), ECB())


def decrypt_sectors(
    ciphertext: bytes, key: bytes, first_sector: int = 0, numbering: SectorNumbering | None = None
) -> bytes:
    """Decrypt bytes that begin at the start of a sector.

    Args:
        ciphertext: any length; up to 15 bytes behind the last whole block are returned as they are.
        key: volume key of 16, 24 or 32 bytes.
        first_sector: number of the first sector in the volume, in units of the sector size.
        numbering: sector size and IV numbering; dm-crypt's defaults where None.

    Raises:
        UsageError: a key of another length.
    """
    plaintext = np.empty(len(ciphertext) + BLOCK, dtype=np.uint8)
    cipher = SectorCipher(key, numbering or SectorNumbering())
    cipher.decrypt_into(np.frombuffer(ciphertext, dtype=np.uint8), first_sector, plaintext)
    return plaintext[: len(ciphertext)].tobytes()


def encrypt_sectors(
    plaintext: bytes, key: bytes, first_sector: int = 0, numbering: SectorNumbering | None = None
) -> bytes:
    """Encrypt bytes that begin at the start of a sector; arguments and errors as for `decrypt_sectors`."""
    return SectorCipher(key, numbering or SectorNumbering()).encrypt(plaintext, first_sector)
