"""Read the files that a list of lines names: a body file of The Sleuth Kit, or bulk_extractor's jpeg_carved.txt.

A body file has eleven fields between bars, `MD5|name|inode|mode|UID|GID|size|atime|mtime|ctime|crtime`
(wiki.sleuthkit.org, "Body file"). A feature file of bulk_extractor has `position<TAB>file name<TAB>XML`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from carving.errors import UsageError
from carving.selection.listed import ListedFile
from carving.source import Run

_LONGEST_LINE: Final = 1 << 16
_FIELDS: Final = 11
_CARVED_SIZE: Final = re.compile(r"<filesize>(\d{1,19})</filesize>")


def read_body_file(path: Path) -> Iterator[ListedFile]:
    """The files of a body file; directories, and names of deleted files whose address is not known, are left out.

    Raises:
        UsageError: the file cannot be read.
    """
    for line in _lines(path):
        # A name may hold bars: the fields before it are counted from the left, those behind it from the right.
        fields = line.split("|")
        if len(fields) < _FIELDS:
            continue
        name, (address, mode, size) = "|".join(fields[1:-9]), (fields[-9], fields[-8], fields[-5])
        if "d/" in mode or address.split("-")[0] in ("", "0"):
            continue
        yield ListedFile(_without_remark(name), int(size) if size.isdigit() else None, address=address)


def read_feature_file(path: Path) -> Iterator[ListedFile]:
    """The carved files of bulk_extractor's jpeg_carved.txt; what it found inside other files has no place of its own.

    Raises:
        UsageError: the file cannot be read.
    """
    for line in _lines(path):
        position, _, rest = line.partition("\t")
        name, _, context = rest.partition("\t")
        size = _CARVED_SIZE.search(context)
        if not name or line.startswith("#"):
            continue
        runs: tuple[Run, ...] = ()
        if position.isascii() and position.isdigit() and size is not None:
            runs = (Run(int(position), int(size[1])),)
        yield ListedFile(name, None if size is None else int(size[1]), media_runs=runs)


def _without_remark(name: str) -> str:
    """The name without what fls adds to it: `(deleted)`, `(deleted-realloc)`, the target of a link."""
    return re.sub(r" \((deleted|deleted-realloc|\$FILE_NAME)\)", "", name).partition(" -> ")[0]


def _lines(path: Path) -> Iterator[str]:
    try:
        with path.open("rb") as file:
            while line := file.readline(_LONGEST_LINE):
                yield line.decode("utf-8", "replace").rstrip("\r\n")
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror or type(error).__name__}") from error
