"""What statuses, provenances and kinds of files mean, in the words that every report uses."""

from __future__ import annotations

from typing import Final

from plugin.common.explanation_record import GapRecord, SegmentRecord
from plugin.common.restore_record import McuCounts
from restore.explanation import GapKind
from restore.provenance import Status

MEANINGS: Final = {
    Status.INTACT: "no damage found",
    Status.EXACT: "all damage reversed: the original byte stream",
    Status.REPAIRED: "all visible damage reversed; whether these are the original bytes is less sure",
    Status.RESTORED: "no block is empty; some were placed or generated",
    Status.PARTIAL: "some blocks are lost",
    Status.UNRECOVERABLE: "no picture could be made",
}
"""What each status means to a reader who has never seen the tool."""

CARVED: Final = "carved"
CARVED_MEANING: Final = "carved as it was found; restoring was not asked for"
FAILED: Final = "failed"
FAILED_MEANING: Final = "the tool itself failed on this file"

PROVENANCES: Final = {
    "intact": "decoded from the bytes as stored",
    "repaired": "decoded after reversing flipped bits, each of which is named",
    "placed": "decoded from stored bits, but the position or the brightness was corrected",
    "generated": "filled in from the thumbnail or by a network: an enhancement, never evidence",
    "lost": "nothing is known of it",
}
"""What each class of an MCU means."""

UNPLACED: Final = "unplaced"
SEGMENTS: Final = (
    "A segment is a stretch of stored bits that decodes as one piece of the picture. It is shown in the picture where "
    "its place and its level are sure to 99 % or more; else it is unplaced: its blocks are stored bits, and are shown "
    "by themselves, in medium grey on average, turned sideways by an unknown number of blocks. "
    "Of one that is unplaced and yet rests on something, the place is known by that, and only the level is not."
)
"""What is said above a list of segments."""

GAPS: Final = "What lies between the segments is no part of the picture. Its blocks are lost, or were generated."

GAP_KINDS: Final = {
    GapKind.ZEROS: "zeros, as an imager or a controller leaves them where nothing could be read",
    GapKind.CONSTANT: "one value over and over, such as erased flash",
    GapKind.NOISE: "bytes that no scan of this picture can hold: overwritten, or encrypted",
    GapKind.FOREIGN: "bytes of something else, such as another picture",
    GapKind.MISSING: "bytes are missing: what is before and behind touch",
    GapKind.INSERTED: "bytes were put in between two that belong together; no block is lost",
    GapKind.GRID: "foreign bytes at a fixed period, such as the page pointers of a database",
    GapKind.KNOWN_BAD: "a layer below says that these bytes could not be read",
    GapKind.FLIPS: "a few wrong bits, which could not be had back",
}
"""What stands in a gap."""

NATURES: Final = {
    "carved": "evidence: the bytes as found",
    "undone": "the carved bytes with the named transfers undone; nothing else was changed",
    "thumbnail": "evidence: stored inside the carved file",
    "repaired": "the carved bytes with the named bits reversed; nothing else was changed",
    "restored": "an enhancement: to be read only with its provenance map",
    "provenance": "the map that says of every block of the picture what it is",
}
"""What each kind of output file is worth as evidence."""

CLAIMS: Final = "Claims stored in the file's own Exif. Anybody can write them, and damage can change them."

TOLD: Final = "Said by another tool, an archive, a database or a file system; passed on, not checked."

UNIQUENESS: Final = (
    "A reversed bit is a finding, not a measurement: of all single bits it is the one whose reversal makes the picture "
    "and its header consistent, by the given gain; the margin is its distance from the second best. Both are "
    "log-likelihoods in nats. Its probability is that of this very bit having been flipped, measured on files whose "
    "truth is known."
)

EXACTNESS: Final = "probability that these are the original bytes, up to the end of the picture"
"""What the one number of a file says."""


def probability(value: float) -> str:
    """A probability in words, in percent; never rounded to certainty."""
    if value >= _CERTAIN:
        return f"over {100 * _CERTAIN:g} %"
    return f"{100 * value:.2f} %" if value >= 1 - _CERTAIN else f"under {100 * (1 - _CERTAIN):.2g} %"


_MOST: Final = 0.5
_CERTAIN: Final = 0.9999


def share_of_stored(mcus: McuCounts) -> str:
    """A warning in front of a picture of which most is generated; empty for others."""
    if not mcus.total or mcus.generated < _MOST * mcus.total:
        return ""
    stored = mcus.intact + mcus.repaired + mcus.placed
    return (
        f"only {100 * stored / mcus.total:.0f} % of it is stored; most of what it shows is generated, and no evidence"
    )


def place_of(segment: SegmentRecord) -> str:
    """Where a segment belongs, in words."""
    if segment.first_mcu is None:
        return UNPLACED
    return f"from block {segment.first_mcu + 1} on"


def lost_in(gap: GapRecord) -> str:
    """How many blocks a gap takes, in words."""
    return "unknown" if gap.mcus is None else str(gap.mcus)
