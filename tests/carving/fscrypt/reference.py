"""What fscrypt defines, written down once more from the kernel's documentation with `hmac` and `cryptography` alone."""

from __future__ import annotations

import hashlib
import hmac
import struct

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC, ECB, XTS

UNIT = 4096
XTS_256, CTS_256, CBC_128, CTS_128 = 1, 4, 5, 6
LBLK_64, LBLK_32 = 0x08, 0x10


def hkdf(master: bytes, info: bytes, size: int) -> bytes:
    """RFC 5869 with SHA-512 and no salt."""
    key = hmac.digest(bytes(64), master, "sha512")
    block, out = b"", b""
    for number in range(1, 9):
        block = hmac.digest(key, block + b"fscrypt\0" + info + bytes([number]), "sha512")
        out += block
    return out[:size]


def identifier(master: bytes) -> bytes:
    return hkdf(master, b"\1", 16)


def context(version: int, flags: int, named: bytes, nonce: bytes, modes: tuple[int, int] = (XTS_256, CTS_256)) -> bytes:
    head = bytes([version, *modes, flags | 3])
    return head + named + nonce if version == 1 else head + bytes(4) + named + nonce


def file_key(ctx: bytes, master: bytes, uuid: bytes, mode: int) -> bytes:
    """The key of a file's contents or of a folder's names."""
    size = {XTS_256: 64, CTS_256: 32}.get(mode, 16)
    if ctx[0] == 1:
        return Cipher(AES(ctx[12:28]), ECB()).encryptor().update(master[:size])
    if ctx[3] & LBLK_64:
        return hkdf(master, bytes([4, mode]) + uuid, size)
    if ctx[3] & LBLK_32:
        return hkdf(master, bytes([6, mode]) + uuid, size)
    return hkdf(master, b"\2" + ctx[24:40], size)


def iv(ctx: bytes, master: bytes, inode: int, block: int) -> bytes:
    if ctx[3] & LBLK_64:
        return struct.pack("<IIQ", block, inode, 0)
    if ctx[3] & LBLK_32:
        hashed = siphash(struct.pack("<Q", inode), hkdf(master, b"\7", 16)) & 0xFFFFFFFF
        return struct.pack("<IIQ", (hashed + block) & 0xFFFFFFFF, 0, 0)
    return struct.pack("<QQ", block, 0)


def encrypt_contents(data: bytes, ctx: bytes, master: bytes, uuid: bytes, inode: int, first: int = 0) -> bytes:
    """Blocks of a file from number `first` on."""
    key, out = file_key(ctx, master, uuid, ctx[1]), []
    for block in range(len(data) // UNIT):
        unit, start = data[block * UNIT :][:UNIT], iv(ctx, master, inode, first + block)
        if ctx[1] == XTS_256:
            encryptor = Cipher(AES(key), XTS(start)).encryptor()
        else:
            essiv = Cipher(AES(hashlib.sha256(key).digest()), ECB()).encryptor().update(start)
            encryptor = Cipher(AES(key), CBC(essiv)).encryptor()
        out.append(encryptor.update(unit) + encryptor.finalize())
    return b"".join(out)


def encrypt_name(name: bytes, ctx: bytes, master: bytes, uuid: bytes, inode: int) -> bytes:
    """A name of 17 to 32 bytes in a folder, padded to 32: two blocks, exchanged."""
    padded = name.ljust(32, b"\0")
    key = file_key(ctx, master, uuid, ctx[2])
    chained = Cipher(AES(key), CBC(iv(ctx, master, inode, 0))).encryptor().update(padded)
    return chained[16:] + chained[:16]


def siphash(message: bytes, key: bytes) -> int:
    """SipHash-2-4 of a message of eight bytes."""
    k0, k1 = struct.unpack("<QQ", key)
    v = [k0 ^ 0x736F6D6570736575, k1 ^ 0x646F72616E646F6D, k0 ^ 0x6C7967656E657261, k1 ^ 0x7465646279746573]
    mask = (1 << 64) - 1

    def turn(word: int, bits: int) -> int:
        return (word << bits | word >> (64 - bits)) & mask

    def half(a: int, b: int, c: int, d: int, first: int, second: int) -> None:
        v[a] = (v[a] + v[b]) & mask
        v[c] = (v[c] + v[d]) & mask
        v[b] = turn(v[b], first) ^ v[a]
        v[d] = turn(v[d], second) ^ v[c]
        v[a] = turn(v[a], 32)

    for word in (int.from_bytes(message, "little"), 8 << 56):
        v[3] ^= word
        for _ in range(2):
            half(0, 1, 2, 3, 13, 16)
            half(2, 1, 0, 3, 17, 21)
        v[0] ^= word
    v[2] ^= 0xFF
    for _ in range(4):
        half(0, 1, 2, 3, 13, 16)
        half(2, 1, 0, 3, 17, 21)
    mixed: int = v[0] ^ v[1] ^ v[2] ^ v[3]
    return mixed
