"""How many flips are never seen, by what they cost the picture and how much of it is gone through."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from restore.repair.trust.trust_limits import BELIEVED, SEEN, SHARES, USUAL_SHARES


def unseen_share(shares: Sequence[float], share: float) -> float:
    """Share of all flips that are never seen.

    Args:
        shares: of all flips, those in each band of loss.
        share: of the units that is gone through, strangest first, see `SHARES`.
    """
    seen = np.array([np.interp(share, SHARES, column) for column in zip(*SEEN, strict=True)])
    return float((np.asarray(shares) * (1.0 - seen * np.array(BELIEVED))).sum())


def usually_unseen() -> float:
    """Share of the flips in a file without a visible flaw that are never seen, over photos of many cameras."""
    return unseen_share(USUAL_SHARES, 0.0)
