"""What statuses, provenances and kinds of files mean, in the words that every report uses."""

from __future__ import annotations

from typing import Final

from restore.provenance import Status

MEANINGS: Final = {
    Status.INTACT: "no damage found",
    Status.EXACT: "all damage reversed: the original byte stream",
    Status.RESTORED: "full picture; some blocks were placed or generated",
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

TOLD: Final = "Said by another tool or by a file system; passed on, not checked."

UNIQUENESS: Final = (
    "A reversed bit is a finding, not a measurement: of all single bits it is the one whose reversal makes the picture "
    "and its header consistent, by the given gain; the margin is its distance from the second best. Both are "
    "log-likelihoods in nats."
)
