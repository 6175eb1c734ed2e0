"""Files whose own header is lost, encrypted, or another file's, read with the header that another file lends."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from carving.carver.borrowing import read_with, sibling_of
from carving.carver.donors import Families
from carving.carver.stored_rest import find_rest, read_rest
from carving.errors import JpegError
from carving.fragments import Fragment
from carving.jpeg.header_walk import walk_header
from carving.jpeg.markers import read_header

_FEW: Final = 60
"""MCUs that decode from a scan before its first flaw from which on its header is believed to be its own."""

LOST: Final = "its own header is lost or encrypted"
OTHER: Final = "its own header belongs to another file: its tables do not read what follows it"


def has_lost_header(data: bytes) -> bool:
    """Whether nothing of a JPEG's header stands at the beginning of a file, not even a damaged one."""
    walk = walk_header(data)
    return walk.entropy_start is None and len(walk.segments) < 2


def lend_header(fragment: Fragment, families: Families) -> Fragment | None:
    """A file read with the header that another file lends; None where it needs none, or none reads it.

    Args:
        fragment: the file, all of it.
        families: whose tables are tried.
    """
    if fragment.transfers or (fragment.check is not None and fragment.check.sound >= _FEW):
        return None
    lost = has_lost_header(fragment.data)
    if not lost and (fragment.check is None or _own_tables_fit(fragment.data)):
        return None
    found = read_rest(fragment.data, families, fragment.offset)
    if found is None:
        return None
    borrowed, notes = found
    said = (*fragment.notes, LOST if lost else OTHER, *notes)
    return replace(fragment, borrowed=borrowed, notes=said, check=None, thumbnail=None)


def _own_tables_fit(data: bytes) -> bool:
    """Whether the tables of a file's own header read what follows it, or it cannot be told."""
    rest = find_rest(data)
    try:
        own = sibling_of(data, read_header(data), 0)
    except JpegError:
        return True
    if rest is None or own is None or own.parsed.restart_interval:
        return True
    return read_with(data[rest.offset : rest.end], [own]) is not None
