"""Read-only access to the ordered files of one image, with a bounded number of them open at a time."""

from __future__ import annotations

import os
import stat
import weakref
from collections import OrderedDict
from pathlib import Path
from typing import Final

from carving.errors import EvidenceError

MAX_OPEN_FILES: Final = 64
"""Handles kept open at once; an image may have thousands of segments."""


def reason(error: OSError) -> str:
    """What the operating system said, without number and path."""
    return error.strerror or str(error)


def check_readable_file(path: Path) -> None:
    """Refuse what cannot be evidence: nothing there, a directory, a pipe, a file that may not be read.

    Raises:
        EvidenceError: with the path and the reason.
    """
    try:
        mode = path.stat().st_mode
    except OSError as error:
        raise EvidenceError(f"the evidence {path} cannot be read: {reason(error)}") from error
    if stat.S_ISDIR(mode):
        raise EvidenceError(f"the evidence {path} is a directory; name an image file in it")
    if not (stat.S_ISREG(mode) or stat.S_ISBLK(mode)):
        raise EvidenceError(f"the evidence {path} is neither a file nor a block device")
    if not os.access(path, os.R_OK):
        raise EvidenceError(f"the evidence {path} cannot be read: permission denied")


class OrderedFiles:
    """The files of one image in order, opened read-only when first needed."""

    def __init__(self, paths: tuple[Path, ...]) -> None:
        """Look at every file once.

        Raises:
            EvidenceError: one of them is not a readable file.
        """
        self._paths = paths
        self._handles: OrderedDict[int, int] = OrderedDict()
        weakref.finalize(self, _close_all, self._handles)
        for path in paths:
            check_readable_file(path)
        self._sizes = tuple(self._seek_end(index) for index in range(len(paths)))

    @property
    def paths(self) -> tuple[Path, ...]:
        return self._paths

    @property
    def sizes(self) -> tuple[int, ...]:
        """Size of each file in bytes, also of a block device."""
        return self._sizes

    def read(self, index: int, offset: int, length: int) -> bytes:
        """Read up to `length` bytes of file `index`; short only at its end.

        Raises:
            EvidenceError: the file cannot be read.
        """
        try:
            handle = self._handle(index)
            first = os.pread(handle, length, offset)
            if len(first) == length or not first:
                return first
            parts = [first]
            missing = length - len(first)
            while missing and (part := os.pread(handle, missing, offset + length - missing)):
                parts.append(part)
                missing -= len(part)
        except OSError as error:
            raise EvidenceError(f"{self._paths[index]} cannot be read at byte {offset}: {reason(error)}") from error
        return b"".join(parts)

    def close(self) -> None:
        """Close the handles; a later read opens them again."""
        _close_all(self._handles)

    def _seek_end(self, index: int) -> int:
        try:
            return os.lseek(self._handle(index), 0, os.SEEK_END)
        except OSError as error:
            raise EvidenceError(f"the evidence {self._paths[index]} cannot be read: {reason(error)}") from error

    def _handle(self, index: int) -> int:
        handle = self._handles.get(index)
        if handle is None:
            handle = os.open(self._paths[index], os.O_RDONLY | getattr(os, "O_CLOEXEC", 0))
            self._handles[index] = handle
            if len(self._handles) > MAX_OPEN_FILES:
                os.close(self._handles.popitem(last=False)[1])
        else:
            self._handles.move_to_end(index)
        return handle


def _close_all(handles: OrderedDict[int, int]) -> None:
    while handles:
        os.close(handles.popitem()[1])
