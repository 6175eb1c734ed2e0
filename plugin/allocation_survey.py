"""What the evidence shows of itself, file systems and encryption, read in a process of its own beside the hashing.

The Sleuth Kit is C code that reads bytes an attacker may have chosen: if it crashes or hangs, the run goes on without.
"""

from __future__ import annotations

import os
import signal
import time
from contextlib import closing
from datetime import UTC, datetime
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Final

from carving.allocation import Allocation, AllocationMap
from carving.errors import CarveRestoreError, EvidenceError
from carving.source import ByteSource, layers
from carving.stored_files.record import FileRecord
from plugin.opening import Secrets, open_layers
from plugin.report.allocation import AllocatedClaim, StoredClaim
from plugin.settings import Parameters

_PATIENCE: Final = 600
"""Seconds that are waited for it once it is needed, and seconds of work it may take."""
_JPEG: Final = b"\xff\xd8\xff"
_NOTHING: Final = Allocation((), (), complete=True)


class AllocationSurvey:
    """Runs from its making on; `result` waits for it."""

    def __init__(self, evidence: Path, secrets: Secrets, parameters: Parameters) -> None:
        context = get_context("spawn")
        self._answers, theirs = context.Pipe(duplex=False)
        self._process = context.Process(target=survey, args=(theirs, evidence, secrets, parameters), daemon=True)
        # It inherits the blocked signal: Ctrl-C reaches every process of a terminal, and only this one is to act.
        previous = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            self._process.start()
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, previous)
        theirs.close()
        self._result: AllocationMap | None = None
        self._remarks: list[str] = []
        self._asked = False

    @property
    def remarks(self) -> tuple[str, ...]:
        """What encryption the evidence shows, and which file systems it holds."""
        self.result()
        return tuple(self._remarks)

    def result(self) -> AllocationMap | None:
        """The allocated files; None where no file system could be read."""
        if not self._asked:
            self._asked = True
            try:
                self._remarks += self._next()
                self._result = self._take(self._next())
            except (EOFError, OSError, TimeoutError):
                self._remarks.append("no file system was read: The Sleuth Kit crashed or hung on the evidence")
            self.close()
        return self._result

    def close(self) -> None:
        """End the process, if it still runs."""
        self._process.kill()
        self._process.join()
        self._answers.close()

    def _next(self) -> Any:
        if not self._answers.poll(_PATIENCE):
            raise TimeoutError
        return self._answers.recv()

    def _take(self, allocation: Allocation) -> AllocationMap | None:
        if not allocation.file_systems:
            return None
        systems, count = ", ".join(allocation.file_systems), len(allocation.files)
        text = f"file systems in the evidence: {systems}; they list {count} files and folders"
        self._remarks.append(text if allocation.complete else f"{text}, and more that could not be read")
        return AllocationMap(allocation)


def survey(answers: Connection, evidence: Path, secrets: Secrets, parameters: Parameters) -> None:
    """Open the evidence, and send what encryption it shows, then its allocated files."""
    import resource

    resource.setrlimit(resource.RLIMIT_CPU, (_PATIENCE, _PATIENCE))  # also where the process that waits has died
    os.environ["TZ"] = "UTC"  # FAT keeps local time without a zone: it is given as it is written, not shifted by ours
    time.tzset()
    try:
        source = open_layers(evidence, secrets, parameters)
    except CarveRestoreError:  # said when the evidence is scanned
        answers.send(())
        answers.send(_NOTHING)
        return
    with closing(source):
        answers.send(_shown_encryption(source))
        answers.send(_allocation(source))


def _shown_encryption(source: ByteSource) -> tuple[str, ...]:
    """What encryption shows in bytes that nothing decrypted."""
    from carving.encryption.dmcrypt import find_decryption
    from carving.encryption.recognition import recognise_parts

    return recognise_parts(source) if find_decryption(source) is None else ()


def _allocation(source: ByteSource) -> Allocation:
    from carving.allocation_walk import read_allocation

    try:
        return read_allocation(source)
    except EvidenceError:  # said when the evidence is scanned
        return _NOTHING


def is_worth_a_survey(source: ByteSource, parameters: Parameters) -> bool:
    """Whether there may be a file system: not in one picture, in a folder, or where others name the files."""
    from carving.media.folder import FolderSource

    bottom = list(layers(source))[-1]
    return parameters.only is None and not isinstance(bottom, FolderSource) and source.read_at(0, len(_JPEG)) != _JPEG


def claim_at(allocation: AllocationMap, offset: int) -> AllocatedClaim | None:
    """What the file system says of the file that byte `offset` belongs to; None for slack and free space."""
    found = allocation.file_at(offset)
    if found is None or found[1] >= found[0].size:
        return None
    file, position = found
    times = (_time(value) for value in (file.created, file.modified, file.accessed, file.changed))
    return AllocatedClaim(printable(file.path), file.inode, file.size, position, *times)


def stored_claim(record: FileRecord | None) -> StoredClaim | None:
    """What a file system says of a file beside its path."""
    if record is None:
        return None
    times = (_time(value) for value in (record.created, record.modified, record.accessed, record.changed))
    others = tuple(printable(path) for path in record.other_paths)
    return StoredClaim(record.inode, record.size, record.structure, *times, others)


def printable(path: str) -> str:
    """A path as text that any report can hold."""
    return path.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def _time(seconds: int | None) -> str | None:
    try:
        return None if seconds is None else datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (OverflowError, ValueError, OSError):
        return None
