"""Timing contestants against each other in turns, so that whatever else the machine does slows all of them alike."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import median, quantiles


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds of one contestant over all rounds."""

    median: float
    lower_quartile: float
    upper_quartile: float


def race(
    contestants: Mapping[str, Callable[[], object]], rounds: int, clock: Callable[[], float] = time.perf_counter
) -> dict[str, Timing]:
    """Run every contestant once unmeasured, then `rounds` times in turns, at least twice.

    Returns:
        The timing of each, by default on the clock of the wall; `time.process_time` counts what the cores worked.
    """
    for contestant in contestants.values():
        contestant()
    seconds: dict[str, list[float]] = {name: [] for name in contestants}
    for _ in range(max(2, rounds)):
        for name, contestant in contestants.items():
            started = clock()
            contestant()
            seconds[name].append(clock() - started)
    return {name: timing(values) for name, values in seconds.items()}


def timing(seconds: list[float]) -> Timing:
    """Median and quartiles of at least two measurements, ends included."""
    lower, _, upper = quantiles(seconds, n=4, method="inclusive")
    return Timing(median(seconds), lower, upper)
