"""The arrays that the repair kernels work in, and the shape of a scan as they see it."""

from __future__ import annotations

import numpy as np

from carving.jpeg.markers import Frame, JpegHeader
from restore.decoding.robust import flat_lookups, scan_tables
from restore.scan.contracts import Codes, Path, ScanLayout, Workspace
from restore.scan.score_kernels import EDGE_VALUES
from restore.scan.window_kernels import WINDOW_PADDING

UNKNOWN_LENGTH = 20
"""Code length assumed for a DC size that the Huffman table lacks."""


def new_path(mcus: int, blocks: int) -> Path:
    """An empty path for `mcus` MCUs of `blocks` blocks."""
    return Path(
        np.zeros((mcus + 1) * blocks * EDGE_VALUES, dtype=np.float32),
        np.zeros((mcus + 1) * blocks, dtype=np.int32),
        np.zeros(mcus + 1, dtype=np.uint8),
        np.zeros(mcus + 1, dtype=np.int64),
        np.zeros((mcus + 1, 4), dtype=np.int32),
        np.zeros(mcus + 1, dtype=np.float64),
    )


def tail(path: Path, mcu: int, blocks: int) -> Path:
    """The rows of a path from `mcu` on, as views."""
    return Path(
        path.edges[mcu * blocks * EDGE_VALUES :],
        path.bits[mcu * blocks :],
        path.known[mcu:],
        path.places[mcu:],
        path.predictors[mcu:],
        path.scores[mcu:],
    )


def new_workspace(blocks: int, window: int) -> Workspace:
    """Scratch arrays for MCUs of `blocks` blocks and windows of up to `window` bytes."""
    return Workspace(
        np.zeros(blocks * 64, dtype=np.int16),
        np.zeros(blocks, dtype=np.int64),
        np.zeros(blocks, dtype=np.int64),
        np.zeros(64, dtype=np.float32),
        np.zeros(16, dtype=np.float32),
        np.zeros(blocks, dtype=np.int64),
        np.zeros(blocks, dtype=np.int64),
        np.zeros(blocks, dtype=np.int64),
        np.zeros(4, dtype=np.int64),
        np.zeros(window + WINDOW_PADDING, dtype=np.uint8),
        np.zeros(window + WINDOW_PADDING, dtype=np.int64),
        np.zeros(window + 1, dtype=np.int64),
        np.zeros(window + 1, dtype=np.int64),
    )


def scan_layout(header: JpegHeader) -> ScanLayout:
    """The layout of an interleaved scan over all components."""
    frame = header.frame
    component_of, left_part, above_part = _neighbours(frame)
    quant = [header.quant_tables[component.quant_table].natural() for component in frame.components]
    return ScanLayout(
        component_of,
        left_part,
        above_part,
        np.concatenate(quant).astype(np.float32),
        frame.mcu_columns,
        frame.mcu_count,
        header.restart_interval,
    )


def scan_codes(header: JpegHeader) -> Codes:
    """The Huffman look-ups of a scan, with the code length of every DC size."""
    tables = scan_tables(header)
    lengths = np.full((len(tables), 16), UNKNOWN_LENGTH, dtype=np.int64)
    for index, (dc_table, _) in enumerate(tables):
        for _, length, symbol in dc_table.codes:
            lengths[index, symbol & 15] = length
    return Codes(*flat_lookups(tables), lengths.reshape(-1))


def _neighbours(frame: Frame) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    component_of: list[int] = []
    left_part: list[int] = []
    above_part: list[int] = []
    base = 0
    for index, component in enumerate(frame.components):
        across, down = component.horizontal, component.vertical
        for part in range(across * down):
            y, x = divmod(part, across)
            component_of.append(index)
            left_part.append(base + part - 1 if x else -1 - (base + part + across - 1))
            above_part.append(base + part - across if y else -1 - (base + part + (down - 1) * across))
        base += across * down
    return np.array(component_of), np.array(left_part), np.array(above_part)
