"""Flips bits of evidence, and says what a check makes of it."""

from __future__ import annotations

from collections.abc import Iterable

from carving.encryption.ciphers import SectorNumbering, parse_cipher
from carving.encryption.dmcrypt import DmCryptSource
from carving.encryption.sectors import encrypt_sectors
from carving.file_systems.structures.correction import correct_file_system
from carving.file_systems.structures.reversal import CorrectedSource
from carving.source import ByteSource
from tests.carving.memory import MemorySource

KEY = bytes(range(16))
Bits = Iterable[tuple[int, int]]


def flipped(data: bytes, flips: Bits) -> bytes:
    """Data with some bits the other way round; 0 is the most significant of a byte."""
    changed = bytearray(data)
    for offset, bit in flips:
        changed[offset] ^= 128 >> bit
    return bytes(changed)


def damaged(data: bytes, flips: Bits, *, encrypted: bool) -> ByteSource:
    """A volume with bits flipped in what is stored of it."""
    if not encrypted:
        return MemorySource(flipped(data, flips))
    stored = MemorySource(flipped(encrypt_sectors(data, KEY), flips))
    return DmCryptSource(stored, KEY, parse_cipher("aes-cbc-essiv:sha256"), SectorNumbering())


def corrected(data: bytes, flips: Bits, *, encrypted: bool) -> tuple[CorrectedSource, tuple[str, ...]]:
    """The volume with what was reversed of its flips, and the remarks on it."""
    source = CorrectedSource(damaged(data, flips, encrypted=encrypted))
    return source, correct_file_system(source, 0)


def places(source: CorrectedSource) -> list[tuple[int, int]]:
    """The bits that were reversed."""
    return sorted((flip.evidence_offset, flip.bit) for flip in source.flips)
