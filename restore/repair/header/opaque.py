"""How many bytes of a header nothing checks: a change in them would show nowhere.

Checked are marker segments that steer the decoder, a thumbnail's stream that decodes without a flaw, the markers and
lengths of application segments, and of Exif data the TIFF structure (header, directories and their entries). What is
left are maker notes, texts, profiles and the like.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from carving.errors import JpegError
from carving.jpeg.markers import APP0, APP1, COM, MarkerSegment
from carving.jpeg.results import Thumbnail
from carving.jpeg.tiff import HEADER_SIZE, directories
from restore.decoding.robust import decode

_APPLICATION: Final = range(APP0, APP0 + 16)


def opaque_places(data: bytes, segments: tuple[MarkerSegment, ...], thumbnail: Thumbnail | None) -> NDArray[np.bool_]:
    """The header bytes of a file that no redundancy covers: bool (bytes of the header,).

    Args:
        data: the file.
        segments: its header segments, up to the scan; bytes between them belong to none and count as opaque.
        thumbnail: the one found in its header.
    """
    if not segments:
        return np.zeros(0, dtype=np.bool_)
    opaque = np.ones(min(segments[-1].end, len(data)), dtype=np.bool_)
    for segment in segments:
        opaque[segment.offset : segment.offset + 4] = False
        if segment.marker not in _APPLICATION and segment.marker != COM:
            opaque[segment.offset : segment.end] = False
        elif segment.marker == APP1 and segment.payload(data).startswith(b"Exif\0\0"):
            start = segment.offset + 10
            opaque[segment.offset : start] = False
            found = directories(data[start : segment.end])
            opaque[start : start + HEADER_SIZE * bool(found)] = False
            for directory in found:
                opaque[start + directory.first : start + directory.last] = False
    if thumbnail is not None and _is_sound(thumbnail):
        opaque[thumbnail.run.offset : thumbnail.run.end] = False
    return opaque


def _is_sound(thumbnail: Thumbnail) -> bool:
    if not thumbnail.is_jpeg:
        return False
    try:
        return decode(thumbnail.data).flawless
    except JpegError:
        return False
