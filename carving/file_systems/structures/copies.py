"""Structures of which the medium holds a second copy: the copy takes the place of a checksum."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from carving.file_systems.structures.checking import StructureChecks
from carving.file_systems.structures.checksums import Words
from carving.flips.model import Bytes
from carving.source import Run

_MOST_BITS: Final = 128
"""Bits of a copy that count as a checksum: those that a flip redraws at most, but one."""


@dataclass(frozen=True, slots=True, eq=False)
class CopyCheck:
    """That a structure equals its copy, but for bytes that may differ."""

    copy: Bytes
    compared: np.ndarray[tuple[int], np.dtype[np.bool_]]

    @property
    def bits(self) -> int:
        return min(_MOST_BITS, 8 * int(self.compared.sum()))

    def residual(self, data: Bytes) -> int:
        """How many bytes differ."""
        return int(((data != self.copy) & self.compared).sum())

    def residuals(self, data: Bytes, start: int, variants: Bytes) -> Words:
        """See `carving.file_systems.structures.reversal.StructureCheck`."""
        inside = slice(start, start + variants.shape[1])
        elsewhere = (data != self.copy) & self.compared
        elsewhere[inside] = False
        differ = (variants != self.copy[inside]) & self.compared[inside]
        return np.asarray(differ.sum(axis=1) + elsewhere.sum(), dtype=np.uint32)


def mend_by_copy(checks: StructureChecks, structure: str, run: Run, copy: Run, ignored: tuple[int, ...] = ()) -> None:
    """Reverse the flip that makes a damaged structure differ from its copy; else read it as the copy has it.

    Args:
        checks: of the file system.
        structure: what it is.
        run, copy: where the two lie, as long as each other.
        ignored: bytes that may differ.

    Raises:
        EvidenceError: the source cannot be read.
    """
    if not mend_as_copy(checks, structure, run, copy, ignored):
        checks.take_copy(structure, run, copy)


def mend_as_copy(checks: StructureChecks, structure: str, run: Run, copy: Run, ignored: tuple[int, ...] = ()) -> bool:
    """Reverse the flip that makes a structure differ from its copy; whether they are equal then.

    Raises:
        EvidenceError: the source cannot be read.
    """
    data, other = checks.read(run), checks.read(copy)
    if data is None or other is None:
        return False
    compared = np.ones(run.length, dtype=np.bool_)
    compared[list(ignored)] = False
    check = CopyCheck(other, compared)
    return check.residual(data) == 0 or checks.mend_quietly(structure, run, check)
