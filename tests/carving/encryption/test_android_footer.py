"""Android crypto footers: published vectors and a phone's own, footers built here, and footers that lie."""

from __future__ import annotations

import contextlib
import json
import random
from pathlib import Path
from typing import Any

import pytest

from carving.encryption.android_footer import DEFAULT_PASSWORD, find_footer, master_key, read_footer
from carving.encryption.dmcrypt import DmCryptSource, find_decryption
from carving.encryption.sectors import encrypt_sectors
from carving.errors import CarveRestoreError, EvidenceError, KeyMismatchError, UnsupportedEncryptionError, UsageError
from carving.evidence import open_evidence
from carving.media.raw import open_raw
from tests.carving.encryption.footers import KEYMASTER, PBKDF2, ROOM, SCRYPT, footer
from tests.carving.memory import camera_jpeg

KEY = bytes.fromhex("2b7e151628aed2a6abf7158809cf4f3c")
PASSWORD = "geheim é".encode()
JPEG = camera_jpeg(4)


def volume(**options: Any) -> bytes:
    """An encrypted volume with a photo in it, and the footer behind."""
    plain = bytes(8192) + JPEG.ljust(256 << 10, b"\0")
    cipher = options.get("cipher", b"aes-cbc-essiv:sha256").decode()
    key = options.pop("key", KEY)
    minor, password = options.pop("minor"), options.pop("password", PASSWORD)
    return encrypt_sectors(plain, key, cipher=cipher) + footer(
        minor, key, password, sectors=len(plain) // 512, **options
    )


def opened(path: Path, **secrets: Any) -> DmCryptSource:
    decryption = find_decryption(open_evidence(path, **secrets))
    assert decryption is not None
    return decryption


@pytest.mark.parametrize(
    ("minor", "kdf"), [(0, PBKDF2), (1, PBKDF2), (2, PBKDF2), (2, SCRYPT), (3, PBKDF2), (3, SCRYPT)]
)
def test_every_version_opens_with_its_password(tmp_path: Path, minor: int, kdf: int) -> None:
    path = tmp_path / "userdata.img"
    path.write_bytes(volume(minor=minor, kdf=kdf))
    source = opened(path, password=PASSWORD)
    assert source.volume_key == KEY
    assert source.size == path.stat().st_size - ROOM
    assert source.read_at(8192, len(JPEG)) == JPEG
    assert source.proof is not None
    assert source.proof.startswith(f"Android crypto footer 1.{minor}: password, ")
    with pytest.raises(KeyMismatchError, match="neither the password nor the default one"):
        open_evidence(path, password=b"falsch")
    assert open_evidence(path).name == "raw"


@pytest.mark.parametrize(("minor", "kdf"), [(0, PBKDF2), (2, SCRYPT), (3, SCRYPT)])
def test_the_default_password_needs_not_be_said(tmp_path: Path, minor: int, kdf: int) -> None:
    path = tmp_path / "userdata.img"
    path.write_bytes(volume(minor=minor, kdf=kdf, password=DEFAULT_PASSWORD))
    for secrets in ({}, {"password": b"another"}):
        source = opened(path, **secrets)
        assert source.read_at(8192, len(JPEG)) == JPEG
        assert "default password" in str(source.proof)


def test_footer_in_a_file_of_its_own(tmp_path: Path) -> None:
    path, own = tmp_path / "userdata.img", tmp_path / "metadata.img"
    data = volume(minor=3)
    path.write_bytes(data[:-ROOM])
    own.write_bytes(data[-ROOM:])
    assert opened(path, password=PASSWORD, footer=own).read_at(8192, len(JPEG)) == JPEG
    with pytest.raises(UnsupportedEncryptionError, match="nothing but random-looking bytes"):
        open_evidence(path, password=PASSWORD)
    path.write_bytes(bytes(1 << 20))
    with pytest.raises(UsageError, match="needs a LUKS header or an Android crypto footer"):
        open_evidence(path, password=PASSWORD)
    with pytest.raises(KeyMismatchError, match="default password does not open"):
        open_evidence(path, footer=own)
    with pytest.raises(UsageError, match=r"userdata\.img holds neither"):
        open_evidence(path, footer=path)
    with pytest.raises(EvidenceError, match=r"missing\.img"):
        open_evidence(path, password=PASSWORD, footer=tmp_path / "missing.img")


def test_a_key_that_was_never_encrypted(tmp_path: Path) -> None:
    path = tmp_path / "userdata.img"
    path.write_bytes(volume(minor=1, flags=1))
    assert opened(path).volume_key == KEY


