"""A cheap sign that the level of a picture moves within a row of MCUs and stays so: it does behind a hidden break."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from carving.jpeg.markers import JpegHeader
from restore.guard.continuity_kernels import BASIS

_USUAL: Final = 0.5
"""Least step from one MCU to the next below that counts as usual, in levels."""

_STEADY: Final = 0.8
"""Mean over a row's length of steps, each over the usual one and 1 at most, from which on the level may move."""

_OTHERWISE: Final = 0.5
"""The most of it in the rows before and behind: a gradient steps in every row."""

_GAIN: Final = 70.0
"""Nats by which one offset must explain a row's steps: what a break without a thumbnail takes."""

_PARTS: Final = 8
_AGREE: Final = 0.5
"""Share of the steps in each part of the row that the offset must explain."""

_PLACES: Final = 4
"""Places that are looked at closely."""

_BESIDE: Final = 3
"""MCUs on either side of a break that are compared, so that what broke itself is not among them."""

_ROWS: Final = 4
"""Rows above and below a break in which nothing may step as it does: a frame does."""

_BORDER: Final = 16
"""Part of a row at its beginning and its end in which an edge of the scene is as likely as a break."""

_FEWEST_ROWS, _FEWEST_COLUMNS = 4, 16


def level_moves(header: JpegHeader, coefficients: NDArray[np.int16]) -> list[int]:
    """MCUs within rows from which on a row's length stands lighter, darker or tinted below what is above.

    Only means of upper and lower edges are compared: a small part of what decoding costs.

    Args:
        header: of a picture of one interleaved scan.
        coefficients: int16 (MCUs, blocks per MCU, 64), all of them decoded.
    """
    frame = header.frame
    columns = frame.mcu_columns
    if header.restart_interval or frame.mcu_rows < _FEWEST_ROWS or columns < _FEWEST_COLUMNS:
        return []
    first = 0
    moves: list[int] = []
    alone = len(frame.components) == 1
    for component in frame.components:
        across, down = (1, 1) if alone else (component.horizontal, component.vertical)
        quant = header.quant_tables[component.quant_table].natural().reshape(8, 8)[:, 0]
        upper, lower = (np.asarray(BASIS[line] * quant * BASIS[0, 0], dtype=np.float32) / across for line in (0, 7))
        last = first + (down - 1) * across
        top, bottom = (
            coefficients[:, block : block + across, ::8].sum(axis=1, dtype=np.int32) for block in (first, last)
        )
        edges = top @ upper
        for place, offset in _moves(edges[columns:] - bottom[:-columns] @ lower, columns):
            if not _in_an_edge(edges.reshape(-1, columns), offset, place):
                moves.append(place)
        first += across * down
    return moves


def _moves(steps: NDArray[np.float32], columns: int) -> list[tuple[int, float]]:
    """MCUs from which on the steps from above are alike, over a row's length and no longer; and by how much."""
    usual = max(_USUAL, float(np.median(np.abs(steps))))
    steps = steps / usual
    sums = np.concatenate([[0.0], np.cumsum(np.clip(steps, -1.0, 1.0), dtype=np.float64)])
    rows = np.abs(sums[columns:] - sums[:-columns]) / columns
    rows = np.concatenate([np.zeros(columns), rows, np.zeros(columns)])
    here = rows[columns:-columns].copy()
    here[(rows[: -2 * columns] > _OTHERWISE) | (rows[2 * columns :] > _OTHERWISE)] = 0.0
    here[begins_a_row(np.arange(here.size), columns)] = 0.0
    moves: list[tuple[int, float]] = []
    for _ in range(_PLACES):
        place = int(np.argmax(here))
        if here[place] < _STEADY:
            break
        row = steps[place : place + columns].astype(np.float64)
        offset = float(np.median(row))
        gains = np.log1p(row**2) - np.log1p((row - offset) ** 2)
        agree = min(float((part > 0.0).mean()) for part in np.array_split(gains, _PARTS))
        if gains.sum() > _GAIN and agree >= _AGREE:
            moves.append((place + columns, offset * usual))
        here[max(0, place - columns // 2) : place + columns // 2 + 1] = 0.0
    return moves


def begins_a_row(mcus: NDArray[np.int64], columns: int) -> NDArray[np.bool_]:
    """Which MCUs are near the sides of the picture, where frames and bars step."""
    column, border = mcus % columns, max(2, columns // _BORDER)
    return np.asarray((column <= border) | (column >= columns - border))


def _in_an_edge(levels: NDArray[np.float32], offset: float, place: int) -> bool:
    """Whether the picture steps across the column of a move in the rows above or below as well, as at a frame.

    Args:
        levels: float32 (MCU rows, MCU columns), along the upper edges; offset: by which the rest is lighter.
        place: the first MCU that is moved.
    """
    columns = levels.shape[1]
    row, column = divmod(place, columns)
    left, right = max(0, column - _BESIDE), min(columns - 1, column + _BESIDE)
    alike = np.sign(offset) * (levels[:, right] - levels[:, left]) > abs(offset) / 2
    above, below = alike[max(0, row - _ROWS) : row], alike[row + 1 : row + 1 + _ROWS]
    return bool(above.all() or below.all())
