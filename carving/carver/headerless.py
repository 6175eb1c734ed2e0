"""Pieces of pictures that no header leads to: found by what entropy-coded data look like, made readable by siblings."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Final

from carving.carver.block_map import BlockMap
from carving.carver.donors import Families, borrow
from carving.fragments import Fragment
from carving.jpeg.foreign_sectors import SECTOR, is_foreign
from carving.jpeg.results import Ending
from carving.source import ByteSource, Run, evidence_runs
from carving.support.side_by_side import in_order

_SHORTEST: Final = 2 << 12
_LONGEST: Final = 4 << 20
_MOST_HEADERLESS: Final = 4096
_MOST_ZEROS: Final = 0.5
"""Share of zeros above which data are tables of numbers; the flattest picture has a quarter."""
_MOST_FOREIGN: Final = 0.25
"""Share of sectors of filler or text above which a stretch is none of a picture: text with a damaged block in it."""
_EOI: Final = b"\xff\xd9"


def find_headerless(
    source: ByteSource, layer: str, blocks: BlockMap, families: Families, threads: int = 1
) -> Iterator[Fragment]:
    """Yield the headerless stretches in free blocks that a sibling's tables decode; tried in so many threads.

    Raises:
        EvidenceError: the source cannot be read.
    """
    runs = [run for run in blocks.free_runs() if run.length >= _SHORTEST]
    for _, fragment in in_order(partial(_piece, source, layer, families), runs[:_MOST_HEADERLESS], threads):
        if fragment is not None:
            yield fragment


def _piece(source: ByteSource, layer: str, families: Families, run: Run) -> Fragment | None:
    ranks = families.ranked(run.offset)
    if not ranks:
        return None
    data = source.read_at(run.offset, min(run.length, _LONGEST) + _SHORTEST)
    start = _first_coded(data)
    data = data[start:]
    eoi = data.find(_EOI)
    data = data[: run.length - start if eoi < 0 else eoi]
    if data.count(0) > len(data) * _MOST_ZEROS or _share_foreign(data) > _MOST_FOREIGN:
        return None
    found = borrow(data, ranks)
    if found is None:
        return None
    borrowed, notes = found
    kept = data if eoi < 0 else data + _EOI
    return Fragment(
        layer=layer,
        offset=run.offset + start,
        data=kept,
        byte_runs=(Run(run.offset + start, len(kept)),),
        evidence_runs=evidence_runs(source, run.offset + start, len(kept)),
        ending=Ending.TRUNCATED if eoi < 0 else Ending.EOI,
        thumbnail=None,
        borrowed=borrowed,
        notes=notes,
    )


def _first_coded(data: bytes) -> int:
    """The first sector that is neither filler nor text: a smooth part of a picture may stand before the first FF."""
    return next((at for at in range(0, len(data), SECTOR) if not is_foreign(data[at : at + SECTOR])), 0)


def _share_foreign(data: bytes) -> float:
    """The share of whole sectors that are filler or text."""
    sectors = [data[at : at + SECTOR] for at in range(0, len(data) - SECTOR + 1, SECTOR)]
    return sum(map(is_foreign, sectors)) / max(1, len(sectors))
