"""Join a picture that breaks off to the place where it goes on: bifragmented files, with anything in the gap.

The head decodes up to a flaw that lies at most some hundred bytes behind the true break. Every cluster boundary before
the flaw is combined with every free block that can hold entropy-coded data, and the join that decodes to exactly the
last MCU with EOI right behind it is the file: any other leaves MCUs over or out. After A. Pal and N. Memon ("The
evolution of file carving", 2009; sequential hypothesis testing) and S. Garfinkel ("Carving contiguous and fragmented
files with fast object validation", DFRWS 2007: bifragment gap carving), with decoding as the test. Where the header has
a thumbnail, it is a witness: a join behind which the picture shows something else is refused, however well it decodes.
"""

from __future__ import annotations

import sys
from bisect import bisect_left
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from carving.carver.seams import SMOOTH, seam_step
from carving.carver.thumbnail_agreement import Samples, agrees, samples_of, thumbnail_samples
from carving.errors import JpegError
from carving.jpeg.coding import Coding, behind_eoi, coding_of, first_state, walk
from carving.jpeg.coding_kernels import BARRIER, ENDED, MARKER, MCU, NONE, POSITION
from carving.jpeg.foreign_sectors import is_foreign
from carving.jpeg.markers import JpegHeader, read_header
from carving.jpeg.results import Check
from carving.source import ByteSource, Run

_CLUSTER: Final = 4096
_SECTOR: Final = 512
_STEPS: Final = (_CLUSTER, _SECTOR)
_FAR: Final = 16
"""Free runs behind the break that are tried at cluster boundaries."""
_NEAR: Final = 2
"""The first of them, which are tried at sector boundaries too."""
_BEFORE: Final = 2
"""Free runs before the file that are tried last."""
_DOUBT: Final = {_CLUSTER: 12288, _SECTOR: 2048}
"""Bytes of other data that may have decoded before the flaw showed."""
_GAP: Final = 0.05
"""Share of a file's length that a gap may have which does not show in its number of MCUs."""
_TORN: Final = 8
"""Places at which the picture does not go on that are tried."""
_TORN_STEP: Final = 1.5
_SLACK: Final = 16
"""Bytes by which the place of the flaw may be off."""
_TRAILER: Final = 16
"""Bytes in which the EOI stands behind the last MCU."""
_LONGEST: Final = 16 << 20
"""Bytes of one free run that are looked at."""
_WORK: Final = 1 << 22
"""MCUs that are decoded for one picture at most."""


@dataclass(frozen=True, slots=True)
class Broken:
    """A file that breaks off: where it begins, its bytes up to the first flaw and some behind, and that flaw."""

    offset: int
    head: bytes
    end: int
    check: Check


@dataclass(frozen=True, slots=True)
class Join:
    """The two runs of a bifragmented file, which together decode without a flaw.

    `step` is how much larger than around it the picture's steps are across the join; see `seams.seam_step`.
    `witnessed` is whether the thumbnail shows the same as the picture behind the join; None where it cannot tell.
    """

    first: Run
    second: Run
    step: float
    witnessed: bool | None

    @property
    def is_believed(self) -> bool:
        """Whether no other place need be tried."""
        return self.step <= SMOOTH or self.witnessed is True


@dataclass(frozen=True, eq=False)
class _Picture:
    """What joins are tried for: a picture's header and coding, and its thumbnail's brightness where there is one."""

    header: JpegHeader
    coding: Coding
    thumbnail: Samples | None

    def witnessed(self, levels: NDArray[np.int64], seam: int) -> bool | None:
        """Whether the thumbnail shows what the picture shows behind an MCU; None where it cannot tell."""
        samples = None if self.thumbnail is None else samples_of(levels, self.header)
        if self.thumbnail is None or samples is None:
            return None
        frame = self.header.frame
        row = seam // self.coding.columns
        share = frame.mcu_height / frame.height
        return agrees(self.thumbnail, samples, row * share, (row + 2) * share)


@dataclass(frozen=True, eq=False)
class PieceEnd:
    """A place where the head may end, and the state of decoding shortly before it."""

    start: int
    place: int
    state: NDArray[np.int64]


def join_far(source: ByteSource, broken: Broken, free: list[Run], preferred: list[Run]) -> Join | None:
    """Find where a broken file goes on, in any of the free runs; None where no place makes it whole.

    Args:
        source, broken: what is read, and the file.
        free: where it may go on.
        preferred: parts of these that are tried before all others.

    Raises:
        EvidenceError: the source cannot be read.
    """
    tried = nearest(preferred, broken.offset)
    for run, steps in nearest(free, broken.offset).items():
        tried.setdefault(run, steps)
    return _find(source, broken, tried, sys.maxsize)


def join_near(source: ByteSource, broken: Broken) -> Join | None:
    """The same for a file that reaches its EOI, but may hold a short gap: a few percent of its length.

    Raises:
        EvidenceError: the source cannot be read.
    """
    return _find(source, broken, {Run(broken.offset, broken.end): _STEPS}, 2 * _CLUSTER + int(_GAP * broken.end))


