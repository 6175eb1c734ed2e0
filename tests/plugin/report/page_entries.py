"""Reports with pictures, for the pages to show."""

from __future__ import annotations

import dataclasses
import io
from pathlib import Path
from typing import Any

from PIL import Image

from carving.source import Run
from plugin.common.output import write_file
from plugin.common.report_model import FileEntry, Report, ThumbnailFile
from plugin.common.restore_record import McuCounts, Previews
from plugin.common.settings import CaseDetails
from restore.provenance import BitFlip, Status
from tests.plugin.report.made import HOSTILE, entry, report

NOTHING: dict[str, Any] = {
    **dict.fromkeys(("thumbnail", "repaired", "restored", "provenance")),
    "previews": Previews(),
    "mcus": McuCounts(),
    "bit_flips": (),
}
"""An entry of which nothing but its carved bytes is there."""


def jpeg(colour: tuple[int, int, int], size: tuple[int, int] = (64, 48)) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", size, colour).save(buffer, "JPEG")
    return buffer.getvalue()


def png(colour: tuple[int, int, int], size: tuple[int, int] = (64, 48)) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", size, colour).save(buffer, "PNG")
    return buffer.getvalue()


def restored_entry(folder: Path, offset: int, status: Status, claims: dict[str, str]) -> FileEntry:
    """A file with all its pictures: red as found, green as made, blue in its thumbnail, on the disk."""
    stem = f"{offset:010d}"
    small = write_file(folder, f"thumbnails/{stem}.jpg", jpeg((0, 0, 255), (16, 12)), "as stored")
    return entry(
        offset=offset,
        size=4000,
        byte_runs=(Run(offset, 4000),),
        evidence_runs=(Run(offset, 4000),),
        exif=claims,
        status=status,
        carved=write_file(folder, f"carved/{stem}.jpg", jpeg((255, 0, 0)), "as found"),
        thumbnail=ThumbnailFile(small.path, small.sha256, small.size, small.covers, "exif", Run(300, small.size)),
        repaired=None,
        restored=write_file(folder, f"restored/{stem}.png", png((0, 255, 0)), "the best picture"),
        provenance=write_file(folder, f"provenance/{stem}.png", png((46, 125, 50)), "the map"),
        previews=Previews(
            write_file(folder, f"previews/{stem}.jpg", jpeg((255, 0, 0), (32, 24)), "small"),
            write_file(folder, f"previews/{stem}-restored.jpg", jpeg((0, 255, 0), (32, 24)), "small"),
            write_file(folder, f"previews/{stem}-provenance.png", png((46, 125, 50), (8, 6)), "small"),
        ),
        mcus=McuCounts(48, 40, 2, 3, 3, 0),
        bit_flips=(BitFlip(offset + 700, 3, 21.5, float("inf"), 0.99996), BitFlip(offset + 900, 0, 9.25, 4.5, 0.8725)),
        notes=(HOSTILE,),
    )


def make_report(*files: FileEntry) -> Report:
    return dataclasses.replace(report(*files), details=CaseDetails(HOSTILE, HOSTILE, HOSTILE), notes=(HOSTILE,))
