"""Training examples for the restorer: open pictures, damaged and decoded and placed by the tool's own main job.

Everything varies that varies in evidence: scale and cut of the picture, JPEG quality and subsampling, bit error rate,
size and coding of the thumbnail. Nothing is a drawn hole: what is lost is what placement gave up.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from carving.errors import JpegError
from carving.source import Run
from restore.decoding.robust import decode
from restore.lab.simulation.damage import damage, spared_header
from restore.lab.simulation.medium import Medium, seeded_key
from restore.provenance import Provenance
from restore.thumbnail import guidance

SIDE: Final = 512
"""Pixels: pictures are cut to squares of this size."""

_SCALES: Final = (0.6, 1.7)
_QUALITIES: Final = (50, 97)
"""The lower half is drawn more often: a file of low quality takes less room, and what is lost of it covers more."""
_SUBSAMPLINGS: Final = ("4:2:0", "4:2:0", "4:2:0", "4:2:0", "4:2:2", "4:2:2", "4:4:4")
_ERRORS: Final = (2.0, 14.0)
"""Bit errors in a picture on average; at 0.7 to 4 bits per pixel these are rates of about 1e-5 to 1e-4."""
_REDUCTIONS: Final = (3.0, 24.0)
"""Pixels of the picture per pixel of the thumbnail."""
_THUMBNAIL_QUALITIES: Final = (60, 96)
_WRONG: Final = 8
_MOST_WRONG: Final = 0.25
"""Share of pixels outside the holes that may differ from the truth by more than `_WRONG`; beyond, there is nothing to
go by."""


@dataclass(frozen=True, eq=False, slots=True)
class Example:
    """One damaged picture and the truth.

    Attributes:
        jpeg: the undamaged file; `truth` is its pixels, uint8 (height, width, 3).
        change: int16 (MCUs, blocks per MCU, 64), what damage and placement added to its quantised coefficients; 0 where
            they are lost.
        composed: uint8 (height, width, 3), the picture that these make; arbitrary where lost.
        provenance: uint8 (MCU rows, MCU columns) of `Provenance`, before filling.
        mcu_size: (height, width) of an MCU in pixels.
        thumbnail: uint8 (rows, columns, 3), of just the picture.
    """

    jpeg: bytes
    change: NDArray[np.int16]
    truth: NDArray[np.uint8]
    composed: NDArray[np.uint8]
    provenance: NDArray[np.uint8]
    mcu_size: tuple[int, int]
    thumbnail: NDArray[np.uint8]

    @property
    def hole(self) -> NDArray[np.bool_]:
        """bool (height, width): what is lost."""
        return guidance.region(self.provenance == Provenance.LOST, self.mcu_size, *self.truth.shape[:2])

    @property
    def doubtful(self) -> NDArray[np.bool_]:
        """bool (height, width): what was placed."""
        return guidance.region(self.provenance == Provenance.PLACED, self.mcu_size, *self.truth.shape[:2])


def make_example(picture: Image.Image, random: np.random.Generator) -> Example | None:
    """Cut, code and damage a picture, and restore it without reversing flips; None where that teaches nothing."""
    jpeg = _coded(_cut(picture, random), random)
    medium = Medium(seeded_key(int(random.integers(1 << 30))))
    spared = spared_header(jpeg, medium)
    rate = float(random.uniform(*_ERRORS)) / (8 * (len(jpeg) - spared.end))
    damaged = damage(jpeg, medium, min(rate, 1e-3), int(random.integers(1 << 30)), Run(0, spared.end)).jpeg
    truth = decode(jpeg)
    try:
        coefficients, provenance, registered = _placed(damaged, _thumbnail(truth.pixels, random))
    except JpegError:
        return None
    if registered is None or coefficients.shape != truth.coefficients.shape:
        return None
    lost = (provenance == Provenance.LOST).reshape(-1, 1, 1)
    change = np.where(lost, np.int16(0), coefficients - truth.coefficients)
    example = assemble(jpeg, change, provenance, np.ascontiguousarray(registered))
    hole = example.hole
    wrong = (np.abs(example.composed.astype(np.int16) - example.truth) > _WRONG).any(axis=2) & ~hole
    return example if hole.any() and not hole.all() and wrong.mean() <= _MOST_WRONG else None


def assemble(
    jpeg: bytes, change: NDArray[np.int16], provenance: NDArray[np.uint8], thumbnail: NDArray[np.uint8]
) -> Example:
    """An example of the parts that are kept."""
    from restore.decoding.pixels import render

    truth = decode(jpeg)
    frame = truth.header.frame
    composed = render(truth.header, truth.coefficients + change)
    size = (frame.mcu_height, frame.mcu_width)
    return Example(jpeg, change, truth.pixels, composed, provenance, size, thumbnail)


def _placed(
    damaged: bytes, small: NDArray[np.uint8]
) -> tuple[NDArray[np.int16], NDArray[np.uint8], NDArray[np.uint8] | None]:
    """Coefficients, provenance and registered thumbnail, as the main job has them before it fills what is lost."""
    from restore.repair.search.scan_repair import EFFORTS
    from restore.repair.session import examine

    decoded = decode(damaged)
    session = examine(damaged, decoded, None, EFFORTS[0], small)
    frame = decoded.header.frame
    provenance = session.provenance.reshape(frame.mcu_rows, frame.mcu_columns)
    return session.coefficients, provenance, session.thumbnail


def _cut(picture: Image.Image, random: np.random.Generator) -> Image.Image:
    """A square of the picture at a drawn scale."""
    low, high = _SCALES
    scale = max(float(low * (high / low) ** random.random()), SIDE / min(picture.size))
    width, height = (max(SIDE, round(side * scale)) for side in picture.size)
    left, top = int(random.integers(width - SIDE + 1)), int(random.integers(height - SIDE + 1))
    box = (left / scale, top / scale, (left + SIDE) / scale, (top + SIDE) / scale)
    inside = (box[0], box[1], min(box[2], picture.width), min(box[3], picture.height))
    return picture.resize((SIDE, SIDE), Image.Resampling.BICUBIC, box=inside)


def _coded(picture: Image.Image, random: np.random.Generator) -> bytes:
    buffer = io.BytesIO()
    low, high = _QUALITIES
    quality = round(low + (high - low) * random.random() ** 1.5)
    subsampling = _SUBSAMPLINGS[int(random.integers(len(_SUBSAMPLINGS)))]
    picture.save(buffer, "JPEG", quality=quality, subsampling=subsampling, optimize=bool(random.integers(2)))
    return buffer.getvalue()


def _thumbnail(pixels: NDArray[np.uint8], random: np.random.Generator) -> NDArray[np.uint8]:
    """The picture reduced and coded as a camera does."""
    low, high = _REDUCTIONS
    side = max(16, round(SIDE / (low * (high / low) ** random.random())))
    kernel = (Image.Resampling.BICUBIC, Image.Resampling.BOX, Image.Resampling.LANCZOS)[int(random.integers(3))]
    buffer = io.BytesIO()
    quality = int(random.integers(*_THUMBNAIL_QUALITIES, endpoint=True))
    Image.fromarray(pixels).resize((side, side), kernel).save(buffer, "JPEG", quality=quality)
    return decode(buffer.getvalue()).pixels
