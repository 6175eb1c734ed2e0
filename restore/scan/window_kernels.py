"""Unstuff a window of the scan, with some of its bytes replaced, for the decoder to go through."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from carving.support.compiled import kernel
from restore.scan.contracts import WINDOW_MARKER, WINDOW_OPEN, WINDOW_SCAN_END, Workspace

NO_PATCH: Final = np.zeros(1, dtype=np.uint8)
"""Patch bytes where none are to be replaced (a patch start of -1 says so)."""

WINDOW_PADDING: Final = 4096
"""Zero bytes behind a window, so that a look-ahead never leaves it."""


@kernel
def load_window(
    raw: NDArray[np.uint8],
    start: int,
    stop: int,
    scan_end: int,
    patch: NDArray[np.uint8],
    patch_at: int,
    patch_length: int,
    has_restarts: bool,
    work: Workspace,
) -> tuple[int, int, int]:
    """Unstuff `raw[start:stop]`, with the bytes at `patch_at` replaced, into the workspace.

    Returns:
        Bytes written, restart markers met, and how the window ends.
    """
    size = 0
    marks = 0
    ending = WINDOW_OPEN
    index = start
    limit = min(stop, scan_end)
    if stop >= scan_end:
        ending = WINDOW_SCAN_END
    patch_end = patch_at + patch_length
    while index < limit:
        value = patch[index - patch_at] if patch_at <= index < patch_end else raw[index]
        work.window[size] = value
        work.origins[size] = index
        index += 1
        if value != 0xFF:
            size += 1
            continue
        if index >= scan_end:
            size += 1
            break
        following = patch[index - patch_at] if patch_at <= index < patch_end else raw[index]
        if following == 0:
            size += 1
            index += 1
        elif has_restarts and 0xD0 <= following <= 0xD7:
            work.marks[marks] = size
            work.numbers[marks] = following & 7
            marks += 1
            index += 1
        elif following == 0xFF:
            continue
        else:
            ending = WINDOW_MARKER
            break
    for offset in range(WINDOW_PADDING):
        work.window[size + offset] = 0
    work.origins[size] = index
    return size, marks, ending
