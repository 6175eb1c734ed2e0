"""Flips in the thumbnail of a header: its scan is searched like any other, and what is found counts for the file."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from carving.errors import JpegError
from carving.flips.model import FlipModel
from carving.source import Run
from restore.decoding.robust import decode
from restore.repair.header.windowed_flips import WindowedFlips
from restore.repair.search.hypotheses import Reversal
from restore.repair.search.scan_repair import Effort
from restore.repair.search.standards import standards_of

_BEHIND: Final = 64
"""Bytes behind a thumbnail that a flip in it can change."""


def search_thumbnail(raw: NDArray[np.uint8], run: Run, model: FlipModel, effort: Effort) -> tuple[Reversal, ...]:
    """Flips to reverse in the JPEG thumbnail at `run` of a file; their units count for the whole file.

    A thumbnail that cannot be read, and one without any sign of damage, has none.
    """
    data = raw[run.offset : run.end].tobytes()
    try:
        decoded = decode(data)
    except JpegError:
        return ()
    if not decoded.header.interleaved:
        return ()
    from restore.repair.session import examine

    window = WindowedFlips(model, raw[: run.end + _BEHIND], run)
    if window.starts.size == 0:  # the medium vouches for the thumbnail
        return ()
    session = examine(data, decoded, window, effort, unseen=standards_of(model).unseen_in_thumbnail)
    return tuple(replace(reversal, unit=window.outer_unit(reversal.unit)) for reversal in session.reversals)
