"""A file to be read through its runs, and what its file system records of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from carving.file_systems.stored_files.content import Content
from carving.file_systems.stored_files.record import FileRecord
from carving.source import HOLE_OFFSET


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file: its content, and the record that leads there."""

    content: Content
    record: FileRecord


def one_each(files: Iterable[StoredFile]) -> list[StoredFile]:
    """Files in order of their place, those that begin at the same byte as one, with all its names: hard links,
    snapshots. Files that begin with a hole are left out."""
    first: dict[int, StoredFile] = {}
    for file in files:
        offset = file.content.runs[0].offset
        if offset == HOLE_OFFSET:
            continue
        known = first.get(offset)
        if known is None:
            first[offset] = file
        elif file.record.path not in (known.record.path, *known.record.other_paths):
            others = (*known.record.other_paths, file.record.path)
            first[offset] = replace(known, record=replace(known.record, other_paths=others))
    return [first[offset] for offset in sorted(first)]
