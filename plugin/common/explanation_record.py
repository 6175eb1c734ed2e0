"""Of which segments and gaps a carved file consists, as the report keeps it: with the bytes of the evidence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from carving.source import HOLE_OFFSET, Run
from plugin.common.output import OutputFile
from restore.explanation import Gap, GapKind, StoredSegment


@dataclass(frozen=True, slots=True)
class SegmentRecord:
    """One segment: a longest run of stored bits that decodes as one piece of the picture.

    Attributes:
        stored_bytes: its bytes, counted from the first byte of the carved file; the outermost may be shared.
        first_bit, end_bit: the same in bits, end exclusive, bit 0 the most significant of byte 0.
        evidence_runs: where these bytes lie in the evidence.
        mcus: how many MCUs it holds.
        first_mcu: where the first of them belongs, from 0, row by row; None where that is not sure.
        placed: whether it is shown in the picture.
        dc_offsets: added to the quantised DC of each component; empty where the level is not known.
        posterior: probability of place and offsets together.
        rests_on: what bears them out, in plain words.
        picture: of one that is not placed, the strip that its MCUs make; `preview` is a small copy.
    """

    stored_bytes: Run
    first_bit: int
    end_bit: int
    evidence_runs: tuple[Run, ...]
    mcus: int
    first_mcu: int | None
    placed: bool
    dc_offsets: tuple[int, ...]
    posterior: float
    rests_on: tuple[str, ...]
    picture: OutputFile | None = None
    preview: OutputFile | None = None


@dataclass(frozen=True, slots=True)
class GapRecord:
    """One gap: its bytes, counted from the first byte of the carved file, where they lie in the evidence, what stands
    there, and how many MCUs of the picture are lost in it, None where that is not known."""

    bytes: Run
    evidence_runs: tuple[Run, ...]
    kind: GapKind
    mcus: int | None


def segment_record(segment: StoredSegment, layout: Sequence[Run]) -> SegmentRecord:
    """A segment for the report; `layout` as `evidence_layout` gives it."""
    first, end = segment.first_bit // 8, -(-segment.end_bit // 8)
    stored = Run(first, end - first)
    return SegmentRecord(
        stored_bytes=stored,
        first_bit=segment.first_bit,
        end_bit=segment.end_bit,
        evidence_runs=evidence_of(stored, layout),
        mcus=segment.mcus,
        first_mcu=segment.first_mcu,
        placed=segment.first_mcu is not None,
        dc_offsets=segment.dc_offsets,
        posterior=round(segment.posterior, 6),
        rests_on=segment.rests_on,
    )


def gap_record(gap: Gap, layout: Sequence[Run]) -> GapRecord:
    """A gap for the report; `layout` as `evidence_layout` gives it."""
    stretch = Run(gap.first_byte, gap.end_byte - gap.first_byte)
    return GapRecord(stretch, evidence_of(stretch, layout), gap.kind, gap.mcus)


def evidence_layout(byte_runs: Sequence[Run], evidence_runs: Sequence[Run], size: int) -> tuple[Run, ...]:
    """The runs of a file in the evidence with its holes between them, one behind the other as the file's bytes are.

    Where the evidence holds other bytes than the file's own, such as compressed ones, the runs as they are.
    """
    holes = sum(run.length for run in byte_runs if run.offset == HOLE_OFFSET)
    if not holes or holes + sum(run.length for run in evidence_runs) != size:
        return tuple(evidence_runs)
    runs: list[Run] = []
    evidence = iter(evidence_runs)
    part = next(evidence)
    for run in byte_runs:
        left = run.length
        if run.offset == HOLE_OFFSET:
            runs.append(run)
            continue
        while left:
            count = min(left, part.length)
            runs.append(Run(part.offset, count))
            left -= count
            part = Run(part.offset + count, part.length - count) if count < part.length else next(evidence, Run(0, 0))
    return tuple(runs)


def evidence_of(stretch: Run, layout: Sequence[Run]) -> tuple[Run, ...]:
    """Where bytes of a file lie in the evidence; holes, which lie nowhere, are left out."""
    runs: list[Run] = []
    position = 0
    for run in layout:
        first, end = max(position, stretch.offset), min(position + run.length, stretch.end)
        if first < end and run.offset != HOLE_OFFSET:
            runs.append(Run(run.offset + first - position, end - first))
        position += run.length
    return tuple(runs)


def segment_files(segments: Sequence[SegmentRecord]) -> tuple[OutputFile, ...]:
    """The pictures that were written of segments without a place."""
    files = (file for segment in segments for file in (segment.picture, segment.preview))
    return tuple(file for file in files if file is not None)
