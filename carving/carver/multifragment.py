"""Join a picture that lies in three or more pieces: piece by piece, each the one with which the picture goes on best.

The place behind a break at which the most MCUs decode and rows go on as they were is taken for the next piece, up to
its own break; then the rest is looked for as that of a file in two pieces (`bifragment`). Only a join that decodes to
the last MCU with EOI right behind it counts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from carving.carver.bifragment import Broken, Join, cuts_of, join_far, nearest
from carving.carver.seams import SMOOTH, seam_step
from carving.errors import JpegError
from carving.jpeg.coding import Coding, check_scan, coding_of, first_state, walk
from carving.jpeg.coding_kernels import MCU
from carving.jpeg.foreign_sectors import SECTOR, is_foreign
from carving.jpeg.markers import JpegHeader, read_header
from carving.source import ByteSource, Run, merge

_CLUSTER: Final = 4096
_MOST_PIECES: Final = 8
_MOST_NEXT: Final = 2
"""Next pieces that are pursued behind one break."""
_BLOCKS: Final = 4
"""Blocks at the beginning of a free run at which a piece may begin."""
_FEWEST: Final = 64
"""MCUs that a piece in the middle holds at least."""
_LONGEST: Final = 16 << 20
_BEHIND: Final = 8192
_WORK: Final = 24
"""Breaks that are looked behind for one picture at most."""


@dataclass(frozen=True, slots=True)
class ManyJoined:
    """The runs of a file in many pieces, in its order, and whether its thumbnail shows what the last one holds."""

    runs: tuple[Run, ...]
    witnessed: bool | None


@dataclass(frozen=True, slots=True)
class _Next:
    """A piece with which a picture may go on: where the head is cut, where the piece is, and how rough the seam is."""

    cut: int
    piece: Run
    step: float


def join_many(source: ByteSource, broken: Broken, free: list[Run]) -> ManyJoined | None:
    """Find where a broken file goes on, and on, in the free runs; None where no pieces make it whole.

    Raises:
        EvidenceError: the source cannot be read.
    """
    try:
        header = read_header(broken.head)
    except JpegError:
        return None
    coding = coding_of(header)
    if coding is None or broken.check.sound < _FEWEST:
        return None
    return _Chain(source, broken.offset, free, header, coding).go_on(broken, (Run(broken.offset, len(broken.head)),))


@dataclass
class _Chain:
    """One search: what is looked through, and how many breaks may still be looked behind."""

    source: ByteSource
    offset: int
    free: list[Run]
    header: JpegHeader
    coding: Coding
    work: int = _WORK

    def go_on(self, broken: Broken, pieces: tuple[Run, ...]) -> ManyJoined | None:
        """Find the pieces behind those that make up the head."""
        if len(pieces) >= _MOST_PIECES or self.work <= 0:
            return None
        self.work -= 1
        for following in self._following(broken, pieces):
            runs = (*_first_bytes(pieces, following.cut), following.piece)
            part = self.source.read_at(following.piece.offset, following.piece.length + _BEHIND)
            head = broken.head[: following.cut] + part
            check = check_scan(head, self.header, self.coding)
            longer = Broken(self.offset, head, following.cut + following.piece.length, check)
            join = join_far(self.source, longer, _without(self.free, runs), [])
            if join is not None and join.is_believed:
                return _closed(runs, join)
            found = self.go_on(longer, runs)
            if found is not None:
                return found
        return None

    def _following(self, broken: Broken, pieces: tuple[Run, ...]) -> list[_Next]:
        """The likeliest next pieces, the smoothest seam first."""
        cuts = cuts_of(broken, self.header.scan.entropy_start, self.coding)[_CLUSTER]
        found: list[_Next] = []
        for run in nearest(_without(self.free, pieces), pieces[-1].end):
            part = self.source.read_at(run.offset, min(run.length, _LONGEST))
            data = np.frombuffer(broken.head + part, dtype=np.uint8)
            phase = (self.offset - run.offset) % _CLUSTER
            for place in range(phase, min(len(part), phase + _BLOCKS * _CLUSTER), _CLUSTER):
                if is_foreign(part[place : place + SECTOR]):
                    continue
                for cut in cuts:
                    state = first_state(cut.start, cut.place, len(broken.head) + place)
                    levels = np.zeros(self.coding.mcus, dtype=np.int64)
                    walk(data, state, data.size, self.coding, levels)
                    seam, reached = int(cut.state[MCU]), int(state[MCU])
                    if reached - seam < _FEWEST:
                        continue
                    step = seam_step(levels[:reached], self.coding.columns, seam)
                    if step <= SMOOTH:
                        found.append(_Next(cut.place, Run(run.offset + place, len(part) - place), step))
        return sorted(found, key=lambda one: one.step)[:_MOST_NEXT]


def _closed(runs: tuple[Run, ...], join: Join) -> ManyJoined:
    """The runs with the last join put behind them: it says how much of them is kept."""
    return ManyJoined(merge((*_first_bytes(runs, join.first.length), join.second)), join.witnessed)


def _first_bytes(runs: tuple[Run, ...], count: int) -> tuple[Run, ...]:
    """The runs that hold the first bytes of a file."""
    kept = []
    for run in runs:
        length = min(run.length, count)
        if length > 0:
            kept.append(Run(run.offset, length))
        count -= length
    return tuple(kept)


def _without(free: list[Run], taken: tuple[Run, ...]) -> list[Run]:
    """The free runs that no piece begins in."""
    return [run for run in free if not any(run.offset <= piece.offset < run.end for piece in taken)]
