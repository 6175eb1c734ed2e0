"""From coefficients to pixels: dequantise, inverse DCT, upsample, convert; as libjpeg-turbo does by default."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from carving.jpeg.markers import JpegHeader

Plane = NDArray[np.uint8]
_FLAT_QUANT: Final = np.ones(64, dtype=np.int32)


def component_planes(header: JpegHeader, coefficients: NDArray[np.int16]) -> tuple[Plane, ...]:
    """Samples of each component at its own resolution, padded to whole MCUs.

    Args:
        coefficients: int16 (MCUs, blocks per MCU, 64).
    """
    from restore.decode.idct_kernels import inverse_dct_plane

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
            plane,
        )
        planes.append(plane)
        first_block += component.horizontal * component.vertical
    return tuple(planes)


def upsample(plane: Plane, horizontal: int, vertical: int) -> Plane:
    """Enlarge a component by whole factors: triangle filter for 2×1, 1×2 and 2×2, replication otherwise.

    The filter must see the component's true edge, so `plane` is cropped to its samples inside the picture.
    """
    from restore.decode import colour_kernels

    rows, columns = plane.shape
    filters = {
        (2, 1): colour_kernels.upsample_horizontal,
        (1, 2): colour_kernels.upsample_vertical,
        (2, 2): colour_kernels.upsample_both,
    }
    enlarge = filters.get((horizontal, vertical))
    if enlarge is None or (horizontal == 2 and columns <= 2):
        return plane.repeat(vertical, axis=0).repeat(horizontal, axis=1)
    output = np.empty((rows * vertical, columns * horizontal), dtype=np.uint8)
    enlarge(plane, output)
    return output


def full_planes(header: JpegHeader, planes: tuple[Plane, ...]) -> tuple[Plane, ...]:
    """Component planes brought to the picture's size (height, width), or a little over."""
    frame = header.frame
    full = []
    for component, plane in zip(frame.components, planes, strict=True):
        across, rest_across = divmod(frame.max_horizontal, component.horizontal)
        down, rest_down = divmod(frame.max_vertical, component.vertical)
        if rest_across or rest_down:  # 3:2 and the like, which libjpeg refuses: nearest sample
            rows = np.arange(frame.height) * component.vertical // frame.max_vertical
            columns = np.arange(frame.width) * component.horizontal // frame.max_horizontal
            full.append(plane[np.ix_(rows, columns)])
            continue
        if across == down == 1:
            full.append(plane)
            continue
        inside = plane[: -(-frame.height // down), : -(-frame.width // across)]
        full.append(upsample(inside, across, down))
    return tuple(full)


def render(header: JpegHeader, coefficients: NDArray[np.int16]) -> NDArray[np.uint8]:
    """RGB pixels, uint8 (height, width, 3), of quantised coefficients (MCUs, blocks per MCU, 64)."""
    return to_rgb(header, full_planes(header, component_planes(header, coefficients)))


def to_rgb(header: JpegHeader, planes: tuple[Plane, ...]) -> NDArray[np.uint8]:
    """Convert full-size component planes to RGB by the colour space the header implies (libjpeg's rules)."""
    from restore.decode.colour_kernels import ycc_to_rgb

    height, width = header.frame.height, header.frame.width
    if len(planes) == 1:
        return np.repeat(planes[0][:height, :width, np.newaxis], 3, axis=2)
    if len(planes) == 3 and not is_ycc(header):
        return np.stack([plane[:height, :width] for plane in planes], axis=2)
    pixels = np.empty((height, width, 3), dtype=np.uint8)
    if len(planes) == 3:
        ycc_to_rgb(planes[0], planes[1], planes[2], pixels)
        return pixels
    if header.adobe_transform == 2:
        ycc_to_rgb(planes[0], planes[1], planes[2], pixels)  # YCCK: the RGB behind it is inverted CMY
        ink = 255 - pixels
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