def test_an_interrupted_encryption_is_told(tmp_path: Path) -> None:
    path = tmp_path / "userdata.img"
    data = bytearray(volume(minor=3, flags=2 | 8))
    data[len(data) - ROOM + 192 : len(data) - ROOM + 200] = (77).to_bytes(8, "little")
    path.write_bytes(data)
    first, second = opened(path, password=PASSWORD).remarks
    assert "encryption was interrupted after 39424 bytes" in first
    assert "corrupt" in second


def test_other_ciphers(tmp_path: Path) -> None:
    path = tmp_path / "userdata.img"
    path.write_bytes(volume(minor=3, key=KEY * 2, cipher=b"aes-xts-plain64"))
    assert opened(path, password=PASSWORD).read_at(8192, len(JPEG)) == JPEG
    path.write_bytes(volume(minor=3)[:-ROOM] + footer(3, KEY, PASSWORD, cipher=b"speck128-xts-plain64"))
    with pytest.raises(UnsupportedEncryptionError, match="speck128-xts-plain64, which is not supported"):
        open_evidence(path, password=PASSWORD)


def test_keys_bound_to_the_phone_are_explained(tmp_path: Path) -> None:
    path = tmp_path / "userdata.img"
    path.write_bytes(volume(minor=3)[:-ROOM] + footer(3, KEY, PASSWORD, kdf=KEYMASTER))
    with pytest.raises(UnsupportedEncryptionError, match="only inside that phone; give the master key with --key"):
        open_evidence(path, password=PASSWORD)
    assert opened(path, key=KEY).read_at(8192, len(JPEG)) == JPEG


def test_a_footer_of_a_phone(shared_data: Path) -> None:
    path = shared_data / "forensic/laginimaineb_android_fde_bruteforce/Samples/footer.bin"
    found = find_footer(open_raw(path))
    assert found is not None
    assert (found.name, found.key_size, found.costs) == ("Android crypto footer 1.3", 16, (15, 3, 1))
    assert found.cipher == "aes-cbc-essiv:sha256"
    assert found.hardware_bound


def test_published_vector(shared_data: Path, tmp_path: Path) -> None:
    """The self-test of John the Ripper's `fde` format: 1536 bytes, of which the last 512 are an ext superblock."""
    (vector,) = json.loads((shared_data / "forensic/essiv_vectors/android_fde_8800_vector.json").read_text("utf-8"))
    assert_opens(tmp_path, vector["hash"], vector["password"], vector["master_key"])


def test_published_vector_of_hashcat(tmp_path: Path) -> None:
    """Salt and encrypted key of hashcat's mode 8800 self-test, whose password is `hashcat` (module_08800.c, MIT)."""
    data = footer(1, bytes(16), b"")
    salt = bytes.fromhex("ca56e82e7b5a9c2fc1e3b5a7d671c2f9")
    sealed = bytes.fromhex("7c124af19ac913be0fc137b75a34b20d")
    found = read_footer(data[:104] + sealed + data[120:152] + salt + data[168:])
    assert found is not None
    key = master_key(found, b"hashcat")
    assert key is not None
    assert key.hex() == "4d43b53e3803a032a141135cdc548b7e"


def assert_opens(tmp_path: Path, text: str, password: str, key: str) -> None:
    _, _, _, salt, _, sealed, data = text.split("$")
    frame = footer(1, bytes(16), b"")
    path = tmp_path / "userdata.img"
    with path.open("wb") as stream:
        stream.write(bytes.fromhex(data))
        stream.truncate(512 << 20)
        stream.seek(512 << 20)
        stream.write(frame[:104] + bytes.fromhex(sealed) + frame[120:152] + bytes.fromhex(salt) + frame[168:])
    source = opened(path, password=password.encode())
    assert source.volume_key.hex() == key
    assert "ext superblock" in str(source.proof)


def test_any_damage_of_a_footer_is_an_error_of_ours(tmp_path: Path) -> None:
    random_source = random.Random(6)
    path = tmp_path / "userdata.img"
    whole = volume(minor=3, costs=(4, 2, 1))
    for _ in range(60):
        damaged = bytearray(whole)
        for _ in range(random_source.choice((1, 1, 20))):
            damaged[len(whole) - ROOM + random_source.randrange(4, 240)] = random_source.randrange(256)
        path.write_bytes(damaged)
        with contextlib.suppress(CarveRestoreError):
            open_evidence(path, password=PASSWORD).close()


def test_costs_that_cannot_be(tmp_path: Path) -> None:
    path = tmp_path / "userdata.img"
    for costs in ((63, 3, 1), (20, 10, 1), (0, 3, 1), (10, 3, 200)):
        data = bytearray(volume(minor=2))
        data[len(data) - ROOM + 189 : len(data) - ROOM + 192] = bytes(costs)
        path.write_bytes(data)
        with pytest.raises(EvidenceError, match="claims scrypt"):
            open_evidence(path, password=PASSWORD)
        assert open_evidence(path).name == "raw"
