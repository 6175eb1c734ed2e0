"""What one worker does with one fragment: restore it, write its pictures, and report back in a few hundred bytes.

The pictures are written here because a photo of twelve megapixels is 36 MB that need not cross a process boundary.
"""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from carving.errors import JpegError
from carving.fragments import Fragment
from plugin.common.output import OutputFile, write_file
from plugin.common.restore_record import McuCounts, RestoreRecord
from plugin.workers.previews import write_previews
from plugin.workers.segment_files import write_segments
from restore.provenance import Status

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from carving.flips.model import FlipModel
    from restore.result import Restoration

_PNG_EFFORT: Final = 3
"""zlib level: 6 takes four times as long on a photograph and saves a twelfth of its size."""


@dataclass(frozen=True, slots=True)
class RestoreTask:
    """One fragment, how flips show in it, and where its pictures go: `stem` names them in every folder of `output`."""

    fragment: Fragment
    stem: str
    output: Path
    flip_model: FlipModel | None = field(repr=False)
    effort: int
    device: str = "auto"


def restore_fragment(task: RestoreTask) -> RestoreRecord:
    """Restore one fragment and write `repaired/`, `restored/` and `provenance/` files as its status asks for, and
    pictures of the segments that have no place in it.

    Raises:
        OutputError: a picture cannot be written.
    """
    from plugin.workers.checksum_repair import restore_by_checksum
    from plugin.workers.stored_checksum import judge, notes_as_found
    from restore.restoration import restore

    transferred = bool(task.fragment.transfers)  # a stored checksum is that of the bytes as found
    try:
        restoration = restore_by_checksum(task.fragment, task.device) if task.effort and not transferred else None
        if restoration is None:
            restoration = restore(task.fragment, task.flip_model, effort=task.effort, device=task.device)
            restoration = restoration if transferred else judge(restoration, task.fragment)
    except JpegError as error:
        return RestoreRecord(Status.UNRECOVERABLE, McuCounts(), notes=(str(error), *notes_as_found(task.fragment)))
    segments, gaps = write_segments(task.output, task.stem, task.fragment, restoration)
    return RestoreRecord(
        status=restoration.status,
        mcus=_mcu_counts(restoration),
        bit_flips=restoration.bit_flips,
        repaired=_write_repaired(task, restoration),
        restored=_write_restored(task, restoration),
        provenance=_write_provenance(task, restoration),
        notes=restoration.notes,
        opaque_bytes=restoration.opaque_bytes,
        exact_probability=restoration.exact_probability,
        previews=write_previews(task.output, task.stem, task.fragment.data, restoration),
        segments=segments,
        gaps=gaps,
    )


def _mcu_counts(restoration: Restoration) -> McuCounts:
    from restore.provenance import counts

    return McuCounts() if restoration.provenance is None else McuCounts(**counts(restoration.provenance))


def _write_repaired(task: RestoreTask, restoration: Restoration) -> OutputFile | None:
    if restoration.jpeg is None:
        return None
    covers = "the JPEG stream up to EOI with its bit flips reversed"
    return write_file(task.output, f"repaired/{task.stem}.jpg", restoration.jpeg, covers)


def _write_restored(task: RestoreTask, restoration: Restoration) -> OutputFile | None:
    if restoration.pixels is None or restoration.status in (Status.INTACT, Status.EXACT):
        return None
    covers = "the best picture: an enhancement, to be read with its provenance map"
    if restoration.status is Status.REPAIRED:
        covers = "the picture that the repaired stream decodes to"
    return write_file(task.output, f"restored/{task.stem}.png", encode_png(restoration.pixels), covers)


def _write_provenance(task: RestoreTask, restoration: Restoration) -> OutputFile | None:
    from restore.provenance import picture

    if restoration.provenance is None or restoration.pixels is None:
        return None
    height, width = restoration.pixels.shape[:2]
    colours = picture(restoration.provenance, *restoration.mcu_size)[:height, :width]
    covers = "the provenance map of the picture, one colour per MCU class"
    return write_file(task.output, f"provenance/{task.stem}.png", encode_png(colours), covers)


def encode_png(pixels: NDArray[np.uint8]) -> bytes:
    """A PNG of uint8 (height, width, 3) RGB."""
    from PIL import Image

    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG", compress_level=_PNG_EFFORT)
    return buffer.getvalue()
