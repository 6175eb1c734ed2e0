"""A scan as one stream of bits, and where these lie in the file."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from restore.decoding.restarts import Interval, intervals
from restore.decoding.stream import unstuff
from restore.scan.scan import Scan


class ScanStream:
    """A scan unstuffed as a whole, cut into its restart intervals. Places are bits of the file.

    Attributes:
        data: uint8, its bytes without stuffing and markers, padded as `unstuff` does.
        size: how many there are.
        origins: int64 (size + 65,), the offset in the file of each byte, and of what follows the last.
        parts: restart intervals in bits of the stream; one where the scan has none.
    """

    def __init__(self, scan: Scan) -> None:
        """Unstuff a scan's bytes as they are now."""
        interval = scan.layout.restart_interval
        stream = unstuff(scan.raw.tobytes(), scan.start, scan.end, restart_interval=interval)
        self.data, self.size = stream.data, stream.size
        index = np.arange(stream.size + 1)
        origins = stream.origin + index + np.searchsorted(stream.removed, index, side="right")
        self.origins: NDArray[np.int64] = np.append(origins, np.full(64, origins[-1]))
        self.parts: tuple[Interval, ...] = intervals(
            stream.restart_positions,
            stream.restart_numbers,
            size=stream.size,
            unit_count=scan.layout.mcu_count,
            restart_interval=interval,
        )

    def bit(self, place: int) -> int:
        """The bit of the stream at a place."""
        return int(np.searchsorted(self.origins, place >> 3, side="left")) * 8 + (place & 7)

    def bits(self, places: NDArray[np.int64]) -> NDArray[np.int64]:
        """The bits of the stream at places."""
        index = np.searchsorted(self.origins, places >> 3, side="left")
        return np.asarray(np.minimum(index, self.size) * 8 + (places & 7))

    def place(self, bit: int) -> int:
        """The place of a bit of the stream."""
        return int(self.origins[bit >> 3]) * 8 + (bit & 7)

    def places(self, bits: NDArray[np.int64]) -> NDArray[np.int64]:
        """The places of bits of the stream."""
        return np.asarray(self.origins[bits >> 3] * 8 + (bits & 7))
