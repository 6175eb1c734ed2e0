"""Signatures of the custody log: made here, checked by OpenSSH; and forgeries are refused."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner

from carving.errors import HashMismatchError, UsageError
from plugin.cli import cli
from plugin.custody.signature import Signer, load_public_key, load_signer, verify_signature


def make_key(folder: Path, name: str = "anna", passphrase: str = "", kind: str = "ed25519") -> Path:
    path = folder / name
    command = ["ssh-keygen", "-q", "-t", kind, "-N", passphrase, "-C", "anna", "-f", str(path)]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
    return path


def no_passphrase() -> str:
    raise AssertionError("nobody is to be asked")


@pytest.fixture
def signer(tmp_path: Path) -> Signer:
    return load_signer(make_key(tmp_path), no_passphrase)


@pytest.fixture
def signed(tmp_path: Path, signer: Signer) -> tuple[Path, Path]:
    log, signature = tmp_path / "custody.jsonl", tmp_path / "custody.jsonl.sig"
    log.write_text('{"seq":0}\n', "ascii")
    signature.write_bytes(signer.sign(log))
    return log, signature


def test_openssh_believes_it(signed: tuple[Path, Path], tmp_path: Path) -> None:
    log, signature = signed
    (tmp_path / "allowed").write_text("anna " + (tmp_path / "anna.pub").read_text("ascii"), "ascii")
    check = ["ssh-keygen", "-Y", "verify", "-f", "allowed", "-I", "anna", "-n", "carve-restore", "-s", signature.name]
    done = subprocess.run(check, cwd=tmp_path, input=log.read_bytes(), capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    done = subprocess.run(check, cwd=tmp_path, input=b"else", capture_output=True, check=False)
    assert done.returncode != 0


def test_signature_of_openssh_is_believed(signed: tuple[Path, Path], tmp_path: Path) -> None:
    log, signature = signed
    signature.unlink()
    sign = ["ssh-keygen", "-q", "-Y", "sign", "-f", "anna", "-n", "carve-restore", log.name]
    subprocess.run(sign, cwd=tmp_path, check=True, capture_output=True)
    assert verify_signature(log, signature) == load_public_key(tmp_path / "anna.pub")


def test_fingerprint_is_that_of_openssh(signer: Signer, tmp_path: Path) -> None:
    said = subprocess.run(["ssh-keygen", "-l", "-f", tmp_path / "anna.pub"], capture_output=True, text=True, check=True)
    assert signer.public.fingerprint in said.stdout


def test_pem_keys(tmp_path: Path) -> None:
    from cryptography.hazmat.primitives import serialization as forms
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    key = Ed25519PrivateKey.generate()
    secret = forms.BestAvailableEncryption(b"open sesame")
    for name, protection in (("plain", forms.NoEncryption()), ("locked", secret)):
        (tmp_path / name).write_bytes(key.private_bytes(forms.Encoding.PEM, forms.PrivateFormat.PKCS8, protection))
        assert load_signer(tmp_path / name, lambda: "open sesame").public.raw == key.public_key().public_bytes_raw()
    pem = key.public_key().public_bytes(forms.Encoding.PEM, forms.PublicFormat.SubjectPublicKeyInfo)
    (tmp_path / "public").write_bytes(pem)
    assert load_public_key(tmp_path / "public").raw == key.public_key().public_bytes_raw()


def test_altered_log_or_signature_is_refused(signed: tuple[Path, Path]) -> None:
    log, signature = signed
    good = signature.read_bytes()
    log.write_text('{"seq":1}\n', "ascii")
    with pytest.raises(HashMismatchError, match="is not a signature of"):
        verify_signature(log, signature)
    log.write_text('{"seq":0}\n', "ascii")
    for index in range(0, len(good), 7):
        bad = bytearray(good)
        bad[index] ^= 1
        signature.write_bytes(bad)
        with pytest.raises(HashMismatchError):
            verify_signature(log, signature)
    for text in (b"", good[:-40], b"\xff" * 300, good.replace(b"BEGIN SSH", b"BEGIN PGP")):
        signature.write_bytes(text)
        with pytest.raises(HashMismatchError, match="is not an Ed25519 signature"):
            verify_signature(log, signature)


def test_keys_that_cannot_serve(tmp_path: Path) -> None:
    (tmp_path / "noise").write_bytes(b"\x00\xff noise")
    for path in (tmp_path / "none", tmp_path / "noise", make_key(tmp_path, "rsa", kind="rsa")):
        with pytest.raises(UsageError, match="signing key"):
            load_signer(path, no_passphrase)
        with pytest.raises(UsageError, match="public key"):
            load_public_key(path)
    with pytest.raises(UsageError, match="cannot be used"):
        load_signer(make_key(tmp_path, "locked", passphrase="open sesame"), lambda: "close sesame")


def test_signed_run(tmp_path: Path, plain_image: Path) -> None:
    key, other = make_key(tmp_path, "locked", "open sesame"), make_key(tmp_path, "bert")
    out = str(tmp_path / "out")
    run = [str(plain_image), "-o", out, "--carve-only", "--quiet", "--sign-key", str(key)]
    result = CliRunner().invoke(cli, run, input="open sesame\n")
    assert result.exit_code == 0, result.output
    for path in (tmp_path / "out").rglob("*.json*"):
        assert "open sesame" not in path.read_text("utf-8")
    result = CliRunner().invoke(cli, ["verify", out, "--public-key", f"{key}.pub"])
    assert result.exit_code == 0, result.output
    assert "the given public key" in result.output
    assert "compare this" in CliRunner().invoke(cli, ["verify", out]).output
    result = CliRunner().invoke(cli, ["verify", out, "--public-key", f"{other}.pub"])
    assert result.exit_code == 6
    (tmp_path / "out/custody.jsonl.sig").unlink()
    result = CliRunner().invoke(cli, ["verify", out, "--public-key", f"{key}.pub"])
    assert (result.exit_code, "is not signed" in result.stderr) == (6, True)
