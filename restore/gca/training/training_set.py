"""The training set of the restorer in one file of at most 16 MiB: damaged pictures beside the truth.

A picture is kept as the undamaged JPEG and, deflated, what damage and placement made of its coefficients.
"""

from __future__ import annotations

import io
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image, UnidentifiedImageError

from carving.errors import UsageError
from carving.jpeg.markers import read_header
from restore.gca.training.examples import Example, assemble, make_example
from restore.gca.training.records import StoredRecord, read_records, write_records

LARGEST: Final = 16 << 20
"""Bytes of a training set, and of any file that training writes."""

HELD_OUT: Final = 12
"""Every so many-th picture is held out for validation, and never trained on."""

_ROUNDS: Final = 8
"""How often each picture may be cut and damaged anew."""
_TRIES: Final = 3
_RESERVE: Final = 1 << 16
_FIELDS: Final = ("jpeg", "change", "thumbnail", "provenance")


def build(
    paths: Sequence[Path], target: Path, seed: int, progress: Callable[[int, int], None], largest: int = LARGEST
) -> None:
    """Damage pictures until the file is full, and write it.

    Args:
        paths: pictures that any program can read.
        progress: hears the bytes collected so far and the bytes there may be.

    Raises:
        UsageError: not one of the files is a picture that can be used.
    """
    records: list[StoredRecord] = []
    size = 0
    for number in range(len(paths) * _ROUNDS):
        index = number % len(paths)
        example = _from_file(paths[index], np.random.default_rng([seed, number]))
        if example is None:
            continue
        record = StoredRecord(_pack(example), index % HELD_OUT == 0)
        size += record.size
        if size > largest - _RESERVE:
            break
        records.append(record)
        progress(size, largest)
    if not records:
        raise UsageError("none of these files is a picture that can be trained on")
    write_records(target, _FIELDS, records)


def load(path: Path, *, held_out: bool) -> list[Example]:
    """The examples of a training set, the ones for training or the ones for validation.

    Raises:
        UsageError: the file is no training set.
    """
    return [_unpack(parts) for parts in read_records(path, _FIELDS, held_out=held_out)]


def _from_file(path: Path, random: np.random.Generator) -> Example | None:
    try:
        with Image.open(path) as picture:
            pixels = picture.convert("RGB")
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError):
        return None
    for _ in range(_TRIES):
        example = make_example(pixels, random)
        if example is not None:
            return example
    return None


def _pack(example: Example) -> tuple[bytes, ...]:
    buffer = io.BytesIO()
    Image.fromarray(example.thumbnail).save(buffer, "PNG", optimize=True)
    # the same coefficient of all blocks side by side: mostly zeros, and DC offsets that stay the same for long
    change = zlib.compress(np.ascontiguousarray(example.change.transpose(2, 1, 0)).astype("<i2").tobytes(), 9)
    kinds = zlib.compress(example.provenance.tobytes(), 9)
    return example.jpeg, change, buffer.getvalue(), kinds


def _unpack(parts: tuple[bytes, ...]) -> Example:
    jpeg, change, thumbnail, kinds = parts
    frame = read_header(jpeg).frame
    with Image.open(io.BytesIO(thumbnail)) as picture:
        small = np.asarray(picture.convert("RGB"))
    added = np.frombuffer(zlib.decompress(change), dtype="<i2").reshape(64, frame.blocks_per_mcu, frame.mcu_count)
    provenance = np.frombuffer(zlib.decompress(kinds), dtype=np.uint8).reshape(frame.mcu_rows, frame.mcu_columns)
    return assemble(jpeg, np.ascontiguousarray(added.transpose(2, 1, 0)).astype(np.int16), provenance, small)
