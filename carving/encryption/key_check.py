"""Does the key fit? Answered within seconds from a file system's magic or from JPEG structure, before hours of work."""

from __future__ import annotations

from typing import Final

from carving.encryption.jpeg_signs import ALIGNMENT, begins_like_jpeg, signature_offsets
from carving.errors import KeyMismatchError
from carving.ext_superblock import find_ext_superblocks
from carving.file_systems import file_system
from carving.source import ByteSource

SAMPLE_BYTES: Final = 256 << 20
"""Most that is read in search of JPEG structure; a larger volume is sampled evenly."""

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
        KeyMismatchError: neither a file system nor a JPEG is in sight; the message names the settings to look at.
        EvidenceError: the evidence cannot be read.
    """
    if found := file_system(source):
        return found
    jpeg = _find_jpeg(source)
    if jpeg is not None:
        return f"JPEG header at byte {jpeg}"
    if any(True for _ in find_ext_superblocks(source)):
        raise KeyMismatchError(
            "the key fits, but the first bytes of every sector do not decrypt: "
            "check --iv-sector, --sector-size, --iv-offset and whether --offset is the start of the volume"
        )
    if source.below is not None and (plain := file_system(source.below)):
        raise KeyMismatchError(f"the volume is not encrypted with this key: undecrypted it shows this: {plain}")
    raise KeyMismatchError(
        "the key does not fit: the decrypted volume shows neither a file system nor a JPEG; "
        "check --key, --offset or --volume (the start of the volume), --cipher, --sector-size and --iv-sector"
    )


def _find_jpeg(source: ByteSource) -> int | None:
    """Offset of the first plausible JPEG header in an even sample of the volume, or None."""
    candidates = 0
    for start in _sample(source.size):
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


def _sample(size: int) -> range:
    """Starts of the windows that are read: all of a small volume, evenly spread ones of a large one."""
    if size <= SAMPLE_BYTES:
        return range(0, size, _WINDOW)
    step = size // (SAMPLE_BYTES // _WINDOW)
    return range(0, size - _WINDOW, step // ALIGNMENT * ALIGNMENT)
