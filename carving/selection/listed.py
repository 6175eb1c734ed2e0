"""A file as a list of another tool names it."""

from __future__ import annotations

from dataclasses import dataclass

from carving.media.folder import is_named_jpeg
from carving.source import Run


@dataclass(frozen=True, slots=True)
class ListedFile:
    """What a list says of one file.

    Attributes:
        name: as the list spells it; a claim, never a path to write to.
        size: in bytes, if the list says; runs may be longer, as they are counted in sectors.
        media_runs: where it lies in the medium, such as the disk inside an E01.
        volume_runs: where it lies in its file system.
        address: its metadata address (inode) in the file system, such as `12` or `12-128-1`.
    """

    name: str
    size: int | None = None
    media_runs: tuple[Run, ...] = ()
    volume_runs: tuple[Run, ...] = ()
    address: str | None = None

    @property
    def is_named_jpeg(self) -> bool:
        """Whether its name ends as those of JPEGs do."""
        return is_named_jpeg(self.name)
