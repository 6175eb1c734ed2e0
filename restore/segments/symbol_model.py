"""What the symbols of this picture's blocks are like, learnt from the scan as far as it decodes."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from carving.jpeg.markers import JpegHeader
from carving.jpeg.tables import HuffmanTable
from restore.decoding.lookup import symbol_lookup
from restore.decoding.scans import join_lookups, scan_tables
from restore.segments.path_kernels import ACTIVITIES, ScoredCodes
from restore.segments.scan_cut import Cut

_WEIGHT: Final = 60.0
"""Symbols that what is shrunk to counts for."""

_CLIP: Final = 10.0
_SMOOTH: Final = (0.25, 0.5, 1.0, 0.5, 0.25)
"""Weights of neighbouring zigzag positions."""

_SHAPE: Final = (64, 256, ACTIVITIES)


def coding_of(header: JpegHeader) -> ScoredCodes:
    """The codes of an interleaved scan of all components, its scores all 0. Luma and chroma are the two classes."""
    owners = [
        index
        for index, component in enumerate(header.frame.components)
        for _ in range(component.horizontal * component.vertical)
    ]
    if len(header.frame.components) == 1:
        owners = [0]
    owner = np.array(owners, dtype=np.int64)
    tables = scan_tables(header)
    classes = np.minimum(owner, 1) if len(tables) < 4 else np.where((owner == 0) | (owner == 3), 0, 1)
    looks = join_lookups([symbol_lookup(table) for pair in tables for table in pair])
    scores = np.zeros(2 * 64 * 256 * ACTIVITIES, dtype=np.float32)
    return ScoredCodes(2 * owner, 2 * owner + 1, classes.astype(np.int64), *looks, scores)


def learn(header: JpegHeader, coding: ScoredCodes, cut: Cut) -> ScoredCodes:
    """The coding with scores learnt from all that decodes in `cut`."""
    from restore.segments.model_kernels import count_symbols, find_blocks

    blocks = coding.classes.size
    room = min(2 * header.frame.mcu_count + 64, 4 * cut.size + 64)
    starts = np.zeros(room * blocks, dtype=np.int64)
    count = 0
    for piece in cut.pieces:
        count = int(find_blocks(cut.data, 8 * piece.first, 8 * piece.end, coding, starts, count))
    starts = starts[:count]
    if not count:
        return coding
    lengths = np.diff(starts, append=starts[-1] + 1)  # wrong only for the last block of a stretch
    activities = np.zeros(count, dtype=np.int64)
    owner = np.tile(coding.classes, count // blocks)
    for number in np.unique(owner):
        chosen = owner == number
        limits = np.quantile(lengths[chosen], np.arange(1, ACTIVITIES) / ACTIVITIES)
        activities[chosen] = np.searchsorted(limits, lengths[chosen], side="left")
    counts = np.zeros(coding.scores.size)
    count_symbols(cut.data, starts, activities, coding, counts)
    tables = scan_tables(header)
    scores = np.zeros((2, *_SHAPE), dtype=np.float32)
    for number in range(2):
        users = np.flatnonzero(coding.classes == number)
        if users.size:
            pair = tables[int(coding.dc_tables[users[0]]) // 2]
            scores[number] = _scores(counts.reshape(2, *_SHAPE)[number], *pair)
    return coding._replace(scores=scores.reshape(-1))


def _scores(counts: NDArray[np.float64], dc_table: HuffmanTable, ac_table: HuffmanTable) -> NDArray[np.float32]:
    """log2 of probability over 2^-length for each position, symbol and activity: (64, 256, ACTIVITIES)."""
    codes = np.stack([_by_length(dc_table), _by_length(ac_table)])  # (2, 256)
    drawn = np.where(np.arange(64)[:, None] == 0, codes[0], codes[1])  # (64, 256)
    smooth = counts.copy()
    padded = np.pad(counts[1:], ((2, 2), (0, 0), (0, 0)))
    smooth[1:] = sum(weight * padded[shift : shift + 63] for shift, weight in enumerate(_SMOOTH))
    together = smooth.sum(axis=2)
    usual = (together + _WEIGHT * drawn) / (together.sum(axis=1, keepdims=True) + _WEIGHT)
    single = (smooth + _WEIGHT * usual[:, :, None]) / (smooth.sum(axis=1, keepdims=True) + _WEIGHT)
    with np.errstate(divide="ignore", invalid="ignore"):
        scores = np.where(drawn[:, :, None] > 0, np.log2(single / drawn[:, :, None]), -_CLIP)
    scores = np.clip(scores, -_CLIP, _CLIP)
    share = (counts[0].sum(axis=0) + 1.0) / (counts[0].sum() + ACTIVITIES)
    scores[0] += np.log2(share)
    return scores.astype(np.float32)


def _by_length(table: HuffmanTable) -> NDArray[np.float64]:
    """2^-length of each symbol's code, 0 where it has none."""
    drawn = np.zeros(256)
    for _, length, symbol in table.codes:
        drawn[symbol] = 2.0**-length
    return drawn
