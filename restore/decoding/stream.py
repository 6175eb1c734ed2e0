"""The entropy-coded bytes of one scan as the decoder reads them: unstuffed, cut at restart markers, mapped back to
the file."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from restore.decoding.entropy_kernels import STREAM_PADDING


@dataclass(frozen=True, eq=False)
class EntropyStream:
    """Unstuffed entropy-coded data of one scan.

    Attributes:
        data: uint8, the bytes followed by `STREAM_PADDING` zeros.
        size: bytes of `data` before the padding.
        removed: int64, ascending: for every byte left out (a stuffed zero, a restart marker), the index in `data` of
        what follows it.
        origin: offset in the file of the first entropy-coded byte.
        restart_positions: int64, index in `data` of the first byte behind each restart marker.
        restart_numbers: uint8, the 0..7 of each.
        spurious_markers: number of other markers met, which no undamaged scan holds; their bytes are kept as data.
    """

    data: NDArray[np.uint8]
    size: int
    removed: NDArray[np.int64]
    origin: int
    restart_positions: NDArray[np.int64]
    restart_numbers: NDArray[np.uint8]
    spurious_markers: int

    def file_offset(self, index: int) -> int:
        """Offset in the file of byte `index` of the stream."""
        return self.origin + index + int(np.searchsorted(self.removed, index, side="right"))


def unstuff(data: bytes, start: int, end: int, *, restart_interval: int) -> EntropyStream:
    """Read the entropy-coded bytes `[start, end)` of a file.

    Restart markers count as such only in a scan that has an interval; elsewhere they are damage.
    """
    from restore.decoding import unstuff_kernels

    raw = np.frombuffer(data, dtype=np.uint8, count=max(0, end - start), offset=start)
    stream = np.zeros(raw.size + STREAM_PADDING, dtype=np.uint8)
    room = int(np.count_nonzero(raw == 0xFF)) + 1
    removed = np.zeros(2 * room, dtype=np.int64)
    restarts = np.zeros(room, dtype=np.int64)
    numbers = np.zeros(room, dtype=np.uint8)
    size, removals, restart_count, spurious = unstuff_kernels.unstuff(
        raw, restart_interval > 0, stream, removed, restarts, numbers
    )
    return EntropyStream(
        stream, size, removed[:removals], start, restarts[:restart_count], numbers[:restart_count], spurious
    )
