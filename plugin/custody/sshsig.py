"""The signature format of OpenSSH (its PROTOCOL.sshsig) for Ed25519 keys (RFC 8032; encoding of keys: RFC 8709)."""

from __future__ import annotations

import base64
import binascii
import textwrap
from typing import Final

NAMESPACE: Final = b"carve-restore"
"""What `ssh-keygen -Y verify -n` is to be given."""
_MAGIC: Final = b"SSHSIG"
_VERSION: Final = (1).to_bytes(4, "big")
_HASH: Final = b"sha512"
_KEY_TYPE: Final = b"ssh-ed25519"
_BEGIN: Final = "-----BEGIN SSH SIGNATURE-----"
_END: Final = "-----END SSH SIGNATURE-----"


def key_blob(public: bytes) -> bytes:
    """A public key of 32 bytes as OpenSSH encodes it."""
    return _string(_KEY_TYPE) + _string(public)


def to_be_signed(sha512: bytes) -> bytes:
    """What is signed in place of a message with this digest."""
    return _MAGIC + b"".join(map(_string, (NAMESPACE, b"", _HASH, sha512)))


def armour(public: bytes, signature: bytes) -> bytes:
    """A bare signature of 64 bytes as the text of a signature file."""
    parts = (key_blob(public), NAMESPACE, b"", _HASH, _string(_KEY_TYPE) + _string(signature))
    blob = _MAGIC + _VERSION + b"".join(map(_string, parts))
    lines = textwrap.wrap(base64.b64encode(blob).decode(), 70)
    return "\n".join((_BEGIN, *lines, _END, "")).encode()


def unarmour(text: bytes) -> tuple[bytes, bytes]:
    """Public key (32 bytes) and bare signature (64 bytes) in the text of a signature file.

    Raises:
        ValueError: it is not such a text; the message says why.
    """
    lines = text.decode("ascii", "replace").split()
    body = "".join(lines[3:-3])
    if " ".join(lines[:3]) != _BEGIN or " ".join(lines[-3:]) != _END:
        raise ValueError("it has no SSH SIGNATURE armour")
    try:
        blob = base64.b64decode(body, validate=True)
    except binascii.Error as error:
        raise ValueError("its text is not base64") from error
    if blob[:10] != _MAGIC + _VERSION:
        raise ValueError("it is of another version")
    key, namespace, _reserved, algorithm, signature = _strings(blob[10:], 5)
    if (namespace, algorithm) != (NAMESPACE, _HASH):
        raise ValueError("it was made for something else")
    key_type, public = _strings(key, 2)
    signature_type, bare = _strings(signature, 2)
    if (key_type, signature_type, len(public), len(bare)) != (_KEY_TYPE, _KEY_TYPE, 32, 64):
        raise ValueError("its key is not Ed25519")
    return public, bare


def _string(data: bytes) -> bytes:
    """An SSH string (RFC 4251, 5): its length in four bytes, then its bytes."""
    return len(data).to_bytes(4, "big") + data


def _strings(blob: bytes, count: int) -> tuple[bytes, ...]:
    found, position = [], 0
    for _ in range(count):
        start = position + 4
        position = start + int.from_bytes(blob[position:start], "big")
        if position > len(blob):
            raise ValueError("it is cut short")
        found.append(blob[start:position])
    if position != len(blob):
        raise ValueError("it has bytes that do not belong there")
    return tuple(found)
