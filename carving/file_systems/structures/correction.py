"""Correct what is read of the structures of file systems and partition tables, before anybody reads them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from carving.errors import EvidenceError
from carving.file_systems.structures.checking import StructureChecks
from carving.file_systems.structures.exfat import check_exfat
from carving.file_systems.structures.ext import check_ext
from carving.file_systems.structures.f2fs import check_f2fs
from carving.file_systems.structures.fat import check_fat
from carving.file_systems.structures.gpt import check_gpt
from carving.file_systems.structures.reversal import CorrectedSource

_CHECKS: Final[tuple[tuple[str, Callable[[StructureChecks, int], None]], ...]] = (
    ("GPT", check_gpt),
    ("ext4", check_ext),
    ("F2FS", check_f2fs),
    ("exFAT", check_exfat),
    ("FAT", check_fat),
)


def correct_file_system(source: CorrectedSource, start: int) -> tuple[str, ...]:
    """Check the structures of the file system that begins at a byte of the source, and reverse flips in what is read.

    Returns:
        What was found, in words; nothing where all checksums hold.
    """
    remarks: list[str] = []
    for name, check in _CHECKS:
        checks = StructureChecks(source, f"{name} at byte {start}")
        try:
            check(checks, start)
        except EvidenceError as error:
            remarks.append(f"{checks.name}: its checksums were not all looked at: {error}")
        remarks += checks.remarks()
    return tuple(remarks)
