"""Settle the DC offsets of all segments together, so that an error made early is not handed on to all that follow.

Every seam between two segments tells the difference of their offsets, every level of the thumbnail an offset itself.
Both are weighed by how far such measurements scatter inside segments, robustly (iteratively reweighted least squares
with Cauchy weights), and the offsets are then rounded to whole quantisation steps.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from restore.placement.by_seams.seam_survey import SeamSurvey, lean
from restore.placement.state.placement_state import PlacementState
from restore.placement.state.segment import PlacedSegment
from restore.scan.score_kernels import ROUGHNESS_BINS

_WIDENINGS: Final = (16.0, 8.0, 4.0, 2.0, 1.0, 1.0, 1.0)
"""Factors on all scatters, one per round: first everything counts, in the end what fits."""

_TIES: Final = 4.0
"""Squared standard errors under which two segments in a row count as having the same offset."""

_SHARE: Final = 0.25
"""Independent measurements per measurement: neighbouring seams lean alike."""

_SEAM_DOUBT: Final = 0.05
_GUIDE_DOUBT: Final = 0.05
"""Samples by which all measurements between two segments, or all of a segment against the thumbnail, may be off
together."""

_LEAST_SCATTER: Final = 0.1
_STEPS: Final = 400

Values = NDArray[np.float64]
Numbers = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class OffsetEvidence:
    """Measurements of one component, one row each.

    Attributes:
        own, other: int64 (rows,), segment measured, and the one it borders on; the number behind the last segment's is
            the thumbnail's, whose offset is unknown too.
        surplus: float64 (rows,), samples by which `own` is too high against `other`.
        scatter: float64 (rows,), standard deviation of such a measurement.
        share: float64 (rows,), how much of an independent measurement it is.
    """

    own: Numbers
    other: Numbers
    surplus: Values
    scatter: Values
    share: Values


@dataclass(frozen=True, eq=False)
class Borders:
    """Pairs of groups that measurements were taken between: there are far fewer of them than measurements.

    Attributes:
        own, other: int64 (pairs,), groups, as in `OffsetEvidence`.
        pair: int64 (measurements,), the pair of each.
    """

    own: Numbers
    other: Numbers
    pair: Numbers


def solve_dc_offsets(state: PlacementState, segments: list[PlacedSegment], survey: SeamSurvey) -> Numbers:
    """Changes of the segments' DC offsets, int64 (segments, 4), that make all seams and levels fit best.

    The guide's levels are shifted to where they fit.
    """
    count = state.layout.mcu_count
    owner = np.full(count, -1, dtype=np.int64)
    for number, segment in enumerate(segments):
        owner[segment.first : segment.end] = number
    owner[state.scan.path.known[:count] == 0] = -1
    changes = np.zeros((len(segments), 4), dtype=np.int64)
    fixed = np.array([*(segment.fixed for segment in segments), False])
    follows = np.array([False, *(not fixed[number] for number in range(1, len(segments))), False])
    leaning = np.stack([lean(state, survey.above_steps), lean(state, survey.left_steps)])
    for component in range(state.broad.size):
        evidence = _evidence(state, survey, owner, len(segments), component, leaning[:, component])
        offsets = _solve(evidence, fixed, follows)
        unit = float(state.layout.quant[component * 64]) * 0.125
        changes[:, component] = np.rint(offsets[:-1] / unit)
        if state.guide.levels.shape[0]:
            state.guide.levels[:, component] += offsets[-1]
    return changes


def _evidence(
    state: PlacementState, survey: SeamSurvey, owner: Numbers, segments: int, component: int, leaning: Values
) -> OffsetEvidence:
    layout = state.layout
    mcus = np.arange(owner.size)
    parts = []
    for steps, bins, neighbour, typical in (
        (survey.above_steps, survey.above_bins, mcus - layout.columns, leaning[0]),
        (survey.left_steps, survey.left_bins, mcus - 1, leaning[1]),
    ):
        blocks = layout.component_of == component
        known = np.isfinite(steps[:, blocks]) & (owner >= 0)[:, None]
        rows = np.nonzero(known)[0]
        own, other = owner[rows], owner[np.maximum(neighbour[rows], 0)]
        surplus = steps[:, blocks][known].astype(np.float64) - typical
        rough = bins[:, blocks][known]
        scatter = _scatter(surplus[own == other], rough[own == other])[rough]
        cross = (own != other) & (other >= 0)
        pairs = own * (segments + 1) + other
        share = _doubted(pairs[cross], scatter[cross], np.full(int(cross.sum()), _SHARE), _SEAM_DOUBT)
        parts.append(OffsetEvidence(own[cross], other[cross], surplus[cross], scatter[cross], share))
    if state.guide.levels.shape[0]:
        rows = np.flatnonzero(owner >= 0)
        surplus = survey.levels[rows, component] - state.guide.levels[rows, component]
        scatter = 1.25 * state.guide.spread[rows, component]
        share = np.full(rows.size, state.guide.weight * _SHARE)
        share = _doubted(owner[rows], scatter, share, _GUIDE_DOUBT)
        parts.append(OffsetEvidence(owner[rows], np.full(rows.size, segments), surplus, scatter, share))
    return OffsetEvidence(
        np.concatenate([part.own for part in parts]),
        np.concatenate([part.other for part in parts]),
        np.concatenate([part.surplus for part in parts]),
        np.concatenate([part.scatter for part in parts]),
        np.concatenate([part.share for part in parts]),
    )


def _doubted(groups: Numbers, scatter: Values, share: Values, doubt: float) -> Values:
    """Shares cut down so that the measurements of no group together are surer than `doubt` samples."""
    _, group = np.unique(groups, return_inverse=True)
    precision = np.bincount(group, share / scatter**2)
    return np.asarray(share / np.maximum(1.0, precision * doubt**2)[group])


def _scatter(surplus: Values, rough: NDArray[np.uint8]) -> Values:
    """Standard deviation of a natural step by roughness bin, float64 (ROUGHNESS_BINS,)."""
    scatter = np.zeros(ROUGHNESS_BINS)
    overall = 1.4826 * float(np.median(np.abs(surplus))) if surplus.size else 1.0
    for number in range(ROUGHNESS_BINS):
        inside = np.abs(surplus[rough == number])
        prior = 20.0
        found = 1.4826 * float(np.median(inside)) if inside.size else 0.0
        scatter[number] = (inside.size * found + prior * overall) / (inside.size + prior)
    return np.maximum(scatter, _LEAST_SCATTER)


def _solve(evidence: OffsetEvidence, fixed: NDArray[np.bool_], follows: NDArray[np.bool_]) -> Values:
    """Offsets in samples to add to each segment, and to the thumbnail."""
    count = fixed.size
    group = np.where(fixed, int(np.argmax(fixed)), np.arange(count))  # what is known is one group: its offset is none
    offsets = np.zeros(count)
    for last in (False, True):
        heads, group = np.unique(group, return_inverse=True)
        held = np.zeros(heads.size, dtype=np.bool_)
        held[group[fixed]] = True
        values = np.zeros(heads.size)
        own = group[evidence.own]
        other = group[evidence.other]
        cross = own != other
        bordering = OffsetEvidence(
            own[cross], other[cross], evidence.surplus[cross], evidence.scatter[cross], evidence.share[cross]
        )
        pairs, pair = np.unique(bordering.own * heads.size + bordering.other, return_inverse=True)
        borders = Borders(pairs // heads.size, pairs % heads.size, pair)
        precision = np.zeros(heads.size)
        for widening in _WIDENINGS:
            values, precision = _least_squares(bordering, borders, values, held, widening)
        offsets = values[group]
        if last:
            break
        group = _tied(group, values, precision, follows)
    return offsets


def _tied(group: Numbers, values: Values, precision: Values, follows: NDArray[np.bool_]) -> Numbers:
    """Groups with each segment joined to the one before it where their offsets do not differ for sure."""
    tied = group.copy()
    for number in range(1, group.size):
        here, before = group[number], group[number - 1]
        if follows[number] and (values[here] - values[before]) ** 2 * precision[here] < _TIES:
            tied[number] = tied[number - 1]
    return tied


def _least_squares(
    evidence: OffsetEvidence, borders: Borders, values: Values, held: NDArray[np.bool_], widening: float
) -> tuple[Values, Values]:
    """One round: weights from the present values, new values, and the precision of each."""
    count = values.size
    deviation = (evidence.surplus + values[evidence.own] - values[evidence.other]) / evidence.scatter
    single = evidence.share / (evidence.scatter**2 * (1.0 + (deviation / (2.0 * widening)) ** 2))
    own, other = borders.own, borders.other
    weights = np.bincount(borders.pair, single, own.size)
    pulls = np.bincount(borders.pair, single * evidence.surplus, own.size)
    diagonal = np.asarray(np.bincount(own, weights, count) + np.bincount(other, weights, count), dtype=np.float64)
    pull = np.asarray(np.bincount(other, pulls, count) - np.bincount(own, pulls, count), dtype=np.float64)
    free = ~held & (diagonal > 0)

    def spread(vector: Values) -> Values:
        product = diagonal * vector
        product -= np.bincount(own, weights * vector[other], count)
        product -= np.bincount(other, weights * vector[own], count)
        return np.where(free, product, 0.0)

    solution = np.where(free, values, 0.0)
    rest = np.where(free, pull, 0.0) - spread(solution)
    scaled = np.where(free, rest / np.maximum(diagonal, 1e-12), 0.0)
    direction = scaled.copy()
    energy = float(rest @ scaled)
    for _ in range(min(_STEPS, 2 * count + 10)):  # conjugate gradients
        if energy < 1e-10:
            break
        product = spread(direction)
        step = energy / max(float(direction @ product), 1e-300)
        solution = solution + step * direction
        rest = rest - step * product
        scaled = np.where(free, rest / np.maximum(diagonal, 1e-12), 0.0)
        following = float(rest @ scaled)
        direction = scaled + following / energy * direction
        energy = following
    return solution, diagonal
