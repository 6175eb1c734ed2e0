"""The last word: what fits together worse than the plain decode is never given, by measures of their own."""

from __future__ import annotations

import io
from collections.abc import Iterator
from functools import cache

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from carving.jpeg.markers import Component, JpegHeader
from restore import decode
from restore.guard.continuity import border_costs
from restore.guard.improvement import Improvement, improvement
from restore.thumbnail.guidance import Pixels

COSINES = np.array(
    [[np.cos((2 * x + 1) * u * np.pi / 16) * (0.5 if u else np.sqrt(0.125)) for u in range(8)] for x in range(8)]
)


def scene(rows: int, columns: int) -> Pixels:
    """A smooth picture with an edge, colours and some grain."""
    y, x = np.mgrid[:rows, :columns].astype(np.float64)
    grain = np.random.default_rng(3).normal(0, 3, (rows, columns))
    light = 90 + 60 * np.sin(x / 37) * np.cos(y / 29) + 40 * (x + 2 * y > columns) + grain
    colours: Pixels = np.clip(np.stack([light, light * 0.8 + 20, 220 - light], axis=2), 0, 255).astype(np.uint8)
    return colours


@cache
def picture(subsampling: str, grey: bool = False) -> tuple[JpegHeader, NDArray[np.int16]]:
    image = Image.fromarray(scene(200, 312))
    stream = io.BytesIO()
    (image.convert("L") if grey else image).save(stream, "JPEG", quality=88, subsampling=subsampling)
    decoded = decode(stream.getvalue())
    return decoded.header, decoded.coefficients


def thumbnail() -> Pixels:
    return np.asarray(Image.fromarray(scene(200, 312)).resize((78, 50), Image.Resampling.BOX))


def everything(header: JpegHeader) -> NDArray[np.bool_]:
    return np.ones(header.frame.mcu_count, dtype=np.bool_)


def planes(header: JpegHeader, coefficients: NDArray[np.int16]) -> Iterator[tuple[Component, NDArray[np.float64]]]:
    """Each component and its samples, neither rounded nor clipped."""
    frame = header.frame
    first = 0
    for component in frame.components:
        down, across = component.vertical, component.horizontal
        table = header.quant_tables[component.quant_table].natural().reshape(8, 8)
        blocks = coefficients[:, first : first + down * across].reshape(-1, 8, 8) * table
        first += down * across
        samples = (COSINES @ blocks @ COSINES.T).reshape(frame.mcu_rows, frame.mcu_columns, down, across, 8, 8)
        yield component, samples.transpose(0, 2, 4, 1, 3, 5).reshape(frame.mcu_rows * down * 8, -1)


def referee(header: JpegHeader, coefficients: NDArray[np.int16]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """`border_costs` written again over whole planes of samples."""
    frame = header.frame
    upper, left = np.zeros((2, frame.mcu_rows, frame.mcu_columns))
    for component, plane in planes(header, coefficients):
        for samples, costs, size, along in (
            (plane, upper, 8 * component.vertical, 8 * component.horizontal),
            (plane.T, left.T, 8 * component.horizontal, 8 * component.vertical),
        ):
            borders = np.arange(size, samples.shape[0], size)
            far, near, own, beyond = (samples[borders + shift] for shift in (-2, -1, 0, 1))
            step = own - near - ((near - far) + (beyond - own)) / 2
            costs[1:] += np.log1p(np.abs(step) / 3).reshape(borders.size, -1, along).mean(axis=2)
    return upper, left


@pytest.mark.parametrize("subsampling", ["4:4:4", "4:2:2", "4:2:0"])
def test_borders_cost_what_the_samples_beside_them_say(subsampling: str) -> None:
    header, coefficients = picture(subsampling)
    for costs, expected in zip(border_costs(header, coefficients), referee(header, coefficients), strict=True):
        np.testing.assert_allclose(costs, expected, atol=1e-3)


def test_a_grey_picture_is_measured_too() -> None:
    header, coefficients = picture("4:4:4", grey=True)
    upper, left = border_costs(header, coefficients)
    assert upper.shape == left.shape == (25, 39)
    assert (upper[0] == 0).all()
    assert (left[:, 0] == 0).all()
    assert upper[1:].min() > 0


@pytest.mark.parametrize("guide", [None, "own"])
def test_what_is_moved_or_recoloured_is_worse(guide: str | None) -> None:
    header, plain = picture("4:2:0")
    small = None if guide is None else thumbnail()
    moved = plain.copy()
    moved[100:] = plain[97:-3]
    recoloured = plain.copy()
    recoloured[150:, :, 0] += 40
    for result in (moved, recoloured):
        assert improvement(header, plain, result, everything(header), small).worse
        assert not improvement(header, plain, result, everything(header), small).better
        assert improvement(header, result, plain, everything(header), small).better == (guide is not None)
        assert not improvement(header, result, plain, everything(header), small).worse


def test_only_what_the_result_shows_is_compared() -> None:
    header, plain = picture("4:2:0")
    broken = plain.copy()
    broken[120:140] = 0
    known = everything(header)
    known[120:140] = False
    assert improvement(header, plain, broken, known, thumbnail()) == Improvement(0.0, 0.0)


def test_colours_that_leave_the_range_do_not_pass_as_smooth() -> None:
    header, plain = picture("4:4:4")
    drifted = plain.copy()
    drifted[:, 0, 0] += (np.arange(plain.shape[0]) * 3).astype(np.int16)
    assert improvement(header, drifted, plain, everything(header), None).seams > 100


def test_the_thumbnail_of_another_picture_says_nothing() -> None:
    header, plain = picture("4:2:0")
    other = np.ascontiguousarray(thumbnail()[::-1, ::-1])
    darker = plain.copy()
    darker[200:, :, 0] -= 30
    assert improvement(header, plain, darker, everything(header), other).nearer == 0.0
    assert improvement(header, plain, darker, everything(header), thumbnail()).nearer < -1.0


def test_one_measure_is_not_enough_against_a_scan_that_decodes() -> None:
    assert not Improvement(seams=500.0, nearer=0.0).better
    assert not Improvement(seams=0.0, nearer=5.0).better
    assert not Improvement(seams=500.0, nearer=-0.1).worse
    assert Improvement(seams=-500.0, nearer=0.1).worse
    assert not Improvement(seams=-500.0, nearer=5.0).worse
