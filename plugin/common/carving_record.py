"""How sure the carver is of a file, and why, in plain words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from carving.fragments import Fragment, Origin
from carving.jpeg.results import Ending
from carving.source import HOLE_OFFSET


@dataclass(frozen=True, slots=True)
class Carving:
    """What carving says of one file, before anything is restored.

    Attributes:
        state: in plain words, what was found.
        confidence: from 0 to 1, how likely the carved bytes are one file as it was stored: its own, all, no others.
        mcus: blocks (MCUs) of the picture; None where the header does not tell, or was not checked.
        sound_mcus: how many of them decode before the first flaw.
        duplicate_of: the first file of the run with the same bytes, by its path; None where there is none.
    """

    state: str
    confidence: float
    mcus: int | None
    sound_mcus: int | None
    duplicate_of: str | None


UNCHECKED: Final = Carving("not checked by decoding", 0.5, None, None, None)


def carving_of(fragment: Fragment, duplicate_of: str | None) -> Carving:
    """The words and numbers for a fragment; `duplicate_of` is passed on."""
    state, confidence = _judgement(fragment)
    check = fragment.check
    if check is None:
        return Carving(state, confidence, None, None, duplicate_of)
    return Carving(state, round(confidence, 3), check.mcus, check.sound, duplicate_of)


def _judgement(fragment: Fragment) -> tuple[str, float]:
    if fragment.borrowed is not None:
        piece = f"a piece without a header: {fragment.borrowed.mcus} blocks decode"
        return f"{piece} with the tables of {fragment.borrowed.lent_by}", 0.4
    check, ended, pieces = fragment.check, fragment.ending is Ending.EOI, len(fragment.byte_runs)
    holes = any(run.offset == HOLE_OFFSET for run in fragment.byte_runs)
    if check is None and ended:
        return "complete by its markers; its kind or its header does not allow a check by decoding", 0.8
    if check is None:
        return "without an end, or its header is damaged; the carved bytes end where they stop looking like a JPEG", 0.3
    if check.whole and fragment.origin is Origin.FILE_SYSTEM:
        found = "one piece" if pieces == 1 else f"{pieces} pieces, holes among them" if holes else f"{pieces} pieces"
        return f"whole: all blocks decode, in {found} as the file system gives them", 0.999
    share = check.sound / max(1, check.mcus)
    if fragment.chained:
        if check.whole:
            chained = "one piece" if pieces == 1 else f"{pieces} pieces as the database chains them"
            return f"whole: all blocks decode, in {chained}", 0.999
        decoded = f"the first {check.sound} of {check.mcus} blocks decode"
        return f"damaged, or not all there: as the database chains its pieces {decoded}", 0.5 + 0.4 * share
    if check.whole and pieces > 1:
        joined = f"whole, joined from {pieces} pieces that lie apart: together they decode to the last block"
        return (f"{joined}, and the thumbnail shows the same picture", 0.99) if fragment.witnessed else (joined, 0.97)
    if check.whole:
        return "whole: all blocks decode, and the end marker follows", 0.999
    decoded = f"the first {check.sound} of {check.mcus} blocks decode"
    if fragment.origin is Origin.FILE_SYSTEM:
        return f"damaged, or not all its own: through the runs of its file {decoded}", 0.5 + 0.4 * share
    if ended:
        return f"damaged inside, or other data lie in it: {decoded}, and an end marker is reached", 0.5 + 0.4 * share
    return f"cut off or continued elsewhere: {decoded}; no place was found where it goes on", 0.3 + 0.5 * share
