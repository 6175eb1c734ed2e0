"""Names in encrypted folders: AES-256-CTS and AES-128-CTS, padded with zeros.

CBC with ciphertext stealing, the last two blocks always exchanged (CS3 of NIST SP 800-38A, addendum). Source: Linux
`Documentation/filesystems/fscrypt.rst`, "Filenames encryption".
"""

from __future__ import annotations

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC, ECB

from carving.encryption.sector_cipher import BLOCK


def decrypt_name(stored: bytes, key: bytes, iv: bytes) -> bytes | None:
    """A name as it was given; None where these bytes are no encrypted name under that key.

    A name ends before the zeros that pad it, and holds neither a zero nor a slash.
    """
    if len(stored) < BLOCK:
        return None
    name = decrypt_cts(stored, key, iv).rstrip(b"\0")
    return None if not name or b"\0" in name or b"/" in name else name


def decrypt_cts(stored: bytes, key: bytes, iv: bytes) -> bytes:
    """CBC-CS3 of 16 bytes or more."""
    if len(stored) == BLOCK:
        return _cbc(stored, key, iv)
    rest = len(stored) % BLOCK or BLOCK
    head, second, last = stored[: -BLOCK - rest], stored[-BLOCK - rest : -rest], stored[-rest:]
    opened = Cipher(AES(key), ECB()).decryptor().update(second)
    before = last + opened[rest:]
    tail = bytes(one ^ other for one, other in zip(opened, before, strict=True))[:rest]
    return _cbc(head + before, key, iv) + tail


def encrypt_cts(plain: bytes, key: bytes, iv: bytes) -> bytes:
    """The inverse."""
    padded = plain + bytes(-len(plain) % BLOCK)
    encryptor = Cipher(AES(key), CBC(iv)).encryptor()
    chained = encryptor.update(padded)
    if len(plain) <= BLOCK:
        return chained
    rest = len(plain) % BLOCK or BLOCK
    return chained[: -2 * BLOCK] + chained[-BLOCK:] + chained[-2 * BLOCK : -2 * BLOCK + rest]


def _cbc(stored: bytes, key: bytes, iv: bytes) -> bytes:
    return Cipher(AES(key), CBC(iv)).decryptor().update(stored)
