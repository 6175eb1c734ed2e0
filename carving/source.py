"""The byte source: read-only, random-access bytes that know which bytes of the layer below they came from."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Protocol, runtime_checkable

HOLE_OFFSET: Final = -(1 << 62)
"""Offset of a run of bytes that no byte below stands behind, such as a page that is missing from a dump."""


@dataclass(frozen=True, slots=True)
class Run:
    """A stretch of consecutive bytes: `offset` and `length` in bytes of one named layer."""

    offset: int
    length: int

    @property
    def end(self) -> int:
        return self.offset + self.length


class ByteSource(ABC):
    """One layer of the stack: evidence file, NAND layout, volume, decryption.

    Every layer wraps the one below it; the bottom layer has none and its `trace` is the identity.
    Reads never change the source. Instances are not shared between processes: open one per process.
    """

    @property
    @abstractmethod
    def name(self) -> str:
        """Short name of the layer for people, such as `E01` or `dm-crypt aes-cbc-essiv:sha256`."""

    @property
    @abstractmethod
    def size(self) -> int:
        """Size in bytes."""

    @property
    @abstractmethod
    def below(self) -> ByteSource | None:
        """The layer this one reads from, `None` for the evidence itself."""

    @abstractmethod
    def read_at(self, offset: int, length: int) -> bytes:
        """Read up to `length` bytes at `offset`; short only at the end of the source.

        Raises:
            EvidenceError: the bytes cannot be read.
        """

    @abstractmethod
    def trace(self, offset: int, length: int) -> tuple[Run, ...]:
        """The runs of the source below that these bytes depend on one to one, in order; a run at `HOLE_OFFSET` stands
        for bytes that nothing below stands behind."""

    def bad_runs(self, offset: int, length: int) -> tuple[Run, ...]:
        """The parts of a stretch that this layer or one below could not read or correct, in order; they neither touch
        nor overlap. A layer that knows more than those below, or makes more bytes bad of a bad one, overrides it."""
        wanted = clamp(offset, length, self.size)
        below = self.below
        return () if below is None else bad_through(below, self.trace(wanted.offset, wanted.length), wanted.offset)

    @abstractmethod
    def close(self) -> None:
        """Release the files under this layer."""


BitPlace = tuple[int, int]
"""Byte of the evidence and bit in it, 0 the most significant."""


@runtime_checkable
class ChecksBytes(Protocol):
    """A layer that knows from redundancy of its own, such as error correction, which of its bytes are right."""

    def suspects(self, offset: int, length: int) -> tuple[Run, ...]:
        """The parts of a stretch of this layer that are known to be damaged, in order."""

    def vouched(self, offset: int, length: int) -> tuple[Run, ...]:
        """The parts that are known to be right, or as good as."""

    def alternatives(self, offset: int, length: int) -> tuple[tuple[tuple[BitPlace, ...], ...], ...]:
        """For suspects in a stretch of which redundancy leaves few ways to have been damaged: those ways, each as the
        bits that would have flipped. One of them is right, or none."""


def clamp(offset: int, length: int, size: int) -> Run:
    """The part of `[offset, offset + length)` that lies inside a source of `size` bytes."""
    start = min(max(offset, 0), size)
    return Run(start, max(0, min(offset + length, size) - start))


def layers(source: ByteSource) -> Iterator[ByteSource]:
    """The layers from `source` down to the evidence."""
    layer: ByteSource | None = source
    while layer is not None:
        yield layer
        layer = layer.below


def bottom_of(source: ByteSource) -> ByteSource:
    """The evidence itself: the lowest layer of a stack."""
    return list(layers(source))[-1]


def location(source: ByteSource) -> str:
    """The stack as one printable string, evidence first: `E01 > volume 2 > dm-crypt`."""
    return " > ".join(layer.name for layer in reversed(list(layers(source))))


def merge(runs: Iterator[Run] | tuple[Run, ...]) -> tuple[Run, ...]:
    """Join runs that touch, keeping their order."""
    merged: list[Run] = []
    for run in runs:
        if run.length == 0:
            continue
        if merged and merged[-1].end == run.offset:
            merged[-1] = Run(merged[-1].offset, merged[-1].length + run.length)
        else:
            merged.append(run)
    return tuple(merged)


def common_runs(one: tuple[Run, ...] | list[Run], other: tuple[Run, ...] | list[Run]) -> list[Run]:
    """The stretches that lie in runs of both lists; the runs of each stand in order and do not overlap."""
    common: list[Run] = []
    first = second = 0
    while first < len(one) and second < len(other):
        start = max(one[first].offset, other[second].offset)
        end = min(one[first].end, other[second].end)
        if start < end:
            common.append(Run(start, end - start))
        if one[first].end < other[second].end:
            first += 1
        else:
            second += 1
    return common


def evidence_runs(source: ByteSource, offset: int, length: int) -> tuple[Run, ...]:
    """The runs of the evidence itself (the bottom layer) behind a stretch of `source`; holes are left out."""
    runs = traced_runs(source, offset, length)
    return merge(tuple(run for run in runs if run.offset != HOLE_OFFSET))


def traced_runs(source: ByteSource, offset: int, length: int) -> tuple[Run, ...]:
    """The runs of the bottom layer that take the place of a stretch of `source`, holes among them."""
    runs: tuple[Run, ...] = (clamp(offset, length, source.size),)
    for layer in layers(source):
        if layer.below is None:
            break
        runs = runs_below(layer, runs)
    return runs


def bad_through(below: ByteSource, runs: tuple[Run, ...], start: int = 0) -> tuple[Run, ...]:
    """The bad parts of bytes that lie in runs of a source one behind the other, counted from `start`; none in holes."""
    found: list[Run] = []
    for run in runs:
        if run.offset != HOLE_OFFSET:
            bad = below.bad_runs(run.offset, run.length)
            found += [Run(start + part.offset - run.offset, part.length) for part in bad]
        start += run.length
    return merge(tuple(found))


def runs_below(layer: ByteSource, runs: tuple[Run, ...]) -> tuple[Run, ...]:
    """What runs of a layer are in the one below it; holes stay what they are."""
    return merge(
        tuple(
            lower
            for run in runs
            for lower in ((run,) if run.offset == HOLE_OFFSET else layer.trace(run.offset, run.length))
        )
    )
