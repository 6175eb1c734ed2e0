"""Segments as they are laid out: where each belongs, its level, and what that rests on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from carving.jpeg.markers import JpegHeader
from restore.segments.canvas import PictureCanvas
from restore.segments.paths import ReadPath
from restore.segments.picture_rows import PictureRows
from restore.segments.reading import ScanReading
from restore.segments.told import Told, read_thumbnail
from restore.thumbnail.guidance import Pixels

START: Final = "start of the scan"
END: Final = "end of the scan"
MARKERS: Final = "restart markers"
ROWS: Final = "rows across the gap"
THUMBNAIL: Final = "thumbnail"
LENGTH: Final = "length of the gap"

_LOCAL: Final = 300
"""MCUs beside a gap whose length tells how many MCUs its bytes were."""


@dataclass(eq=False)
class LaidSegment:
    """A segment and what was found out about it.

    Attributes:
        first: its first MCU in the picture; None where that is not known.
        offsets: int64 (components,), what its quantised DC values are raised by; None until that is settled.
        moved: it stands behind a gap, with a place or level of our making.
    """

    path: ReadPath
    rows: PictureRows
    first: int | None = None
    posterior: float = 0.0
    rests_on: tuple[str, ...] = ()
    offsets: NDArray[np.int64] | None = None
    moved: bool = True

    @property
    def end(self) -> int:
        assert self.first is not None
        return self.first + self.path.count

    def cut(self, first: int, end: int) -> None:
        """Keep MCUs `first` to `end` only."""
        self.path, self.rows = self.path.part(first, end), self.rows.part(first, end)
        if self.first is not None:
            self.first += first


@dataclass(eq=False)
class Laid:
    """Segments in the file's order, the picture they make, and what the thumbnail tells."""

    segments: list[LaidSegment]
    canvas: PictureCanvas
    told: Told | None
    unbroken: bool = False


def told_of(
    header: JpegHeader, thumbnail: Pixels | None, segments: list[LaidSegment], *, cut: bool = True
) -> Told | None:
    """What the thumbnail, which may be `cut`, tells, matched to the segments whose level is certain."""
    if thumbnail is None:
        return None
    total = header.frame.mcu_count
    levels = np.zeros((total, len(header.frame.components)))
    known, certain = np.zeros(total, dtype=np.bool_), np.zeros(total, dtype=np.bool_)
    for item in segments:
        if item.first is None:
            continue
        low, high = max(0, item.first), min(total, item.end)
        levels[low:high] = item.rows.levels[low - item.first : high - item.first]
        known[low:high] = True
        certain[low:high] = not item.moved
    return read_thumbnail(header, thumbnail, levels, known, np.flatnonzero(certain), cut=cut)


def bytes_per_mcu(path: ReadPath, *, at_end: bool) -> float:
    """Bytes that an MCU takes at one end of a path."""
    near = min(_LOCAL, path.count)
    if not near:
        return 1.0
    positions = path.positions[-near - 1 :] if at_end else path.positions[: near + 1]
    return max(0.125, float(positions[-1] - positions[0]) / 8.0 / near)


def expected_mcus(reading: ScanReading, before: ReadPath | None, behind: ReadPath | None) -> float:
    """MCUs that the bytes of the file between two paths lead to expect."""
    cut = reading.cut
    first = reading.header.scan.entropy_start if before is None else cut.end_place(int(before.positions[-1])) // 8
    end = reading.end.offset if behind is None else cut.place(int(behind.positions[0])) // 8
    sizes = [bytes_per_mcu(path, at_end=path is before) for path in (before, behind) if path is not None]
    return max(0.0, (end - first) / (sum(sizes) / len(sizes)))
