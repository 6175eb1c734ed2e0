"""Put every decodable stretch of a damaged scan where it belongs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from carving.jpeg.markers import JpegHeader
from restore.guidance import Pixels
from restore.placement.ground import Ground, no_guide
from restore.placement.laying import Segment, lay
from restore.placement.levels import levels_of
from restore.placement.registration import registered
from restore.placement.settling import settle
from restore.placement.surveying import Survey, lean, shifted, survey_path
from restore.repair.scan import Scan

_ROUNDS = 3


@dataclass(frozen=True, eq=False)
class Placed:
    """Where the MCUs of a picture came from.

    Attributes:
        coefficients: int16 (MCUs, blocks per MCU, 64), zero where lost.
        known: bool (MCUs,), stored bits that fit where they stand.
        moved: bool (MCUs,), their position or DC was corrected.
        starts, ends: int64 (MCUs,), their place in the file in bits.
        clean: nothing had to be moved and nothing is lost.
        thumbnail: turned and cut to show just the picture; None where there is none that does.
    """

    coefficients: NDArray[np.int16]
    known: NDArray[np.bool_]
    moved: NDArray[np.bool_]
    starts: NDArray[np.int64]
    ends: NDArray[np.int64]
    clean: bool
    thumbnail: Pixels | None


def place(scan: Scan, header: JpegHeader, thumbnail: Pixels | None = None) -> Placed:
    """Place the MCUs of a scan, whose bytes stand as they are.

    Args:
        thumbnail: uint8 (rows, columns, 3), as found; it may be turned, cut or that of another picture.
    """
    count = scan.layout.mcu_count
    ground = Ground(scan, no_guide(scan.layout.quant.size // 64))
    ground.lean = lean(ground, survey_path(ground).above_steps)
    segments = lay(ground)
    survey = survey_path(ground)
    if thumbnail is not None:
        known = scan.path.known[:count].astype(np.bool_)
        frame = header.frame
        grid = _gapless(survey.levels[:, 0], known).reshape(frame.mcu_rows, frame.mcu_columns)
        thumbnail = registered(thumbnail, grid)
    if thumbnail is not None:
        ground.told = levels_of(thumbnail, header) or ground.told
    survey = _settle_all(ground, segments, survey)
    if ground.guide.levels.shape[0]:
        segments = lay(ground)
        survey = _settle_all(ground, segments, survey_path(ground))
    moved = np.zeros(count, dtype=np.bool_)
    for segment in segments:
        moved[segment.first : segment.end] = segment.shift != 0 or bool(segment.offsets.any())
    known = scan.path.known[:count].astype(np.bool_)
    coefficients = np.where(known[:, None, None], survey.coefficients, np.int16(0))
    ends = ground.places(survey.end_bits)
    clean = bool(known.all()) and not moved.any()
    return Placed(coefficients, known, moved, scan.path.places[:count].copy(), ends, clean, thumbnail)


def _settle_all(ground: Ground, segments: list[Segment], survey: Survey) -> Survey:
    """Settle the offsets of all segments and match the guide, in turn; gives what is then measured."""
    for _ in range(_ROUNDS):
        ground.match_guide(survey.levels)
        changes = settle(ground, segments, survey)
        if not changes.any():
            break
        path = ground.scan.path
        steps = np.zeros((ground.layout.mcu_count, 4), dtype=np.int64)
        for segment, change in zip(segments, changes, strict=True):
            segment.offsets = segment.offsets + change
            steps[segment.first : segment.end] = change
        path.predictors[: steps.shape[0]] += steps.astype(np.int32)
        survey = shifted(ground, survey, steps[:, : ground.broad.size])
    return survey


def _gapless(levels: NDArray[np.float64], known: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Levels (MCUs,) with those of unknown MCUs taken from the last known one."""
    last = np.maximum.accumulate(np.where(known, np.arange(known.size), 0))
    return levels[last]
