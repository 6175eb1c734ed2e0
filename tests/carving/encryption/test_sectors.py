"""Every cipher against one call per sector of another implementation, the kernel's vectors, and qemu-img's LUKS."""

from __future__ import annotations

import hashlib
import json
import random
import struct
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC, ECB, XTS

from carving.encryption.ciphers import SUPPORTED_CIPHERS, SectorNumbering, parse_cipher
from carving.encryption.sectors import decrypt_sectors, encrypt_sectors
from carving.errors import UsageError

NUMBERINGS = [
    SectorNumbering(),
    SectorNumbering(4096),
    SectorNumbering(4096, large_sectors=True, iv_offset=24),
    SectorNumbering(512, "be32", iv_offset=7),
    SectorNumbering(512, iv_offset=(1 << 40) + 3),
]


def reference(ciphertext: bytes, key: bytes, first_sector: int, numbering: SectorNumbering) -> bytes:
    """One CBC decryption per sector, as dm-crypt does it."""
    essiv = Cipher(AES(hashlib.sha256(key).digest()), ECB()).encryptor()
    plain = []
    for start in range(0, len(ciphertext), numbering.sector_size):
        sector = ciphertext[start : start + numbering.sector_size]
        number = first_sector * (numbering.sector_size // 512) + start // 512 + numbering.iv_offset
        if numbering.large_sectors:
            number //= numbering.sector_size // 512
        block = struct.pack("<QQ", number, 0) if numbering.iv == "le64" else struct.pack(">I12x", number)
        whole = len(sector) // 16 * 16
        plain.append(Cipher(AES(key), CBC(essiv.update(block))).decryptor().update(sector[:whole]) + sector[whole:])
    return b"".join(plain)


IVS: dict[str, Callable[[int, bytes], bytes]] = {
    "plain": lambda number, _: struct.pack("<I12x", number & 0xFFFFFFFF),
    "plain64": lambda number, _: struct.pack("<Q8x", number),
    "plain64be": lambda number, _: struct.pack(">8xQ", number),
    "null": lambda *_: bytes(16),
    "essiv:sha256": lambda number, key: (
        Cipher(AES(hashlib.sha256(key).digest()), ECB()).encryptor().update(struct.pack("<Q8x", number))
    ),
}


def mode(cipher: str, key: bytes, number: int) -> CBC | ECB | XTS:
    _, name, *iv = cipher.split("-")
    if name == "ecb":
        return ECB()
    block = IVS[iv[0]](number, key)
    return XTS(block) if name == "xts" else CBC(block)


@pytest.mark.parametrize("cipher", SUPPORTED_CIPHERS)
@pytest.mark.parametrize("sector_size", [512, 4096])
@pytest.mark.parametrize("first_sector", [0, (1 << 29) - 3])
def test_every_cipher_agrees_with_one_call_per_sector(cipher: str, sector_size: int, first_sector: int) -> None:
    random_source = random.Random(f"{cipher}{sector_size}")
    spec, numbering = parse_cipher(cipher), SectorNumbering(sector_size, iv_offset=5)
    plain = random_source.randbytes(130 * 4096)
    for size in spec.key_sizes:
        if cipher.startswith("aes-xts") and size == 48:
            continue  # the library at hand has no AES-192 in XTS; the halves' lengths are all that differs
        key = random_source.randbytes(size)
        stored = encrypt_sectors(plain, key, first_sector, numbering, cipher)
        for start in range(0, len(plain), sector_size):
            number = (first_sector * sector_size + start) // 512 + 5
            sector = Cipher(AES(key), mode(cipher, key, number)).encryptor().update(plain[start : start + sector_size])
            assert stored[start : start + sector_size] == sector
        assert decrypt_sectors(stored, key, first_sector, numbering, cipher) == plain
        assert decrypt_sectors(stored[: 4096 + 64 + 3], key, first_sector, numbering, cipher)[:-3] == plain[: 4096 + 64]


def test_xts_vector_of_the_standard() -> None:
    """IEEE Std 1619-2007, annex B, vector 2."""
    key = bytes.fromhex("11" * 16 + "22" * 16)
    stored = bytes.fromhex("c454185e6a16936e39334038acef838bfb186fff7480adc4289382ecd6d394f0")
    assert decrypt_sectors(stored, key, 0x3333333333, cipher="aes-xts-plain64") == bytes.fromhex("44" * 32)


def test_kernel_vectors(shared_data: Path) -> None:
    path = shared_data / "forensic" / "essiv_vectors" / "linux_testmgr_essiv_cbc_aes_sha256.json"
    vectors = json.loads(path.read_text(encoding="utf-8"))["vectors"]
    assert {len(vector["key"]) for vector in vectors} == {32, 48, 64}
    for vector in vectors:
        key, iv, plain, cipher = (bytes.fromhex(vector[name]) for name in ("key", "iv", "pt", "ct"))
        sector = int.from_bytes(iv[:8], "little")
        assert decrypt_sectors(cipher, key, sector) == plain
        assert encrypt_sectors(plain, key, sector) == cipher


def test_published_kernel_vector() -> None:
    """The second vector of the Linux template, typed in, so that one stands where the collection does not."""
    key = bytes.fromhex("c286696d887c9aa0611bbb3e2025a45a")
    cipher = bytes.fromhex("c8599afe79e67b20067d550a5ec7b5a70b9c80d215a1b86dc6ab7b65d9fd88eb")
    sector = int.from_bytes(bytes.fromhex("562e17996d093d28"), "little")
    assert decrypt_sectors(cipher, key, sector) == bytes(range(32))


@pytest.mark.parametrize("numbering", NUMBERINGS)
@pytest.mark.parametrize("size", [0, 5, 16, 31, 512, 4096 + 512 + 48, (1 << 18) + 4096 * 3 + 16 + 9])
def test_agrees_with_one_cbc_per_sector(numbering: SectorNumbering, size: int) -> None:
    random_source = random.Random(size)
    cipher = random_source.randbytes(size)
    key = random_source.randbytes(random_source.choice((16, 24, 32)))
    first_sector = random_source.randrange(1 << 20)
    plain = decrypt_sectors(cipher, key, first_sector, numbering)
    assert plain == reference(cipher, key, first_sector, numbering)
    assert encrypt_sectors(plain, key, first_sector, numbering) == cipher


def test_sector_numbers_beyond_32_bits() -> None:
    data, key = bytes(range(256)) * 4, bytes(range(16))
    assert decrypt_sectors(data, key, 1 << 33) == reference(data, key, 1 << 33, SectorNumbering())
    wrapped = decrypt_sectors(data, key, (1 << 32) + 5, SectorNumbering(512, "be32"))
    assert wrapped == reference(data, key, 5, SectorNumbering(512, "be32"))


def test_key_of_wrong_length_is_refused_without_being_shown() -> None:
    with pytest.raises(UsageError) as caught:
        decrypt_sectors(bytes(512), b"secret key")
    assert "secret" not in str(caught.value)
    assert "10 bytes" in str(caught.value)


def test_luks_payload_of_qemu_img(tool: Callable[..., str], tmp_path: Path) -> None:
    plain = random.Random(8).randbytes(200 * 512)
    raw, luks, passphrase, key = (tmp_path / name for name in ("plain.raw", "volume.luks", "passphrase", "key"))
    raw.write_bytes(plain)
    passphrase.write_text("correct horse", encoding="ascii")
    secret = f"secret,id=pass,file={passphrase}"
    options = "key-secret=pass,cipher-alg=aes-256,cipher-mode=cbc,ivgen-alg=essiv,ivgen-hash-alg=sha256,iter-time=10"
    tool("qemu-img", "convert", "-f", "raw", "-O", "luks", "-o", options, "--object", secret, str(raw), str(luks))
    dump = tool("cryptsetup", "luksDump", str(luks))
    payload = next(int(line.split()[-1]) for line in dump.splitlines() if line.startswith("Payload offset"))
    save = ("--dump-volume-key", "--batch-mode", "--volume-key-file", str(key), "--key-file", str(passphrase))
    tool("cryptsetup", "luksDump", *save, str(luks))
    cipher = luks.read_bytes()[payload * 512 :][: len(plain)]
    assert decrypt_sectors(cipher, key.read_bytes()) == plain
    assert encrypt_sectors(plain, key.read_bytes()) == cipher
