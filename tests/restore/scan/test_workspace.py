"""The shape of a scan, its codes, and rows of a path."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image
from PIL.JpegImagePlugin import JpegImageFile

from carving.jpeg.markers import read_header
from restore.scan.score_kernels import EDGE_VALUES
from restore.scan.workspace import UNKNOWN_LENGTH, new_path, scan_codes, scan_layout, tail


def picture(subsampling: int) -> bytes:
    """A JPEG of 40×24 with the standard's Huffman tables."""
    coded = io.BytesIO()
    Image.new("RGB", (40, 24), (90, 120, 30)).save(coded, "JPEG", quality=75, subsampling=subsampling)
    return coded.getvalue()


def test_blocks_know_their_neighbours() -> None:
    layout = scan_layout(read_header(picture(2)))
    assert layout.component_of.tolist() == [0, 0, 0, 0, 1, 2]
    # of the MCU itself, or, as -1 - block, of the MCU to the left or above
    assert layout.left_part.tolist() == [-2, 0, -4, 2, -5, -6]
    assert layout.above_part.tolist() == [-3, -4, 0, 1, -5, -6]
    assert (layout.columns, layout.mcu_count, layout.restart_interval) == (3, 6, 0)


def test_quantisation_steps_stand_in_natural_order() -> None:
    layout = scan_layout(read_header(picture(0)))
    opened = Image.open(io.BytesIO(picture(0)))
    assert isinstance(opened, JpegImageFile)
    tables = opened.quantization
    assert layout.quant.tolist() == [*tables[0], *tables[1], *tables[1]]
    assert layout.component_of.tolist() == [0, 1, 2]


def test_codes_tell_how_long_a_dc_size_is() -> None:
    lengths = scan_codes(read_header(picture(2))).dc_lengths.reshape(3, 16)
    # T.81, tables K.3 and K.4
    assert lengths[0, :12].tolist() == [2, 3, 3, 3, 3, 3, 4, 5, 6, 7, 8, 9]
    assert lengths[1, :12].tolist() == [2, 2, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]
    assert (lengths[:, 12:] == UNKNOWN_LENGTH).all()


def test_a_tail_is_the_path_itself_from_an_mcu_on() -> None:
    path = new_path(5, 3)
    rows = tail(path, 2, 3)
    rows.scores[1], rows.places[0], rows.bits[4] = 7.0, 99, 5
    rows.edges[0] = 1.5
    rows.predictors[3, 2] = -8
    assert path.scores.tolist() == [0, 0, 0, 7, 0, 0]
    assert path.places.tolist() == [0, 0, 99, 0, 0, 0]
    assert np.flatnonzero(path.bits).tolist() == [2 * 3 + 4]
    assert np.flatnonzero(path.edges).tolist() == [2 * 3 * EDGE_VALUES]
    assert path.predictors[5, 2] == -8
    assert rows.known.size == 4
