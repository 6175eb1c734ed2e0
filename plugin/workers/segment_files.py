"""What a worker writes of a file's segments and gaps: their records, and pictures of the segments without a place."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from carving.fragments import Fragment
from plugin.common.explanation_record import (
    GapRecord,
    SegmentRecord,
    evidence_layout,
    gap_record,
    segment_record,
)
from plugin.common.output import write_file

if TYPE_CHECKING:
    from restore.explanation import StoredSegment
    from restore.result import Restoration

MOST_PICTURES: Final = 16
"""Segments without a place of which a picture is written, the largest first."""
_PREVIEW_WIDTH: Final = 360
_QUALITY: Final = 72
_PNG_EFFORT: Final = 3
_COVERS: Final = (
    "the blocks of a stored segment whose place in the picture is not known, by themselves; in medium grey on average"
)
_SMALL: Final = "a small copy of a segment without a place; for looking only"


def write_segments(
    folder: Path, stem: str, fragment: Fragment, restoration: Restoration
) -> tuple[tuple[SegmentRecord, ...], tuple[GapRecord, ...]]:
    """The records of a file's segments and gaps; `segments/STEM-N.png` and a preview for each segment without a place.

    Raises:
        OutputError: a picture cannot be written.
    """
    layout = evidence_layout(fragment.byte_runs, fragment.evidence_runs, len(fragment.data))
    unplaced = [segment for segment in restoration.segments if segment.first_mcu is None]
    shown = sorted(unplaced, key=lambda segment: -segment.mcus)[:MOST_PICTURES]
    records = []
    for number, segment in enumerate(restoration.segments, 1):
        record = segment_record(segment, layout)
        if segment in shown:
            record = _with_picture(record, segment, fragment.data, folder, f"{stem}-{number}")
        records.append(record)
    return tuple(records), tuple(gap_record(gap, layout) for gap in restoration.gaps)


def _with_picture(record: SegmentRecord, segment: StoredSegment, data: bytes, folder: Path, name: str) -> SegmentRecord:
    from PIL import Image

    from restore.segment_picture import segment_picture

    pixels = segment_picture(data, segment)
    if pixels is None:
        return record
    whole, small = io.BytesIO(), io.BytesIO()
    picture = Image.fromarray(pixels)
    picture.save(whole, "PNG", compress_level=_PNG_EFFORT)
    scale = min(1.0, _PREVIEW_WIDTH / max(picture.size))
    size = max(1, round(picture.width * scale)), max(1, round(picture.height * scale))
    picture.resize(size, Image.Resampling.BOX).save(small, "JPEG", quality=_QUALITY)
    return replace(
        record,
        picture=write_file(folder, f"segments/{name}.png", whole.getvalue(), _COVERS),
        preview=write_file(folder, f"previews/{name}-segment.jpg", small.getvalue(), _SMALL),
    )
