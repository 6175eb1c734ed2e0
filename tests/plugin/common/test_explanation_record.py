"""Segments and gaps of a file, traced to the bytes of the evidence."""

from __future__ import annotations

import pytest

from carving.source import HOLE_OFFSET, Run
from plugin.common.explanation_record import evidence_layout, evidence_of, gap_record, segment_record
from restore.explanation import Gap, GapKind, StoredSegment

LAYOUT = (Run(5000, 100), Run(HOLE_OFFSET, 50), Run(9000, 200))


@pytest.mark.parametrize(
    ("stretch", "runs"),
    [
        (Run(0, 350), (Run(5000, 100), Run(9000, 200))),
        (Run(10, 20), (Run(5010, 20),)),
        (Run(90, 70), (Run(5090, 10), Run(9000, 10))),
        (Run(100, 50), ()),
        (Run(340, 100), (Run(9190, 10),)),
        (Run(30, 0), ()),
    ],
)
def test_stretches_of_a_file_in_pieces(stretch: Run, runs: tuple[Run, ...]) -> None:
    assert evidence_of(stretch, LAYOUT) == runs


def test_holes_stand_between_the_runs() -> None:
    byte_runs = (Run(0, 60), Run(700, 40), Run(HOLE_OFFSET, 50), Run(800, 200))
    assert evidence_layout(byte_runs, (Run(5000, 100), Run(9000, 200)), 350) == (
        *(Run(5000, 60), Run(5060, 40)),
        Run(HOLE_OFFSET, 50),
        Run(9000, 200),
    )
    assert evidence_layout((Run(0, 300),), (Run(5000, 300),), 300) == (Run(5000, 300),)
    compressed = (Run(0, 60), Run(HOLE_OFFSET, 40))
    assert evidence_layout(compressed, (Run(5000, 17),), 100) == (Run(5000, 17),)


def test_a_segment_has_all_bytes_that_it_has_bits_of() -> None:
    segment = StoredSegment(83, 161, 4, None, (), 0.12345678, ("length of the gap",))
    record = segment_record(segment, LAYOUT)
    assert (record.stored_bytes, record.evidence_runs) == (Run(10, 11), (Run(5010, 11),))
    assert (record.first_bit, record.end_bit, record.mcus) == (83, 161, 4)
    assert (record.placed, record.first_mcu, record.posterior) == (False, None, 0.123457)
    placed = segment_record(StoredSegment(80, 160, 4, 0, (1, 0, -2), 1.0, ()), LAYOUT)
    assert (placed.placed, placed.stored_bytes, placed.dc_offsets) == (True, Run(10, 10), (1, 0, -2))


def test_a_gap_where_bytes_are_missing_has_none() -> None:
    record = gap_record(Gap(90, 90, GapKind.MISSING, 12), LAYOUT)
    assert (record.bytes, record.evidence_runs, record.mcus) == (Run(90, 0), (), 12)
