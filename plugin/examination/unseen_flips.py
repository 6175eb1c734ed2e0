"""What the flips found in some files of encrypted evidence say of those in which none was: a remark on the run."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from plugin.common.report_model import FileEntry
from restore.provenance import Status

_WORTH_TELLING: Final = 0.05
_WITHOUT_FLAW: Final = (Status.INTACT, Status.EXACT, Status.REPAIRED)


def unseen_flip_remarks(entries: Iterable[FileEntry]) -> tuple[str, ...]:
    """How many files called intact may hold a flip that left no sign, by the rate at which bits of this evidence flip.

    One file says nothing of that rate where none was found in it; all of them together do. Nothing is said where hardly
    any is to be expected, nor of evidence that is not encrypted, of which each file has its caveat.
    """
    from restore.repair.trust.unseen_flips import usually_unseen

    sound = [entry for entry in entries if entry.exact_probability is not None and entry.status in _WITHOUT_FLAW]
    searched = sum(entry.carved.size for entry in sound)
    flips = sum(len(entry.bit_flips) for entry in sound)
    intact = [entry for entry in sound if entry.status is Status.INTACT]
    if not flips or not intact:
        return ()
    rate = flips / (8 * searched)
    expected = rate * 8 * sum(entry.carved.size for entry in intact) * usually_unseen()
    if expected < _WORTH_TELLING:
        return ()
    found = (
        f"{flips} flipped bits were found in {searched} bytes of files that now decode without a flaw, about one in "
        f"{1 / rate:.0f} bits"
    )
    return (
        f"{found}. At that rate about {expected:.2g} of the {len(intact)} files called intact may hold a flip unseen",
    )
