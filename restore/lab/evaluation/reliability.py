"""Whether stated probabilities hold: of what was given 99 %, are 99 in 100 right?

Reliability diagrams and the expected calibration error as in C. Guo, G. Pleiss, Y. Sun and K. Weinberger, "On
Calibration of Modern Neural Networks", ICML 2017, section 2; in bins that are narrow where court cares.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Final

from restore.lab.evaluation.evaluate import EvaluationRecord

PROBABILITY_EDGES: Final = (0.0, 0.5, 0.9, 0.99, 0.999)
"""Stated probabilities from which on claims are counted together."""

Stated = tuple[float, bool]
"""A probability that was stated, and whether what it was stated of is so."""


@dataclass(frozen=True, slots=True)
class Bin:
    """Claims of which about the same probability was stated.

    Attributes:
        low, high: the probabilities, from `low` to below `high`; the last bin holds 1 too.
        number: how many there are, `right` of them right.
        stated: the mean of the probabilities; None where there are no claims.
    """

    low: float
    high: float
    number: int
    right: int
    stated: float | None

    @property
    def share_right(self) -> float | None:
        """Share of them that are right; None where there are none."""
        return self.right / self.number if self.number else None


def bins(pairs: Iterable[Stated]) -> list[Bin]:
    """Stated probabilities in the bins from each of `PROBABILITY_EDGES` to the next."""
    members: list[list[Stated]] = [[] for _ in PROBABILITY_EDGES]
    for pair in pairs:
        members[bisect_right(PROBABILITY_EDGES, pair[0]) - 1].append(pair)
    return [
        Bin(
            low=low,
            high=high,
            number=len(inside),
            right=sum(is_right for _, is_right in inside),
            stated=fmean(value for value, _ in inside) if inside else None,
        )
        for low, high, inside in zip(PROBABILITY_EDGES, (*PROBABILITY_EDGES[1:], 1.0), members, strict=True)
    ]


def calibration_error(pairs: Sequence[Stated]) -> float | None:
    """Expected calibration error: how far the share of right ones is from the mean stated probability, bin by bin, each
    weighted by its claims; None where there are none."""
    if not pairs:
        return None
    filled = [entry for entry in bins(pairs) if entry.number]
    return sum(abs(entry.right - entry.number * (entry.stated or 0.0)) for entry in filled) / len(pairs)


def stated_of_flips(records: Iterable[EvaluationRecord]) -> list[Stated]:
    """What was stated of every reversed bit."""
    return [pair for record in records if record.score is not None for pair in record.score.probabilities]


def stated_of_files(records: Iterable[EvaluationRecord]) -> list[Stated]:
    """What was stated of every file of which something was: that its stream is the original up to EOI."""
    scores = (record.score for record in records if record.score is not None)
    return [(score.exact_probability, score.stream_exact) for score in scores if score.exact_probability is not None]


def methods_that_state(records: Sequence[EvaluationRecord]) -> list[str]:
    """The methods that stated a probability at all, in their order."""
    methods = dict.fromkeys(record.method for record in records)
    chosen = {method: [record for record in records if record.method == method] for method in methods}
    return [method for method in methods if stated_of_flips(chosen[method]) or stated_of_files(chosen[method])]


def reliability_markdown(records: Sequence[EvaluationRecord]) -> list[str]:
    """The reliability of every method that states probabilities, as lines of Markdown."""
    parts: list[str] = []
    for method in methods_that_state(records):
        chosen = [record for record in records if record.method == method]
        parts += [f"## Reliability of stated probabilities, {method}", ""]
        parts += ["| what | stated, from | number | right | share right | mean stated |"]
        parts += ["| --- | --- | --- | --- | --- | --- |"]
        said = []
        for what, pairs in (("flips", stated_of_flips(chosen)), ("files", stated_of_files(chosen))):
            parts += [_row(what, entry) for entry in bins(pairs)] if pairs else []
            error = calibration_error(pairs)
            said += [] if error is None else [f"{what} {100 * error:.3f} %"]
        parts += ["", f"Expected calibration error: {', '.join(said)}.", ""]
    return parts


def reliability_values(records: Sequence[EvaluationRecord]) -> dict[str, dict[str, object]]:
    """The same by method as JSON values, with every pair."""
    values: dict[str, dict[str, object]] = {}
    for method in methods_that_state(records):
        chosen = [record for record in records if record.method == method]
        for what, pairs in (("flips", stated_of_flips(chosen)), ("files", stated_of_files(chosen))):
            values.setdefault(method, {})[what] = {
                "expected_calibration_error": calibration_error(pairs),
                "pairs": [list(pair) for pair in pairs],
            }
    return values


def _row(what: str, entry: Bin) -> str:
    share = "–" if entry.share_right is None else f"{100 * entry.share_right:.2f} %"
    stated = "–" if entry.stated is None else f"{100 * entry.stated:.3f} %"
    return f"| {what} | {entry.low:g} | {entry.number} | {entry.right} | {share} | {stated} |"
