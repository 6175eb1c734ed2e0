"""What restoring a file says once transfers were undone in it: nothing of it is as stored."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from restore.provenance import Provenance, Status
from restore.result import Restoration


def as_transferred(restoration: Restoration, *, lossless: bool) -> Restoration:
    """The same for a file whose transfers were undone: what decodes as stored decodes from corrected bytes.

    Args:
        restoration: of the bytes before the transfers.
        lossless: whether each of those bytes is told by the bytes as found; only then the file is `exact`.
    """
    provenance = restoration.provenance
    if provenance is not None:
        provenance = np.where(provenance == Provenance.INTACT, np.uint8(Provenance.REPAIRED), provenance)
    status = restoration.status
    if status is Status.INTACT:
        status = Status.EXACT if lossless else Status.RESTORED
    return replace(restoration, provenance=provenance, status=status)
