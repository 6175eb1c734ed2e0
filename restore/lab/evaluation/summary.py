"""From single results to one line per dataset, bit error rate and method."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import inf
from statistics import fmean, median
from typing import Final

from restore.lab.evaluation.evaluate import EvaluationRecord
from restore.lab.evaluation.judge import Score
from restore.lab.quality.metrics import psnr

MARGIN_EDGES: Final = (0.0, 3.0, 6.0, 10.0, 15.0, 20.0, 30.0, 60.0, 100.0)
"""Margins of reversed bits in nats, from which on they are counted together."""

PSNR_LIMIT: Final = 100.0
"""dB that an identical picture counts in a mean."""


@dataclass(frozen=True, slots=True)
class Line:
    """Means over the files of one dataset at one rate, all seeds. None where there is nothing to average.

    Attributes:
        files: damaged files measured; `undamaged` of them no flip had reached.
        unshown: files for which the method had no picture.
        psnr_y, psnr_rgb: dB, identical pictures as 100; `psnr_y_rest` over the others only.
        mcus_exact, pictures_exact, streams_exact: shares from 0 to 1.
        psnr_hole: dB over the files with holes; `hole_share` is the share of their MCUs in all MCUs.
        psnr_hit: dB in the MCUs that the damage hit.
        movers, movers_reversed: sums over unencrypted media.
        flips_reversed, flips_wrong, flips_missed: sums; `false_repairs` is the share of wrong ones in all reversed.
        falsely_intact: share of the MCUs called intact or repaired that are not exact.
        seconds: median per file.
    """

    dataset: str
    ber: float
    method: str
    files: int
    undamaged: int
    unshown: int
    psnr_y: float
    psnr_y_rest: float | None
    ssim_y: float | None
    psnr_rgb: float
    ssim_rgb: float | None
    mcus_exact: float
    pictures_exact: float
    streams_exact: float
    psnr_hole: float | None
    hole_share: float
    psnr_hit: float | None
    flips_reversed: int
    flips_wrong: int
    flips_missed: int
    movers: int
    movers_reversed: int
    false_repairs: float | None
    falsely_intact: float | None
    seconds: float


def summarise(records: Sequence[EvaluationRecord]) -> list[Line]:
    """One line per dataset, rate and method, in the order in which they first appear, rates descending; of damage by
    flips alone."""
    groups: dict[tuple[str, float, str], list[tuple[EvaluationRecord, Score]]] = {}
    for record in records:
        if record.score is not None and not record.region:
            groups.setdefault((record.dataset, record.ber, record.method), []).append((record, record.score))
    datasets = list(dict.fromkeys(record.dataset for record in records))
    lines = [_line(*key, members) for key, members in groups.items()]
    return sorted(lines, key=lambda line: (datasets.index(line.dataset), -line.ber))


def right_by_margin(records: Sequence[EvaluationRecord]) -> list[tuple[int, int]]:
    """Right ones and all reversed bits, by margin, from each of `MARGIN_EDGES` up to the next."""
    shares = [(0, 0)] * len(MARGIN_EDGES)
    for record in records:
        for margin, is_right in record.score.margins if record.score is not None else ():
            place = bisect_right(MARGIN_EDGES, inf if margin is None else max(margin, 0.0)) - 1
            shares[place] = (shares[place][0] + is_right, shares[place][1] + 1)
    return shares


def skipped(records: Iterable[EvaluationRecord]) -> dict[str, str]:
    """The files that could not be measured, `dataset/name`, and why."""
    return {
        f"{record.dataset}/{record.name}{f' {record.region}' if record.region else ''}": record.note
        for record in records
        if record.note
    }


def limited_psnr(mean_squared_error: float) -> float:
    """PSNR with identical pictures at the limit, fit for a mean."""
    return min(psnr(mean_squared_error), PSNR_LIMIT)


def _line(dataset: str, ber: float, method: str, members: list[tuple[EvaluationRecord, Score]]) -> Line:
    scores = [score for _, score in members]
    rest = [psnr(score.mse_y) for score in scores if not score.picture_exact and score.mse_y > 0]
    claimed = sum(score.reversed + score.wrong for score in scores)
    wrong = sum(score.wrong for score in scores)
    called = sum(score.claimed_mcus for score in scores)
    return Line(
        dataset=dataset,
        ber=ber,
        method=method,
        files=len(scores),
        undamaged=sum(score.undamaged for score in scores),
        unshown=sum(not score.shown for score in scores),
        psnr_y=fmean(limited_psnr(score.mse_y) for score in scores),
        psnr_y_rest=_mean(rest),
        ssim_y=_mean(score.ssim_y for score in scores),
        psnr_rgb=fmean(limited_psnr(score.mse_rgb) for score in scores),
        ssim_rgb=_mean(score.ssim_rgb for score in scores),
        mcus_exact=fmean(score.mcus_exact / score.mcus for score in scores),
        pictures_exact=fmean(score.picture_exact for score in scores),
        streams_exact=fmean(score.stream_exact for score in scores),
        psnr_hole=_mean(None if score.mse_hole is None else limited_psnr(score.mse_hole) for score in scores),
        hole_share=sum(score.hole_mcus for score in scores) / sum(score.mcus for score in scores),
        psnr_hit=_mean(None if score.mse_hit is None else limited_psnr(score.mse_hit) for score in scores),
        flips_reversed=sum(score.reversed for score in scores),
        flips_wrong=wrong,
        flips_missed=sum(score.missed for score in scores),
        movers=sum(score.movers or 0 for score in scores),
        movers_reversed=sum(score.movers_reversed or 0 for score in scores),
        false_repairs=wrong / claimed if claimed else None,
        falsely_intact=sum(score.claimed_wrong for score in scores) / called if called else None,
        seconds=median(record.seconds for record, _ in members),
    )


def _mean(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return fmean(known) if known else None
