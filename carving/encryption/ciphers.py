"""What the examiner says of an encryption: cipher name, key, and how a sector's number becomes its IV."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from carving.errors import UsageError
from carving.media.files import reason

KEY_SIZES: Final = (16, 24, 32)
"""Sizes of AES keys in bytes."""

SectorIv = Literal["le64", "be32"]
"""How a sector number is written into the 16-byte IV: 64-bit little-endian as dm-crypt does, or 32-bit big-endian."""

_MAX_KEY_FILE: Final = 4096
_FINGERPRINT_DOMAIN: Final = b"carve-restore volume key fingerprint\0"


@dataclass(frozen=True, slots=True)
class CipherSpec:
    """A dm-crypt cipher specification, as in `cipher-mode-iv:hash`."""

    cipher: str
    mode: str
    iv_generator: str
    iv_hash: str

    def __str__(self) -> str:
        return f"{self.cipher}-{self.mode}-{self.iv_generator}:{self.iv_hash}"


@dataclass(frozen=True, slots=True)
class SectorNumbering:
    """How the sectors of an encrypted volume are cut and numbered for their IVs (dm-crypt's table options).

    Attributes:
        sector_size: bytes that are chained as one unit, 512 or 4096.
        iv: how the number is written into the IV block.
        iv_offset: added to the number of the volume's first sector, in units of 512 bytes.
        large_sectors: count units of `sector_size` instead of 512 bytes (dm-crypt's `iv_large_sectors`).
    """

    sector_size: int = 512
    iv: SectorIv = "le64"
    iv_offset: int = 0
    large_sectors: bool = False

    def __post_init__(self) -> None:
        if self.sector_size not in (512, 4096):
            raise UsageError(f"the sector size must be 512 or 4096 bytes, not {self.sector_size}")
        if self.iv not in ("le64", "be32"):
            raise UsageError(f"the sector IV must be le64 or be32, not {self.iv}")
        if not 0 <= self.iv_offset < 1 << 64:
            raise UsageError(f"the IV offset must be a 64-bit number and not negative, not {self.iv_offset}")


def parse_cipher(text: str) -> CipherSpec:
    """Read a cipher specification.

    Raises:
        UsageError: anything but `aes-cbc-essiv:sha256`.
    """
    if text.strip().lower() != "aes-cbc-essiv:sha256":
        raise UsageError(f"the cipher {text} is not supported; aes-cbc-essiv:sha256 is")
    return CipherSpec("aes", "cbc", "essiv", "sha256")


def check_key_size(key: bytes) -> None:
    """Refuse a key that AES cannot take.

    Raises:
        UsageError: naming the length, never the key.
    """
    if len(key) not in KEY_SIZES:
        raise UsageError(f"the key has {len(key)} bytes; AES takes 16, 24 or 32")


def parse_key(text: str) -> bytes:
    """Read a raw master key as the user gave it: hex, `file:PATH` (hex or raw bytes) or `env:NAME` (hex).

    Blanks and line breaks inside hex are ignored, as `cryptsetup luksDump` prints them.

    Raises:
        UsageError: nothing there or not a key; the message never repeats what was given.
    """
    source, _, rest = text.partition(":")
    if source == "file":
        return _key_from_file(Path(rest))
    if source == "env":
        value = os.environ.get(rest)
        if value is None:
            raise UsageError("the environment variable that --key names is not set")
        return _key_from_hex(value, "the environment variable that --key names")
    return _key_from_hex(text, "the key")


def key_fingerprint(key: bytes) -> str:
    """16 hex digits that tell keys apart in reports without giving them away (SHA-256 under a domain label)."""
    return hashlib.sha256(_FINGERPRINT_DOMAIN + key).hexdigest()[:16]


def _key_from_file(path: Path) -> bytes:
    try:
        with path.open("rb") as stream:
            data = stream.read(_MAX_KEY_FILE + 1)
    except OSError as error:
        # without the path: where a key was typed after "file:" by mistake, it would end up in the log
        raise UsageError(f"the key file cannot be read: {reason(error)}") from None
    except ValueError:
        raise UsageError("the key file cannot be read: its name holds a null byte") from None
    digits = b"".join(data.split())
    if len(digits) in (2 * size for size in KEY_SIZES) and _is_hex(digits.decode("latin-1")):
        return bytes.fromhex(digits.decode("ascii"))
    if len(data) in KEY_SIZES:
        return data
    size = f"more than {_MAX_KEY_FILE}" if len(data) > _MAX_KEY_FILE else str(len(data))
    raise UsageError(f"the key file holds {size} bytes; 16, 24 or 32 raw bytes or their hex digits are a key")


def _key_from_hex(text: str, what: str) -> bytes:
    digits = "".join(text.split())
    if not _is_hex(digits):
        raise UsageError(f"{what} is not hexadecimal; raw bytes can be given as file:PATH")
    if len(digits) not in (2 * size for size in KEY_SIZES):
        raise UsageError(f"{what} has {len(digits)} hex digits; an AES key has 32, 48 or 64")
    return bytes.fromhex(digits)


def _is_hex(text: str) -> bool:
    return text.isascii() and all(character in "0123456789abcdefABCDEF" for character in text)
