"""What a file begins as."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from carving.file_systems.stored_files.content import Content
from carving.file_systems.stored_files.lznt1 import open_content
from carving.source import HOLE_OFFSET, ByteSource

_JPEG: Final = b"\xff\xd8\xff"


def begins_as_jpeg(source: ByteSource, content: Content) -> Content:
    """The content with the remark whether a JPEG begins there.

    Raises:
        EvidenceError: its first bytes cannot be read.
    """
    if content.runs[0].offset == HOLE_OFFSET:
        return content
    head = open_content(source, content.runs, content.unit).read_at(0, len(_JPEG))
    return replace(content, begins_as_jpeg=True) if head == _JPEG else content
