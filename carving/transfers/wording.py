"""What transfers have done to a file, in plain words for the report and the screen."""

from __future__ import annotations

import hashlib

from carving.transfers.undoing import Undone


def notes_of(found: bytes, undone: Undone) -> tuple[str, ...]:
    """What was recognised in a file, whether it was undone, and the digests of both."""
    notes = []
    if undone.transfers:
        told = ", and before that ".join(transfer.told for transfer in undone.transfers)
        how = "every byte is as it was before" if undone.lossless else "some bytes may not be as they were before"
        notes.append(
            f"the file {told}. This was undone: its {len(found)} bytes as found have SHA-256 "
            f"{hashlib.sha256(found).hexdigest()}, the {len(undone.data)} bytes that came of them "
            f"{hashlib.sha256(undone.data).hexdigest()}, and {how}. Places in the evidence are those of the bytes as "
            "found"
        )
    if undone.remaining is not None:
        notes.append(f"the file {undone.remaining.told}. Nothing was undone")
    return tuple(notes)
