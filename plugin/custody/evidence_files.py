"""The evidence files themselves, as containers: size, time of change and digest, before a run and after it.

The digests of the media (`plugin.custody.hashing`) say what was examined; these say that examining it changed no file.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from carving.errors import EvidenceError, HashMismatchError
from plugin.common.file_state import FileState

_BUFFER: Final = 4 << 20


def printable(path: Path) -> str:
    """A path as text; bytes in it that are not UTF-8 are spelled out."""
    return str(path).encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def look_at(path: Path) -> FileState:
    """Size and time of change of a file, without its digest.

    Raises:
        EvidenceError: it is not there any more, or cannot be read.
    """
    try:
        with path.open("rb") as file:
            modified = datetime.fromtimestamp(os.fstat(file.fileno()).st_mtime, UTC)
            size = file.seek(0, os.SEEK_END)
    except OSError as error:
        raise EvidenceError(f"the evidence {path} cannot be read: {error.strerror}") from error
    return FileState(printable(path), size, modified.isoformat(timespec="milliseconds").replace("+00:00", "Z"), None)


def hash_files(paths: tuple[Path, ...], progress: Callable[[int, int], None]) -> tuple[FileState, ...]:
    """Every file with its SHA-256, read in buffers of 4 MiB.

    Args:
        paths: the evidence files in order.
        progress: called with bytes done and bytes of all files.

    Raises:
        EvidenceError: a file is not there any more, or cannot be read.
    """
    states = tuple(look_at(path) for path in paths)
    total = sum(state.size for state in states)
    done = 0
    hashed = []
    for path, state in zip(paths, states, strict=True):
        digest = hashlib.sha256()
        try:
            with path.open("rb", buffering=0) as file:
                while chunk := file.read(_BUFFER):
                    digest.update(chunk)
                    done += len(chunk)
                    progress(min(done, total), total)
        except OSError as error:
            raise EvidenceError(f"the evidence {path} cannot be read at its end: {error.strerror}") from error
        hashed.append(replace(state, sha256=digest.hexdigest()))
    progress(total, total)
    return tuple(hashed)


def compare_files(before: tuple[FileState, ...], after: tuple[FileState, ...]) -> None:
    """Hold the files after a run against the files before it.

    Raises:
        HashMismatchError: one was changed; the message names it and gives both digests.
    """
    for old, new in zip(before, after, strict=True):
        if old.sha256 is not None and (old.size, old.sha256) != (new.size, new.sha256):
            raise HashMismatchError(
                f"the evidence file {old.path} changed while it was examined: "
                f"{old.size} bytes with SHA-256 {old.sha256} before, {new.size} with {new.sha256} after"
            )
