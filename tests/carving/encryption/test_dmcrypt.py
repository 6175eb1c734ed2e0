"""The dm-crypt layer reads any range of the plaintext, over windows and images."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from carving.encryption.ciphers import SUPPORTED_CIPHERS, CipherSpec, SectorNumbering, parse_cipher
from carving.encryption.dmcrypt import DmCryptSource
from carving.encryption.keys import key_fingerprint, parse_key, parse_password
from carving.encryption.sectors import encrypt_sectors
from carving.errors import UsageError
from carving.evidence import open_evidence
from carving.flips.dmcrypt_flips import DmCryptFlips
from carving.source import Run, evidence_runs, location

KEY = bytes.fromhex("00112233445566778899aabbccddeeff")


@pytest.mark.parametrize("sector_size", [512, 4096])
@pytest.mark.parametrize("tail", [0, 48, 53])
def test_unaligned_reads(tmp_path: Path, sector_size: int, tail: int) -> None:
    random_source = random.Random(tail)
    plain = random_source.randbytes(20 * 4096 + tail)
    path = tmp_path / "disk.dd"
    gap = 3 * 512
    cipher = encrypt_sectors(plain, KEY, 0, SectorNumbering(sector_size))
    path.write_bytes(bytes(gap) + cipher)
    source = open_evidence(path, key=KEY, sector_size=sector_size, offset=gap)
    assert isinstance(source, DmCryptSource)
    assert source.size == len(plain)
    for _ in range(200):
        offset = random_source.randrange(-5, len(plain) + 20)
        length = random_source.choice((0, 1, 15, 16, 17, 511, 513, 5000, 40_000))
        assert source.read_at(offset, length) == plain[max(offset, 0) : max(offset + length, 0)]
    assert source.trace(100, 50) == (Run(100, 50),)
    assert evidence_runs(source, 100, 50) == (Run(100 + gap, 50),)
    assert location(source) == f"raw > volume at byte {gap} > dm-crypt aes-cbc-essiv:sha256"
    source.close()


def test_reads_longer_than_one_piece(tmp_path: Path) -> None:
    plain = random.Random(1).randbytes(9 << 20)
    path = tmp_path / "disk.dd"
    path.write_bytes(encrypt_sectors(plain, KEY))
    source = open_evidence(path, key=KEY)
    assert source.read_at(7, len(plain)) == plain[7:]


def test_demo_evidence_decrypts_to_its_photos(sample_images: Path) -> None:
    source = open_evidence(sample_images / "demo.E01", key=parse_key(f"file:{sample_images / 'demo.key'}"))
    assert source.read_at(1024 + 56, 2) == b"\x53\xef"


def test_settings_that_cannot_be(tmp_path: Path) -> None:
    path = tmp_path / "disk.dd"
    path.write_bytes(bytes(4096))
    for settings in (
        {"sector_size": 1000},
        {"iv_sector": "be64"},
        {"iv_offset": -1},
        {"cipher": "aes-xts-plain64"},
        {"cipher": "serpent-xts-plain64"},
        {"offset": 4096},
        {"offset": -512},
        {"offset": 512, "length": 4096},
        {"length": 0},
        {"volume": 1},
        {"volume": 1, "offset": 512},
    ):
        with pytest.raises(UsageError):
            open_evidence(path, key=KEY, **settings)


def test_cipher_specification() -> None:
    assert parse_cipher("AES-CBC-ESSIV:SHA256") == CipherSpec("aes", "cbc", "essiv", "sha256")
    assert str(parse_cipher("aes-cbc-essiv:sha256")) == "aes-cbc-essiv:sha256"
    assert [str(parse_cipher(name)) for name in SUPPORTED_CIPHERS] == list(SUPPORTED_CIPHERS)
    assert str(parse_cipher("aes")) == "aes-cbc-plain"
    for name in ("aes-xts-essiv:sha256", "twofish-cbc-plain", "aes-cbc-essiv:sha1", "", "aes-gcm-random"):
        with pytest.raises(UsageError, match=f"cipher {name} is not supported"):
            parse_cipher(name)


@pytest.mark.parametrize("size", [16, 24, 32, 48, 64])
def test_keys_in_every_form(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    key = random.Random(size).randbytes(size)
    monkeypatch.setenv("VOLUME_KEY", key.hex().upper())
    path = tmp_path / "a key: here"
    assert parse_key(key.hex()) == key
    assert parse_key(key.hex(" ")) == key
    assert parse_key("env:VOLUME_KEY") == key
    for content in (key, key.hex().encode(), key.hex(" ").encode() + b"\n"):
        path.write_bytes(content)
        assert parse_key(f"file:{path}") == key


def test_wrong_keys_are_refused_without_being_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    digits = "deadbeef" * 4
    short = tmp_path / "short"
    short.write_bytes(bytes.fromhex(digits)[:11])
    large = tmp_path / "large"
    large.write_bytes(bytes(1 << 20))
    monkeypatch.setenv("VOLUME_KEY", digits[:-1])
    wrong = [digits[:-1], f"{digits}xy", "", "-", f"file:{digits}", f"env:{digits}", "file:", "file:a\0b"]
    for text in [*wrong, f"file:{short}", f"file:{large}", "env:VOLUME_KEY", f"file:{tmp_path}"]:
        with pytest.raises(UsageError) as caught:
            parse_key(text)
        assert "deadbee" not in str(caught.value)
        assert "key" in str(caught.value)


def test_passwords_in_every_form(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "password"
    path.write_bytes("pässword \n".encode())
    monkeypatch.setenv("VOLUME_PASSWORD", "pässword ")
    for text in ("pässword ", f"file:{path}", "env:VOLUME_PASSWORD"):
        assert parse_password(text) == "pässword ".encode()
    for text in ("file:hunter2", "env:hunter2"):
        with pytest.raises(UsageError, match="password") as caught:
            parse_password(text)
        assert "hunter2" not in str(caught.value)


def test_fingerprints_tell_keys_apart_and_hide_them() -> None:
    assert key_fingerprint(KEY) != key_fingerprint(bytes(16))
    assert len(key_fingerprint(KEY)) == 16
    assert key_fingerprint(KEY) not in KEY.hex()


def test_the_layer_never_shows_its_key(tmp_path: Path) -> None:
    path = tmp_path / "disk.dd"
    path.write_bytes(bytes(4096))
    source = open_evidence(path, key=KEY)
    assert isinstance(source, DmCryptSource)
    assert source.key_fingerprint == key_fingerprint(KEY)
    flips = DmCryptFlips(source, (Run(512, 1024),))
    for shown in (repr(source), str(source), source.name, location(source), repr(flips), str(flips), format(flips)):
        assert KEY.hex() not in shown.lower()
        assert repr(KEY)[2:-1] not in shown
