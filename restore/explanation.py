"""What a search over one scan says of it: the segments that are stored, and the gaps between them."""

from __future__ import annotations

import enum
from dataclasses import dataclass


class GapKind(enum.StrEnum):
    """What stands where bytes of the picture should."""

    ZEROS = "zeros"
    CONSTANT = "constant"
    """One value, not zero, over and over."""
    NOISE = "noise"
    """Bytes that no scan of this picture can hold."""
    FOREIGN = "foreign"
    """Bytes of something else, such as another picture's scan."""
    MISSING = "missing"
    """Nothing: what is before and behind touch."""
    INSERTED = "inserted"
    """Bytes between two that belong together: no block is lost."""
    GRID = "grid"
    """Foreign bytes at a fixed period, such as the page pointers of a database."""
    KNOWN_BAD = "known bad"
    """A layer below says that these bytes could not be read."""
    FLIPS = "flips"
    """A few wrong bits, which were not had back."""


@dataclass(frozen=True, slots=True)
class StoredSegment:
    """A longest run of stored bits that decodes as one piece of the picture.

    Attributes:
        first_bit, end_bit: where it lies in the file, in bits, end exclusive.
        mcus: how many MCUs it holds.
        first_mcu: where its first MCU belongs; None where that is not sure, and it is unplaced.
        dc_offsets: what was added to the quantised DC of each component, as far as they are told.
        posterior: probability of place and offsets together, 0 to 1.
        rests_on: the cues that bear it out, in plain words: "start of the scan", "end of the scan", "restart markers",
            "rows across the gap", "thumbnail", "length of the gap".
    """

    first_bit: int
    end_bit: int
    mcus: int
    first_mcu: int | None
    dc_offsets: tuple[int, ...]
    posterior: float
    rests_on: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Gap:
    """A stretch of the file between segments, `first_byte` to `end_byte` exclusive, equal where bytes are missing.

    `mcus` is how many MCUs of the picture are lost in it, None where that is not known.
    """

    first_byte: int
    end_byte: int
    kind: GapKind
    mcus: int | None
