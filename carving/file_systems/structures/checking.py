"""Checks structures one after the other, reverses what can be reversed, and keeps what is left as findings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, Protocol

import numpy as np

from carving.file_systems.structures.reversal import CorrectedSource, Structure, StructureCheck
from carving.flips.model import Bytes
from carving.source import Run

_MOST_TRIED: Final = 4096
"""Structures of one file system that are searched for a flip."""
_MOST_NAMED: Final = 5


class WholeCheck(StructureCheck, Protocol):
    """A check that can be asked for a structure as it is."""

    def residual(self, data: Bytes) -> int:
        """By how much computed and stored checksum differ."""


@dataclass
class StructureChecks:
    """The checks of one file system or partition table.

    Attributes:
        source: what is read, with what is reversed in it.
        name: of the file system, with its place.
    """

    source: CorrectedSource
    name: str
    _failed: list[str] = field(default_factory=list)
    _count_failed: int = 0
    _reversed: int = 0
    _copies: list[str] = field(default_factory=list)

    def read(self, run: Run) -> Bytes | None:
        """The bytes of a run; None where the source does not hold all of them.

        Raises:
            EvidenceError: the source cannot be read.
        """
        data = self.source.read_at(run.offset, run.length)
        return np.frombuffer(data, dtype=np.uint8) if len(data) == run.length else None

    def holds(
        self, structure: str, run: Run, check: WholeCheck, is_sound: Callable[[Bytes], bool] | None = None
    ) -> bool:
        """Whether the checksum of a structure holds, now if need be that a flip is reversed; else it is a finding.

        Raises:
            EvidenceError: the source cannot be read.
        """
        data = self.read(run)
        if data is None:
            return False
        return check.residual(data) == 0 or self.mend(structure, run, check, is_sound)

    def mend(
        self, structure: str, run: Run, check: StructureCheck, is_sound: Callable[[Bytes], bool] | None = None
    ) -> bool:
        """Reverse the flip behind a checksum that failed; whether it was found, else it is a finding.

        Raises:
            EvidenceError: the source cannot be read.
        """
        named = f"{structure} of {self.name}"
        may_search = self._count_failed + self._reversed < _MOST_TRIED
        if may_search and self.source.reverse(Structure(named, run, check, is_sound)):
            self._reversed += 1
            return True
        self._count_failed += 1
        if len(self._failed) < _MOST_NAMED:
            self._failed.append(f"{structure} (byte {run.offset})")
        return False

    def mend_quietly(
        self, structure: str, run: Run, check: StructureCheck, is_sound: Callable[[Bytes], bool] | None = None
    ) -> bool:
        """The same where it is not sure that there is such a structure at all."""
        found = self.source.reverse(Structure(f"{structure} of {self.name}", run, check, is_sound))
        self._reversed += found
        return found

    def take_copy(self, structure: str, run: Run, copy: Run) -> None:
        """Read a structure as its copy has it, because it is damaged and the copy is not.

        Raises:
            EvidenceError: the source cannot be read.
        """
        own, other = self.read(run), self.read(copy)
        if own is None or other is None:
            return
        bits = np.flatnonzero(np.unpackbits(own ^ other))
        self.source.toggle((run.offset + int(at) // 8, int(at) % 8) for at in bits)
        self._copies.append(f"{structure} from byte {copy.offset}")

    def remarks(self) -> tuple[str, ...]:
        """What was found, for the report."""
        said = []
        if self._reversed:
            said.append(f"{self._reversed} checksums of its structures failed and hold with one bit reversed in each")
        if self._copies:
            more = len(self._copies) - _MOST_NAMED
            tail = f" and {more} more" if more > 0 else ""
            said.append(f"read from copies, because they are damaged: {', '.join(self._copies[:_MOST_NAMED])}{tail}")
        if self._failed:
            more = self._count_failed - len(self._failed)
            tail = f" and {more} more" if more else ""
            said.append(f"checksums that fail, and no single bit explains: {', '.join(self._failed)}{tail}")
        return tuple(f"{self.name}: {text}" for text in said)
