"""How a volume is encrypted: the cipher by its dm-crypt name, and how a sector's number becomes its IV."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from carving.errors import UnsupportedEncryptionError, UsageError

KEY_SIZES: Final = (16, 24, 32)
"""Sizes of AES keys in bytes."""

DEFAULT_CIPHER: Final = "aes-cbc-essiv:sha256"
"""Android's full-disk encryption."""

SUPPORTED_CIPHERS: Final = (
    DEFAULT_CIPHER,
    "aes-cbc-plain",
    "aes-cbc-plain64",
    "aes-cbc-plain64be",
    "aes-cbc-null",
    "aes-xts-plain",
    "aes-xts-plain64",
    "aes-ecb",
)
"""Cipher specifications that are decrypted."""

SectorIv = Literal["le64", "be32"]
"""How a sector number is written into the 16-byte IV: 64-bit little-endian as dm-crypt does, or 32-bit big-endian."""


@dataclass(frozen=True, slots=True)
class CipherSpec:
    """A dm-crypt cipher specification, as in `cipher-mode-iv:hash`; parts that a mode has not are empty."""

    cipher: str
    mode: str
    iv_generator: str
    iv_hash: str

    def __str__(self) -> str:
        hashed = f":{self.iv_hash}" if self.iv_hash else ""
        return "-".join(part for part in (self.cipher, self.mode, self.iv_generator) if part) + hashed

    @property
    def key_sizes(self) -> tuple[int, ...]:
        """Sizes of volume keys in bytes: XTS takes two AES keys in one."""
        return tuple(2 * size for size in KEY_SIZES) if self.mode == "xts" else KEY_SIZES

    def check_key_size(self, key: bytes) -> None:
        """Refuse a key that the cipher cannot take.

        Raises:
            UsageError: naming the length, never the key.
        """
        if len(key) not in self.key_sizes:
            sizes = ", ".join(map(str, self.key_sizes[:-1]))
            raise UsageError(f"the key has {len(key)} bytes; {self} takes {sizes} or {self.key_sizes[-1]}")

    def block_key(self, key: bytes) -> bytes:
        """The AES key that the data's blocks are encrypted with: the first half of a key for XTS."""
        return key[: len(key) // 2] if self.mode == "xts" else key


@dataclass(frozen=True, slots=True)
class SectorNumbering:
    """How the sectors of an encrypted volume are cut and numbered for their IVs (dm-crypt's table options).

    Attributes:
        sector_size: bytes that are chained as one unit: 512, 1024, 2048 or 4096.
        iv: how the number is written into the IV block.
        iv_offset: added to the number of the volume's first sector, in units of 512 bytes.
        large_sectors: count units of `sector_size` instead of 512 bytes (dm-crypt's `iv_large_sectors`).
    """

    sector_size: int = 512
    iv: SectorIv = "le64"
    iv_offset: int = 0
    large_sectors: bool = False

    def __post_init__(self) -> None:
        if self.sector_size not in (512, 1024, 2048, 4096):
            raise UsageError(f"the sector size must be 512, 1024, 2048 or 4096 bytes, not {self.sector_size}")
        if self.iv not in ("le64", "be32"):
            raise UsageError(f"the sector IV must be le64 or be32, not {self.iv}")
        if not 0 <= self.iv_offset < 1 << 64:
            raise UsageError(f"the IV offset must be a 64-bit number and not negative, not {self.iv_offset}")


METADATA_CIPHER: Final = CipherSpec("aes", "xts", "plain64", "")
"""Cipher of Android's metadata encryption (dm-default-key)."""

METADATA_NUMBERING: Final = SectorNumbering(4096, large_sectors=True)
"""How dm-default-key numbers its sectors: 4096 bytes each, counted one by one (Android's `vold`, MetadataCrypt)."""


def parse_cipher(text: str) -> CipherSpec:
    """Read a cipher specification; `aes` alone is dm-crypt's short name for `aes-cbc-plain`.

    Raises:
        UsageError: one that is not supported.
    """
    name = text.strip().lower()
    if name.startswith("aes-ecb-"):
        name = "aes-ecb"  # whatever the IV would be, ECB takes none
    name = {"aes": "aes-cbc-plain", "aes-plain": "aes-cbc-plain"}.get(name, name)
    if name not in SUPPORTED_CIPHERS:
        raise UsageError(f"the cipher {text} is not supported; {', '.join(SUPPORTED_CIPHERS)} are")
    chain, _, iv_hash = name.partition(":")
    cipher, mode, iv_generator = (*chain.split("-"), "")[:3]
    return CipherSpec(cipher, mode, iv_generator, iv_hash)


def cipher_of_header(header: str, cipher: str, key_size: int) -> CipherSpec:
    """The cipher that an encryption header names.

    Args:
        header: what it is called in the message.
        cipher: as it stands in the header.
        key_size: bytes of the key that it claims.

    Raises:
        UnsupportedEncryptionError: a cipher that is not supported, or a key size that it does not take.
    """
    try:
        spec = parse_cipher(cipher)
    except UsageError:
        raise UnsupportedEncryptionError(
            f"the {header} says that the volume is encrypted with {cipher}, which is not supported"
        ) from None
    if key_size not in spec.key_sizes:
        raise UnsupportedEncryptionError(f"the {header} claims a key of {key_size} bytes for {spec}")
    return spec
