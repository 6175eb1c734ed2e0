"""Which files belong to an Android sparse image that was split: `super.img_sparsechunk.0`, `.1`, … beside one another.

Each is a sparse file by itself, of the same geometry, that does not care for the blocks of the others.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from carving.errors import EvidenceError, SegmentMissingError
from carving.media.android_sparse.sparse_header import MAGIC
from carving.media.files import reason
from carving.media.raw import RawSource

_NUMBERED: Final = re.compile(r"(.*(?:sparsechunk[._-]?|\.))(\d{1,3})")
_GEOMETRY: Final = slice(12, 20)
"""Block size and number of blocks in the file header."""
_HEAD_BYTES: Final = 28


class SparseFiles(RawSource):
    """The files of a sparse image, one behind the other."""

    @property
    def remarks(self) -> tuple[str, ...]:
        """Nothing: each has the size that it needs."""
        return ()


def sparse_files(path: Path) -> tuple[Path, ...]:
    """The files of the sparse image that `path` is, or is a part of, in order.

    Raises:
        SegmentMissingError: the numbering has a gap, or does not begin with 0 or 1; the message names what is missing.
        EvidenceError: a file or the directory cannot be read.
    """
    named = _NUMBERED.fullmatch(path.name)
    if named is None:
        return (path,)
    geometry = _head(path)[_GEOMETRY]
    parts: dict[int, Path] = {}
    for neighbour in _files(path.parent):
        found = _NUMBERED.fullmatch(neighbour.name)
        if found is not None and found[1] == named[1]:
            head = _head(neighbour)
            if head.startswith(MAGIC) and head[_GEOMETRY] == geometry:
                parts[int(found[2])] = neighbour
    if len(parts) < 2:
        return (path,)
    for number in range(min(1, *parts), max(parts)):
        if number not in parts:
            missing = path.with_name(f"{named[1]}{number}")
            raise SegmentMissingError(f"{path} is a part of a split sparse image, and its part {missing} is missing")
    return tuple(parts[number] for number in sorted(parts))


def _head(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(_HEAD_BYTES)
    except OSError as error:
        raise EvidenceError(f"the evidence {path} cannot be read: {reason(error)}") from error


def _files(folder: Path) -> list[Path]:
    try:
        return [entry for entry in folder.iterdir() if entry.is_file()]
    except OSError as error:
        raise EvidenceError(f"the directory {folder} cannot be listed: {reason(error)}") from error
