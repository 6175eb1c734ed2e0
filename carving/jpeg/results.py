"""What examining a JPEG's bytes gives: how they end, the thumbnail in them, and how far they decode."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from carving.source import Run


class Ending(enum.StrEnum):
    """How the bytes of a fragment end."""

    EOI = "eoi"
    """At the end-of-image marker of its own picture."""
    TRUNCATED = "truncated"
    """Without an end-of-image marker: at other data, at the end of the source, or at the size limit."""


class ThumbnailOrigin(enum.StrEnum):
    """The segment that held a thumbnail."""

    EXIF = "exif"
    JFIF = "jfif"
    JFXX = "jfxx"


@dataclass(frozen=True, slots=True)
class Thumbnail:
    """A thumbnail found in a header.

    `data` is a JPEG stream as stored, or, for an uncompressed or palette thumbnail, a binary PPM (P6) of its pixels;
    `run` is the place of the stored bytes, counted from the fragment's first byte.
    """

    data: bytes
    origin: ThumbnailOrigin
    run: Run

    @property
    def is_jpeg(self) -> bool:
        return self.data.startswith(b"\xff\xd8")


@dataclass(frozen=True, slots=True)
class Check:
    """What decoding a scan to its first flaw gave.

    Attributes:
        mcus: MCUs the frame header asks for.
        sound: MCUs that decoded before the first flaw.
        offset: where the MCU with the first flaw begins, some bytes too far at most; behind the EOI without one.
        reached: where decoding failed; wrong bytes lie before it.
        whole: all MCUs decoded, and an EOI follows.
        open: no flaw at all, but the data end before the picture does.
    """

    mcus: int
    sound: int
    offset: int
    reached: int
    whole: bool = False
    open: bool = False
