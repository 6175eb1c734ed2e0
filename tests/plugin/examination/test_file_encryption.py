"""A phone's disk in one run: a partition table, metadata encryption around an ext4, encrypted files in it."""

from __future__ import annotations

import hashlib
import json
import subprocess
from pathlib import Path

import pytest

import plugin
from carving.encryption.ciphers import METADATA_CIPHER, METADATA_NUMBERING
from carving.encryption.sectors import encrypt_sectors
from carving.errors import KeyMismatchError
from plugin.common.redaction import REDACTED, redact_arguments
from plugin.common.report_model import Report
from plugin.common.settings import Parameters
from plugin.examination.opening import read_secrets
from plugin.verify.verification_of_evidence import verify_evidence
from tests.carving.fscrypt.images import DESCRIPTOR, MASTER_1, MASTER_2, EncryptedImage, encrypted_ext4, name_in

METADATA = hashlib.sha512(b"metadata").digest()
FIRST = 2048 * 512
CARVE = Parameters(carve_only=True)


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> EncryptedImage:
    return encrypted_ext4(tmp_path_factory.mktemp("userdata"))


@pytest.fixture(scope="module")
def disk(tmp_path_factory: pytest.TempPathFactory, image: EncryptedImage) -> Path:
    path = tmp_path_factory.mktemp("phone") / "phone.dd"
    data = image.data
    with path.open("wb") as file:
        file.truncate(FIRST + len(data) + (1 << 20))
    table = f"label: gpt\nstart=2048, size={len(data) // 512}, name=userdata\n"
    subprocess.run(["sfdisk", "-q", path], input=table, text=True, check=True, capture_output=True)
    with path.open("r+b") as file:
        file.seek(FIRST)
        file.write(encrypt_sectors(data, METADATA, 0, METADATA_NUMBERING, str(METADATA_CIPHER)))
    return path


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory, disk: Path) -> tuple[Path, Report]:
    folder = tmp_path_factory.mktemp("run") / "case"
    report = plugin.run(disk, folder, metadata_key=METADATA, fbe_key=MASTER_2.hex(), parameters=CARVE, jobs=1)
    return folder, report


def test_photos_come_out_by_their_paths(case: tuple[Path, Report], image: EncryptedImage) -> None:
    folder, report = case
    found = {entry.path: (folder / entry.carved.path).read_bytes() for entry in report.files if entry.path}
    assert found == {path: photo for path, photo in image.photos.items() if not path.startswith("/v1/")}
    for entry in report.files:
        if entry.path is not None and entry.path in image.places:
            assert entry.evidence_runs[0].offset == FIRST + image.places[entry.path]
            assert (entry.layer, entry.volume) == ("decrypted", 1)


def test_what_opened_and_what_did_not_is_in_the_report(case: tuple[Path, Report]) -> None:
    folder, report = case
    assert report.key is not None
    assert report.key.cipher == "aes-xts-plain64"
    missing = [one for one in report.file_encryption if one.fingerprint is None]
    assert [(one.identifier, one.files, one.folders) for one in missing] == [(DESCRIPTOR.hex(), 1, 1)]
    assert any(f"the key {DESCRIPTOR.hex()}, which was not given" in note for note in report.notes)
    events = [json.loads(line) for line in (folder / "custody.jsonl").read_text().splitlines()]
    opened = [event["details"] for event in events if event["event"] == "decrypting"]
    assert {one.get("policy") for one in opened} >= {"v2 AES-256-XTS", "v2 AES-256-XTS IV_INO_LBLK_64"}


def test_no_key_is_written_anywhere(case: tuple[Path, Report]) -> None:
    folder, _ = case
    for path in folder.rglob("*"):
        data = path.read_bytes() if path.is_file() else b""
        for key in (METADATA, MASTER_2):
            assert key not in data
            assert key.hex().encode() not in data.lower()


def test_everything_is_read_again_with_the_keys(case: tuple[Path, Report], disk: Path) -> None:
    said: list[str] = []
    secrets = read_secrets(None, None, METADATA, MASTER_2)
    verify_evidence(disk, secrets, case[1], said.append, lambda _done, _size: None)
    assert any(f"{len(case[1].files)} carved files: read again" in line for line in said)


@pytest.mark.parametrize(
    ("metadata", "files", "told"),
    [(METADATA, MASTER_1.hex(), "the key of no file"), (bytes(64), MASTER_2.hex(), "metadata key")],
    ids=["files", "metadata"],
)
def test_a_wrong_key_ends_the_run_before_anything_is_written(
    disk: Path, tmp_path: Path, metadata: bytes, files: str, told: str
) -> None:
    wrong = files.replace(MASTER_1.hex(), "f" * 128)
    with pytest.raises(KeyMismatchError, match=told):
        plugin.run(disk, tmp_path / "case", metadata_key=metadata, fbe_key=wrong, parameters=CARVE, jobs=1)
    assert not (tmp_path / "case").exists()


def test_arguments_are_redacted() -> None:
    given = ("x.dd", "--fbe-key", f"0123456789abcdef:{MASTER_2.hex()}", "--metadata-key=00", "--fbe-key", "file:ce.bin")
    kept = (
        "x.dd",
        "--fbe-key",
        f"0123456789abcdef:{REDACTED}",
        f"--metadata-key={REDACTED}",
        "--fbe-key",
        "file:ce.bin",
    )
    assert redact_arguments(given) == kept


def test_the_photos_are_named_as_they_were() -> None:
    assert 16 < len(name_in("v2")) <= 32
