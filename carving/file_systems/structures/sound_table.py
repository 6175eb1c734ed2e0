"""A medium as its partition table is read: with what checksums and the second copy make good of a GPT."""

from __future__ import annotations

from carving.errors import EvidenceError
from carving.file_systems.structures.checking import StructureChecks
from carving.file_systems.structures.gpt import check_gpt
from carving.file_systems.structures.reversal import CorrectedSource
from carving.source import ByteSource


def with_sound_table(source: ByteSource) -> ByteSource:
    """The source with the flips in its GPT reversed, or what its second copy has; the source itself where it cannot be
    read."""
    corrected = CorrectedSource(source)
    try:
        check_gpt(StructureChecks(corrected, "GPT"), 0)
    except EvidenceError:  # said where the table itself is read
        return source
    return corrected
