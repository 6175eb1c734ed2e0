"""Put every decodable stretch of a damaged scan where it belongs."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from carving.jpeg.markers import JpegHeader
from restore.placement.by_seams.dc_offsets import solve_dc_offsets
from restore.placement.by_seams.laying import lay
from restore.placement.by_seams.seam_survey import SeamSurvey, lean, shifted, survey_path
from restore.placement.by_thumbnail.expected_features import (
    ExpectedFeatures,
    expected_features,
    features_of,
    first_guess,
    learnt,
)
from restore.placement.by_thumbnail.tracking import (
    Reading,
    TrackedRows,
    lay_along,
    likeness,
    read_all,
    sifted,
    track_all,
)
from restore.placement.state.placement_state import PlacementState, no_guide
from restore.placement.state.segment import PlacedSegment
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
        thumbnail: turned and cut to show just the picture; None where there is none that does.
    """

    coefficients: NDArray[np.int16]
    known: NDArray[np.bool_]
    moved: NDArray[np.bool_]
    starts: NDArray[np.int64]
    ends: NDArray[np.int64]
    thumbnail: Pixels | None


def place(scan: Scan, header: JpegHeader, thumbnail: Pixels | None = None) -> Placed:
    """Place the MCUs of a scan, whose bytes stand as they are.

    Args:
        thumbnail: uint8 (rows, columns, 3), as found; it may be turned, cut or that of another picture.
    """
    count = scan.layout.mcu_count
    state = PlacementState(scan, no_guide(scan.layout.quant.size // 64))
    state.lean = lean(state, survey_path(state).above_steps)
    segments = lay(state)
    survey = survey_path(state)
    if thumbnail is not None:
        shown = registered(thumbnail, _grid(state, header, survey))
        state.thumbnail_levels = (
            state.thumbnail_levels if shown is None else levels_of(shown, header) or state.thumbnail_levels
        )
        survey = _settle_all(state, segments, survey)
        if state.guide.levels.shape[0]:
            segments = lay(state)
            survey = _settle_all(state, segments, survey_path(state))
        laid = _better(state, header, thumbnail, _Laid(shown, segments, survey))
    else:
        laid = _Laid(None, segments, _settle_all(state, segments, survey))
    segments, survey = laid.segments, laid.survey
    moved = np.zeros(count, dtype=np.bool_)
    for segment in segments:
        moved[segment.first : segment.end] = segment.shift != 0 or bool(segment.offsets.any())
    known = scan.path.known[:count].astype(np.bool_)
    coefficients = np.where(known[:, None, None], survey.coefficients, np.int16(0))
    ends = state.stream.places(survey.end_bits)
    return Placed(coefficients, known, moved, scan.path.places[:count].copy(), ends, laid.shown)


@dataclass(frozen=True, eq=False)
class _Laid:
    """A way to lay a scan: the thumbnail as it shows just the picture, None where it does not; segments; what is
    measured of them."""

    shown: Pixels | None
    segments: list[PlacedSegment]
    survey: SeamSurvey


def _better(state: PlacementState, header: JpegHeader, thumbnail: Pixels, laid: _Laid) -> _Laid:
    """What was laid step by step, or what tracking all places at once finds if the thumbnail clearly bears that out."""
    agreed = 0.0 if laid.shown is None else agreement(state, laid.survey)
    if agreed > _AGREED:
        return laid
    path = state.scan.path
    known, places, predictors = path.known.copy(), path.places.copy(), path.predictors.copy()
    told = state.thumbnail_levels
    tracked = _tracked(state, header, thumbnail, laid)
    if tracked is not None and agreement(state, tracked.survey) > agreed + _CLEARLY:
        return tracked
    path.known[:], path.places[:], path.predictors[:] = known, places, predictors
    state.thumbnail_levels = told
    return replace(laid, survey=survey_path(state))


def agreement(state: PlacementState, survey: SeamSurvey) -> float:
    """Share of all MCUs that are known and as bright and coloured as the thumbnail lets expect."""
    state.match_guide(survey.levels)
    count = state.layout.mcu_count
    if not state.guide.levels.shape[0]:
        return 0.0
    shift = np.median(state.guide.levels - state.thumbnail_levels.levels, axis=0)
    expected = state.guide.levels - shift + np.clip(shift, -_TONE, _TONE)
    apart = np.abs(survey.levels - expected) / state.thumbnail_levels.spread
    return float(((apart < _APART).all(axis=1) & (state.scan.path.known[:count] != 0)).mean())


def _tracked(state: PlacementState, header: JpegHeader, thumbnail: Pixels, laid: _Laid) -> _Laid | None:
    """Place by the thumbnail, upright or turned as it was laid by; None where it shows another picture."""
    frame = header.frame
    blocks, indices = features_of(header)
    upright = without_bars(thumbnail, frame.height, frame.width)
    if levels_of(upright, header) is None:
        return None
    reading = read_all(state, blocks, indices)
    least_upright = LEAST_LIKENESS if laid.shown is not None else _SURELY_ALIKE
    for shown, least in ((upright, least_upright), (laid.shown, -1.0)):
        told = None if shown is None else levels_of(shown, header)
        if shown is None or told is None:
            continue
        expectations = first_guess(shown, header, reading.rows.features[: reading.first_rows[-1]])
        found = track_all(reading, state, expectations, told)
        if likeness(expectations, reading, found) > least:
            break
    else:
        return None
    state.thumbnail_levels = told
    lay_along(state, reading, found)
    survey = survey_path(state)
    finer = registered(thumbnail, _grid(state, header, survey))
    if finer is not None and not np.array_equal(finer, shown):
        shown = finer
        state.thumbnail_levels = levels_of(shown, header) or told
        expectations = replace(expectations, expected=expected_features(shown, header))
    state.match_guide(survey.levels)
    found = track_all(reading, state, _learnt(expectations, reading, found), state.guide)
    lay_along(state, reading, found)
    state.match_guide(survey_path(state).levels)
    segments = lay_along(state, reading, sifted(found, reading, state.guide))
    return _Laid(shown, segments, survey_path(state))


def _learnt(expectations: ExpectedFeatures, reading: Reading, found: TrackedRows) -> ExpectedFeatures:
    known = np.flatnonzero(found.row_of >= 0)
    return learnt(expectations, reading.rows.features[found.row_of[known]], known)


def _grid(state: PlacementState, header: JpegHeader, survey: SeamSurvey) -> NDArray[np.float64]:
    """Brightness of every MCU, (rows, columns); those unknown look like the one before."""
    known = state.scan.path.known[: state.layout.mcu_count].astype(np.bool_)
    return _gapless(survey.levels[:, 0], known).reshape(header.frame.mcu_rows, header.frame.mcu_columns)


def _settle_all(state: PlacementState, segments: list[PlacedSegment], survey: SeamSurvey) -> SeamSurvey:
    """Settle the offsets of all segments and match the guide, in turn; gives what is then measured."""
    for _ in range(_ROUNDS):
        state.match_guide(survey.levels)
        changes = solve_dc_offsets(state, segments, survey)
        if not changes.any():
            break
        path = state.scan.path
        steps = np.zeros((state.layout.mcu_count, 4), dtype=np.int64)
        for segment, change in zip(segments, changes, strict=True):
            segment.offsets = segment.offsets + change
            steps[segment.first : segment.end] = change
        path.predictors[: steps.shape[0]] += steps.astype(np.int32)
        survey = shifted(state, survey, steps[:, : state.broad.size])
    return survey


def _gapless(levels: NDArray[np.float64], known: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Levels (MCUs,) with those of unknown MCUs taken from the last known one."""
    last = np.maximum.accumulate(np.where(known, np.arange(known.size), 0))
    return levels[last]
