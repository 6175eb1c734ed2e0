"""How far a scan that decodes to its last bit is gone through for flips that leave no flaw."""

from __future__ import annotations

from typing import Final

NEAR: Final = 6
"""MCUs behind a unit's own bytes at which each of its bits is first compared with leaving it."""

NEAR_DROP: Final = 30.0
"""Fall in nats below their highest score that ends a comparison: a flip that is found wins at once."""

KEEN: Final = 8.0
"""Nats that a flip must gain there to be looked at further."""

OF_NOTE: Final = 5.0
"""Nats, the least of all horizons, from which on a hypothesis bears on the file's probability: no more than one in ten
sound photos has one above 8."""

SHARES: Final = (0.0, 0.02, 0.04, 0.08, 0.16)
"""Shares of a scan's units, strangest first, that may be gone through."""

LOSSES: Final = (15.0, 20.0, 30.0, 45.0, 60.0, 90.0)
"""Nats by which flips that leave no flaw are told apart: how many each band of loss holds decides what is missed."""

SEEN: Final = (
    (0.0, 0.0, 0.0, 0.0, 0.5, 0.5),
    (0.10, 0.20, 0.50, 0.65, 0.85, 0.9),
    (0.30, 0.45, 0.70, 0.85, 0.96, 0.98),
    (0.45, 0.58, 0.83, 0.95, 0.99, 1.0),
    (0.60, 0.72, 0.90, 0.98, 1.0, 1.0),
)
"""By share and band of loss, how many of the flips are in what is gone through: measured with 4,500 flips planted in
ten photos (the first row: what the search sees of them without)."""

BELIEVED: Final = (0.0, 0.05, 0.72, 0.94, 1.0, 1.0)
"""By band of loss, how many of those that are gone through are worth enough to be believed."""

SAMPLED: Final = 256
"""Units drawn at random from which the share of flips without a flaw is learnt."""

USUAL_SHARES: Final = (0.000025, 0.00008, 0.0003, 0.0013, 0.003, 0.008)
"""Shares of random flips in each band of loss over 66 photos of as many cameras, and what the sample is leant on."""

LEANT_ON: Final = 32.0
"""Units' worth of them."""

UNSEEN_AT_MOST: Final = 0.0015
"""Expected flips that nothing shows from which on no more units are gone through."""

EVEN: Final = 0.5
"""Probability from which on a flip that nobody looked for is reversed."""

ROUNDS: Final = 4
"""How often units are gone through again about a flip that was found so."""

CLAIMED_FROM: Final = 0.9
"""Probability from which on a reversed flip is claimed."""
