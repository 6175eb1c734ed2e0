"""What the evidence's own file systems list, read in a process of its own beside the hashing.

The Sleuth Kit is C code that reads bytes an attacker may have chosen: if it crashes or hangs, the run goes on without.
"""

from __future__ import annotations

import os
import time
from concurrent.futures import BrokenExecutor, Future
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from carving.allocation import AllocatedFile, Allocation, AllocationMap
from carving.errors import CarveRestoreError
from carving.source import ByteSource, layers
from plugin.executors import LocalExecutor
from plugin.opening import Secrets, open_layers
from plugin.report.allocation import AllocatedClaim
from plugin.settings import Parameters

_PATIENCE: Final = 600.0
"""Seconds that are waited for it once it is needed."""
_JPEG: Final = b"\xff\xd8\xff"


class AllocationSurvey:
    """Runs from its making on; `result` waits for it."""

    def __init__(self, evidence: Path, secrets: Secrets, parameters: Parameters) -> None:
        self._executor = LocalExecutor(1)
        self._future: Future[Allocation] = self._executor.submit(survey, evidence, secrets, parameters)
        self._result: AllocationMap | None = None
        self._asked = False
        self.remarks: tuple[str, ...] = ()

    def result(self) -> AllocationMap | None:
        """The allocated files; None where no file system could be read."""
        if not self._asked:
            self._asked = True
            self._result = self._wait()
            self.close()
        return self._result

    def close(self) -> None:
        """End the process, if it still runs."""
        self._executor.abort()

    def _wait(self) -> AllocationMap | None:
        try:
            allocation = self._future.result(_PATIENCE)
        except CarveRestoreError:  # said when the evidence is scanned
            return None
        except (BrokenExecutor, TimeoutError):
            self.remarks = (
                "the file systems of the evidence could not be read: The Sleuth Kit crashed or hung on them",
            )
            return None
        if not allocation.file_systems:
            return None
        count = len(allocation.files)
        text = (
            f"file systems in the evidence: {', '.join(allocation.file_systems)}; they list {count} files and folders"
        )
        self.remarks = (text if allocation.complete else f"{text}, and more that could not be read",)
        return AllocationMap(allocation)


def survey(evidence: Path, secrets: Secrets, parameters: Parameters) -> Allocation:
    """Open the evidence and read its file systems.

    Raises:
        CarveRestoreError: the evidence cannot be opened or read.
    """
    os.environ["TZ"] = "UTC"  # FAT keeps local time without a zone: it is given as it is written, not shifted by ours
    time.tzset()
    from carving.allocation_walk import read_allocation

    with closing(open_layers(evidence, secrets, parameters)) as source:
        return read_allocation(source)


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
    return AllocatedClaim(_text(file), file.inode, file.size, position, *times)


def _text(file: AllocatedFile) -> str:
    return file.path.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def _time(seconds: int | None) -> str | None:
    try:
        return None if seconds is None else datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (OverflowError, ValueError, OSError):
        return None
