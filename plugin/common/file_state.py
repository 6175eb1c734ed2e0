"""The state of an evidence file, as the report keeps it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FileState:
    """One evidence file at one moment.

    Attributes:
        path: as opened; bytes that are not UTF-8 are spelled out.
        size: in bytes, also of a block device.
        modified: when the file system says it was last changed, UTC.
        sha256: of the file as it lies there, such as the .E01 file; None where it was not computed.
    """

    path: str
    size: int
    modified: str
    sha256: str | None
