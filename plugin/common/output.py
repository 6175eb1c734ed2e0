"""The folder a run leaves: checked before work begins, and every file in it whole or absent."""

from __future__ import annotations

import errno
import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from carving.errors import OutputError
from plugin.common.file_digest import digest_of_file

_FULL: Final = (errno.ENOSPC, errno.EDQUOT)


@dataclass(frozen=True, slots=True)
class OutputFile:
    """A file that was written.

    Attributes:
        path: relative to the output folder, with forward slashes.
        sha256: of the file's bytes, hex.
        size: in bytes.
        covers: in plain words, what these bytes are.
    """

    path: str
    sha256: str
    size: int
    covers: str


def require_vacant(folder: Path) -> None:
    """Make sure that `folder` is absent or empty, before any work is put into it.

    Raises:
        OutputError: it holds something, or is not a folder.
    """
    try:
        if not folder.exists():
            return
        if not folder.is_dir():
            raise OutputError(f"{folder} is not a folder; name one that is empty or does not exist yet")
        if next(folder.iterdir(), None) is not None:
            raise OutputError(f"{folder} is not empty; name a folder that is empty or does not exist yet")
    except OSError as error:
        raise output_error(folder, error) from error


def create(folder: Path) -> None:
    """Create the output folder and its parents.

    Raises:
        OutputError: it cannot be created or written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise output_error(folder, error) from error
    if not os.access(folder, os.W_OK | os.X_OK):
        raise OutputError(f"cannot write into {folder}: permission denied")


def write_file(folder: Path, relative: str, data: bytes, covers: str) -> OutputFile:
    """Write `folder/relative` so that it is never seen half-written.

    The bytes reach the disk in the system's own time: a run of a million files cannot wait for each of them.

    Raises:
        OutputError: the disk is full, or the file cannot be written.
    """
    path = folder / relative
    partial = path.with_name(f".{path.name}.part")
    try:
        path.parent.mkdir(exist_ok=True)
        try:
            partial.write_bytes(data)
            partial.replace(path)
        except OSError:
            partial.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise output_error(path, error) from error
    return OutputFile(relative, hashlib.sha256(data).hexdigest(), len(data), covers)


def describe_file(folder: Path, relative: str, covers: str) -> OutputFile:
    """A file that is there already, as `write_file` describes one.

    Raises:
        OutputError: it cannot be read.
    """
    path = folder / relative
    try:
        return OutputFile(relative, *digest_of_file(path), covers)
    except OSError as error:
        raise output_error(path, error) from error


def flush(path: Path) -> None:
    """Wait until a file, and its name in the folder, are on the disk.

    Raises:
        OutputError: the disk is full, or fails.
    """
    try:
        for target in (path, path.parent):
            descriptor = os.open(target, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
    except OSError as error:
        raise output_error(path, error) from error


def output_error(path: Path, error: OSError) -> OutputError:
    """The error of the tree for a failed write."""
    if error.errno in _FULL:
        return OutputError(f"the disk is full: {path} could not be written")
    return OutputError(f"cannot write {path}: {error.strerror or type(error).__name__}")
