"""A file to be read through its runs, and what its file system records of it."""

from __future__ import annotations

from dataclasses import dataclass

from carving.stored_files.content import Content
from carving.stored_files.record import FileRecord


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file: its content, and the record that leads there."""

    content: Content
    record: FileRecord
