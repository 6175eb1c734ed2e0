"""What became of one fragment, as its worker reports it and the report keeps it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from plugin.common.explanation_record import GapRecord, SegmentRecord, segment_files
from plugin.common.output import OutputFile
from restore.provenance import BitFlip, Status


@dataclass(frozen=True, slots=True)
class McuCounts:
    """Number of MCUs of each provenance; all zero where nothing could be decoded."""

    total: int = 0
    intact: int = 0
    repaired: int = 0
    placed: int = 0
    generated: int = 0
    lost: int = 0


@dataclass(frozen=True, slots=True)
class Previews:
    """Small pictures of one file: as found; as repaired or restored; its provenance map, one pixel for 8×8."""

    found: OutputFile | None = None
    restored: OutputFile | None = None
    provenance: OutputFile | None = None


NO_PREVIEWS: Final = Previews()


@dataclass(frozen=True, slots=True)
class RestoreRecord:
    """What became of one fragment."""

    status: Status
    mcus: McuCounts
    bit_flips: tuple[BitFlip, ...] = ()
    repaired: OutputFile | None = None
    restored: OutputFile | None = None
    provenance: OutputFile | None = None
    notes: tuple[str, ...] = ()
    opaque_bytes: int = 0
    exact_probability: float | None = None
    previews: Previews = NO_PREVIEWS
    segments: tuple[SegmentRecord, ...] = ()
    gaps: tuple[GapRecord, ...] = ()

    @property
    def files(self) -> tuple[OutputFile, ...]:
        """The files that were written."""
        previews = (self.previews.found, self.previews.restored, self.previews.provenance)
        strips = segment_files(self.segments)
        files = (self.repaired, self.restored, self.provenance, *previews, *strips)
        return tuple(file for file in files if file is not None)
