"""What the report says of bytes of the evidence that a layer knows to be bad."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from carving.source import Run

MOST_LISTED: Final = 20_000
"""Stretches of a kind that are listed; the counts cover all."""


@dataclass(frozen=True, slots=True)
class KnownBad:
    """Bytes that are known to be bad for one reason.

    Attributes:
        kind: `non-tried`, `non-trimmed`, `non-scraped`, `bad sector` (from a map of GNU ddrescue), `acquisition error`
            or `damaged chunk` (E01), `uncorrectable code word` (raw NAND).
        bytes: how many, in bytes of the media.
        stretches: in how many stretches.
        runs: the first of them.
        runs_complete: whether those are all.
    """

    kind: str
    bytes: int
    stretches: int
    runs: tuple[Run, ...]
    runs_complete: bool


def known_bad_of_runs(kind: str, runs: Iterable[Run]) -> tuple[KnownBad, ...]:
    """What is said of stretches that do not overlap; nothing where there are none."""
    listed = tuple(runs)
    if not listed:
        return ()
    total = sum(run.length for run in listed)
    return (KnownBad(kind, total, len(listed), listed[:MOST_LISTED], len(listed) <= MOST_LISTED),)
