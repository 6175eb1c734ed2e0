"""The order of work on one fragment: header, decoding, reversal of flips, placement, filling, and what each MCU is."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from carving.errors import JpegError
from carving.flips import FlipModel
from carving.fragments import Fragment, Thumbnail
from carving.jpeg.header_walk import walk_header
from carving.jpeg.markers import JpegHeader
from carving.jpeg.thumbnails import extract_thumbnail
from restore import guidance
from restore.decoding.decoded import OUTSIDE_THE_SCANS
from restore.decoding.robust import Decoded, decode
from restore.provenance import BitFlip, Provenance, Status
from restore.result import Restoration

if TYPE_CHECKING:
    from restore.repair.header import HeaderRepair
    from restore.repair.search import Reversal

DEFAULT_EFFORT = 2

UNSEEN = "the evidence is not encrypted: a flip that changes an amplitude only can go unnoticed"
"""Said of every file of unencrypted evidence that decodes without a flaw."""

FOREIGN = "the thumbnail shows another picture, so it does not guide what is lost"


def restore(
    fragment: Fragment | bytes,
    flip_model: FlipModel | None = None,
    thumbnail: Thumbnail | None = None,
    effort: int = DEFAULT_EFFORT,
) -> Restoration:
    """Restore one JPEG as far as it goes.

    Args:
        fragment: what the carver found, or the bytes of one JPEG file.
        flip_model: how flipped bits of the evidence show in these bytes; without one nothing is reversed.
        thumbnail: the guide for what is lost; the fragment's own where None.
        effort: 0 to 3, work spent on reversing flips.
    """
    from restore.repair.header import repair_header
    from restore.repair.opaque import opaque_bytes
    from restore.repair.repair import EFFORTS

    stored = fragment if isinstance(fragment, bytes) else fragment.data
    front = repair_header(stored, flip_model, EFFORTS[effort])
    segments = walk_header(front.data).segments
    own = extract_thumbnail(front.data, segments)
    guide = fragment.thumbnail if isinstance(fragment, Fragment) and not front.reversals else own
    if thumbnail is not None and not _is_own(thumbnail, stored):
        guide = thumbnail
    restored = _restore(front, flip_model, guide, effort)
    return replace(restored, opaque_bytes=opaque_bytes(front.data, segments, own))


def _restore(front: HeaderRepair, flip_model: FlipModel | None, guide: Thumbnail | None, effort: int) -> Restoration:
    """Restore a file whose header is repaired."""
    flips = _bit_flips(front.reversals, flip_model)
    try:
        decoded = decode(front.data)
    except JpegError as error:
        return Restoration(None, None, (0, 0), flips, Status.UNRECOVERABLE, None, (str(error),))
    if not interleaved(decoded.header):
        return _as_decoded(decoded, guide, flips)
    from restore.repair.repair import EFFORTS
    from restore.repair.session import examine

    small = None if guide is None else guidance.thumbnail_pixels(guide)
    session = examine(front.data, decoded, flip_model, EFFORTS[effort], small)
    flips = _bit_flips(front.reversals + session.reversals, flip_model)
    notes = tuple(f"{event.kind} at MCU {event.mcu} ({event.count})" for event in decoded.events[:20])
    if session.exhausted:
        notes += (
            f"the work that effort {effort} allows was spent before the end; more may be found with a higher one",
        )
    frame = decoded.header.frame
    mcu_size = (frame.mcu_height, frame.mcu_width)
    provenance = session.provenance.reshape(frame.mcu_rows, frame.mcu_columns)
    picture = _render(decoded.header, session.coefficients)
    if session.sound and flip_model is not None and not flip_model.encrypted:
        status = Status.RESTORED if flips else Status.INTACT
        return Restoration(picture, provenance, mcu_size, flips, status, None, (*notes, UNSEEN))
    if session.sound:
        status = Status.EXACT if flips else Status.INTACT
        jpeg = session.jpeg if flips else None
        return Restoration(picture, provenance, mcu_size, flips, status, jpeg, notes)
    pixels, provenance, remark = _fill(picture, provenance, mcu_size, session.thumbnail)
    if remark and small is not None:
        remark = (FOREIGN,)
    status = Status.PARTIAL if (provenance == Provenance.LOST).any() else Status.RESTORED
    return Restoration(pixels, provenance, mcu_size, flips, status, None, notes + remark)


def _bit_flips(reversals: tuple[Reversal, ...], model: FlipModel | None) -> tuple[BitFlip, ...]:
    """Reversals as flips of the evidence, in its order."""
    if model is None:
        return ()
    flips = [BitFlip(*model.place(entry.unit, entry.bit), entry.gain, entry.margin) for entry in reversals]
    return tuple(sorted(flips, key=lambda flip: (flip.evidence_offset, flip.bit)))


def _is_own(thumbnail: Thumbnail, data: bytes) -> bool:
    """Whether a thumbnail is the one in the file's own header, as it was found there."""
    return thumbnail.run.length > 0 and data[thumbnail.run.offset : thumbnail.run.end] == thumbnail.data


