"""What the evidence shows of itself, file systems and encryption, read in a process of its own beside the hashing.

The Sleuth Kit is C code that reads bytes an attacker may have chosen: if it crashes or hangs, the run goes on without.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from datetime import UTC, datetime
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Final

from carving.errors import CarveRestoreError, EvidenceError
from carving.file_systems.allocation import Allocation, AllocationMap, joined
from carving.file_systems.stored_files.record import FileRecord
from carving.file_systems.structure_flip import StructureFlip
from carving.file_systems.volumes import Volume, list_volumes
from carving.source import ByteSource
from plugin.common.allocation_record import AllocatedClaim, StoredClaim
from plugin.common.settings import Parameters
from plugin.examination.file_encryption_facts import encrypted_files_shown
from plugin.examination.opening import Secrets, open_layers

_PATIENCE: Final = 600
"""Seconds that are waited for it once it is needed, and seconds of work it may take."""
_MOST_MEMORY: Final = 4 << 30
"""Bytes of memory it may take."""
_JPEG: Final = b"\xff\xd8\xff"


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
        self._volumes: tuple[Volume, ...] = ()
        self._structure_flips: tuple[StructureFlip, ...] = ()
        self._asked = False

    @property
    def volumes(self) -> tuple[Volume, ...]:
        """The volumes of the partition table, where a whole medium is scanned."""
        self.result()
        return self._volumes

    @property
    def remarks(self) -> tuple[str, ...]:
        """What encryption the evidence shows, and which file systems it holds."""
        self.result()
        return tuple(self._remarks)

    @property
    def structure_flips(self) -> tuple[StructureFlip, ...]:
        """The flipped bits in structures of file systems that were read the other way round."""
        self.result()
        return self._structure_flips

    def result(self) -> AllocationMap | None:
        """The allocated files, as far as they came; None where no file system could be read."""
        if not self._asked:
            self._asked = True
            parts: list[Allocation] = []
            deadline = time.monotonic() + _PATIENCE
            try:
                self._remarks += self._next(deadline)
                self._volumes = self._next(deadline)
                while (part := self._next(deadline)) is not None:
                    parts.append(part)
            except (EOFError, OSError, TimeoutError):
                self._remarks.append(
                    "file systems were not read to their end: reading them crashed, hung or took too much memory"
                )
            self._result = self._take(joined(parts))
            self.close()
        return self._result

    def close(self) -> None:
        """End the process, if it still runs."""
        self._process.kill()
        self._process.join()
        self._answers.close()

    def _next(self, deadline: float) -> Any:
        if not self._answers.poll(max(0.0, deadline - time.monotonic())):
            raise TimeoutError
        return self._answers.recv()

    def _take(self, allocation: Allocation) -> AllocationMap | None:
        self._structure_flips = tuple(
            sorted(allocation.structure_flips, key=lambda flip: (flip.evidence_offset, flip.bit))
        )
        if not allocation.file_systems:
            self._remarks += allocation.remarks
            return None
        systems, count = ", ".join(allocation.file_systems), len(allocation.files)
        text = f"file systems in the evidence: {systems}; they list {count} files and folders"
        self._remarks.append(text if allocation.complete else f"{text}, and more that could not be read")
        self._remarks += allocation.remarks
        return AllocationMap(allocation)


def survey(answers: Connection, evidence: Path, secrets: Secrets, parameters: Parameters) -> None:
    """Open the evidence, and send what encryption it shows, its volumes, its files in parts, then None."""
    import resource

    # limits that hold also where the process that waits has died
    resource.setrlimit(resource.RLIMIT_CPU, (_PATIENCE, _PATIENCE))
    resource.setrlimit(resource.RLIMIT_DATA, (_MOST_MEMORY, _MOST_MEMORY))
    os.environ["TZ"] = "UTC"  # FAT keeps local time without a zone: it is given as it is written, not shifted by ours
    time.tzset()
    try:
        source = open_layers(evidence, secrets, parameters)
    except CarveRestoreError:  # said when the evidence is scanned
        answers.send(())
        answers.send(())
        answers.send(None)
        return
    with closing(source), suppress(MemoryError):  # the pipe then ends without its None
        answers.send(_shown_encryption(source))
        answers.send(_volumes(source, parameters))
        for part in _allocation(source):
            answers.send(part)
        answers.send(None)


def _shown_encryption(source: ByteSource) -> tuple[str, ...]:
    """What encryption shows in bytes that nothing decrypted."""
    from carving.encryption.disk import find_disk
    from carving.encryption.dmcrypt import find_decryption
    from carving.encryption.recognition import recognise_parts
    from carving.file_systems.structures.sound_table import with_sound_table
    from carving.fscrypt.fscrypt_source import find_fscrypt

    disk = find_disk(source)
    if disk is not None:
        opened = (part.volume for part in disk.parts if part.decrypted is not None)
        numbers = frozenset(number for number in opened if number is not None)
        shown = recognise_parts(disk.below, numbers, with_sound_table(disk.below))
        return shown if find_fscrypt(source) is not None else (*shown, *encrypted_files_shown(source))
    if find_fscrypt(source) is not None:
        return ()
    if find_decryption(source) is None:
        return (*recognise_parts(source, table=with_sound_table(source)), *encrypted_files_shown(source))
    return encrypted_files_shown(source)


def _volumes(source: ByteSource, parameters: Parameters) -> tuple[Volume, ...]:
    """The volumes of a whole medium."""
    if parameters.volume is not None or parameters.offset or parameters.length is not None:
        return ()
    from carving.file_systems.structures.sound_table import with_sound_table

    try:
        return list_volumes(source, with_sound_table(source))
    except EvidenceError:  # said when the evidence is scanned
        return ()


def _allocation(source: ByteSource) -> Iterator[Allocation]:
    from carving.file_systems.walking.allocation_walk import walk_allocation

    with suppress(EvidenceError):  # said when the evidence is scanned
        yield from walk_allocation(source)


def is_worth_a_survey(source: ByteSource, parameters: Parameters) -> bool:
    """Whether there may be a file system: not in one picture, a folder, an archive, or where others name the files."""
    from carving.container_layers import find_files

    return parameters.only is None and find_files(source) is None and source.read_at(0, len(_JPEG)) != _JPEG


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
    return StoredClaim(
        inode=record.inode,
        size=record.size,
        structure=record.structure,
        created=_time(record.created),
        modified=_time(record.modified),
        accessed=_time(record.accessed),
        changed=_time(record.changed),
        other_paths=tuple(printable(path) for path in record.other_paths),
        compression_unit=record.compression_unit,
    )


def printable(path: str) -> str:
    """A path as text that any report can hold."""
    return path.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def _time(seconds: int | None) -> str | None:
    try:
        return None if seconds is None else datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (OverflowError, ValueError, OSError):
        return None
