"""Damage that is not a flipped bit: regions of a photo zeroed, overwritten, missing, doubled or interspersed."""

from __future__ import annotations

import enum
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from carving.errors import UnsupportedJpegError, UsageError
from carving.source import Run
from restore.lab.simulation.bit_errors import differing_bytes

_SEED_DOMAIN: Final = b"carve-restore regions\0"
CLUSTER: Final = 4096
SECTOR: Final = 512
ALL: Final = "all"
"""Names every kind at once."""

_SECTORS: Final = 4
_GRID_BYTES: Final = 4
_FILLER: Final = 1028
"""Bytes FF in front of the zeros of `ffzero4k`: so stood in a photo that a user of a data recovery forum posted."""
_TAIL_FROM, _TAIL_TO = 0.5, 0.95


class RegionKind(enum.StrEnum):
    """What befalls a stretch of a photo's entropy-coded data."""

    ZERO_4K = "zero4k"
    ZERO_16K = "zero16k"
    ZERO_64K = "zero64k"
    FF_ZERO_4K = "ffzero4k"
    """1,028 bytes FF, then zeros, 4,096 bytes in all."""
    RANDOM_8K = "rand8k"
    RANDOM_32K = "rand32k"
    CUT_32K = "cut32k"
    """Missing; what is before and behind touch."""
    FOREIGN_32K = "foreign32k"
    """Overwritten by another photo's scan."""
    INSERT_1 = "insert1"
    DELETE_5 = "delete5"
    TAIL_ZERO = "tail0"
    """Zeros to the end of the file."""
    SECTORS = "sectors"
    """Four sectors of 512 bytes zeroed."""
    DOUBLED_16K = "dup16k"
    """A cluster of 16 KiB twice, one behind the other."""
    GRID = "grid"
    """Four foreign bytes in front of every 4,092, as in the overflow pages of an SQLite database."""


OVERWRITING: Final = frozenset(
    (
        *(RegionKind.ZERO_4K, RegionKind.ZERO_16K, RegionKind.ZERO_64K, RegionKind.FF_ZERO_4K, RegionKind.RANDOM_8K),
        *(RegionKind.RANDOM_32K, RegionKind.TAIL_ZERO, RegionKind.SECTORS),
    )
)
"""The kinds that befall the medium: on an encrypted one its ciphertext, so that they are noise in the file. The others
befall the file before it is stored, as fragmentation, file systems and transfers do."""

_SIZES: Final = {
    RegionKind.ZERO_4K: 4096,
    RegionKind.ZERO_16K: 1 << 14,
    RegionKind.ZERO_64K: 1 << 16,
    RegionKind.FF_ZERO_4K: 4096,
    RegionKind.RANDOM_8K: 1 << 13,
    RegionKind.RANDOM_32K: 1 << 15,
    RegionKind.CUT_32K: 1 << 15,
    RegionKind.FOREIGN_32K: 1 << 15,
    RegionKind.INSERT_1: 1,
    RegionKind.DELETE_5: 5,
    RegionKind.DOUBLED_16K: 1 << 14,
}
_UNALIGNED: Final = frozenset((RegionKind.CUT_32K, RegionKind.INSERT_1, RegionKind.DELETE_5))


@dataclass(frozen=True, slots=True)
class Edit:
    """The bytes of `run` give way to `content`, which may be shorter or longer."""

    run: Run
    content: bytes


@dataclass(frozen=True, slots=True)
class DestroyedRegion:
    """One region as the truth tells it: the bytes of the original that are gone, and what the damaged file has instead.

    Either run is empty where bytes were only put in or only taken away.
    """

    kind: RegionKind
    original: Run
    damaged: Run


def parse_kinds(text: str) -> tuple[RegionKind, ...]:
    """Kinds with commas between them, each once, in their order; `all` stands for every one.

    Raises:
        UsageError: no such kind.
    """
    if text == ALL:
        return tuple(RegionKind)
    known = {str(kind): kind for kind in RegionKind}
    names = dict.fromkeys(part.strip() for part in text.split(","))
    for name in names:
        if name not in known:
            raise UsageError(f"there is no kind of region {name!r}; there are {', '.join(known)}, and {ALL}")
    return tuple(known[name] for name in names)


def region_generator(seed: int, kind: RegionKind, content: bytes) -> np.random.Generator:
    """The random numbers for one kind on one file: they depend on what it holds, not on its name."""
    recipe = _SEED_DOMAIN + f"{seed} {kind} ".encode("ascii") + hashlib.sha256(content).digest()
    return np.random.default_rng(int.from_bytes(hashlib.sha256(recipe).digest(), "big"))


