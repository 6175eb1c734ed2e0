"""Where a broken-off file really ends: at the cluster or sector boundary before the flaw that decoding met."""

from __future__ import annotations

from typing import Final

from carving.jpeg.foreign_sectors import SECTOR
from carving.jpeg.results import Check

_CLUSTER: Final = 4096
_PASSED: Final = 1024
"""Bytes of noise that may decode before the flaw shows; a cluster boundary so near is likelier than one of a sector."""
_SLACK: Final = 16
"""Bytes by which the place of the flaw may be off."""
_DAMAGE: Final = 5120
"""A flaw so far before where the data stop looking right is damage inside the file, not its end."""


def refined_end(offset: int, end: int, check: Check) -> int:
    """The length of a truncated file, given that it seems to end behind `end` bytes and decodes up to a flaw.

    Args:
        offset: where the file begins in the layer whose clusters count.
        end: length in bytes as far as the look of the data tells.
        check: what decoding gave.
    """
    if check.open or not check.offset < end <= check.reached + _DAMAGE:
        return end
    for step, passed in ((_CLUSTER, _PASSED), (SECTOR, SECTOR)):
        reached = check.reached + _SLACK
        boundary = reached - (offset + reached) % step
        if reached - boundary <= passed and boundary > 0:
            return min(end, boundary)
    return end
