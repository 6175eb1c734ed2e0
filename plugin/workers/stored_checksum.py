"""The CRC-32 that an archive stores for a file, held against the bytes as found and against those that restoring gives.

It knows nothing of pictures: where it fails bytes are wrong, whether that shows or not, and where it holds for a
repaired stream that stream is the original, but for one chance in four thousand million.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from carving.fragments import Claim, Fragment
from carving.source import Run
from restore.provenance import BitFlip, Status
from restore.result import Restoration

CHANCE: Final = 1 / (1 << 32)
"""That a checksum holds for bytes it was not computed of."""

FITS: Final = "the CRC-32 that the archive stores for it fits: the bytes are those that were put in"
FITS_DAMAGED: Final = (
    "the CRC-32 that the archive stores for it fits the bytes as found: what is damaged was so when it was put in"
)
FAILS: Final = "the CRC-32 that the archive stores for it does not fit: bytes of it are wrong"
FITS_REPAIRED: Final = (
    "the CRC-32 that the archive stores for it does not fit the bytes as found, but the repaired ones"
)

_BELIED: Final = {Status.INTACT: Status.RESTORED, Status.EXACT: Status.REPAIRED}
"""What a file is called instead whose checksum shows that it is not the original."""


def crc_holds(data: bytes, claim: Claim | None) -> bool | None:
    """Whether bytes have the CRC-32 that was stored of a file; None where none was."""
    if claim is None or claim.crc32 is None:
        return None
    return f"{zlib.crc32(data):08x}" == claim.crc32


def notes_as_found(fragment: Fragment) -> tuple[str, ...]:
    """What a stored checksum says of the bytes as they were found."""
    holds = crc_holds(fragment.data, fragment.claim)
    return () if holds is None else (FITS if holds else FAILS,)


def judge(restoration: Restoration, fragment: Fragment) -> Restoration:
    """What was restored, with what the stored checksum of the file says of it.

    A stream for which it holds is `exact`, and the flips reversed in it are right, but for one chance. Nothing for
    which it fails is `intact` or `exact`: no damage is left that can be seen, but there is some.
    """
    holds = crc_holds(fragment.data, fragment.claim)
    if holds is None:
        return restoration
    status, notes = restoration.status, restoration.notes
    if holds:
        if status is not Status.INTACT:
            return replace(restoration, notes=(FITS_DAMAGED, *notes))
        return replace(restoration, notes=(FITS, *notes), exact_probability=1 - CHANCE)
    for stream in _streams(restoration, fragment):
        if crc_holds(stream, fragment.claim):
            return replace(
                restoration,
                status=Status.EXACT,
                jpeg=stream,
                bit_flips=tuple(replace(flip, probability=1 - CHANCE) for flip in restoration.bit_flips),
                notes=(FITS_REPAIRED, *notes),
                exact_probability=1 - CHANCE,
            )
    status = _BELIED.get(status, status)
    return replace(restoration, status=status, notes=(FAILS, *notes), exact_probability=None)


def _streams(restoration: Restoration, fragment: Fragment) -> Iterator[bytes]:
    """The repaired file, all of it: the carved bytes with the named bits reversed."""
    if restoration.jpeg is not None:
        yield restoration.jpeg + fragment.data[len(restoration.jpeg) :]
    if restoration.bit_flips and (reversed_stream := _reversed(fragment, restoration.bit_flips)) is not None:
        yield reversed_stream


def _reversed(fragment: Fragment, flips: tuple[BitFlip, ...]) -> bytes | None:
    """The bytes with flips reversed; None where not every one of them is a bit of these bytes as they are stored."""
    if sum(run.length for run in fragment.evidence_runs) != len(fragment.data):
        return None
    data = bytearray(fragment.data)
    for flip in flips:
        place = _place(flip.evidence_offset, fragment.evidence_runs)
        if place is None:
            return None
        data[place] ^= 128 >> flip.bit
    return bytes(data)


def _place(offset: int, runs: tuple[Run, ...]) -> int | None:
    """Which byte of a fragment a byte of the evidence is."""
    position = 0
    for run in runs:
        if run.offset <= offset < run.end:
            return position + offset - run.offset
        position += run.length
    return None
