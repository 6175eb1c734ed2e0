"""One file damaged on its medium: what a restorer may see, and the truth that only the judge may."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from carving.encryption.ciphers import parse_cipher
from carving.fragments import Fragment
from carving.jpeg.header_walk import walk_header
from carving.jpeg.markers import read_header
from carving.jpeg.picture_walk import find_picture_end
from carving.jpeg.results import Ending, Thumbnail
from carving.source import ByteSource, Run
from restore.lab.simulation.bit_errors import Flip, apply_flips, draw_flips, generator
from restore.lab.simulation.file_encryption import layers_over
from restore.lab.simulation.medium import Medium, MemorySource
from restore.lab.simulation.regions import (
    OVERWRITING,
    DestroyedRegion,
    Edit,
    RegionKind,
    apply_edits,
    destroyed_bytes,
    draw_edits,
    region_generator,
)

_EOI: Final = b"\xff\xd9"


@dataclass(frozen=True, slots=True)
class DamagedFile:
    """All that a restorer sees of one file; nothing in it was derived from the flips or from the original's pixels.

    Attributes:
        name: file name stem.
        jpeg: the damaged bytes; as long as the original file where no region took or gave any.
        stored: the damaged bytes of the medium, with padding.
        medium: how they are stored, with the key.
        thumbnail: the guide: what the damaged header yields, or a guide kept beside the file; None where there is none.
    """

    name: str
    jpeg: bytes
    stored: bytes
    medium: Medium
    thumbnail: Thumbnail | None

    def source(self) -> ByteSource:
        """The medium as evidence: the stack that a carver reads."""
        bottom = MemorySource(self.stored)
        if self.medium.key is None:
            return bottom
        if self.medium.scheme is not None:
            return layers_over(bottom, self.medium.key, self.medium.scheme)
        from carving.encryption.dmcrypt import DmCryptSource

        return DmCryptSource(bottom, self.medium.key, parse_cipher("aes-cbc-essiv:sha256"), self.medium.numbering)

    def fragment(self) -> Fragment:
        """The file as the carver hands it over, found at offset 0."""
        runs = (Run(0, len(self.jpeg)),)
        ending = Ending.EOI if self.jpeg.endswith(_EOI) else Ending.TRUNCATED
        return Fragment("decrypted", 0, self.jpeg, runs, runs, ending, self.thumbnail)


@dataclass(frozen=True, slots=True)
class Damage:
    """What happened to one file.

    Attributes:
        stored: the damaged medium.
        jpeg: the damaged file, without the medium's padding.
        flips: every flipped bit of the medium.
        spared: the run of the medium in which nothing was flipped.
        regions: what else befell the file, ascending.
    """

    stored: bytes
    jpeg: bytes
    flips: tuple[Flip, ...]
    spared: Run
    regions: tuple[DestroyedRegion, ...] = ()

    def destroyed(self, original: bytes) -> NDArray[np.int64]:
        """Offsets of the original's bytes that are not what or where they were, int64, ascending."""
        return destroyed_bytes(original, self.jpeg, self.regions)


def damage(
    original: bytes,
    medium: Medium,
    ber: float,
    seed: int,
    spared: Run,
    kind: RegionKind | None = None,
    other: bytes | None = None,
) -> Damage:
    """Store a file, let a region of some kind be destroyed, flip bits behind `spared`, read it again.

    Args:
        other: another photo, for `foreign32k`.

    Raises:
        UsageError: an empty file, a rate that is no probability, no other photo where one is needed.
        UnsupportedJpegError: the region is too long for the file.
        JpegError: the header of the file, or of the other photo, cannot be read.
    """
    stored, size = medium.store(original), len(original)
    regions: tuple[DestroyedRegion, ...] = ()
    if kind is not None:
        edits = region_edits(original, kind, seed, other)
        if kind in OVERWRITING:
            stored, regions = apply_edits(stored, kind, edits)
        else:
            edited, regions = apply_edits(original, kind, edits)
            stored, size = medium.store(edited), len(edited)
    flips = draw_flips(generator(seed, ber, original), spared.end, len(stored), ber)
    damaged = apply_flips(stored, flips)
    return Damage(damaged, medium.read(damaged)[:size], flips, spared, regions)


def region_edits(original: bytes, kind: RegionKind, seed: int, other: bytes | None) -> tuple[Edit, ...]:
    """The edits that destroy a region of that kind in a file; all follow from the seed and what the files hold.

    Raises:
        UsageError: there is no other photo where one is needed.
        UnsupportedJpegError: the file's scan is too short.
        JpegError: a header cannot be read.
    """
    foreign = b""
    if kind is RegionKind.FOREIGN_32K and other is not None:
        run = entropy_run(other)
        foreign = other[run.offset : run.end]
    return draw_edits(region_generator(seed, kind, original), kind, original, entropy_run(original), foreign)


def entropy_run(original: bytes) -> Run:
    """From the first entropy-coded byte of an undamaged file to its EOI, over all scans.

    Raises:
        JpegError: the header cannot be read.
    """
    start = read_header(original).scan.entropy_start
    return Run(start, max(start, picture_end(original) - len(_EOI)) - start)


def spared_header(original: bytes, medium: Medium) -> Run:
    """The run of the medium to spare so that no byte before the first scan's first one changes.

    A flip redraws its own block and one bit of the next, never an earlier one, so it is the blocks that hold a byte of
    the header; the first bytes of the scan are spared with them where they share the last of these blocks. On a plain
    medium a block is a byte.

    Raises:
        JpegError: the header cannot be read.
    """
    start = read_header(original).scan.entropy_start
    return Run(0, -(-start // medium.block) * medium.block)


def picture_end(original: bytes) -> int:
    """The offset behind the EOI of an undamaged file; cameras and editors leave other bytes behind it."""
    return find_picture_end(original, walk_header(original)).end


def flips_that_matter(flips: tuple[Flip, ...], medium: Medium, end: int) -> tuple[Flip, ...]:
    """The flips whose block begins before `end`: a flip in the padding, or behind the EOI, is no loss."""
    return tuple(flip for flip in flips if flip.offset // medium.block * medium.block < end)
