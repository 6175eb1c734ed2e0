"""Where the segments between the first and the last belong: a posterior over the MCUs lost in each gap."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from restore.segments.picture_rows import PictureRows
from restore.segments.seams import SeamScales, seam_offset
from restore.segments.told import Told

SURE: Final = 0.99
"""Probability from which on a segment is placed."""

_SEAM_SHARE: Final = 0.15
LEVEL_SHARE: Final = 0.3
"""Shares of nats that count: neighbours are alike."""

_MOST: Final = 6000
"""MCUs that gaps may have lost in all for their segments to be placed."""

OF_COUNT, AT_LEAST = 0.35, 2.0
"""Deviation of the MCUs lost in a gap, as a share of what its bytes lead to expect, and besides."""


@dataclass(frozen=True, eq=False)
class GapJoin:
    """A gap between two segments.

    Attributes:
        expected: MCUs that its bytes lead to expect.
        likelihoods: float64, nats for 0, 1, … MCUs lost.
        seen: rows across the gap had a say.
    """

    expected: float
    likelihoods: NDArray[np.float64]
    seen: bool


def join_of(
    before: PictureRows, behind: PictureRows, expected: float, most: int, columns: int, scales: SeamScales
) -> GapJoin:
    """What rows across the gap and the gap's bytes say of how many MCUs are lost, up to `most`."""
    lost = np.arange(most + 1)
    nats = -0.5 * ((lost - expected) / (OF_COUNT * expected + AT_LEAST)) ** 2
    reach = min(most, int(expected + 5 * (OF_COUNT * expected + AT_LEAST)) + 1)
    seams = np.zeros(most + 1)
    components = before.levels.shape[1]
    end, count = before.top.shape[0], behind.top.shape[0]
    width = min(columns, count)
    seen = False
    for number in range(reach + 1):
        places = end + number + np.arange(width)
        rows_up = (places - end) // columns + 1
        above = places - rows_up * columns
        usable = above >= 0
        if usable.sum() < max(4, columns // 8):
            continue
        seen = True
        top, bottom = behind.top[:width][usable], before.bottom[above[usable]]
        shift = seam_offset(top, bottom, before.component_of, components)
        far = rows_up[usable] - 1
        for component in range(components):
            samples = before.component_of == component
            apart = top[:, samples] - bottom[:, samples] - shift[component]
            for distance in np.unique(far):
                chosen = apart[far == distance].astype(np.float64)
                seams[number] += float(scales.likelihood(chosen, component, int(distance)).sum())
    return GapJoin(expected, nats + _SEAM_SHARE * seams, seen)


def place_between(
    joins: list[GapJoin], counts: list[int], first: int, last: int | None, unary: list[NDArray[np.float64] | None]
) -> list[tuple[int, float]]:
    """First MCU and its probability of each segment behind the first one.

    Args:
        joins: gap by gap; counts: MCUs of the segments behind each gap.
        first: MCU behind the first segment; last: first MCU of the last segment, where that is certain.
        unary: nats of each segment for 0, 1, … MCUs lost before it in all; None for nothing to say.
    """
    size = min(_MOST, max(join.likelihoods.size for join in joins) * (1 if last is None else len(joins)))
    behind = [first]
    for count in counts[:-1]:
        behind.append(behind[-1] + count)
    if last is not None:
        size = last - behind[-1] + 1
    if size < 1 or size > _MOST:
        return [(start, 0.0) for start in behind]
    forward = [_shifted_in(np.where(np.arange(size) == 0, 0.0, -np.inf), joins[0])]
    _add(forward[0], unary[0])
    for join, extra in zip(joins[1:], unary[1:], strict=True):
        forward.append(_shifted_in(forward[-1], join))
        _add(forward[-1], extra)
    backward = [np.zeros(size) for _ in joins]
    if last is not None:
        backward[-1] = np.where(np.arange(size) == size - 1, 0.0, -np.inf)
    for number in range(len(joins) - 2, -1, -1):
        following = backward[number + 1].copy()
        _add(following, unary[number + 1])
        backward[number] = _shifted_in(following[::-1], joins[number + 1])[::-1]
    placed = []
    for start, ahead, after in zip(behind, forward, backward, strict=True):
        nats = ahead + after
        if not np.isfinite(nats).any():
            placed.append((start, 0.0))
            continue
        share = np.exp(nats - nats.max())
        best = int(np.argmax(share))
        placed.append((start + best, float(share[best] / share.sum())))
    return placed


def levels_for(rows: PictureRows, told: Told, start: int, most: int) -> NDArray[np.float64]:
    """Nats by which the thumbnail speaks for a segment at MCU `start`, `start` + 1, … up to `most` further."""
    nats = np.zeros(most + 1)
    for number in range(most + 1):
        offset = told.offset(rows.levels, start + number)
        nats[number] = LEVEL_SHARE * float(told.likelihood(rows.levels, start + number, offset).sum())
    return nats


def _add(nats: NDArray[np.float64], extra: NDArray[np.float64] | None) -> None:
    if extra is not None:
        size = min(nats.size, extra.size)
        nats[:size] += extra[:size]
        nats[size:] = -np.inf


def _shifted_in(nats: NDArray[np.float64], join: GapJoin) -> NDArray[np.float64]:
    """Log of the convolution of exp(nats) with a gap's likelihoods, of the same size."""
    size = nats.size
    kernel = np.full(size, -np.inf)
    kernel[: min(size, join.likelihoods.size)] = join.likelihoods[:size]
    first, second = np.max(nats), np.max(kernel)
    if not (np.isfinite(first) and np.isfinite(second)):
        return np.full(size, -np.inf)
    with np.errstate(divide="ignore"):
        product = np.convolve(np.exp(nats - first), np.exp(kernel - second))[:size]
        return np.asarray(np.log(product) + first + second)
