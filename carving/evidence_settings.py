"""What an examiner says of the evidence so that it can be opened: one set of settings, from the command line down."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class EvidenceSettings:
    """Where the volume lies in the evidence, and how it is stored there. Nothing secret is kept here.

    The first five say how to decrypt and count only with a key; a LUKS header or crypto footer knows better.

    Attributes:
        cipher: dm-crypt cipher specification.
        sector_size: bytes per encrypted sector, 512 or 4096.
        iv_sector: `le64` as dm-crypt writes the sector number, or `be32`.
        iv_offset: added to the sector number, in units of 512 bytes.
        iv_large_sectors: number the sectors in units of `sector_size` instead of 512 bytes.
        offset: byte of the medium at which the volume starts.
        length: bytes of the volume; to the end of the medium where None.
        volume: index of a partition, from 1, in place of `offset` and `length`.
        footer: path of a file that holds the crypto footer or LUKS header, where it is not in the volume.
        nand: layout of a raw NAND dump: a preset's name or the path of a TOML file; None where it is none.
        map: path of the map that GNU ddrescue kept of the medium; None where nothing is known of bytes it did not read.
        xor_key: path of the static key that a NAND controller scrambled the pages with.
        reference: paths of photos of the same camera, which lend tables, dimensions and width to data without a header.
    """

    cipher: str = "aes-cbc-essiv:sha256"
    sector_size: int = 512
    iv_sector: Literal["le64", "be32"] = "le64"
    iv_offset: int = 0
    iv_large_sectors: bool = False
    offset: int = 0
    length: int | None = None
    volume: int | None = None
    footer: str | None = None
    nand: str | None = None
    xor_key: str | None = None
    map: str | None = None
    reference: tuple[str, ...] = ()
