"""Does the key fit? Answered within seconds from a file system's magic or from JPEG structure, before hours of work."""

from __future__ import annotations

from typing import Final

import numpy as np

from carving.encryption.jpeg_signs import ALIGNMENT, begins_like_jpeg, signature_offsets
from carving.errors import KeyMismatchError
from carving.file_systems.magic import file_system
from carving.file_systems.stored_files.ext_superblock import find_ext_superblocks
from carving.source import ByteSource

SAMPLE_BYTES: Final = 256 << 20
"""Most that is read in search of JPEG structure; a larger volume is sampled evenly."""

_BLANK_SAMPLE_BYTES: Final = 64 << 20
_FEWEST_BLANK: Final = 16
_WINDOW: Final = 4 << 20
_HEADER_BYTES: Final = 192 << 10
_MAX_CANDIDATES: Final = 4096


def check_key(source: ByteSource) -> str:
    """Tell whether a decrypted volume makes sense.

    Args:
        source: the volume as decrypted.

    Returns:
        What told, such as `ext superblock` or `JPEG header at byte 8192`.

    Raises:
        KeyMismatchError: neither a file system nor a JPEG is in sight, or the sectors are numbered in another way; the
            message names the settings to look at.
        EvidenceError: the evidence cannot be read.
    """
    told = file_system(source)
    if told is None and (jpeg := _find_jpeg(source)) is not None:
        told = f"JPEG header at byte {jpeg}"
    if told is not None and _sector_heads_decrypt(source):
        return told
    if told is not None or any(True for _ in find_ext_superblocks(source)):
        raise KeyMismatchError(
            "the key fits, but the first bytes of the sectors do not decrypt: "
            "check --iv-sector, --sector-size, --iv-offset and whether --offset is the start of the volume"
        )
    if source.below is not None and (plain := file_system(source.below)):
        raise KeyMismatchError(f"the volume is not encrypted with this key: undecrypted it shows this: {plain}")
    raise KeyMismatchError(
        "the key does not fit: the decrypted volume shows neither a file system nor a JPEG; "
        "check --key, --offset or --volume (the start of the volume), --cipher, --sector-size and --iv-sector"
    )


def _sector_heads_decrypt(source: ByteSource) -> bool:
    """Whether the first 16 bytes of the sectors agree with the rest, where that is blank.

    A wrong sector IV, or a wrong sector size, spoils just those bytes. Blank sectors show it: with the right settings
    their first block is blank too, bar the few that hold a short record or a flipped bit.
    """
    blank = heads = 0
    for start in _sample(source.size, _BLANK_SAMPLE_BYTES):
        data = source.read_at(start, _WINDOW)
        whole = len(data) // ALIGNMENT * ALIGNMENT
        words = np.frombuffer(data, dtype=np.uint64, count=whole // 8).reshape(-1, ALIGNMENT // 8)
        rows = words[~words[:, 2:].any(axis=1)]
        blank += len(rows)
        heads += int(np.count_nonzero(~rows[:, :2].any(axis=1)))
    return blank < _FEWEST_BLANK or heads * 2 > blank


def _find_jpeg(source: ByteSource) -> int | None:
    """Offset of the first plausible JPEG header in an even sample of the volume, or None."""
    candidates = 0
    for start in _sample(source.size, SAMPLE_BYTES):
        data = source.read_at(start, _WINDOW)
        for offset in signature_offsets(data):
            place = start + int(offset)
            header = data[int(offset) : int(offset) + _HEADER_BYTES]
            if len(header) < _HEADER_BYTES:
                header = source.read_at(place, _HEADER_BYTES)
            if begins_like_jpeg(header):
                return place
            candidates += 1
            if candidates == _MAX_CANDIDATES:
                return None
    return None


def _sample(size: int, limit: int) -> range:
    """Starts of the windows that are read: all of a small volume, evenly spread ones of a large one."""
    if size <= limit:
        return range(0, size, _WINDOW)
    step = size // (limit // _WINDOW)
    return range(0, size - _WINDOW, step // ALIGNMENT * ALIGNMENT)
