"""How many bytes of a header nothing checks: a change in them would show nowhere.

Checked are marker segments that steer the decoder, a thumbnail's stream that decodes without a flaw, the markers and
lengths of application segments, and of Exif data the TIFF structure (header, directories and their entries). What is
left are maker notes, texts, profiles and the like.
"""

from __future__ import annotations

from typing import Final, Literal

import numpy as np

from carving.errors import JpegError
from carving.fragments import Thumbnail
from carving.jpeg.markers import APP0, APP1, COM, Segment
from restore.decoding.robust import decode
from restore.repair.thumbnail_repair import decodes_cleanly

_APPLICATION: Final = range(APP0, APP0 + 16)
_POINTERS: Final = (0x8769, 0x8825, 0xA005)
"""Entries that lead to a further directory: Exif, GPS, interoperability (Exif 2.32, 4.6.3)."""
_MAX_ENTRIES: Final = 512
_MAX_DIRECTORIES: Final = 16


def opaque_bytes(data: bytes, segments: tuple[Segment, ...], thumbnail: Thumbnail | None) -> int:
    """Count the header bytes of a file that no redundancy covers.

    Args:
        data: the file.
        segments: its header segments, up to the scan; bytes between them belong to none and count as opaque.
        thumbnail: the one found in its header.
    """
    if not segments:
        return 0
    opaque = np.ones(min(segments[-1].end, len(data)), dtype=np.bool_)
    for segment in segments:
        opaque[segment.offset : segment.offset + 4] = False
        if segment.marker not in _APPLICATION and segment.marker != COM:
            opaque[segment.offset : segment.end] = False
        elif segment.marker == APP1 and segment.payload(data).startswith(b"Exif\0\0"):
            start = segment.offset + 10
            opaque[segment.offset : start] = False
            for first, last in _structure(data[start : segment.end]):
                opaque[start + first : start + last] = False
    if thumbnail is not None and _is_sound(thumbnail):
        opaque[thumbnail.run.offset : thumbnail.run.end] = False
    return int(np.count_nonzero(opaque))


def _is_sound(thumbnail: Thumbnail) -> bool:
    if not thumbnail.is_jpeg:
        return False
    try:
        return decodes_cleanly(decode(thumbnail.data))
    except JpegError:
        return False


def _structure(tiff: bytes) -> list[tuple[int, int]]:
    """The stretches of a TIFF structure that its header and directories take (TIFF 6.0, section 2)."""
    order: Literal["big", "little"] = "little" if tiff[:2] == b"II" else "big"
    if tiff[:4] not in (b"II*\0", b"MM\0*"):
        return []
    stretches = [(0, 8)]
    queue, seen = [int.from_bytes(tiff[4:8], order)], {0}
    while queue and len(stretches) <= _MAX_DIRECTORIES:
        first = queue.pop(0)
        count = int.from_bytes(tiff[first : first + 2], order)
        last = first + 2 + 12 * count
        if first in seen or not 0 < count <= _MAX_ENTRIES or last > len(tiff):
            continue
        seen.add(first)
        entries = [tiff[at : at + 12] for at in range(first + 2, last, 12)]
        queue += [
            int.from_bytes(entry[8:], order) for entry in entries if int.from_bytes(entry[:2], order) in _POINTERS
        ]
        if last + 4 <= len(tiff):
            queue.append(int.from_bytes(tiff[last : last + 4], order))
            last += 4
        stretches.append((first, last))
    return stretches
