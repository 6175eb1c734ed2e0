"""From coefficients to pixels: dequantise, inverse DCT, upsample, convert; as libjpeg-turbo does by default."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from carving.jpeg.markers import Component, JpegHeader

Plane = NDArray[np.uint8]
_FLAT_QUANT: Final = np.ones(64, dtype=np.int32)


def component_planes(header: JpegHeader, coefficients: NDArray[np.int16]) -> tuple[Plane, ...]:
    """Samples of each component at its own resolution, padded to whole MCUs.

    Args:
        coefficients: int16 (MCUs, blocks per MCU, 64).
    """
    from restore.decoding.idct_kernels import inverse_dct_plane

    frame = header.frame
    planes = []
    first_block = 0
    for component in frame.components:
        rows = frame.mcu_rows * component.vertical * 8
        columns = frame.mcu_columns * component.horizontal * 8
        plane = np.empty((rows, columns), dtype=np.uint8)
        table = header.quant_tables.get(component.quant_table)
        inverse_dct_plane(
            coefficients.reshape(-1),
            _FLAT_QUANT if table is None else table.natural(),
            frame.mcu_columns,
            frame.mcu_rows,
            frame.blocks_per_mcu,
            first_block,
            component.horizontal,
            component.vertical,
            plane.reshape(-1),
        )
        planes.append(plane)
        first_block += component.horizontal * component.vertical
    return tuple(planes)


def upsample(plane: Plane, rows: int, columns: int, across: int, down: int) -> Plane:
    """Enlarge a component by whole factors: triangle filter for 2×1, 1×2 and 2×2, replication otherwise.

    The filter must see the component's true edge: `rows` and `columns` of `plane` lie inside the picture.
    """
    from restore.decoding import colour_kernels

    output = np.empty((rows * down, columns * across), dtype=np.uint8)
    colour_kernels.upsample(plane, rows, columns, across, down, output)
    return output


def full_planes(header: JpegHeader, planes: tuple[Plane, ...]) -> tuple[Plane, ...]:
    """Component planes brought to the picture's size (height, width), or a little over."""
    frame = header.frame
    full = []
    for component, plane in zip(frame.components, planes, strict=True):
        shape = _shape_inside(header, component)
        if shape is None:  # 3:2 and the like, which libjpeg refuses: nearest sample
            rows = np.arange(frame.height) * component.vertical // frame.max_vertical
            columns = np.arange(frame.width) * component.horizontal // frame.max_horizontal
            full.append(plane[np.ix_(rows, columns)])
        elif shape[2:] == (1, 1):
            full.append(plane)
        else:
            full.append(upsample(plane, *shape))
    return tuple(full)


def _shape_inside(header: JpegHeader, component: Component) -> tuple[int, int, int, int] | None:
    """Rows and columns of a component inside the picture and its whole factors across and down, if it has them."""
    frame = header.frame
    across, rest_across = divmod(frame.max_horizontal, component.horizontal)
    down, rest_down = divmod(frame.max_vertical, component.vertical)
    if rest_across or rest_down:
        return None
    return -(-frame.height // down), -(-frame.width // across), across, down


def render(header: JpegHeader, coefficients: NDArray[np.int16]) -> NDArray[np.uint8]:
    """RGB pixels, uint8 (height, width, 3), of quantised coefficients (MCUs, blocks per MCU, 64)."""
    planes = component_planes(header, coefficients)
    if len(planes) == 3 and is_ycc(header):
        shapes = [_shape_inside(header, component) for component in header.frame.components]
        if None not in shapes:
            return _ycc_to_rgb(header, planes, np.array(shapes, dtype=np.int64))
    return to_rgb(header, full_planes(header, planes))


def _ycc_to_rgb(header: JpegHeader, planes: tuple[Plane, ...], shapes: NDArray[np.int64]) -> NDArray[np.uint8]:
    from restore.decoding import colour_kernels

    height, width = header.frame.height, header.frame.width
    pixels = np.empty((height, width, 3), dtype=np.uint8)
    luma, blue, red = (np.ascontiguousarray(plane) for plane in planes)
    colour_kernels.ycc_to_rgb(luma, blue, red, shapes, width, pixels.reshape(height, 3 * width))
    return pixels


def to_rgb(header: JpegHeader, planes: tuple[Plane, ...]) -> NDArray[np.uint8]:
    """Convert full-size component planes to RGB by the colour space the header implies (libjpeg's rules)."""
    height, width = header.frame.height, header.frame.width
    if len(planes) == 1:
        return np.repeat(planes[0][:height, :width, np.newaxis], 3, axis=2)
    if len(planes) == 3 and not is_ycc(header):
        return np.stack([plane[:height, :width] for plane in planes], axis=2)
    full_size = np.array([(height, width, 1, 1)] * 3, dtype=np.int64)
    if len(planes) == 3:
        return _ycc_to_rgb(header, planes, full_size)
    if header.adobe_transform == 2:  # YCCK: the RGB behind it is inverted CMY
        ink = 255 - _ycc_to_rgb(header, planes[:3], full_size)
    else:
        ink = np.stack([plane[:height, :width] for plane in planes[:3]], axis=2)
    black = planes[3][:height, :width, np.newaxis]
    if header.adobe_transform is not None:  # Adobe stores inks inverted
        ink, black = 255 - ink, 255 - black
    light = 255 - black.astype(np.int32)
    product = ink.astype(np.int32) * light + 128
    return np.clip(light - ((product + (product >> 8)) >> 8), 0, 255).astype(np.uint8)


def is_ycc(header: JpegHeader) -> bool:
    """Whether three components are YCbCr: JFIF says so, Adobe may say otherwise, else identifiers decide."""
    if header.has_jfif:
        return True
    if header.adobe_transform is not None:
        return header.adobe_transform != 0
    return [component.identifier for component in header.frame.components] != [ord("R"), ord("G"), ord("B")]
