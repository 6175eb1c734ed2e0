"""The digest of a whole file, read in a stream."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import NamedTuple


class FileDigest(NamedTuple):
    """A file's digest in hex, and its length in bytes."""

    hex: str
    size: int


def digest_of_file(path: Path, algorithm: str = "sha256") -> FileDigest:
    """The digest of a file's bytes, by an algorithm that `hashlib` knows.

    Raises:
        OSError: it cannot be read; whoever asks knows what that means.
    """
    with path.open("rb") as file:
        return FileDigest(hashlib.file_digest(file, algorithm).hexdigest(), file.tell())
