"""The one flipped bit that a stored CRC-32 points at: it needs no picture to be found.

Of a file that an archive stores as it is, the difference between the stored CRC-32 and the computed one tells which
single bit, reversed, makes it fit. Whether it was one bit is another question: it is believed where the picture was
damaged and is whole then, or where the file is so small that chance hardly leads to any bit of it.
"""

from __future__ import annotations

import math
import zlib
from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from carving.errors import JpegError
from carving.fragments import Fragment
from carving.source import Run
from carving.support.crc32 import crc32_single_flip
from plugin.workers.stored_checksum import FITS_REPAIRED, crc_holds
from restore.provenance import EXACT_FROM, BitFlip, Provenance, Status
from restore.result import Restoration

_CHANCE: Final = 1 - EXACT_FROM
"""That the bit may be the wrong one in a file which is called `exact`."""
_MENDS: Final = 1 / 100
"""Share of the single bits of a damaged picture that make it whole when they are reversed: supposed, and generous."""
_CHECKSUMS: Final = 1 << 32


def restore_by_checksum(fragment: Fragment, device: str) -> Restoration | None:
    """The file with the bit reversed that its stored CRC-32 points at; None where it points at none to believe."""
    found = _single_flip(fragment)
    if found is None:
        return None
    from restore.restoration import restore

    byte, bit = found
    stream = bytearray(fragment.data)
    stream[byte] ^= 128 >> bit
    chance = 8 * len(stream) / _CHECKSUMS
    was_whole = fragment.check is not None and fragment.check.whole
    if not was_whole:
        chance *= _MENDS
    if chance > _CHANCE:
        return None
    try:
        restoration = restore(bytes(stream), device=device)
    except JpegError:
        return None
    if restoration.status is not Status.INTACT:
        return None
    place = _in_evidence(byte, fragment.evidence_runs)
    flip = BitFlip(place, bit, math.log(_CHECKSUMS), -math.log(chance), 1 - chance)
    return replace(
        restoration,
        status=Status.EXACT,
        jpeg=bytes(stream),
        bit_flips=(flip,),
        provenance=_with_repaired(restoration, fragment.data, bytes(stream)),
        notes=(FITS_REPAIRED, "the CRC-32 itself tells which bit was flipped", *restoration.notes),
        exact_probability=1 - chance,
    )


def _single_flip(fragment: Fragment) -> tuple[int, int] | None:
    """Byte and bit of the one flip that would explain the checksum, in bytes that are stored as they are."""
    claim = fragment.claim
    stored = sum(run.length for run in fragment.evidence_runs) == len(fragment.data)
    if not stored or claim is None or claim.crc32 is None or crc_holds(fragment.data, claim):
        return None
    return crc32_single_flip(int(claim.crc32, 16) ^ zlib.crc32(fragment.data), len(fragment.data))


def _with_repaired(restoration: Restoration, damaged: bytes, repaired: bytes) -> NDArray[np.uint8] | None:
    """The provenance with the first MCU that the flip changed as repaired; a flip in the header changes none."""
    from restore.decoding.robust import decode

    if restoration.provenance is None:
        return None
    provenance = restoration.provenance.copy()
    try:
        before, after = (decode(data).coefficients for data in (damaged, repaired))
    except JpegError:
        return provenance
    if before.shape == after.shape == (provenance.size, *after.shape[1:]):
        changed = np.flatnonzero((before != after).any(axis=(1, 2)))
        if changed.size:
            provenance.reshape(-1)[changed[0]] = Provenance.REPAIRED
    return provenance


def _in_evidence(byte: int, runs: tuple[Run, ...]) -> int:
    position = 0
    for run in runs:
        if byte < position + run.length:
            return run.offset + byte - position
        position += run.length
    raise IndexError(byte)
