"""Small pictures for the reports: the file as an ordinary viewer shows it, what was made of it, and its map.

They are for looking, never for examining: scaled down, and coded as JPEG once more.
"""

from __future__ import annotations

import io
import struct
from pathlib import Path
from typing import TYPE_CHECKING, Final

from plugin.common.output import write_file
from plugin.common.restore_record import Previews
from restore.provenance import Status

if TYPE_CHECKING:
    from PIL.Image import Image

    from restore.result import Restoration

LONGEST_SIDE: Final = 360
"""Pixels of a preview's longer side at most."""
_QUALITY: Final = 72
_MOST_PIXELS: Final = 60_000_000
"""A picture that is larger even when decoded at an eighth of its size gets no preview."""
_SEEN_AS_FOUND: Final = "a small copy of the carved file as an ordinary viewer shows it; for looking only"
_SEEN_RESTORED: Final = "a small copy of the repaired or restored picture; for looking only"
_SEEN_MAP: Final = "the provenance map, one pixel for 8×8; for looking only"
_KEPT_APPLICATION: Final = 0xEE
"""APP14, in which Adobe says how colours are coded."""


def write_previews(folder: Path, stem: str, carved: bytes, restoration: Restoration) -> Previews:
    """Write what there is to see of one file into `previews/`.

    Raises:
        OutputError: a file cannot be written.
    """
    found = restored = provenance = None
    picture = as_viewers_show(carved)
    if picture is not None:
        found = write_file(folder, f"previews/{stem}.jpg", _small(picture), _SEEN_AS_FOUND)
    if restoration.pixels is not None and restoration.status is not Status.INTACT:
        from PIL import Image

        made = _small(Image.fromarray(restoration.pixels))
        restored = write_file(folder, f"previews/{stem}-restored.jpg", made, _SEEN_RESTORED)
    if restoration.provenance is not None and restoration.status is not Status.INTACT:
        blocks = _map(restoration)
        provenance = write_file(folder, f"previews/{stem}-provenance.png", blocks, _SEEN_MAP)
    return Previews(found, restored, provenance)


def as_viewers_show(carved: bytes) -> Image | None:
    """The carved bytes decoded by libjpeg, errors and all; None where it shows nothing.

    Only what the picture needs is handed on: the header segments a viewer's decoder reads, and the scan, closed by an
    end marker so that a picture cut short is shown as far as it goes.
    """
    from PIL.JpegImagePlugin import JpegImageFile

    bare = _bare(carved)
    if bare is None:
        return None
    try:
        with JpegImageFile(io.BytesIO(bare)) as picture:
            picture.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))
            if picture.width * picture.height > _MOST_PIXELS:
                return None
            return picture.convert("RGB")
    except (OSError, SyntaxError, ValueError, IndexError, KeyError, TypeError, struct.error):
        return None


def _bare(carved: bytes) -> bytes | None:
    """Only the segments that decoding needs, and the scans; None where there is no scan."""
    from carving.jpeg.header_walk import walk_header

    walk = walk_header(carved)
    if walk.entropy_start is None:
        return None
    kept = [
        carved[segment.offset : segment.end]
        for segment in walk.segments
        if not (0xE0 <= segment.marker <= 0xEF or segment.marker == 0xFE) or segment.marker == _KEPT_APPLICATION
    ]
    return b"".join((*kept, carved[walk.entropy_start :], b"\xff\xd9"))


def _small(picture: Image) -> bytes:
    from PIL.Image import Resampling

    picture.thumbnail((LONGEST_SIDE, LONGEST_SIDE), Resampling.BOX)
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=_QUALITY)
    return buffer.getvalue()


def _map(restoration: Restoration) -> bytes:
    """The provenance in a palette picture, an MCU of 8×8 pixels as one pixel, so that its proportions are right."""
    from PIL import Image

    from restore.provenance import COLOURS, Provenance

    assert restoration.provenance is not None
    height, width = restoration.mcu_size
    blocks = restoration.provenance.repeat(height // 8, axis=0).repeat(width // 8, axis=1)
    picture = Image.fromarray(blocks, "P")
    picture.putpalette([value for kind in Provenance for value in COLOURS[kind]])
    buffer = io.BytesIO()
    picture.save(buffer, "PNG", optimize=True)
    return buffer.getvalue()
