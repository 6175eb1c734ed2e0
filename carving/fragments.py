"""What the carver hands to the restorer: the bytes of one JPEG and where they were found."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from carving.file_systems.stored_files.record import FileRecord
from carving.jpeg.results import Check, Ending, Thumbnail
from carving.source import Run
from carving.transfers.transfer import Transfer


class Origin(enum.StrEnum):
    """How the bytes of a fragment were found."""

    CARVED = "carved"
    """By what they look like."""
    FILE_SYSTEM = "file system"
    """Through the runs that a file system gives for a file."""


@dataclass(frozen=True, slots=True)
class Claim:
    """What another tool, or the archive or database that holds it, says of a file: its `name` and its `place` in words,
    neither of them checked; and the CRC-32 of its bytes that was kept, in 8 hex digits, which is."""

    name: str
    place: str | None
    crc32: str | None = None


@dataclass(frozen=True, slots=True)
class Borrowed:
    """How to read data without a header: with another file's.

    Attributes:
        header: that header in hex, from SOI to SOS, without application segments, its height that of what was found.
        bit: the first bit of the data that begins an MCU.
        end: the byte behind the last MCU.
        mcus: how many MCUs there are.
        empty: how many are put before them, so that the last one stands in the picture's corner.
        lender: where the other file was found; -1 for a photo that the examiner gave.
        named: what the other file is called, where that says more.
    """

    header: str
    bit: int
    end: int
    mcus: int
    empty: int
    lender: int
    named: str | None = None

    @property
    def lent_by(self) -> str:
        """The other file, in words."""
        return f"the file at offset {self.lender}" if self.named is None else self.named


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
    chained: bool = False
    """Whether a database says in which pieces it lies, by pointers of its own."""
    known_bad: tuple[Run, ...] = ()
    """Stretches of `data` that a layer below could not read or correct, in order. What was never read says nothing; a
    code word of NAND that could not be corrected is mostly right."""
    transfers: tuple[Transfer, ...] = ()
    """What was done to the file on its way and is undone before it is decoded, the last one first; `data` and all runs
    are as found, the rest is of what undoing gives."""

    @property
    def name(self) -> str:
        """File name stem in every output folder: the offset, with the view where it is not the decrypted one."""
        stem = f"{self.offset:010d}"
        return stem if self.layer == "decrypted" else f"plain-{stem}"
