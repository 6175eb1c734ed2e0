"""Flips in marker segments found by what the segments then say: every single-bit hypothesis about them is read as a
header, scored (see `header_score`), and the likeliest are tried on the scan.

This finds what the bytes alone do not betray: single bits of unencrypted files, and tables of the encoder's own.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from carving.errors import JpegError, UnsupportedJpegError
from carving.flips.model import FlipModel
from carving.jpeg.header_walk import HeaderWalk, walk_header
from carving.jpeg.markers import APP0, COM, SOI, JpegHeader, read_header
from restore.repair.header.header_bytes import HEADER_MARGIN
from restore.repair.header.header_score import (
    FAILING,
    TRIAL_BYTES,
    UNREADABLE,
    contradicts,
    failing_share,
    read_quietly,
    score_fields,
    score_trial,
)
from restore.repair.search.hypotheses import Reversal
from restore.repair.search.standards import FLIP_COST

_BEYOND: Final = 256
_MOST_BYTES: Final = 4096
"""Bytes of structure in which flips are looked for."""
_TRIED: Final = 48
"""How many of the likeliest headers are tried on the scan."""
_APPLICATION: Final = range(APP0, APP0 + 16)

Bytes = NDArray[np.uint8]


def is_doubtful(data: bytes) -> bool:
    """Whether something in a header, or in the scan as read with it, asks for a search."""
    try:
        header = read_header(data)
    except UnsupportedJpegError:
        return False
    except JpegError:
        return True
    return not header.frame.progressive and (contradicts(header, data) or failing_share(header, data) > FAILING)


def search_header(raw: Bytes, model: FlipModel, done: dict[int, tuple[int, ...]]) -> Reversal | None:
    """The single flip in the marker segments of `raw` that makes them right; None where none stands out.

    Args:
        done: the bits of each unit that are already reversed in `raw`.
    """
    walk = walk_header(raw.tobytes())
    end = walk.entropy_start or walk.end
    head = raw[: end + _BEYOND + TRIAL_BYTES].tobytes()
    before = read_quietly(head)
    now = UNREADABLE if before is None else _score(before, head)
    found: list[tuple[float, int, int]] = []
    for unit, bit, candidate in _candidates(raw, len(head), model, _structure(walk, raw.size), done):
        header = read_quietly(candidate)
        if header is not None and not _loses_tables(before, header):
            found.append((score_fields(header, candidate), unit, bit))
    found.sort(reverse=True)
    tried = []
    for _, unit, bit in found[:_TRIED]:
        candidate = _variant(raw, len(head), model, unit, bit, done)
        tried.append((_score(read_header(candidate), candidate), unit, bit))
    tried.sort(reverse=True)
    if not tried:
        return None
    best, unit, bit = tried[0]
    rivals = [score for score, *_ in tried[1:2]] + [now + FLIP_COST]
    gain, margin = best - now, best - max(rivals)
    return Reversal(unit, bit, gain, margin, certain=True) if margin >= HEADER_MARGIN else None


def _score(header: JpegHeader, head: bytes) -> float:
    return score_fields(header, head) + score_trial(header, head)


def _loses_tables(before: JpegHeader | None, header: JpegHeader) -> bool:
    """Whether a hypothesis hides a table that could be read: the oddest table is better than none."""
    return before is not None and not (
        before.quant_tables.keys() <= header.quant_tables.keys()
        and before.dc_tables.keys() <= header.dc_tables.keys()
        and before.ac_tables.keys() <= header.ac_tables.keys()
    )


def _structure(walk: HeaderWalk, size: int) -> list[int]:
    """The bytes that steer a decoder: tables, frames and scans, the beginnings of other segments, and what lies between
    segments."""
    places: set[int] = {0, 1}
    position = 2
    for segment in walk.segments:
        if segment.marker == SOI:
            continue
        if segment.offset > position:
            places.update(range(position, min(position + 4, segment.offset)))
            places.update(range(max(position, segment.offset - 64), segment.offset))
        whole = segment.marker not in _APPLICATION and segment.marker != COM
        places.update(range(segment.offset, segment.end if whole else segment.offset + 4))
        position = segment.end
    if walk.entropy_start is None:
        places.update(range(position, position + _BEYOND))
    return sorted(place for place in places if place < size)[-_MOST_BYTES:]


def _candidates(
    raw: Bytes, length: int, model: FlipModel, places: list[int], done: dict[int, tuple[int, ...]]
) -> Iterator[tuple[int, int, bytes]]:
    """Every single-bit hypothesis about the bytes at `places`: unit, bit, and the head of the file as it would be."""
    if model.starts.size == 0:
        return
    owners = np.searchsorted(model.starts, places, side="right") - 1
    covering = (owners >= 0) & ((model.starts + model.reaches)[owners] > places)  # there may be gaps between units
    for unit in np.unique(owners[covering]).tolist():
        start = int(model.starts[unit])
        first, last = max(start, 0), min(start + int(model.reaches[unit]), length)
        variants = model.variants(raw, unit, done.get(unit, ()))
        head = bytearray(raw[:length].tobytes())
        for bit in range(model.bits):
            if bit not in done.get(unit, ()):
                head[first:last] = variants[bit][first - start : last - start].tobytes()
                yield unit, bit, bytes(head)


def _variant(raw: Bytes, length: int, model: FlipModel, unit: int, bit: int, done: dict[int, tuple[int, ...]]) -> bytes:
    start = int(model.starts[unit])
    first, last = max(start, 0), min(start + int(model.reaches[unit]), length)
    head = raw[:length].copy()
    head[first:last] = model.variants(raw, unit, done.get(unit, ()))[bit][first - start : last - start]
    return head.tobytes()
