"""Master keys as an examiner gives them, and what may be shown of one."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Final

from carving.errors import UsageError
from carving.media.files import reason

_SIZES: Final = (16, 24, 32, 48, 64)
"""Bytes of an AES key, or of the two of XTS."""
_MAX_KEY_FILE: Final = 4096
_FINGERPRINT_DOMAIN: Final = b"carve-restore volume key fingerprint\0"


def parse_key(text: str, option: str = "--key") -> bytes:
    """Read a raw master key as the user gave it: hex, `file:PATH` (hex or raw bytes) or `env:NAME` (hex).

    Blanks and line breaks inside hex are ignored, as `cryptsetup luksDump` prints them.

    Args:
        text: what was given.
        option: with which, for messages.

    Raises:
        UsageError: nothing there or not a key; the message never repeats what was given.
    """
    source, _, rest = text.partition(":")
    if source == "file":
        return _key_from_file(Path(rest))
    if source == "env":
        return _key_from_hex(read_variable(rest, option), f"the environment variable that {option} names")
    return _key_from_hex(text, "the key")


def parse_password(text: str) -> bytes:
    """Read a password as the user gave it: itself, `file:PATH` or `env:NAME`.

    Text is taken in UTF-8; a file is taken as it is, text without a line break at its end.

    Raises:
        UsageError: nothing there; the message never repeats what was given.
    """
    source, _, rest = text.partition(":")
    if source == "file":
        data = read_secret_file(Path(rest), "password")
        return data.removesuffix(b"\n").removesuffix(b"\r") if _is_text(data) else data
    if source == "env":
        text = read_variable(rest, "--password")
    return text.encode("utf-8", "surrogateescape")


def key_fingerprint(key: bytes) -> str:
    """16 hex digits that tell keys apart in reports without giving them away (SHA-256 under a domain label)."""
    return hashlib.sha256(_FINGERPRINT_DOMAIN + key).hexdigest()[:16]


def read_variable(name: str, option: str) -> str:
    """The value of an environment variable that an option names.

    Raises:
        UsageError: it is not set.
    """
    value = os.environ.get(name)
    if value is None:
        raise UsageError(f"the environment variable that {option} names is not set")
    return value


def read_secret_file(path: Path, what: str) -> bytes:
    """The bytes of a short file that holds a secret.

    Raises:
        UsageError: it cannot be read, or is longer than any key or password.
    """
    try:
        with path.open("rb") as stream:
            data = stream.read(_MAX_KEY_FILE + 1)
    except OSError as error:
        # without the path: where a key was typed after "file:" by mistake, it would end up in the log
        raise UsageError(f"the {what} file cannot be read: {reason(error)}") from None
    except ValueError:
        raise UsageError(f"the {what} file cannot be read: its name holds a null byte") from None
    if len(data) > _MAX_KEY_FILE:
        raise UsageError(f"the {what} file holds more than {_MAX_KEY_FILE} bytes")
    return data


def _key_from_file(path: Path) -> bytes:
    data = read_secret_file(path, "key")
    digits = b"".join(data.split())
    if len(digits) in (2 * size for size in _SIZES) and _is_hex(digits.decode("latin-1")):
        return bytes.fromhex(digits.decode("ascii"))
    if len(data) in _SIZES:
        return data
    raise UsageError(
        f"the key file holds {len(data)} bytes; 16, 24, 32, 48 or 64 raw bytes or their hex digits are a key"
    )


def _key_from_hex(text: str, what: str) -> bytes:
    digits = "".join(text.split())
    if not _is_hex(digits):
        raise UsageError(f"{what} is not hexadecimal; raw bytes can be given as file:PATH")
    if len(digits) not in (2 * size for size in _SIZES):
        raise UsageError(f"{what} has {len(digits)} hex digits; a key has 32, 48 or 64, or 64, 96 or 128 for XTS")
    return bytes.fromhex(digits)


def _is_text(data: bytes) -> bool:
    try:
        return data.decode("utf-8").removesuffix("\n").removesuffix("\r").isprintable()
    except UnicodeDecodeError:
        return False


def _is_hex(text: str) -> bool:
    return text.isascii() and all(character in "0123456789abcdefABCDEF" for character in text)
