"""Put every decodable stretch of a damaged scan where it belongs."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from carving.jpeg.markers import JpegHeader
from restore.placement.by_seams.dc_offsets import settle
from restore.placement.by_seams.laying import lay
from restore.placement.by_seams.seam_survey import Survey, lean, shifted, survey_path
from restore.placement.by_thumbnail.expected_features import (
    Lookout,
    expected_features,
    features_of,
    first_guess,
    learnt,
)
from restore.placement.by_thumbnail.tracking import Found, Reading, lay_along, likeness, read_all, sifted, track_all
from restore.placement.state.placement_state import Ground, no_guide
from restore.placement.state.segment import Segment
from restore.scan.scan import Scan
from restore.thumbnail.guidance import Pixels, without_bars
from restore.thumbnail.levels import levels_of
from restore.thumbnail.registration import LEAST_LIKENESS, registered

_ROUNDS: Final = 3
_AGREED: Final = 0.97
_CLEARLY: Final = 0.03
"""Share of MCUs that must agree with the thumbnail to look no further, and by how much more must do so in what is
found then."""

_SURELY_ALIKE: Final = 0.55
"""Likeness from which on a thumbnail is the picture's own although registration does not tell so: with dense damage it
cannot."""

_APART: Final = 3.0
_TONE: Final = 8.0
"""Expected deviations within which an MCU agrees with the thumbnail, and samples by which all of a thumbnail may be
brighter or darker."""


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
        shown = registered(thumbnail, _grid(ground, header, survey))
        ground.told = ground.told if shown is None else levels_of(shown, header) or ground.told
        survey = _settle_all(ground, segments, survey)
        if ground.guide.levels.shape[0]:
            segments = lay(ground)
            survey = _settle_all(ground, segments, survey_path(ground))
        laid = _better(ground, header, thumbnail, _Laid(shown, segments, survey))
    else:
        laid = _Laid(None, segments, _settle_all(ground, segments, survey))
    segments, survey = laid.segments, laid.survey
    moved = np.zeros(count, dtype=np.bool_)
    for segment in segments:
        moved[segment.first : segment.end] = segment.shift != 0 or bool(segment.offsets.any())
    known = scan.path.known[:count].astype(np.bool_)
    coefficients = np.where(known[:, None, None], survey.coefficients, np.int16(0))
    ends = ground.places(survey.end_bits)
    clean = bool(known.all()) and not moved.any()
    return Placed(coefficients, known, moved, scan.path.places[:count].copy(), ends, clean, laid.shown)


@dataclass(frozen=True, eq=False)
class _Laid:
    """A way to lay a scan: the thumbnail as it shows just the picture, None where it does not; segments; what is
    measured of them."""

    shown: Pixels | None
    segments: list[Segment]
    survey: Survey


def _better(ground: Ground, header: JpegHeader, thumbnail: Pixels, laid: _Laid) -> _Laid:
    """What was laid step by step, or what tracking all places at once finds if the thumbnail clearly bears that out."""
    agreed = 0.0 if laid.shown is None else agreement(ground, laid.survey)
    if agreed > _AGREED:
        return laid
    path = ground.scan.path
    known, places, predictors = path.known.copy(), path.places.copy(), path.predictors.copy()
    told = ground.told
    tracked = _tracked(ground, header, thumbnail, laid)
    if tracked is not None and agreement(ground, tracked.survey) > agreed + _CLEARLY:
        return tracked
    path.known[:], path.places[:], path.predictors[:] = known, places, predictors
    ground.told = told
    return replace(laid, survey=survey_path(ground))


def agreement(ground: Ground, survey: Survey) -> float:
    """Share of all MCUs that are known and as bright and coloured as the thumbnail lets expect."""
    ground.match_guide(survey.levels)
    count = ground.layout.mcu_count
    if not ground.guide.levels.shape[0]:
        return 0.0
    shift = np.median(ground.guide.levels - ground.told.levels, axis=0)
    expected = ground.guide.levels - shift + np.clip(shift, -_TONE, _TONE)
    apart = np.abs(survey.levels - expected) / ground.told.spread
    return float(((apart < _APART).all(axis=1) & (ground.scan.path.known[:count] != 0)).mean())


def _tracked(ground: Ground, header: JpegHeader, thumbnail: Pixels, laid: _Laid) -> _Laid | None:
    """Place by the thumbnail, upright or turned as it was laid by; None where it shows another picture."""
    frame = header.frame
    blocks, indices = features_of(header)
    upright = without_bars(thumbnail, frame.height, frame.width)
    if levels_of(upright, header) is None:
        return None
    reading = read_all(ground, blocks, indices)
    least_upright = LEAST_LIKENESS if laid.shown is not None else _SURELY_ALIKE
    for shown, least in ((upright, least_upright), (laid.shown, -1.0)):
        told = None if shown is None else levels_of(shown, header)
        if shown is None or told is None:
            continue
        lookout = first_guess(shown, header, reading.rows.features[: reading.first_rows[-1]])
        found = track_all(reading, ground, lookout, told)
        if likeness(lookout, reading, found) > least:
            break
    else:
        return None
    ground.told = told
    lay_along(ground, reading, found)
    survey = survey_path(ground)
    finer = registered(thumbnail, _grid(ground, header, survey))
    if finer is not None and not np.array_equal(finer, shown):
        shown = finer
        ground.told = levels_of(shown, header) or told
        lookout = replace(lookout, expected=expected_features(shown, header))
    ground.match_guide(survey.levels)
    found = track_all(reading, ground, _learnt(lookout, reading, found), ground.guide)
    lay_along(ground, reading, found)
    ground.match_guide(survey_path(ground).levels)
    segments = lay_along(ground, reading, sifted(found, reading, ground.guide))
    return _Laid(shown, segments, survey_path(ground))


def _learnt(lookout: Lookout, reading: Reading, found: Found) -> Lookout:
    known = np.flatnonzero(found.row_of >= 0)
    return learnt(lookout, reading.rows.features[found.row_of[known]], known)


def _grid(ground: Ground, header: JpegHeader, survey: Survey) -> NDArray[np.float64]:
    """Brightness of every MCU, (rows, columns); those unknown look like the one before."""
    known = ground.scan.path.known[: ground.layout.mcu_count].astype(np.bool_)
    return _gapless(survey.levels[:, 0], known).reshape(header.frame.mcu_rows, header.frame.mcu_columns)


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
