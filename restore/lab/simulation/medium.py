"""The medium a simulated file lies on: a volume of its own that starts at sector 0, encrypted or plain."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Final, Literal

from carving.encryption.ciphers import DEFAULT_CIPHER, SectorNumbering
from carving.encryption.sector_cipher import BLOCK
from carving.encryption.sectors import decrypt_sectors, encrypt_sectors
from carving.errors import UsageError
from carving.source import ByteSource, Run, clamp
from restore.lab.simulation.file_encryption import UNIT, FileScheme, read_file_blocks, store_file

Padding = Literal["zero", "pkcs7"]
"""How a file is brought to the medium's size: zeros to whole sectors as on a disk, or PKCS#7 to whole AES blocks as in
the data of the paper."""

PAPER_KEY: Final = bytes.fromhex("2281f4baefa53a8966577450c7926fbf")
"""The key that stands in the error injection script of W. Liu et al. (CVPR 2023)."""


@dataclass(frozen=True, slots=True)
class Medium:
    """How files are stored; without a key they are stored as they are.

    Attributes:
        key: of the volume, or the master key of file-based encryption.
        numbering: how the sectors of a volume are cut and numbered.
        padding: how a file is brought to the medium's size.
        scheme: how the file is encrypted by itself; None where the volume is.
    """

    key: bytes | None = field(default=None, repr=False)
    numbering: SectorNumbering = field(default_factory=SectorNumbering)
    padding: Padding = "zero"
    scheme: FileScheme | None = None

    @property
    def cipher(self) -> str:
        """What `--cipher` calls it."""
        if self.key is None:
            return "none"
        return DEFAULT_CIPHER if self.scheme is None else self.scheme

    @property
    def block(self) -> int:
        """Bytes that one flipped bit can redraw."""
        return 1 if self.key is None else BLOCK

    def store(self, file: bytes) -> bytes:
        """The bytes on the medium: `file` padded, then encrypted from sector 0 on."""
        if self.key is not None and self.scheme is not None:
            return store_file(pad(file, UNIT, "zero"), self.key, self.scheme)
        padded = pad(file, self.numbering.sector_size, self.padding)
        return padded if self.key is None else encrypt_sectors(padded, self.key, 0, self.numbering)

    def read(self, stored: bytes) -> bytes:
        """What the medium decrypts to, padding included."""
        if self.key is not None and self.scheme is not None:
            return read_file_blocks(stored, self.key, self.scheme)
        return stored if self.key is None else decrypt_sectors(stored, self.key, 0, self.numbering)


PAPER_MEDIUM: Final = Medium(PAPER_KEY, SectorNumbering(512, "be32"), "pkcs7")
"""The medium of the paper's files."""


def seeded_key(seed: int) -> bytes:
    """A volume key of 16 bytes that follows from a seed."""
    return hashlib.sha256(f"carve-restore lab volume key {seed}".encode("ascii")).digest()[:16]


def seeded_master_key(seed: int) -> bytes:
    """A master key of file-based encryption, 64 bytes, that follows from a seed."""
    return hashlib.sha512(f"carve-restore lab master key {seed}".encode("ascii")).digest()


def pad(file: bytes, sector_size: int, padding: Padding) -> bytes:
    """Bring a file to a size the medium takes.

    Raises:
        UsageError: the file is empty.
    """
    if not file:
        raise UsageError("an empty file has nothing to damage")
    if padding == "zero":
        return file + bytes(-len(file) % sector_size)
    extra = BLOCK - len(file) % BLOCK
    return file + bytes([extra]) * extra


class MemorySource(ByteSource):
    """Bytes in memory as the bottom layer of a stack."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    @property
    def name(self) -> str:
        return "memory"

    @property
    def size(self) -> int:
        return len(self._data)

    @property
    def below(self) -> None:
        return None

    def read_at(self, offset: int, length: int) -> bytes:
        run = clamp(offset, length, self.size)
        return self._data[run.offset : run.end]

    def trace(self, offset: int, length: int) -> tuple[Run, ...]:
        return (clamp(offset, length, self.size),)

    def close(self) -> None:
        """Nothing is held open."""
