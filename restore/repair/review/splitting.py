"""Two flips in neighbouring units that a single wrong one covers up.

What one flip draws at random can end in step where two right ones would, and next to that gain the picture it leaves
counts little. It betrays itself by a small margin, and once nothing else is damaged about it the two show.
"""

from __future__ import annotations

import numpy as np

from carving.flips.model import FlipModel
from restore.repair.review.review_limits import BEFORE_SPLIT, DUBIOUS, FAR_BEHIND
from restore.repair.search.flip_state import bits_by_unit, reverse_flips, stretch_of
from restore.repair.search.hypotheses import Reversal, flips_of
from restore.repair.search.pairs import weigh_pairs
from restore.repair.search.path_reference import reference_of
from restore.repair.search.search_limits import PAIR_MARGIN
from restore.repair.search.standards import FLIP_COST
from restore.scan.extend_kernels import NEVER
from restore.scan.scan import Scan


def split(scan: Scan, model: FlipModel, reversals: tuple[Reversal, ...], work: int) -> tuple[Reversal, ...]:
    """The reversals with doubtful ones replaced by two flips where these explain the picture clearly better; what is
    replaced is so in the scan's bytes and path.

    Args:
        scan: a scan whose repair has ended, its path laid along the bytes as they are.
        model: its flip model, of an encrypted source.
        reversals: all flips reversed in it.
        work: decoded MCUs that this may cost; they do not count as the search's.
    """
    spent = scan.spent
    kept = list(reversals)
    for item in sorted(reversals, key=lambda item: item.margin):
        if item.joint or (item.certain and item.margin >= DUBIOUS) or scan.spent - spent > work:
            continue
        pair = _pair(scan, model, item, tuple(kept))
        if pair:
            kept.remove(item)
            kept.extend(pair)
    scan.spent = spent
    return tuple(kept)


def _pair(scan: Scan, model: FlipModel, item: Reversal, reversals: tuple[Reversal, ...]) -> tuple[Reversal, ...]:
    """The two flips in a doubted one's place; none where it is to stay."""
    raw, count = scan.raw, scan.layout.mcu_count
    unit = item.unit
    flipped = bits_by_unit(flips_of(reversals))
    about = range(unit - 1, unit + 2)
    if unit < 2 or unit + 2 >= model.starts.size or sum(len(flipped.get(near, ())) for near in about) != 1:
        return ()
    first, last = stretch_of(model, unit - 1, raw.size)[0], stretch_of(model, unit + 1, raw.size)[1]
    places = scan.path.places[: count + 1]
    base = max(0, int(np.searchsorted(places, 8 * first, side="right")) - BEFORE_SPLIT)
    mcu = int(np.searchsorted(places, 8 * last, side="left"))
    target = min(mcu + FAR_BEHIND, count)
    reached = scan.walk(base, target, NEVER).mcu
    if mcu >= reached:
        return ()
    own = reference_of(scan, base, reached)
    reverse_flips(raw, model, flips_of((item,)), flipped)  # once more, which undoes it
    del flipped[unit]
    weighed = weigh_pairs(scan, model, (unit - 1, unit), flipped, (base, mcu), own)
    if weighed:
        worth = weighed[0].gain - FLIP_COST
        margin = worth - max([0.0, *(entry.gain - FLIP_COST for entry in weighed[1:2])])
        if margin >= PAIR_MARGIN and weighed[0].settled:
            reverse_flips(raw, model, weighed[0].flips, flipped)
            scan.walk(base, reached, NEVER)
            gain = (item.gain + worth) / 2
            return tuple(Reversal(*flip, gain, margin, certain=True, joint=True) for flip in weighed[0].flips)
    reverse_flips(raw, model, flips_of((item,)), flipped)
    return ()
