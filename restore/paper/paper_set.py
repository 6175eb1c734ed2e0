"""The paper's training set: pictures, and what robust decoding and SCA make of them once they are damaged.

As W. Liu et al., CVPR 2023, prepare theirs: JPEG of quality 75, AES with big-endian sector numbers, bit errors behind
the header, robust decoding and SCA as published, then everything reduced to the size that is trained at; the thumbnail
is the reduced picture at 160 pixels, uncompressed. To fit one file, pictures are kept as JPEG of quality 92.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from carving.errors import JpegError, UsageError
from restore.decoding.robust import decode
from restore.gca.training.records import StoredRecord, read_records, write_records
from restore.lab.simulation.damage import damage, spared_header
from restore.lab.simulation.medium import PAPER_MEDIUM
from restore.lab.simulation.originals import CODING_QUALITY
from restore.paper.published_sca import as_published

LARGEST: Final = 16 << 20
HELD_OUT: Final = 12
"""Every so many-th picture is held out."""

THUMBNAIL_SIDE: Final = 160
MULTIPLE: Final = 32
"""Sides of the pictures are brought to multiples of it, as the generator needs them."""

_LONGEST: Final = 2048
_QUALITY: Final = 92
_RESERVE: Final = 1 << 16
_FIELDS: Final = ("true", "compensated")
_BER: Final = 1e-5

Pixels = NDArray[np.uint8]


@dataclass(frozen=True, eq=False, slots=True)
class TrainingPair:
    """One picture: uint8 (height, width, 3) each, sides multiples of `MULTIPLE`, and the small thumbnail."""

    true: Pixels
    compensated: Pixels
    thumbnail: Pixels


def build(
    paths: Sequence[Path],
    target: Path,
    seed: int,
    progress: Callable[[int, int], None],
    side: int = 512,
    largest: int = LARGEST,
) -> None:
    """Damage pictures, compensate them, reduce them to `side` pixels at most, and write them into one file.

    Raises:
        UsageError: not one of the files is a picture that can be used.
    """
    records: list[StoredRecord] = []
    size = 0
    for number, path in enumerate(paths):
        made = _from_file(path, seed, side)
        if made is None:
            continue
        record = StoredRecord(made, number % HELD_OUT == 0)
        size += record.size
        if size > largest - _RESERVE:
            break
        records.append(record)
        progress(size, largest)
    if not records:
        raise UsageError("none of these files is a picture that can be trained on")
    write_records(target, _FIELDS, records)


def load(path: Path, *, held_out: bool) -> list[TrainingPair]:
    """The pairs of a training set, for training or for validation.

    Raises:
        UsageError: the file is no such set.
    """
    pairs = []
    for true, compensated in read_records(path, _FIELDS, held_out=held_out):
        pixels = decode(true).pixels
        pairs.append(TrainingPair(pixels, decode(compensated).pixels, small(pixels)))
    return pairs


def small(pixels: Pixels) -> Pixels:
    """The picture at the thumbnail's size, bicubic."""
    height, width = pixels.shape[:2]
    scale = THUMBNAIL_SIDE / max(height, width)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    return np.asarray(Image.fromarray(pixels).resize(size, Image.Resampling.BICUBIC))


def fitted_size(height: int, width: int, side: int) -> tuple[int, int]:
    """Height and width of a picture reduced to `side` pixels on its longest side, in multiples of `MULTIPLE`."""
    scale = side / max(height, width)
    high, wide = (max(MULTIPLE, round(length * scale / MULTIPLE) * MULTIPLE) for length in (height, width))
    return high, wide


def _from_file(path: Path, seed: int, side: int) -> tuple[bytes, ...] | None:
    try:
        with Image.open(path) as picture:
            picture.thumbnail((_LONGEST, _LONGEST), Image.Resampling.BICUBIC)
            original = _coded(picture.convert("RGB"), CODING_QUALITY, "4:2:0")
        spared = spared_header(original, PAPER_MEDIUM)
        damaged = decode(damage(original, PAPER_MEDIUM, _BER, seed, spared).jpeg)
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, JpegError):
        return None
    true = decode(original).pixels
    compensated = as_published(damaged.header, damaged.coefficients)[1]
    height, width = fitted_size(true.shape[0], true.shape[1], side)
    return tuple(
        _coded(Image.fromarray(pixels).resize((width, height), Image.Resampling.BICUBIC), _QUALITY, "4:4:4")
        for pixels in (true, compensated)
    )


def _coded(picture: Image.Image, quality: int, subsampling: str) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=quality, subsampling=subsampling)
    return buffer.getvalue()
