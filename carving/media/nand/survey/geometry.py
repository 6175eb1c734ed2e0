"""Which page size a dump has: with the right one, the columns of spare bytes look unlike those of data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from carving.media.nand.survey.sample import Bytes, Sample

GEOMETRIES: Final = (
    *((512, 16), (1024, 32), (2048, 64), (2048, 112), (2048, 128), (4096, 128), (4096, 216), (4096, 218), (4096, 224)),
    *((4096, 232), (4096, 256), (8192, 256), (8192, 376), (8192, 436), (8192, 448), (8192, 512), (8192, 640)),
    *((8192, 744), (8192, 768), (16384, 1216), (16384, 1280), (16384, 1664), (16384, 1872), (16384, 1952)),
    *((16384, 2048), (16384, 2208)),
)
"""Data and spare bytes of pages that NAND chips are made with."""

_AS_GOOD: Final = 0.5
_LEAST: Final = 0.8
"""Columns that must stand out: no spare bytes without one that is mostly unused are known."""
_BYTES: Final = 3 << 20
_CONSTANT: Final = 0.7
"""Share of one value above which a column is taken for unused spare bytes; half the true width reaches 0.5."""


@dataclass(frozen=True, slots=True)
class PageGeometry:
    """A page size, and how well it explains the dump: `contrast` is the number of columns that stand out."""

    data: int
    spare: int
    contrast: float

    @property
    def size(self) -> int:
        return self.data + self.spare


def likely_geometries(sample: Sample) -> tuple[PageGeometry, ...]:
    """The known geometries that explain the sample, the best first; none where no column stands out.

    Multiples of the true width do it as well, per byte; so of those that are about as good only the smallest is kept.
    """
    scored = [PageGeometry(data, spare, _contrast(sample, data + spare)) for data, spare in GEOMETRIES]
    best = max(geometry.contrast / geometry.size for geometry in scored)
    found: list[PageGeometry] = []
    for geometry in sorted(scored, key=lambda geometry: geometry.size):
        explains = geometry.contrast >= _LEAST and geometry.contrast / geometry.size >= _AS_GOOD * best
        if explains and not any(geometry.size % smaller.size == 0 for smaller in found):
            found.append(geometry)
    return tuple(sorted(found, key=lambda geometry: -geometry.contrast / geometry.size))


def _contrast(sample: Sample, width: int) -> float:
    """How much more alike the bytes of some columns are than those of most, in columns of all.

    With a wrong width every column is a mixture of all.
    """
    pages, _ = sample.pages(width, min(1024, _BYTES // width))
    if pages.shape[0] < 8:
        return 0.0
    shares = column_shares(pages)
    typical = float(np.median(shares))
    return float((shares - typical)[shares > max(_CONSTANT, 1.5 * typical)].sum())


def column_shares(pages: Bytes) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Share of the most frequent value in each column of pages, float64 (columns,)."""
    width = pages.shape[1]
    keys = pages.astype(np.int64) + 256 * np.arange(width)
    counts = np.bincount(keys.reshape(-1), minlength=256 * width).reshape(width, 256)
    return np.asarray(counts.max(axis=1) / pages.shape[0], dtype=np.float64)
