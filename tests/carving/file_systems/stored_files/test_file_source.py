"""A file through its runs: any number of pieces, holes as zeros, and every byte traced to its place."""

from __future__ import annotations

import random

import pytest

from carving.file_systems.stored_files.content import Content, cut, laid_out
from carving.file_systems.stored_files.file_source import FileSource
from carving.files_first.explained import UnexplainedSource
from carving.source import HOLE_OFFSET, Run
from carving.sources.explained_bytes import Explained
from tests.carving.memory import MemorySource

DATA = random.Random(3).randbytes(64 << 10)


@pytest.mark.parametrize("seed", range(20))
def test_bytes_and_trace_agree(seed: int) -> None:
    chance = random.Random(seed)
    runs = tuple(
        Run(HOLE_OFFSET if chance.random() < 0.2 else chance.randrange(len(DATA)), chance.randrange(1, 2000))
        for _ in range(chance.randrange(1, 40))
    )
    below = MemorySource(DATA)
    source = FileSource(below, runs)
    expected = b"".join(
        bytes(run.length) if run.offset == HOLE_OFFSET else DATA[run.offset : run.end].ljust(run.length, b"\0")
        for run in runs
    )
    assert source.size == len(expected)
    for _ in range(20):
        start = chance.randrange(source.size + 10)
        length = chance.randrange(4000)
        assert source.read_at(start, length) == expected[start : start + length]
        traced = source.trace(start, length)
        assert all(run.offset == HOLE_OFFSET or 0 <= run.offset <= run.end <= below.size for run in traced)
        assert FileSource(below, traced).read_at(0, length) == expected[start : start + length]


def test_pieces_are_laid_out_with_holes_between() -> None:
    pieces = [(8192, Run(500, 4096)), (0, Run(9000, 4096)), (12288, Run(4596, 4096))]
    runs = laid_out(pieces, 20000)
    assert runs == (Run(9000, 4096), Run(HOLE_OFFSET, 4096), Run(500, 8192), Run(HOLE_OFFSET, 3616))
    assert Content(runs).size == 20000
    assert laid_out(pieces, 10000) == (Run(9000, 4096), Run(HOLE_OFFSET, 4096), Run(500, 1808))
    assert laid_out([(0, Run(0, 100)), (50, Run(1000, 100))], 150) == (Run(0, 100), Run(1050, 50))
    assert laid_out([], 1 << 60) == (Run(HOLE_OFFSET, 1 << 60),)
    assert cut(runs, 5000) == (Run(9000, 4096), Run(HOLE_OFFSET, 904))


@pytest.mark.parametrize("seed", range(10))
def test_explained_stretches(seed: int) -> None:
    chance = random.Random(seed)
    explained, marks = Explained(), bytearray(3000)
    for _ in range(60):
        run = Run(chance.randrange(2900), chance.randrange(1, 100))
        explained.add(run)
        marks[run.offset : run.end] = b"\1" * run.length
        wanted = Run(chance.randrange(2900), chance.randrange(1, 100))
        inside = {at for part in explained.within(wanted) for at in range(part.offset, part.end)}
        assert inside == {at for at in range(wanted.offset, wanted.end) if marks[at]}
        left = {at for part in explained.left_of(wanted) for at in range(part.offset, part.end)}
        assert left == set(range(wanted.offset, wanted.end)) - inside
        assert explained.covers(wanted) == (not left)


def test_explained_bytes_are_not_even_read() -> None:
    below, explained = MemorySource(DATA), Explained()
    explained.add(Run(1000, 60000))
    source = UnexplainedSource(below, explained)
    assert source.read_at(0, len(DATA)) == DATA[:1000] + bytes(60000) + DATA[61000:]
    assert below.bytes_read == len(DATA) - 60000