def _find(source: ByteSource, broken: Broken, runs: dict[Run, tuple[int, ...]], reach: int) -> Join | None:
    """The first join to be believed into one of the runs, at the boundaries that are named, at most `reach` bytes
    behind the break; else the smoothest at clusters."""
    try:
        header = read_header(broken.head)
    except JpegError:
        return None
    coding = coding_of(header)
    if coding is None:
        return None
    picture = _Picture(header, coding, thumbnail_samples(broken.head, header.segments))
    cuts = cuts_of(broken, header.scan.entropy_start, coding)
    work = _WORK
    rough: Join | None = None
    for run, steps in runs.items():
        part = source.read_at(run.offset, min(run.length, _LONGEST) + 2 * _CLUSTER)
        data = np.frombuffer(broken.head + part, dtype=np.uint8)
        for step in steps:
            phase = (broken.offset - run.offset) % step
            places = np.arange(phase, min(run.length, len(part)), step, dtype=np.int64)
            for cut in cuts[step]:
                behind = places + run.offset - broken.offset - cut.place
                fit = ((behind > 0) & (behind <= reach)) | (behind < -cut.place)
                joins, work = _try(data, len(broken.head), cut, places[fit], picture, work)
                for join in joins:
                    second = Run(run.offset + join.second.offset, join.second.length)
                    found = Join(Run(broken.offset, cut.place), second, join.step, join.witnessed)
                    if found.is_believed:
                        return found
                    if step == _CLUSTER and (rough is None or found.step < rough.step):
                        rough = found
                if work < 0:
                    return rough
    return rough


def nearest(free: list[Run], offset: int) -> dict[Run, tuple[int, ...]]:
    """The runs to be tried: those that reach behind `offset`, the nearest first, then some before it; and for each, at
    which boundaries."""
    behind = bisect_left(free, offset, key=lambda run: run.end)
    tried = [*free[behind : behind + _FAR], *reversed(free[max(0, behind - _BEFORE) : behind])]
    return {run: _STEPS if number < _NEAR else _STEPS[:1] for number, run in enumerate(tried)}


def cuts_of(broken: Broken, start: int, coding: Coding) -> dict[int, list[PieceEnd]]:
    """Boundaries at which the head may end, by step, the likeliest first.

    They lie before the flaw, where the look of the data changes, or, if no code is wrong, at cluster boundaries where
    filler begins or the picture does not go on; none behind a flaw, as the bytes before it would not decode, and
    none behind filler, which decodes as anything.
    """
    check = broken.check
    at_flaw = check.sound < check.mcus
    wanted: dict[int, list[int]] = {}
    for step in (_CLUSTER, _SECTOR):
        places = []
        for near in (*([check.reached] if at_flaw else []), *([broken.end] if broken.end < check.reached else [])):
            places += list(range((near + _SLACK) // step * step, max(start, near - _DOUBT[step]), -step))
        wanted[step] = list(dict.fromkeys(places))
    grid = range((start // _CLUSTER + 1) * _CLUSTER, start if at_flaw else check.reached, _CLUSTER)
    states, levels = _states(broken, start, coding, sorted({*wanted[_CLUSTER], *wanted[_SECTOR], *grid}))
    steps = {
        place: seam_step(levels, coding.columns, int(states[place][MCU]))
        for place in grid
        if place in states and states[place][MCU] < check.sound
    }
    torn = sorted((place for place, step in steps.items() if step > _TORN_STEP), key=lambda place: -steps[place])
    filler = [place for place in grid if is_foreign(broken.head[place : place + _SECTOR])]
    extra = filler[:1] + torn[:_TORN]
    wanted[_CLUSTER] = list(dict.fromkeys(extra + wanted[_CLUSTER]))
    return {
        step: [PieceEnd(start, place, states[place]) for place in wanted[step] if place in states] for step in wanted
    }


def _states(
    broken: Broken, start: int, coding: Coding, places: list[int]
) -> tuple[dict[int, NDArray[np.int64]], NDArray[np.int64]]:
    """The state of decoding shortly before each of the places that can be the head's end, and the levels on the way."""
    data = np.frombuffer(broken.head, dtype=np.uint8)
    levels = np.zeros(coding.mcus, dtype=np.int64)
    states = {}
    state = first_state(start, data.size)
    for place in places:
        if not start < place <= data.size:
            continue
        state[BARRIER], state[MARKER] = place, NONE
        if walk(data, state, place, coding, levels) != ENDED:
            break
        state[MARKER] = NONE
        if not is_foreign(broken.head[max(start, place - _SECTOR) : place]):
            states[place] = state.copy()
    return states, levels


def _try(
    data: NDArray[np.uint8], base: int, cut: PieceEnd, targets: NDArray[np.int64], picture: _Picture, work: int
) -> tuple[list[Join], int]:
    """The joins that fit and that no thumbnail speaks against, up to the first to be believed, with offsets of the
    second run from `base`; and the work left."""
    from carving.carver.bifragment_kernels import first_that_fits

    coding = picture.coding
    joins: list[Join] = []
    while targets.size and work >= 0 and not (joins and joins[-1].is_believed):
        index, work = first_that_fits(
            data,
            cut.state,
            cut.place,
            targets + base,
            work,
            coding.mcus,
            coding.restart_interval,
            coding.block_dc,
            coding.block_ac,
            coding.block_component,
            coding.dc_limits,
            coding.codes.ravel(),
            coding.joined.ravel(),
        )
        if index < 0:
            break
        target = int(targets[index])
        targets = targets[index + 1 :]
        if is_foreign(data[base + target : base + target + _SECTOR].tobytes()):
            continue
        state = first_state(cut.start, cut.place, base + target)
        levels = np.zeros(coding.mcus, dtype=np.int64)
        walk(data, state, data.size, coding, levels)
        seam = int(cut.state[MCU])
        witnessed = picture.witnessed(levels, seam)
        if witnessed is False:
            continue
        position = int(state[POSITION])
        end = behind_eoi(data[position : position + _TRAILER].tobytes(), 0)
        assert end is not None  # the kernel has seen it
        second = Run(target, position + end - base - target)
        joins.append(Join(Run(0, cut.place), second, seam_step(levels, coding.columns, seam), witnessed))
    return joins, work