def interleaved(header: JpegHeader) -> bool:
    """Whether the picture is one sequential scan of all components, the kind in which MCUs can be searched and
    placed."""
    return not header.frame.progressive and len(header.scan.components) == len(header.frame.components)


def _render(header: JpegHeader, coefficients: NDArray[np.int16]) -> NDArray[np.uint8]:
    from restore.decoding.pixels import render

    return render(header, coefficients)


def _as_decoded(decoded: Decoded, guide: Thumbnail | None, flips: tuple[BitFlip, ...]) -> Restoration:
    """Progressive pictures and pictures of several scans: the robust decoder's picture is the best there is."""
    frame = decoded.header.frame
    mcu_size = (frame.mcu_height, frame.mcu_width)
    intact = np.full((frame.mcu_rows, frame.mcu_columns), Provenance.INTACT, dtype=np.uint8)
    if not decoded.events:
        status = Status.RESTORED if flips else Status.INTACT
        return Restoration(decoded.pixels, intact, mcu_size, flips, status, None, ())
    whole = {event.kind for event in decoded.events} <= OUTSIDE_THE_SCANS
    provenance = intact if whole else np.full_like(intact, Provenance.PLACED)
    if decoded.mcus.bit_positions.size == frame.mcu_count:  # a scan of single blocks has no position per MCU
        provenance.reshape(-1)[decoded.mcus.bit_positions < 0] = Provenance.LOST
    small = None if guide is None else guidance.thumbnail_pixels(guide)
    if small is not None:
        small = guidance.without_bars(small, frame.height, frame.width)
    pixels, provenance, remark = _fill(decoded.pixels, provenance, mcu_size, small)
    status = Status.PARTIAL if (provenance == Provenance.LOST).any() else Status.RESTORED
    notes = tuple(f"{event.kind} at MCU {event.mcu} ({event.count})" for event in decoded.events[:20])
    return Restoration(pixels, provenance, mcu_size, flips, status, None, notes + remark)


def _fill(
    pixels: NDArray[np.uint8], provenance: NDArray[np.uint8], mcu_size: tuple[int, int], small: NDArray[np.uint8] | None
) -> tuple[NDArray[np.uint8], NDArray[np.uint8], tuple[str, ...]]:
    """Fill what is lost from the thumbnail, where there is one; it shows just the picture."""
    lost = provenance == Provenance.LOST
    if not lost.any():
        return pixels, provenance, ()
    if small is None:
        return pixels, provenance, ("no readable thumbnail to guide what is lost",)
    height, width = pixels.shape[:2]
    guide = guidance.stretch(small, height, width)
    filled = guidance.fill(pixels, guide, guidance.region(lost, mcu_size, height, width))
    return filled, np.where(lost, np.uint8(Provenance.GENERATED), provenance), ()
