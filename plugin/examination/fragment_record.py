"""A fragment as the custody log keeps it, so that a run that was cut short can restore it without carving again.

Its bytes and its thumbnail's are not in the log: they are read from the files in which the run left them.
"""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from carving.fragments import Fragment
from carving.jpeg.results import Thumbnail, ThumbnailOrigin
from plugin.common.output import output_error
from plugin.common.record_reading import fields_from_json
from plugin.common.report_model import FileEntry, to_json

_IN_FILES: Final = ("data", "thumbnail")


def fragment_to_json(fragment: Fragment) -> dict[str, object]:
    """All of a fragment but the bytes that stand in files."""
    values = to_json(replace(fragment, data=b"", thumbnail=None))
    return {name: value for name, value in values.items() if name not in _IN_FILES}


def fragment_from_json(values: dict[str, Any], entry: FileEntry, folder: Path) -> Fragment:
    """The fragment that was stored as `entry` in `folder`.

    Raises:
        ValueError: `values` are not those of a fragment.
        OutputError: one of its files cannot be read.
    """
    path = folder / entry.carved.path
    try:
        return Fragment(
            data=path.read_bytes(), thumbnail=_thumbnail(entry, folder), **fields_from_json(Fragment, values)
        )
    except OSError as error:
        raise output_error(path, error) from error


def _thumbnail(entry: FileEntry, folder: Path) -> Thumbnail | None:
    """The thumbnail as it was found: a JPEG is kept as it is, pixels are kept as a PNG."""
    stored = entry.thumbnail
    if stored is None:
        return None
    data = (folder / stored.path).read_bytes()
    if not data.startswith(b"\xff\xd8"):
        from PIL import Image

        with Image.open(io.BytesIO(data), formats=("PNG",)) as picture:
            data = b"P6\n%d %d\n255\n" % picture.size + picture.convert("RGB").tobytes()
    return Thumbnail(data, ThumbnailOrigin(stored.origin), stored.stored)
