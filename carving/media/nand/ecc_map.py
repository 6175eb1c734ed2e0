"""What error correction found: the state of every code word of a dump that was read, one byte each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from carving.media.nand.pages import ERASED, GOOD, UNCORRECTABLE, UNREAD

State = Literal["unread", "erased", "good", "corrected", "uncorrectable"]

_NAMES: Final[dict[int, State]] = {UNREAD: "unread", ERASED: "erased", UNCORRECTABLE: "uncorrectable", GOOD: "good"}
_PIECE: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class EccRun:
    """`count` code words of one state from number `first` on; `bits` were corrected in each.

    Code words are numbered through the dump: page by page, in a page sector by sector.
    """

    first: int
    count: int
    state: State
    bits: int


@dataclass(frozen=True, slots=True)
class EccCounts:
    """Code words by state."""

    total: int
    unread: int
    erased: int
    good: int
    corrected: int
    uncorrectable: int
    corrected_bits: int
    """Bits corrected in all."""
    most_corrected: int
    """Bits corrected in the worst of the corrected."""


class EccMap:
    """States of the code words of a dump, in its order."""

    def __init__(self, pages: int, per_page: int, strength: int) -> None:
        """Args: pages of the dump, code words of a page, and bits that are corrected in one."""
        self._strength = strength
        self._states = np.zeros((pages, per_page), dtype=np.uint8)

    def record(self, pages: NDArray[np.int64], states: NDArray[np.uint8]) -> None:
        """Take down the states, uint8 (pages, per page), of pages by their place in the dump."""
        self._states[pages] = states

    def uncorrectable_in(self, page: int) -> NDArray[np.bool_]:
        """Which code words of a page could not be corrected; none of a page that was not read."""
        return np.asarray(self._states[page] == UNCORRECTABLE)

    def corrected_in(self, page: int) -> NDArray[np.bool_]:
        """Which code words of a page were right, or could be corrected."""
        return np.asarray(self._states[page] >= GOOD)

    def vouched_in(self, page: int) -> NDArray[np.bool_]:
        """Which code words of a page had fewer errors than can be corrected."""
        return np.asarray((self._states[page] >= GOOD) & (self._states[page] < GOOD + self._strength))

    def uncorrectable(self, most: int) -> NDArray[np.int64]:
        """Numbers of the first `most` code words that could not be corrected."""
        found: list[NDArray[np.int64]] = []
        flat = self._states.reshape(-1)
        for start in range(0, flat.size, _PIECE):
            found.append(start + np.flatnonzero(flat[start : start + _PIECE] == UNCORRECTABLE))
            if sum(piece.size for piece in found) >= most:
                break
        return np.concatenate([np.zeros(0, dtype=np.int64), *found])[:most]

    def counts(self) -> EccCounts:
        """How many code words are in each state."""
        counts = np.zeros(256, dtype=np.int64)
        flat = self._states.reshape(-1)
        for start in range(0, flat.size, _PIECE):
            counts += np.bincount(flat[start : start + _PIECE], minlength=256)
        corrected = counts[GOOD + 1 :]
        bits = np.arange(1, corrected.size + 1)
        return EccCounts(
            total=flat.size,
            unread=int(counts[UNREAD]),
            erased=int(counts[ERASED]),
            good=int(counts[GOOD]),
            corrected=int(corrected.sum()),
            uncorrectable=int(counts[UNCORRECTABLE]),
            corrected_bits=int((corrected * bits).sum()),
            most_corrected=int(bits[corrected > 0].max(initial=0)),
        )

    def runs(self, most: int) -> tuple[EccRun, ...]:
        """The map as runs of equal code words, at most `most` of them."""
        flat = self._states.reshape(-1)
        runs: list[EccRun] = []
        begin = 0
        for start in range(0, flat.size, _PIECE):
            piece = flat[max(start - 1, 0) : start + _PIECE]
            changes = np.flatnonzero(np.diff(piece)) + max(start - 1, 0) + 1
            for change in changes[: most - len(runs)].tolist():
                runs.append(_run(begin, change, int(flat[begin])))
                begin = change
            if len(runs) == most:
                return tuple(runs)
        if flat.size:
            runs.append(_run(begin, flat.size, int(flat[begin])))
        return tuple(runs)


def _run(first: int, end: int, state: int) -> EccRun:
    return EccRun(first, end - first, _NAMES.get(state, "corrected"), max(state - GOOD, 0))
