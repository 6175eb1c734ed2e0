"""What is asked of a flip before it is believed, and how it is looked for: one set of figures for each kind of flip.

Nothing else in the search and the review asks of which kind a model's flips are.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from carving.flips.model import FlipModel
from restore.repair.search.search_limits import FOLLOWED

FLIP_COST: Final = 20.0
"""Nats a flip must earn: the odds against it at a bit error rate of 1e-5, and what the best of many wrong ones
gains."""


@dataclass(frozen=True, slots=True)
class Standards:
    """What is asked of flips, in nats unless stated.

    Attributes:
        cost: what a flip must earn, see `FLIP_COST`.
        margin: by which it must beat its best rival to be claimed when it is found.
        sure: the same when all others are reversed.
        believed: by which one that a search did not believe must then beat its rivals, and leaving it with the odds
            against it.
        stands_out: share of its gain by which it must do so: where many bits gain nearly as much, it is the picture
            that is strange.
        in_step: whether one that pays is reversed even if another might be the right one: its rivals leave what follows
            in step as well.
        about: MCUs about it in which its rivals lie, besides those in its own unit.
        behind: MCUs behind its unit over which they are compared.
        below: whether they must also hold over the MCUs below.
        unseen: margin of one in a file that decodes to its last bit without a flaw.
        unseen_gain: what it must earn there.
        borne_out: what must bear it out there wherever one looks, see `corroboration`.
        unseen_in_thumbnail: as `unseen`, for the thumbnail in a header: most flips in one so small leave no other
            trace, and no undamaged thumbnail has been seen to reach half of it.
        redraws: whether one draws all of its unit anew, so that two in neighbouring units make up for each other and
            are looked for together.
        rounds: how far hypotheses are followed, see `FOLLOWED`.
        lasting: whether what one gains must last: it can shift the colours to please an edge of the picture.
        turns: how often another hypothesis may take the place of one when it is judged again.
        header_rounds: how often a header is searched for bytes that stand out as random ones do.
    """

    cost: float
    margin: float
    sure: float
    believed: float
    stands_out: float
    in_step: bool
    about: int
    behind: int
    below: bool
    unseen: float
    unseen_gain: float
    borne_out: float
    unseen_in_thumbnail: float
    redraws: bool
    rounds: tuple[tuple[int, int, float], ...]
    lasting: bool
    turns: int
    header_rounds: int


REDRAWN: Final = Standards(
    cost=FLIP_COST, margin=20.0, sure=10.0, believed=15.0, stands_out=0.25, in_step=False, about=0, behind=24,
    below=False, unseen=45.0, unseen_gain=0.0, borne_out=20.0, unseen_in_thumbnail=24.0, redraws=True,
    rounds=FOLLOWED, lasting=False, turns=1, header_rounds=3,
)  # fmt: skip
"""For flips that redraw a unit. Where no damage stayed unexplained near them, all above `sure` were right and half of
those below. Nearly all files without a flaw are undamaged, and pictures hold stranger things than damage: of 104 flips
planted one by one in 26 photos that left no flaw, 86 were found; the most that anything had in these photos undamaged
was a margin of 31."""

SINGLE_BITS: Final = Standards(
    cost=30.0, margin=3.0, sure=2.5, believed=5.0, stands_out=0.0, in_step=True, about=8, behind=16,
    below=True, unseen=0.0, unseen_gain=60.0, borne_out=60.0, unseen_in_thumbnail=0.0, redraws=False,
    rounds=FOLLOWED[:-1], lasting=True, turns=3, header_rounds=0,
)  # fmt: skip
"""For single bits, which have few rivals, and none that draws 16 bytes at random to please. Of 489 that gained 20 nats
or more in 20 photos, the best hypothesis was right in 92 %, and in 343 of those 344 in which it beat the next by 5. In
ten undamaged photos no flip gained more than 20 both over 4 MCUs and over 96."""


def standards_of(model: FlipModel) -> Standards:
    """What is asked of the flips of a model."""
    return REDRAWN if model.encrypted else SINGLE_BITS
