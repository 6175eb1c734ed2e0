"""Over which MCUs reversed flips are judged again, and what they must be worth; the rest is in `standards`.

Chosen together, after those of `search_limits` and on the same photos; the same command repeats it.
"""

from __future__ import annotations

from typing import Final

FAR_BEHIND: Final = 160
"""MCUs behind the last flip over which those taken back, and two in place of one, are compared."""

# Retraction

NEAR_BYTES: Final = 64
"""Flips no further apart are judged together."""

BEFORE_RETRACTED: Final = 2
"""MCUs before the first flip's that are compared."""

WORTH: Final = 20.0
"""Nats that each flip must be worth to stay."""

# Two flips in place of one, and one in place of two

DUBIOUS: Final = 25.0
"""Nats of margin below which a flip is doubted."""

BEFORE_SPLIT: Final = 2

MERGED_UNITS: Final = 4
"""Units within which two flips are close together, and about them in which a single one is looked for."""

MERGED_BEHIND: Final = 48
"""MCUs behind them over which the explanations are compared."""

# Beside all others that are reversed

OPEN: Final = 12.0
"""Nats from which on a flip that cannot be believed leaves a file in doubt."""

SEEN_BELOW: Final = 24
"""How many of the best hypotheses are judged by the MCUs below."""

STEADY: Final = 4
EQUAL: Final = 1e-3
"""MCUs over which the scores of two paths must grow alike, and to how many nats, to say that they go on the same."""

# Borne out by itself, in scans that decode to their last bit

SOON: Final = (2, 6)
LATER: Final = 64
"""MCUs behind the last one that a flip changes itself, by which it must have paid."""

ROWS: Final = 2
BEYOND: Final = 16
"""Rows of MCUs, and MCUs more, by which it must still have."""

BEFORE_FLIP: Final = 2
NEIGHBOURS: Final = 3
"""Units on either side of a flip's own whose bits are its rivals."""
