"""A folder of JPEGs, such as another carver leaves, as evidence: its files one after the other.

The media is their bytes in order of their paths, without gaps; every file keeps its own bounds.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final

from carving.errors import EvidenceError
from carving.media.files import reason
from carving.media.raw import RawSource
from carving.source import Run
from carving.transfers.counting import begins_as_transferred

MOST_FILES: Final = 1_000_000
JPEG_SUFFIXES: Final = (".jpg", ".jpeg", ".jpe", ".jfif")
_SOI: Final = b"\xff\xd8\xff"
_EOI: Final = b"\xff\xd9"
_NAMED_WITHIN: Final = re.compile(r"\.(?:jpe?g|jpe|jfif)(?![a-z0-9])", re.IGNORECASE)
"""In the names that ransomware gives, such as `DSC_0002.JPG.djvu`."""
_HEAD: Final = 4096
_TRAILER: Final = 512
"""Bytes that may stand behind the end of a picture, such as the note that ransomware adds."""
_PHOTOREC_THUMBNAIL: Final = re.compile(r"t(\d{7,}\.jpg)")


class FolderSource(RawSource):
    """The JPEGs of a folder and of those below it."""

    def __init__(self, folder: Path, paths: tuple[Path, ...], remarks: tuple[str, ...]) -> None:
        """Open the files read-only.

        Raises:
            EvidenceError: one is unreadable.
        """
        super().__init__(paths)
        self._folder = folder
        self._said = remarks

    @property
    def name(self) -> str:
        return f"folder ({len(self.paths)} files)"

    @property
    def folder(self) -> Path:
        """The folder that was handed in."""
        return self._folder

    @property
    def remarks(self) -> tuple[str, ...]:
        """What was left out, and why."""
        return self._said

    def files(self) -> Iterator[tuple[str, Run]]:
        """Every file: its path below the folder, with forward slashes, and where it lies in this source."""
        for path, start, end in zip(self.paths, self._starts, self._starts[1:], strict=False):
            yield path.relative_to(self._folder).as_posix(), Run(start, end - start)


def open_folder(folder: Path) -> FolderSource:
    """Open the JPEGs of a folder and of those below it. Links are not followed, empty files left out.

    Files are taken that begin as JPEGs do or are named so, those that begin as a JPEG does after a transfer that
    changes bytes, and those that may hold the rest of one: by `.jpg` within their name or an end-of-image marker at
    their end.

    PhotoRec writes the thumbnail of `f0002504.jpg` beside it as `t0002504.jpg`; it is still inside the first, so the
    second is left out where both are there.

    Raises:
        EvidenceError: the folder cannot be read, or there is no JPEG in it.
    """
    counts = {"not JPEGs": 0, "empty": 0, "links": 0, "thumbnails that PhotoRec also wrote": 0}
    paths: list[Path] = []
    for path in _walk(folder):
        kind = _left_out_as(path)
        if kind is None:
            paths.append(path)
        else:
            counts[kind] += 1
        if len(paths) > MOST_FILES:
            raise EvidenceError(f"the folder {folder} holds more than {MOST_FILES} JPEGs; hand in its parts one by one")
    if not paths:
        raise EvidenceError(f"the folder {folder} holds no JPEG; name an image file, or a folder of JPEGs")
    left_out = ", ".join(f"{count} {kind}" for kind, count in counts.items() if count)
    return FolderSource(folder, tuple(paths), (f"left out of the folder: {left_out}",) if left_out else ())


def _left_out_as(path: Path) -> str | None:
    if path.is_symlink() or not path.is_file():
        return "links"
    thumbnail = _PHOTOREC_THUMBNAIL.fullmatch(path.name)
    if thumbnail is not None and path.with_name(f"f{thumbnail[1]}").is_file():
        return "thumbnails that PhotoRec also wrote"
    try:
        if path.stat().st_size == 0:
            return "empty"
        with path.open("rb") as file:
            if may_be_named_jpeg(path.name) or _may_hold_jpeg(file):
                return None
            return "not JPEGs"
    except OSError as error:
        raise EvidenceError(f"{path} cannot be read: {reason(error)}") from error


def _walk(folder: Path) -> Iterator[Path]:
    """Everything in the folder and below that is no folder, in the order of names."""

    def refuse(error: OSError) -> None:
        raise EvidenceError(f"the folder {error.filename} cannot be read: {reason(error)}") from error

    for parent, folders, files in os.walk(folder, onerror=refuse):
        folders.sort()
        for name in sorted(files):
            yield Path(parent) / name


def _may_hold_jpeg(file: BinaryIO) -> bool:
    """Whether the bytes of a file may be those of a JPEG, or of the end of one."""
    head = file.read(_HEAD)
    if head.startswith(_SOI) or begins_as_transferred(head):
        return True
    file.seek(max(0, file.seek(0, os.SEEK_END) - _TRAILER))
    return _EOI in file.read(_TRAILER)


def may_be_named_jpeg(name: str) -> bool:
    """Whether a name tells of a JPEG, by its end or further before."""
    return is_named_jpeg(name) or _NAMED_WITHIN.search(name) is not None


def is_named_jpeg(name: str) -> bool:
    """Whether a name ends as those of JPEGs do."""
    return Path(name).suffix.lower() in JPEG_SUFFIXES
