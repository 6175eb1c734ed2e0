"""What a search for flipped bits supposes, measures it against, and settles on."""

from __future__ import annotations

from dataclasses import dataclass

from restore.repair.search.search_limits import IN_STEP, UNSETTLED_MARGIN

Flips = tuple[tuple[int, int], ...]
"""Units and bits of a flip model."""


@dataclass(frozen=True, slots=True)
class Reversal:
    """One reversed flip: unit and bit of the flip model, gain over leaving it, margin over the best rival, in nats.

    One that is not `certain` may not be claimed. It serves to go on in step: something was flipped there, but which bit
    is open. One that is `joint` was found together with another close by, and shares its gain and margin. `probability`
    is that of its having been flipped, 0 until all that was found is judged together.
    """

    unit: int
    bit: int
    gain: float
    margin: float
    certain: bool
    joint: bool = False
    probability: float = 0.0


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """Some flips reversed together.

    Attributes:
        flips: (unit, bit) of each, in the order found; none where the path is taken as it stands.
        worth: score gained over the path as it stood before the first of them, each flip's cost taken off, in nats.
        settled: whether there is no more to explain: the path goes on cleanly, or as well as it can.
    """

    flips: Flips
    worth: float
    settled: bool


def flips_of(reversals: tuple[Reversal, ...]) -> Flips:
    """What reversals reverse, in their order."""
    return tuple((reversal.unit, reversal.bit) for reversal in reversals)


def verdict(hypotheses: list[Hypothesis], cost: float, margin: float) -> tuple[Reversal, ...]:
    """The flips of the best hypothesis, in the order found, as far as they stand out.

    Args:
        hypotheses: all that were looked at, among them the path as it stands.
        cost: nats that each flip has to earn.
        margin: nats by which one must beat its best rival to be certain.
    """
    winner = max(hypotheses, key=lambda hypothesis: (hypothesis.worth, hypothesis.settled))
    reversals = []
    before = 0.0
    for depth, flip in enumerate(winner.flips):
        with_it = max(other.worth for other in hypotheses if other.flips == winner.flips[: depth + 1])
        lead = winner.worth - max(other.worth for other in hypotheses if flip not in other.flips)
        in_step = winner.settled and with_it - before >= IN_STEP
        if lead < (margin if winner.settled else UNSETTLED_MARGIN) and not in_step:
            break
        reversals.append(Reversal(*flip, with_it - before + cost, lead, lead >= margin))
        before = with_it
    return tuple(reversals)
