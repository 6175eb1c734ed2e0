"""What the carver hands to the restorer: the bytes of one JPEG and where they were found."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from carving.jpeg.borrowing import Borrowed
from carving.jpeg.coding import Check
from carving.source import Run
from carving.stored_files.record import FileRecord


class Ending(enum.StrEnum):
    """How the bytes of a fragment end."""

    EOI = "eoi"
    """At the end-of-image marker of its own picture."""
    TRUNCATED = "truncated"
    """Without an end-of-image marker: at other data, at the end of the source, or at the size limit."""


class Origin(enum.StrEnum):
    """How the bytes of a fragment were found."""

    CARVED = "carved"
    """By what they look like."""
    FILE_SYSTEM = "file system"
    """Through the runs that a file system gives for a file."""


class ThumbnailOrigin(enum.StrEnum):
    """The segment that held a thumbnail."""

    EXIF = "exif"
    JFIF = "jfif"
    JFXX = "jfxx"


@dataclass(frozen=True, slots=True)
class Thumbnail:
    """A thumbnail found in a header.

    `data` is a JPEG stream as stored, or, for an uncompressed or palette thumbnail, a binary PPM (P6) of its pixels;
    `run` is the place of the stored bytes, counted from the fragment's first byte.
    """

    data: bytes
    origin: ThumbnailOrigin
    run: Run

    @property
    def is_jpeg(self) -> bool:
        return self.data.startswith(b"\xff\xd8")


@dataclass(frozen=True, slots=True)
class Claim:
    """What another tool says of a file: its `name`, and its `place` in words. Neither is checked."""

    name: str
    place: str | None


@dataclass(frozen=True, slots=True)
class Fragment:
    """One carved JPEG. It can be pickled: a worker needs nothing else to restore it."""

    layer: str
    """`decrypted` or `plain`: which view of the volume was scanned."""
    offset: int
    """Offset of the first byte in the scanned layer."""
    data: bytes
    byte_runs: tuple[Run, ...]
    """Where the bytes lie in the scanned layer, in order; holes, which are read as zeros, stand at `HOLE_OFFSET`."""
    evidence_runs: tuple[Run, ...]
    """Where they lie in the evidence itself, in order."""
    ending: Ending
    thumbnail: Thumbnail | None
    check: Check | None = None
    """What decoding its scan to the first flaw gave; None where the header does not allow it."""
    claim: Claim | None = None
    """What another tool says of it; None where it was found by searching."""
    witnessed: bool | None = None
    """Whether its thumbnail shows what stands behind a join; None where nothing was joined, or that cannot be told."""
    borrowed: Borrowed | None = None
    """For data without a header of their own: the one that another file lends."""
    origin: Origin = Origin.CARVED
    """How its bytes were found."""
    record: FileRecord | None = None
    """The file that it is, as a file system records it; None where none does."""
    notes: tuple[str, ...] = ()
    """What is to be said of how it was found."""

    @property
    def name(self) -> str:
        """File name stem in every output folder: the offset, with the view where it is not the decrypted one."""
        stem = f"{self.offset:010d}"
        return stem if self.layer == "decrypted" else f"plain-{stem}"
