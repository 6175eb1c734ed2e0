"""How far a broken-off file goes on behind damage: to where bytes that its own tables read end as a JPEG does.

What lies between is kept in the file: restoring finds out what of it is damage and where the rest belongs.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Final

from carving.carver.borrowing import read_with, sibling_of
from carving.carver.stored_rest import STARTS, find_rest
from carving.errors import JpegError
from carving.jpeg.markers import RST0, RST7, JpegHeader, read_header
from carving.jpeg.results import Check
from carving.source import ByteSource

_LONGEST: Final = 16 << 20
"""Bytes behind the break that are looked at."""
_FEWEST: Final = 64
"""MCUs without a flaw that make a rest believed."""
_SLACK: Final = 0.02
"""Share of a picture's MCUs that a rest may have over those that are missing: noise in front of it decodes, too."""
_DOUBT: Final = 0.3
_NOISE: Final = 20
"""Share by which the MCUs of a gap may be off from what its bytes let expect, and MCUs besides."""
_FEWEST_RESTARTS: Final = 4
_SOI: Final = b"\xff\xd8\xff"
_EOI: Final = b"\xff\xd9"


def extended_size(source: ByteSource, offset: int, size: int, check: Check, limit: int) -> tuple[int, bool]:
    """The length of a broken-off file with the rest behind its damage, and whether it then ends at an EOI.

    Args:
        source: what is searched.
        offset: where the file begins.
        size: how long it is up to its damage.
        check: what decoding it gave.
        limit: where in the source something else begins.

    Raises:
        EvidenceError: the source cannot be read.
    """
    start = offset + size
    behind = source.read_at(start, max(0, min(limit - start, _LONGEST)))
    soi = behind.find(_SOI)
    behind = behind if soi < 0 else behind[:soi]
    rest = find_rest(behind)
    if rest is None:
        return size, False
    head = source.read_at(offset, size)
    try:
        header = read_header(head)
    except JpegError:
        return size, False
    gap = rest.offset + max(0, size - check.offset)
    if not _is_own(behind[rest.offset : rest.end], head, header, check, gap):
        return size, False
    closed = behind[rest.end : rest.end + 2] == _EOI
    return size + rest.end + (2 if closed else 0), closed


def _is_own(rest: bytes, head: bytes, header: JpegHeader, check: Check, gap: int) -> bool:
    """Whether a stretch of entropy-coded data may be the rest of a file that broke off `gap` bytes before it."""
    missing = check.mcus - check.sound
    before = len(head) / max(1, check.sound)
    if header.restart_interval:
        mcus = header.restart_interval * _restarts(rest)
        return mcus > 0 and _fills(gap, missing - mcus, before, len(rest) / mcus, 2 * header.restart_interval)
    own = sibling_of(head, header, 0)
    reading = None if own is None else read_with(rest, [own], STARTS)
    if reading is None or not _FEWEST <= reading.mcus <= missing + _SLACK * check.mcus:
        return False
    return _fills(gap, missing - reading.mcus, before, len(rest) / reading.mcus)


def _fills(gap: int, lost: int, before: float, behind: float, unsure: int = 0) -> bool:
    """Whether a gap of so many bytes can have held so many MCUs, of a size as before it, behind it or between.

    A rest of the same camera's next picture has as many MCUs as it happens to have. `unsure` MCUs were not counted.
    """
    least, most = gap / max(before, behind), gap / min(before, behind)
    return least * (1 - _DOUBT) - _NOISE - unsure <= lost <= most * (1 + _DOUBT) + _NOISE + unsure


def _restarts(rest: bytes) -> int:
    """How many restart markers stand in a stretch, in their order; none where they do not."""
    found: list[int] = []
    place = rest.find(b"\xff")
    while place >= 0 and place + 1 < len(rest):
        if RST0 <= rest[place + 1] <= RST7:
            found.append(rest[place + 1] - RST0)
        place = rest.find(b"\xff", place + 1)
    in_order = sum((after - before) % 8 == 1 for before, after in pairwise(found))
    return len(found) if in_order >= _FEWEST_RESTARTS and in_order >= len(found) - 2 else 0
