"""The order of work on one fragment: decode, compensate and align, fill, and say what each MCU is."""

from __future__ import annotations

import numpy as np
from carving.jpeg.thumbnails import extract_thumbnail
from numpy.typing import NDArray

from carving.errors import JpegError
from carving.fragments import Fragment, Thumbnail
from carving.jpeg.markers import JpegHeader
from restore import guidance
from restore.decode.robust import Decoded, EventKind, decode
from restore.provenance import Provenance, Status
from restore.result import Restoration


def restore(fragment: Fragment | bytes, thumbnail: Thumbnail | None = None) -> Restoration:
    """Restore one JPEG as far as it goes.

    Args:
        fragment: what the carver found, or the bytes of one JPEG file.
        thumbnail: the guide for what is lost; the fragment's own where None.
    """
    data = fragment if isinstance(fragment, bytes) else fragment.data
    try:
        decoded = decode(data)
    except JpegError as error:
        return Restoration(None, None, (0, 0), (), Status.UNRECOVERABLE, None, (str(error),))
    frame = decoded.header.frame
    mcu_size = (frame.mcu_height, frame.mcu_width)
    if not decoded.events:
        provenance = np.full((frame.mcu_rows, frame.mcu_columns), Provenance.INTACT, dtype=np.uint8)
        return Restoration(decoded.pixels, provenance, mcu_size, (), Status.INTACT, None, ())
    guide = thumbnail or (
        fragment.thumbnail if isinstance(fragment, Fragment) else _own_thumbnail(data, decoded.header)
    )
    return _restore_damaged(decoded, guide)


def _own_thumbnail(data: bytes, header: JpegHeader) -> Thumbnail | None:
    return extract_thumbnail(data, header.segments)


def _restore_damaged(decoded: Decoded, thumbnail: Thumbnail | None) -> Restoration:
    from restore.sca.self_compensation import self_compensate

    frame = decoded.header.frame
    mcu_size = (frame.mcu_height, frame.mcu_width)
    provenance = classify(decoded)
    pixels = decoded.pixels
    placed = guidance.region(provenance == Provenance.PLACED, mcu_size, frame.height, frame.width)
    pixels = np.where(placed[..., np.newaxis], self_compensate(decoded.header, decoded.coefficients), pixels)
    notes = tuple(f"{event.kind} at MCU {event.mcu} ({event.count})" for event in decoded.events[:20])
    lost = provenance == Provenance.LOST
    if thumbnail is None:
        notes += ("no thumbnail to guide what is lost",) if lost.any() else ()
    elif (small := guidance.thumbnail_pixels(thumbnail)) is not None:
        guide = guidance.enlarge(small, frame.height, frame.width)
        pixels = guidance.fill(pixels, guide, guidance.region(lost, mcu_size, frame.height, frame.width))
        provenance = np.where(lost, np.uint8(Provenance.GENERATED), provenance)
    status = Status.PARTIAL if (provenance == Provenance.LOST).any() else Status.RESTORED
    return Restoration(pixels, provenance, mcu_size, (), status, None, notes)


def classify(decoded: Decoded) -> NDArray[np.uint8]:
    """What each MCU is, from the decoder's events alone: stored as found up to the first sign of damage, moved after
    it."""
    frame = decoded.header.frame
    provenance = np.full(frame.mcu_count, Provenance.PLACED, dtype=np.uint8)
    located = [event.mcu for event in decoded.events if event.kind is not EventKind.SPURIOUS_MARKER]
    if EventKind.SPURIOUS_MARKER not in {event.kind for event in decoded.events}:
        provenance[: min(located)] = Provenance.INTACT
    if decoded.mcus.bit_positions.size == frame.mcu_count:  # a scan of blocks has no position per MCU
        provenance[decoded.mcus.bit_positions < 0] = Provenance.LOST
    return provenance.reshape(frame.mcu_rows, frame.mcu_columns)
