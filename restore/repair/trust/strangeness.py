"""Which units of a scan that decodes to its last bit look most as if a flip had redrawn them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from carving.flips.model import FlipModel
from restore.scan.scan import Scan


def strangest_units(scan: Scan, model: FlipModel) -> NDArray[np.int64]:
    """The units that hold bytes of the scan, those first whose own bytes meet the MCU that lacks most.

    Args:
        scan: a scan that decodes to its last bit, with a model learnt from it.
        model: its flip model.

    Returns:
        Indices of units, int64.
    """
    gained, bits, _, _ = scan.read_path(np.zeros(0, dtype=np.int16))
    lacking = scan.model.expected.score(bits) - gained
    places = scan.path.places[: scan.layout.mcu_count]
    units = np.flatnonzero((model.starts < scan.end) & (model.starts + model.bits // 8 > scan.start))
    first = np.searchsorted(places, 8 * model.starts[units], side="right") - 1
    last = np.searchsorted(places, 8 * (model.starts[units] + model.bits // 8), side="left") - 1
    most = np.full(units.size, -np.inf)
    for step in range(int((last - first).max(initial=0)) + 1):
        mcu = np.minimum(np.maximum(first, 0) + step, np.maximum(last, 0))
        most = np.maximum(most, lacking[mcu])
    return units[np.argsort(-most, kind="stable")]
