"""Ed25519 signatures of the custody log, in the format of OpenSSH, so that `ssh-keygen -Y` checks them too.

The signature covers the log file from its first byte to its last. It says who vouches for the log to whoever has the
public key from another hand than the folder that the log lies in.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from carving.errors import EvidenceError, HashMismatchError, UsageError
from plugin.common.file_digest import digest_of_file
from plugin.custody.sshsig import armour, key_blob, to_be_signed, unarmour

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

SUFFIX: Final = ".sig"
_LONGEST: Final = 1 << 16
"""Bytes of a key or signature file that are looked at."""


@dataclass(frozen=True, slots=True)
class PublicKey:
    """An Ed25519 public key: its 32 bytes."""

    raw: bytes

    @property
    def fingerprint(self) -> str:
        """As OpenSSH prints it, `SHA256:…`."""
        return "SHA256:" + base64.b64encode(hashlib.sha256(key_blob(self.raw)).digest()).decode().rstrip("=")


class Signer:
    """Signs with a private key that is loaded and fits before a run begins."""

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key
        self.public = PublicKey(key.public_key().public_bytes_raw())

    def sign(self, path: Path) -> bytes:
        """The signature of a file, as text in armour.

        Raises:
            EvidenceError: the file cannot be read.
        """
        return armour(self.public.raw, self._key.sign(to_be_signed(_file_digest(path))))


def load_signer(path: Path, ask: Callable[[], str]) -> Signer:
    """Load an Ed25519 private key, PEM (PKCS #8) or OpenSSH.

    Args:
        path: the key file.
        ask: gives the passphrase; called only where the key is encrypted.

    Raises:
        UsageError: no such file, not an Ed25519 key, or the passphrase is wrong.
    """
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_ssh_private_key

    text = _read_small(path, "the signing key")
    load = load_ssh_private_key if b"OPENSSH PRIVATE KEY" in text else load_pem_private_key
    try:
        try:
            key = load(text, None)
        except (TypeError, ValueError) as error:
            if not _wants_passphrase(text, error):
                raise
            key = load(text, ask().encode())
    except (TypeError, ValueError, UnsupportedAlgorithm) as error:
        raise UsageError(f"the signing key {path} cannot be used: {error}") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise UsageError(f"the signing key {path} is not an Ed25519 key; make one with `ssh-keygen -t ed25519`")
    return Signer(key)


def load_public_key(path: Path) -> PublicKey:
    """Load an Ed25519 public key, PEM or one line as OpenSSH writes it.

    Raises:
        UsageError: no such file, or not an Ed25519 key.
    """
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.serialization import load_pem_public_key, load_ssh_public_key

    text = _read_small(path, "the public key")
    try:
        key = load_pem_public_key(text) if text.lstrip().startswith(b"-----") else load_ssh_public_key(text.strip())
    except (ValueError, UnsupportedAlgorithm) as error:
        raise UsageError(f"{path} is not a public key: {error}") from error
    if not isinstance(key, Ed25519PublicKey):
        raise UsageError(f"{path} is not an Ed25519 public key")
    return PublicKey(key.public_bytes_raw())


def verify_signature(path: Path, signature: Path) -> PublicKey:
    """Check the signature of a file against the key that the signature names.

    Returns:
        That key, for the caller to compare.

    Raises:
        EvidenceError: a file cannot be read.
        HashMismatchError: the signature is not one, or not of this file.
    """
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        with signature.open("rb") as file:
            public, bare = unarmour(file.read(_LONGEST))
    except OSError as error:
        raise EvidenceError(f"cannot read {signature}: {error.strerror}") from error
    except ValueError as error:
        raise HashMismatchError(f"{signature} is not an Ed25519 signature made by carve-restore: {error}") from error
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(bare, to_be_signed(_file_digest(path)))
    except InvalidSignature as error:
        raise HashMismatchError(f"{signature} is not a signature of {path}; one of them was altered") from error
    return PublicKey(public)


def _file_digest(path: Path) -> bytes:
    try:
        return bytes.fromhex(digest_of_file(path, "sha512").hex)
    except OSError as error:
        raise EvidenceError(f"cannot read {path}: {error.strerror}") from error


def _read_small(path: Path, what: str) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(_LONGEST)
    except OSError as error:
        raise UsageError(f"{what} {path} cannot be read: {error.strerror}") from error


def _wants_passphrase(text: bytes, error: Exception) -> bool:
    return isinstance(error, TypeError) or "password" in str(error).lower() or b"ENCRYPTED" in text
