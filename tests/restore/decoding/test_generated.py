"""Intact pictures of every make that Pillow can write decode exactly as libjpeg-turbo decodes them."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest
from PIL import Image

from carving.jpeg.markers import read_header
from restore.decoding.pixels import full_planes
from restore.decoding.robust import decode
from tests.restore.decoding.bits import code_of, packed
from tests.restore.decoding.pictures import by_libjpeg, jpeg, texture

SUBSAMPLINGS = ("4:4:4", "4:2:2", "4:2:0", "4:1:1")
ODD_SIDES = (1, 2, 3, 7, 8, 9, 15, 16, 17)


def assert_as_libjpeg(data: bytes) -> None:
    decoded = decode(data)
    assert decoded.events == ()
    assert np.array_equal(decoded.pixels, by_libjpeg(data))


@pytest.mark.parametrize("progressive", [False, True])
@pytest.mark.parametrize("subsampling", SUBSAMPLINGS)
@pytest.mark.parametrize("quality", [30, 75, 98])
def test_sampling_and_quality(subsampling: str, quality: int, progressive: bool) -> None:
    picture = texture(131, 77)
    assert_as_libjpeg(jpeg(picture, quality=quality, subsampling=subsampling, progressive=progressive))


@pytest.mark.parametrize("progressive", [False, True])
@pytest.mark.parametrize("subsampling", SUBSAMPLINGS)
@pytest.mark.parametrize("width", ODD_SIDES)
def test_small_and_odd_sizes(width: int, subsampling: str, progressive: bool) -> None:
    for height in ODD_SIDES:
        assert_as_libjpeg(jpeg(texture(width, height), subsampling=subsampling, progressive=progressive))


@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"optimize": True}])
@pytest.mark.parametrize("mode", ["L", "CMYK", "RGB"])
def test_colour_models(mode: str, options: dict[str, Any]) -> None:
    assert_as_libjpeg(jpeg(texture(90, 61, mode), quality=85, **options))


@pytest.mark.parametrize("options", [{"keep_rgb": True}, {"keep_rgb": True, "progressive": True}])
def test_rgb_without_conversion(options: dict[str, Any]) -> None:
    assert_as_libjpeg(jpeg(texture(90, 61), quality=85, **options))


@pytest.mark.parametrize("progressive", [False, True])
@pytest.mark.parametrize(
    "options", [{"restart_marker_blocks": 1}, {"restart_marker_blocks": 7}, {"restart_marker_rows": 1}]
)
def test_restart_intervals(options: dict[str, int], progressive: bool) -> None:
    for mode in ("RGB", "L"):
        data = jpeg(texture(150, 99, mode), quality=85, progressive=progressive, **options)
        assert b"\xff\xd0" in data
        assert_as_libjpeg(data)


def test_wide_quantisation_tables() -> None:
    tables = [[1 + 40 * index for index in range(64)], [2 + 17 * index for index in range(64)]]
    data = jpeg(texture(90, 61), qtables=tables)
    assert data[data.find(b"\xff\xdb") + 4] >> 4 == 1  # 16-bit steps
    assert_as_libjpeg(data)


def test_one_tone_needs_end_of_band_runs() -> None:
    assert_as_libjpeg(jpeg(Image.new("RGB", (700, 500), (200, 30, 60)), progressive=True))


def test_gray_with_sampling_factors() -> None:
    """A lone component is coded block by block whatever its factors say (T.81 A.2.2)."""
    data = bytearray(jpeg(texture(61, 47, "L")))
    frame = data.find(b"\xff\xc0")
    assert data[frame + 11] == 0x11
    data[frame + 11] = 0x22
    assert_as_libjpeg(bytes(data))


def test_fractional_sampling_is_decoded_though_libjpeg_refuses_it() -> None:
    """Luma 3×1 with chroma 2×1; blocks of one tone each, written here code by code."""
    data = bytearray(jpeg(Image.new("RGB", (48, 8)), subsampling="4:4:4", qtables=[[8] * 64, [8] * 64]))
    frame = data.find(b"\xff\xc0")
    data[frame + 11], data[frame + 14], data[frame + 17] = 0x31, 0x21, 0x21
    header = read_header(bytes(data))
    luma = code_of(header.dc_tables[0], 0) + code_of(header.ac_tables[0], 0)
    lighter = code_of(header.dc_tables[0], 4) + "1010" + code_of(header.ac_tables[0], 0)  # by 10 levels
    chroma = code_of(header.dc_tables[1], 0) + code_of(header.ac_tables[1], 0)
    scan = packed((lighter + luma + lighter + 4 * chroma) * 2).replace(b"\xff", b"\xff\0")
    decoded = decode(bytes(data[: header.scan.entropy_start]) + scan + b"\xff\xd9")
    assert decoded.events == ()
    levels = np.repeat([10, 10, 20, 30, 30, 40], 8) + 128
    assert (decoded.pixels == levels[np.newaxis, :, np.newaxis]).all()
    chroma_plane = np.arange(32, dtype=np.uint8).reshape(1, 32).repeat(8, axis=0)
    full = full_planes(decoded.header, (np.zeros((8, 48), np.uint8), chroma_plane, chroma_plane))
    assert full[1][0].tolist() == [column * 2 // 3 for column in range(48)]


def test_the_result_is_frozen() -> None:
    decoded = decode(jpeg(texture(16, 16)))
    with pytest.raises(dataclasses.FrozenInstanceError):
        decoded.end = 0  # type: ignore[misc]
