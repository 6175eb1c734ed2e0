"""Breaks after which all decodes to the last bit: only the picture shows them, and a sound picture shows none."""

from __future__ import annotations

import io
from functools import cache

import numpy as np
import pytest
from PIL import Image

from restore.decoding.robust import decode
from restore.gca.filling import by_thumbnail
from restore.provenance import Provenance, Status
from restore.restoration import restore_with
from restore.segments.level_steps import level_moves
from tests.restore.segments.regions_of_files import photo


@cache
def _unseen_break() -> tuple[bytes, int, float]:
    """A photo with a byte inserted so that as many MCUs come out and the rest is lighter; where, and by how much."""
    whole = photo()
    sound = decode(whole)
    first, columns = sound.header.scan.entropy_start, sound.header.frame.mcu_columns
    for at in range(first + (len(whole) - first) // 3, len(whole) - 4096, 61):
        broken = decode(whole[:at] + b"\x5a" + whole[at:])
        if not broken.flawless:
            continue
        step = int(broken.coefficients[-1, 0, 0]) - int(sound.coefficients[-1, 0, 0])
        place = int(np.flatnonzero((broken.coefficients != sound.coefficients).any(axis=(1, 2)))[0])
        level = step * sound.header.quant_tables[sound.header.frame.components[0].quant_table].steps[0] / 8
        if abs(level) > 8 and columns // 4 < place % columns < columns * 3 // 4:
            return whole[:at] + b"\x5a" + whole[at:], place, level
    raise AssertionError("no byte leaves the count as it is")


def test_a_step_of_the_level_is_a_sign() -> None:
    broken, place, _ = _unseen_break()
    decoded = decode(broken)
    moves = level_moves(decoded.header, decoded.coefficients)
    assert moves
    assert min(abs(move - place) for move in moves) <= 8
    sound = decode(photo())
    assert level_moves(sound.header, sound.coefficients) == []


def test_a_photo_that_shows_a_break_is_not_intact() -> None:
    broken, place, level = _unseen_break()
    restored = restore_with(by_thumbnail, broken)
    assert restored.status == Status.RESTORED
    assert len(restored.segments) == 2
    assert restored.provenance is not None
    kinds = restored.provenance.reshape(-1)
    assert (kinds[: place - 8] == Provenance.INTACT).all()
    assert (kinds[place + 8 :] == Provenance.PLACED).all()
    assert restored.pixels is not None
    columns = decode(broken).header.frame.mcu_columns
    rest = slice(16 * (place // columns + 2), None)
    apart = (
        restored.pixels[rest].astype(np.float64).mean()
        - np.asarray(Image.open(io.BytesIO(photo())).convert("RGB"))[rest].astype(np.float64).mean()
    )
    assert abs(apart) < abs(level) / 4


@pytest.mark.parametrize("left", [0, 200, 256, 720])
def test_a_panel_is_not_a_break(left: int) -> None:
    """Its border steps along a row, and in the rows below it as well."""
    picture = np.array(Image.open(io.BytesIO(photo())).convert("RGB"))
    picture[320:, left:] = np.minimum(picture[320:, left:].astype(np.int64) + 40, 255).astype(np.uint8)
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "JPEG", quality=85, subsampling=2)
    assert restore_with(by_thumbnail, file.getvalue()).status == Status.INTACT
