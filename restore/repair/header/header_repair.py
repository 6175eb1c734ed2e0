"""Flips in front of the scan: in the marker segments, the Exif data and the thumbnail that these hold.

Without its tables a scan is unreadable, so this comes before everything else. First the bytes themselves are judged
(see `header_bytes`), which needs no readable header; the thumbnail's scan follows, with tables that are then right.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from carving.errors import JpegError
from carving.flips.model import FlipModel
from carving.jpeg.header_walk import walk_header
from carving.jpeg.markers import read_header
from carving.jpeg.results import Thumbnail
from carving.jpeg.thumbnails import extract_thumbnail
from restore.repair.header.header_bytes import reverse_by_bytes, would_stand_out
from restore.repair.header.header_search import is_doubtful, search_header
from restore.repair.header.thumbnail_repair import search_thumbnail
from restore.repair.search.flip_state import bits_by_unit, reverse_flips
from restore.repair.search.hypotheses import Reversal, flips_of
from restore.repair.search.scan_repair import Effort
from restore.repair.search.standards import standards_of

_BEYOND: Final = 1024
"""Bytes behind the last segment in which the rest of a broken header is looked for."""
_STRUCTURE_ROUNDS: Final = 3
"""How often what the segments say is searched for one more flip."""


@dataclass(frozen=True, slots=True)
class HeaderRepair:
    """What became of a header: the file's bytes, and the reversed flips."""

    data: bytes
    reversals: tuple[Reversal, ...]


def repair_header(data: bytes, model: FlipModel | None, effort: Effort, *, readable: bool) -> HeaderRepair:
    """Reverse the flips in front of the first scan. Never raises; what cannot be explained stays as it is.

    Args:
        data: the file.
        readable: whether the picture decodes to its last bit with the header as it is. Then what its segments say, odd
            as it may be, is right; only bytes that nothing decodes with may still be wrong.
        model: its flip model, None where nothing is to be reversed.
        effort: how hard to search; without expansions nothing is reversed.
    """
    if model is None or effort.expansions == 0:
        return HeaderRepair(data, ())
    raw = np.frombuffer(data, dtype=np.uint8).copy()
    reversals: list[Reversal] = []
    for _ in range(standards_of(model).header_rounds):
        walk = walk_header(raw.tobytes())
        end = walk.entropy_start or min(walk.end + _BEYOND, raw.size)
        found = reverse_by_bytes(raw, end, model, _entropy_coded(raw, end))
        reversals.extend(found)
        if not found:
            break
    if not readable:
        reversals.extend(_search_structure(raw, model, tuple(reversals)))
    thumbnail = _thumbnail(raw)
    if thumbnail is not None and thumbnail.is_jpeg:
        found = search_thumbnail(raw, thumbnail.run, model, effort)
        reverse_flips(raw, model, flips_of(found), bits_by_unit(flips_of(tuple(reversals))))
        reversals.extend(found)
    return HeaderRepair(raw.tobytes() if reversals else data, tuple(reversals))


def hidden_bytes(data: bytes, opaque: NDArray[np.bool_]) -> int:
    """How many bytes of a header hide a flip that redraws a unit: nothing checks them, nor predicts them.

    Args:
        data: the file; opaque: bool (bytes of its header,), those that nothing checks.
    """
    if not opaque.any():
        return 0
    raw = np.frombuffer(data, dtype=np.uint8)
    end = opaque.size
    return int((opaque & ~would_stand_out(raw[:end], _entropy_coded(raw, end))).sum())


def _search_structure(raw: NDArray[np.uint8], model: FlipModel, earlier: tuple[Reversal, ...]) -> tuple[Reversal, ...]:
    """Reverse the flips that what the marker segments say betrays, in `raw`, in place."""
    reversals: list[Reversal] = []
    for _ in range(_STRUCTURE_ROUNDS):
        if not is_doubtful(raw.tobytes()):
            break
        done = bits_by_unit(flips_of((*earlier, *reversals)))
        found = search_header(raw, model, done)
        if found is None:
            break
        reverse_flips(raw, model, flips_of((found,)), done)
        reversals.append(found)
    return tuple(reversals)


def _thumbnail(raw: NDArray[np.uint8]) -> Thumbnail | None:
    data = raw.tobytes()
    return extract_thumbnail(data, walk_header(data).segments)


def _entropy_coded(raw: NDArray[np.uint8], end: int) -> NDArray[np.bool_]:
    """Per byte of the header, whether it lies in the thumbnail's scan: nothing can be expected of such bytes."""
    inside = np.zeros(end, dtype=np.bool_)
    thumbnail = _thumbnail(raw)
    if thumbnail is not None and thumbnail.is_jpeg:
        try:
            start = read_header(thumbnail.data).scan.entropy_start
        except JpegError:
            return inside
        eoi = thumbnail.data.rfind(b"\xff\xd9")
        stop = thumbnail.run.length if eoi < 0 else eoi
        inside[thumbnail.run.offset + start : thumbnail.run.offset + stop] = True
    return inside
