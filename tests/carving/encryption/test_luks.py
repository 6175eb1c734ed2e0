"""LUKS volumes that qemu-img and cryptsetup made, and those of other projects' tests, open; damaged ones say so."""

from __future__ import annotations

import contextlib
import gzip
import json
import lzma
import random
import tarfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from carving.encryption import key_derivation
from carving.encryption.ciphers import SectorNumbering
from carving.encryption.dmcrypt import DmCryptSource
from carving.encryption.sectors import encrypt_sectors
from carving.errors import CarveRestoreError, EvidenceError, KeyMismatchError, UnsupportedEncryptionError
from carving.evidence import open_evidence
from carving.source import Run, evidence_runs, location
from tests.carving.encryption.luks2_header import json_area, with_json

Tool = Callable[..., str]
PASSWORD = b"correct horse"
PLAIN = random.Random(8).randbytes(200 * 512)


@dataclass(frozen=True)
class Volume:
    path: Path
    key: bytes


def opened(path: Path, **secrets: Any) -> DmCryptSource:
    source = open_evidence(path, **secrets)
    assert isinstance(source, DmCryptSource)
    return source


@pytest.fixture(scope="session")
def make_luks1(tool: Tool, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """A LUKS1 volume of qemu-img that holds `PLAIN`."""

    def make(options: str) -> Path:
        folder = tmp_path_factory.mktemp("luks1")
        raw, luks, passphrase = (folder / name for name in ("plain", "volume.luks", "passphrase"))
        raw.write_bytes(PLAIN)
        passphrase.write_bytes(PASSWORD)
        secret = f"secret,id=pass,file={passphrase}"
        options = f"key-secret=pass,{options},iter-time=10"
        tool("qemu-img", "convert", "-f", "raw", "-O", "luks", "-o", options, "--object", secret, str(raw), str(luks))
        return luks

    return make


@pytest.fixture(scope="session")
def luks1(make_luks1: Callable[[str], Path]) -> Volume:
    path = make_luks1("cipher-alg=aes-256,cipher-mode=xts,ivgen-alg=plain64,hash-alg=sha256")
    return Volume(path, opened(path, password=PASSWORD).volume_key)


@pytest.fixture(scope="session")
def luks2(tool: Tool, tmp_path_factory: pytest.TempPathFactory) -> Volume:
    """A LUKS2 volume of cryptsetup, with sectors of 4096 bytes; no device can be set up here to fill it."""
    folder = tmp_path_factory.mktemp("luks2")
    passphrase, key_file, path = folder / "passphrase", folder / "key", folder / "volume.luks"
    key = random.Random(2).randbytes(64)
    passphrase.write_bytes(PASSWORD)
    key_file.write_bytes(key)
    path.write_bytes(bytes(20 << 20))
    cost = ("--pbkdf", "argon2id", "--pbkdf-memory", "1024", "--pbkdf-force-iterations", "4", "--pbkdf-parallel", "2")
    how = ("--type", "luks2", "--cipher", "aes-xts-plain64", "--key-size", "512", "--sector-size", "4096", *cost)
    named = ("--volume-key-file", str(key_file), "--key-file", str(passphrase))
    tool("cryptsetup", "luksFormat", "--batch-mode", "--use-urandom", *how, *named, str(path))
    with path.open("r+b") as stream:
        stream.seek(16 << 20)
        stream.write(encrypt_sectors(PLAIN, key, 0, SectorNumbering(4096), "aes-xts-plain64"))
    return Volume(path, key)


@pytest.mark.parametrize(
    ("options", "cipher"),
    [
        ("cipher-alg=aes-128,cipher-mode=cbc,ivgen-alg=essiv,ivgen-hash-alg=sha256", "aes-cbc-essiv:sha256"),
        ("cipher-alg=aes-256,cipher-mode=cbc,ivgen-alg=plain,hash-alg=sha1", "aes-cbc-plain"),
        ("cipher-alg=aes-256,cipher-mode=ecb,ivgen-alg=plain", "aes-ecb"),
    ],
)
def test_luks1_of_qemu(make_luks1: Callable[[str], Path], options: str, cipher: str) -> None:
    path = make_luks1(options)
    source = opened(path, password=PASSWORD)
    assert source.read_at(0, len(PLAIN)) == PLAIN
    assert str(source.spec) == cipher
    assert source.proof == "LUKS1: key slot 0"
    assert opened(path, key=source.volume_key).read_at(0, len(PLAIN)) == PLAIN


def test_luks1_with_xts(luks1: Volume) -> None:
    source = opened(luks1.path, password=PASSWORD)
    assert source.read_at(0, len(PLAIN)) == PLAIN
    assert (str(source.spec), len(source.volume_key)) == ("aes-xts-plain64", 64)


def test_luks2_of_cryptsetup(luks2: Volume) -> None:
    for secrets in ({"password": PASSWORD}, {"key": luks2.key}):
        source = opened(luks2.path, **secrets)
        assert source.read_at(0, len(PLAIN)) == PLAIN
        assert source.numbering == SectorNumbering(4096)
        assert location(source) == "raw > LUKS2 payload > dm-crypt aes-xts-plain64"
        assert evidence_runs(source, 4096, 10) == (Run((16 << 20) + 4096, 10),)
        source.close()


def test_wrong_secrets(luks1: Volume, luks2: Volume) -> None:
    for volume, version in ((luks1, "LUKS1"), (luks2, "LUKS2")):
        with pytest.raises(KeyMismatchError, match=f"none of the 1 .*{version} header"):
            open_evidence(volume.path, password=b"wrong horse")
        with pytest.raises(KeyMismatchError, match=f"digest stands in the {version} header"):
            open_evidence(volume.path, key=bytes(len(volume.key)))
        assert open_evidence(volume.path).name == "raw"


def test_header_in_a_file_of_its_own(luks1: Volume, luks2: Volume, tmp_path: Path) -> None:
    for volume, size in ((luks1, 2 << 20), (luks2, 16 << 20)):
        data = volume.path.read_bytes()
        header, damaged = tmp_path / "header", tmp_path / "damaged.luks"
        header.write_bytes(data[:size])
        damaged.write_bytes(bytes(8192) + data[8192:])
        assert opened(damaged, password=PASSWORD, footer=header).read_at(0, len(PLAIN)) == PLAIN


def test_the_second_copy_of_a_luks2_header(luks2: Volume, tmp_path: Path) -> None:
    data = bytearray(luks2.path.read_bytes())
    path = tmp_path / "volume.luks"
    data[5000] ^= 1
    path.write_bytes(data)
    assert opened(path, password=PASSWORD).read_at(0, len(PLAIN)) == PLAIN
    data[(16 << 10) + 5000] ^= 1
    path.write_bytes(data)
    with pytest.raises(EvidenceError, match="neither copy"):
        open_evidence(path, password=PASSWORD)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"config": {"requirements": {"mandatory": ["online-reencrypt"]}}}, "requires online-reencrypt"),
        ({"segments": {"0": {"type": "linear"}}}, "of type linear"),
        ({"segments": {"0": {"integrity": {"type": "hmac(sha256)"}}}}, "integrity protection"),
        ({"segments": {"0": {"encryption": "serpent-xts-plain64"}}}, "serpent-xts-plain64, which is not supported"),
        ({"segments": {"1": {"type": "crypt"}}}, "2 segments"),
        ({"keyslots": {"0": {"kdf": {"type": "magic"}}}}, "derives its key by magic"),
        ({"digests": {"0": {"type": "crc"}}}, "no PBKDF2 digest"),
        ({"digests": {"0": {"hash": "md4"}}}, "hash md4"),
    ],
)
def test_what_luks2_needs_and_is_not_there(luks2: Volume, tmp_path: Path, change: Any, message: str) -> None:
    path = tmp_path / "volume.luks"
    path.write_bytes(with_json(luks2.path.read_bytes()[: 17 << 20], change))
    with pytest.raises(UnsupportedEncryptionError, match=message):
        open_evidence(path, password=PASSWORD)


