"""Android crypto footers built after the layout of vold's `crypt_mnt_ftr`, with nothing of the tool's own."""

from __future__ import annotations

import hashlib
import struct

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC

SALT = bytes.fromhex("000102030405060708090a0b0c0d0e0f")
ROOM = 0x4000
PBKDF2, SCRYPT, KEYMASTER = 1, 2, 5


def footer(
    minor: int,
    key: bytes,
    password: bytes,
    *,
    kdf: int = SCRYPT,
    cipher: bytes = b"aes-cbc-essiv:sha256",
    sectors: int = 0,
    flags: int = 0,
    costs: tuple[int, int, int] = (10, 3, 1),
) -> bytes:
    """The 16 KiB at the end of a volume. Versions before 1.2 know PBKDF2 only, those before 1.3 keep no proof."""
    derived = _derive(password, kdf if minor >= 2 else PBKDF2, costs)
    sealed = Cipher(AES(derived[:16]), CBC(derived[16:])).encryptor().update(key)
    size = 104 if minor == 0 else 0x910
    data = bytearray(ROOM)
    struct.pack_into(
        "<4sHHIIIIQI64s", data, 0, b"\xc4\xb1\xb5\xd0", 1, minor, size, flags, len(key), 0, sectors, 0, cipher
    )
    data[104 : 104 + len(key)] = key if flags & 1 else sealed
    salt_place = 104 + len(key) + 32 if minor == 0 else 152
    data[salt_place : salt_place + 16] = SALT
    if minor >= 2:
        data[188:192] = bytes((kdf, *costs))
    if minor >= 3 and kdf == SCRYPT:
        data[2284:2316] = _derive(derived[:16], kdf, costs)
    return bytes(data)


def _derive(password: bytes, kdf: int, costs: tuple[int, int, int]) -> bytes:
    if kdf == PBKDF2:
        return hashlib.pbkdf2_hmac("sha1", password, SALT, 2000, 32)
    n, r, p = (1 << cost for cost in costs)
    return hashlib.scrypt(password, salt=SALT, n=n, r=r, p=p, maxmem=1 << 28, dklen=32)
