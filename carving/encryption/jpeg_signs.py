"""Whether bytes begin like a JPEG: not three signature bytes, which chance produces, but a chain of marker segments."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from carving.errors import JpegStructureError
from carving.jpeg.markers import APP0, COM, DHT, DQT, DRI, SOF0, SOF1, SOF2, SOI, SOS, segments

ALIGNMENT: Final = 512
"""File systems begin files at multiples of this many bytes."""

_KNOWN: Final = frozenset({SOF0, SOF1, SOF2, DHT, SOS, DQT, DRI, COM, *range(APP0, APP0 + 16)})
_CHAIN: Final = 3


def signature_offsets(data: bytes) -> NDArray[np.int64]:
    """Offsets of `FF D8 FF` at multiples of 512 bytes of `data`, int64 (n,)."""
    whole = len(data) // ALIGNMENT * ALIGNMENT
    sectors = np.frombuffer(data, dtype=np.uint8, count=whole).reshape(-1, ALIGNMENT)
    hits = (sectors[:, 0] == 0xFF) & (sectors[:, 1] == 0xD8) & (sectors[:, 2] == 0xFF)
    return np.flatnonzero(hits).astype(np.int64) * ALIGNMENT


def begins_like_jpeg(data: bytes) -> bool:
    """Whether `data` begins with SOI and at least three known marker segments in a row that fit into it.

    Of random bytes that begin with the signature, about one in 10^10 passes.
    """
    if not data.startswith(b"\xff\xd8\xff"):
        return False
    known = 0
    try:
        for segment in segments(data):
            if segment.marker == SOI and segment.offset == 0:
                continue
            if segment.marker not in _KNOWN:
                return False
            known += 1
            if known == _CHAIN:
                return True
    except JpegStructureError:
        return False
    return False