@pytest.mark.parametrize(
    "change",
    [
        {"keyslots": {"0": {"kdf": {"memory": 1 << 40}}}},
        {"keyslots": {"0": {"kdf": {"time": -1}}}},
        {"keyslots": {"0": {"af": {"stripes": 1 << 30}}}},
        {"keyslots": {"0": {"area": {"offset": "99999999999"}}}},
        {"keyslots": {"0": {"key_size": "many"}}},
        {"keyslots": {"0": []}},
        {"segments": {"0": {"offset": "99999999999"}}},
        {"segments": {"0": {"offset": "-5"}}},
        {"segments": {"0": {"sector_size": 513}}},
        {"segments": {"0": {"iv_tweak": "-1"}}},
        {"segments": 7},
        {"digests": {"0": {"iterations": 1 << 60}}},
        {"digests": {"0": {"salt": "not base64!"}}},
    ],
)
def test_luks2_headers_that_lie(luks2: Volume, tmp_path: Path, change: Any) -> None:
    path = tmp_path / "volume.luks"
    path.write_bytes(with_json(luks2.path.read_bytes()[: 17 << 20], change))
    with pytest.raises(EvidenceError):
        open_evidence(path, password=PASSWORD)


def test_any_damage_of_a_header_is_an_error_of_ours(
    luks1: Volume, luks2: Volume, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(key_derivation, "_MAX_ITERATIONS", 20_000)
    random_source = random.Random(3)
    path = tmp_path / "volume.luks"
    for volume, reach in ((luks1, 592), (luks2, 4096)):
        data = volume.path.read_bytes()[: 17 << 20]
        for _ in range(40):
            damaged = bytearray(data)
            for _ in range(random_source.choice((1, 1, 30))):
                damaged[random_source.randrange(8, reach)] = random_source.randrange(256)
            path.write_bytes(damaged[: random_source.choice((len(damaged), len(damaged), 600, 5000, 40_000))])
            with contextlib.suppress(CarveRestoreError):
                opened(path, password=PASSWORD).read_at(0, 512)


def test_volumes_of_other_projects(shared_data: Path, tmp_path: Path) -> None:
    forensic = shared_data / "forensic"
    volumes = forensic / "fox-it_dissect.fve/tests/_data"
    blank = dict.fromkeys(("luks1/sha1", "luks2/aes-ecb-pbkdf2", "luks2/multiple-slots"), b"password")
    for name, password in blank.items():
        path = tmp_path / "volume"
        path.write_bytes(gzip.decompress((volumes / f"{name}.bin.gz").read_bytes()))
        assert opened(path, password=password).read_at(0, 4096) == b"".join(bytes([n]) * 512 for n in range(4))
    compatible = forensic / "mbroz_cryptsetup/tests"
    for name in ("compatimage", "compatv10image", "compatimage2"):
        path = tmp_path / name
        path.write_bytes(lzma.decompress((compatible / f"{name}.img.xz").read_bytes()))
        assert opened(path, password=b"compatkey").proof is not None
    with tarfile.open(compatible / "luks1-images.tar.xz") as archive:
        archive.extractall(tmp_path, filter="data")
    password = (tmp_path / "luks1-images/keyfile1").read_bytes()
    refused = {}
    for path in sorted((tmp_path / "luks1-images").glob("*.img")):
        try:
            assert opened(path, password=password).read_at(3, 8) == b"MSDOS5.0"
        except UnsupportedEncryptionError as error:
            refused[path.stem] = str(error)
    assert len(refused) == 9
    assert not {name for name in refused if "aes-cbc" in name or "aes-xts-plain64-sha" in name}
    sample = forensic / "openwall_john-samples"
    source = opened(sample / "LUKS-smaller", password=(sample / "password.txt").read_bytes().strip())
    assert source.volume_key.hex() == "e592f1716dabec3230dbcc4b45c566a2"


def test_json_of_the_made_volume_is_what_the_tests_change(luks2: Volume) -> None:
    document = json.loads(json_area(luks2.path.read_bytes()))
    assert set(document) == {"keyslots", "tokens", "segments", "digests", "config"}
