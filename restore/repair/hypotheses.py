"""What a search for flipped bits supposes, measures it against, and settles on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Reversal:
    """One reversed flip: unit and bit of the flip model, gain over leaving it, margin over the best rival, in nats.

    One that is not `certain` may not be claimed. It serves to go on in step: something was flipped there, but which bit
    is open. One that is `joint` was found together with another close by, and shares its gain and margin.
    """

    unit: int
    bit: int
    gain: float
    margin: float
    certain: bool
    joint: bool = False


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """Some flips reversed together.

    Attributes:
        flips: (unit, bit) of each, in the order found; none where the path is taken as it stands.
        worth: score gained over the path as it stood before the first of them, each flip's cost taken off, in nats.
        settled: whether there is no more to explain: the path goes on cleanly, or as well as it can.
    """

    flips: tuple[tuple[int, int], ...]
    worth: float
    settled: bool


@dataclass(frozen=True, eq=False)
class Reference:
    """Scores of a path at places (bits of the file); hypotheses are measured against it wherever they end."""

    places: NDArray[np.int64]
    scores: NDArray[np.float64]

    def level(self, places: NDArray[np.int64]) -> NDArray[np.float64]:
        """The path's score where it gets to `places`; where it breaks off before, what it had by then."""
        return np.interp(places, self.places, self.scores)