def draw_edits(
    random: np.random.Generator, kind: RegionKind, original: bytes, scan: Run, foreign: bytes
) -> tuple[Edit, ...]:
    """Where a region lies and what it holds; ascending, apart from one another.

    Places are uniform over the scan, at whole clusters (`sectors`: sectors) of the file, except where bytes are cut
    out, put in or taken away.

    Args:
        original: the undamaged file.
        scan: its entropy-coded data.
        foreign: entropy-coded data of another photo, for `foreign32k`.

    Raises:
        UsageError: no other photo.
        UnsupportedJpegError: the scan is not at least twice as long as the region.
    """
    size = _SIZES.get(kind, CLUSTER)
    if scan.length < 2 * max(size, CLUSTER):
        raise UnsupportedJpegError(f"{scan.length} bytes of entropy-coded data are too few for the region {kind}")
    if kind is RegionKind.SECTORS:
        places = np.arange(-(-scan.offset // SECTOR), scan.end // SECTOR)
        chosen = np.sort(random.choice(places, _SECTORS, replace=False)) * SECTOR
        return tuple(Edit(Run(int(place), SECTOR), bytes(SECTOR)) for place in chosen)
    if kind is RegionKind.GRID:
        return _grid(random, scan)
    if kind is RegionKind.TAIL_ZERO:
        place = scan.offset + int(random.uniform(_TAIL_FROM, _TAIL_TO) * scan.length)
        run = Run(place // CLUSTER * CLUSTER, len(original) - place // CLUSTER * CLUSTER)
        return (Edit(run, bytes(run.length)),)
    step = 1 if kind in _UNALIGNED else CLUSTER
    first, last = -(-scan.offset // step), (scan.end - size) // step
    place = step * int(random.integers(first, last + 1))
    if kind is RegionKind.INSERT_1:
        return (Edit(Run(place, 0), random.bytes(1)),)
    if kind is RegionKind.DOUBLED_16K:
        return (Edit(Run(place + size, 0), original[place : place + size]),)
    return (Edit(Run(place, size), _content(random, kind, size, foreign)),)


def apply_edits(data: bytes, kind: RegionKind, edits: Iterable[Edit]) -> tuple[bytes, tuple[DestroyedRegion, ...]]:
    """`data` after these edits, ascending and apart, and where each of them lies before and after."""
    parts, regions = [], []
    position = written = 0
    for edit in edits:
        parts += [data[position : edit.run.offset], edit.content]
        written += edit.run.offset - position
        regions.append(DestroyedRegion(kind, edit.run, Run(written, len(edit.content))))
        position = edit.run.end
        written += len(edit.content)
    return b"".join((*parts, data[position:])), tuple(regions)


def destroyed_bytes(original: bytes, damaged: bytes, regions: tuple[DestroyedRegion, ...]) -> NDArray[np.int64]:
    """Offsets of the original's bytes that the damaged file does not have in their order, int64, ascending.

    All bytes of a region's own run count, also those that chance left as they were; beside the regions those that
    differ do, such as flipped ones and blocks of a cipher that a region reached into.
    """
    ordered = sorted(regions, key=lambda region: region.original.offset)
    stops = [
        (Run(0, 0), Run(0, 0)),
        *((region.original, region.damaged) for region in ordered),
        (Run(len(original), 0), Run(len(damaged), 0)),
    ]
    gone = [np.arange(region.original.offset, region.original.end) for region in ordered]
    for (before, before_damaged), (behind, behind_damaged) in pairwise(stops):
        kept = original[before.end : behind.offset]
        changed = differing_bytes(kept, damaged[before_damaged.end : behind_damaged.offset])
        gone.append(before.end + changed)
    return np.unique(np.concatenate(gone)).astype(np.int64)


def _content(random: np.random.Generator, kind: RegionKind, size: int, foreign: bytes) -> bytes:
    if kind is RegionKind.FF_ZERO_4K:
        return b"\xff" * _FILLER + bytes(size - _FILLER)
    if kind in (RegionKind.RANDOM_8K, RegionKind.RANDOM_32K):
        return random.bytes(size)
    if kind in (RegionKind.CUT_32K, RegionKind.DELETE_5):
        return b""
    if kind is RegionKind.FOREIGN_32K:
        if not foreign:
            raise UsageError(f"{kind} takes bytes of another photo: give two photos at least")
        start = int(random.integers(0, max(1, len(foreign) - size + 1)))
        return (foreign[start:] + foreign * (size // len(foreign) + 1))[:size]
    return bytes(size)


def _grid(random: np.random.Generator, scan: Run) -> tuple[Edit, ...]:
    """Page numbers, big-endian and ascending, from a place in the first page's length of the scan on."""
    page = int(random.integers(2, 1 << 20))
    first = scan.offset + int(random.integers(0, CLUSTER))
    places = range(first, scan.end, CLUSTER - _GRID_BYTES)
    return tuple(
        Edit(Run(place, 0), (page + number).to_bytes(_GRID_BYTES, "big")) for number, place in enumerate(places)
    )
