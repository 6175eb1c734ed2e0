"""A disk as a layer: its volumes, those that could be opened decrypted in their places, and the space between them."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass

from carving.encryption.dmcrypt import DmCryptSource, find_decryption
from carving.file_systems.volumes import Volume, VolumeSource
from carving.source import HOLE_OFFSET, ByteSource, Run, bad_through, clamp, merge
from carving.sources.in_place import LayerInPlace


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of a disk that is searched by itself.

    Attributes:
        run: where it lies in the medium.
        volume: number of the volume that it belongs to, None for the space between volumes.
        decrypted: what it reads as where it is decrypted, from its first byte on; None where it is read as stored.
    """

    run: Run
    volume: int | None
    decrypted: DmCryptSource | None = None

    @property
    def layer(self) -> str:
        """Name of the view that it belongs to: `decrypted` or `plain`."""
        return "plain" if self.decrypted is None else "decrypted"

    @property
    def name(self) -> str:
        """What messages call it."""
        return f"space at byte {self.run.offset}" if self.volume is None else f"volume {self.volume}"


class DiskSource(LayerInPlace):
    """The bytes of a medium, each at its place, decrypted where a volume was opened.

    What is decrypted keeps the order of its bytes, so that a place on the disk is one in the medium.
    """

    def __init__(self, below: ByteSource, volumes: tuple[Volume, ...], opened: dict[int, DmCryptSource]) -> None:
        """Lay decrypted volumes over a medium.

        Args:
            below: the medium.
            volumes: those of its partition table.
            opened: by the number of the volume, its decryption: over a stretch of the medium in one piece.
        """
        super().__init__(below)
        self._volumes = volumes
        self._parts = tuple(_parts(below.size, volumes, opened))
        in_order = sorted((part for part in self._parts if part.decrypted is not None), key=lambda one: one.run.offset)
        self._decrypted = tuple((part.run, part.decrypted) for part in in_order if part.decrypted is not None)
        self._starts = tuple(run.offset for run, _ in self._decrypted)

    @property
    def name(self) -> str:
        opened = (
            f"volume {part.volume} by {part.decrypted.name}" for part in self._parts if part.decrypted is not None
        )
        return f"disk ({len(self._volumes)} volumes; {', '.join(opened)})"

    @property
    def volumes(self) -> tuple[Volume, ...]:
        """The volumes of the partition table."""
        return self._volumes

    @property
    def parts(self) -> tuple[Part, ...]:
        """What it consists of: volume by volume, then the space between them."""
        return self._parts

    @property
    def volume_starts(self) -> tuple[int, ...]:
        """Where volumes begin, or what they hold decrypted."""
        return tuple(part.run.offset for part in self._parts if part.volume is not None)

    def decryption_of(self, runs: tuple[Run, ...]) -> tuple[DmCryptSource, tuple[Run, ...]] | None:
        """The decryption over a stretch of the disk, and the stretch as it is counted there, holes as they are; None
        where it is not decrypted as a whole."""
        stored = [run for run in runs if run.offset != HOLE_OFFSET]
        if not stored:
            return None
        index = bisect_right(self._starts, stored[0].offset) - 1
        if index < 0:
            return None
        place, decryption = self._decrypted[index]
        if any(run.offset < place.offset or run.end > place.end for run in stored):
            return None
        return decryption, tuple(
            run if run.offset == HOLE_OFFSET else Run(run.offset - place.offset, run.length) for run in runs
        )

    def read_at(self, offset: int, length: int) -> bytes:
        parts = [
            self._below.read_at(run.offset, run.length)
            if decrypted is None
            else decrypted[1].read_at(run.offset - decrypted[0].offset, run.length)
            for run, decrypted in self._pieces(clamp(offset, length, self.size))
        ]
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def bad_runs(self, offset: int, length: int) -> tuple[Run, ...]:
        found: list[Run] = []
        for run, decrypted in self._pieces(clamp(offset, length, self.size)):
            source, start = (self._below, 0) if decrypted is None else (decrypted[1], decrypted[0].offset)
            found += bad_through(source, (Run(run.offset - start, run.length),), run.offset)
        return merge(tuple(found))

    def _pieces(self, wanted: Run) -> Iterator[tuple[Run, tuple[Run, DmCryptSource] | None]]:
        """A stretch in pieces, each with the place and the decryption that it lies in, if it lies in one."""
        position = wanted.offset
        index = max(0, bisect_right(self._starts, position) - 1)
        while position < wanted.end:
            while index < len(self._decrypted) and self._decrypted[index][0].end <= position:
                index += 1
            here = self._decrypted[index] if index < len(self._decrypted) else None
            if here is None or position < here[0].offset:
                end = wanted.end if here is None else min(wanted.end, here[0].offset)
                yield Run(position, end - position), None
            else:
                end = min(wanted.end, here[0].end)
                yield Run(position, end - position), here
            position = end


def _parts(size: int, volumes: tuple[Volume, ...], opened: dict[int, DmCryptSource]) -> Iterator[Part]:
    """The parts of a disk; of volumes that overlap, the second begins behind the first."""
    end = 0
    between: list[Part] = []
    for volume in volumes:
        start, stop = max(volume.offset, end), volume.offset + volume.length
        if start > end:
            between.append(Part(Run(end, start - end), None))
        end = max(end, stop)
        if start >= stop:
            continue
        decryption = opened.get(volume.index)
        place = None if decryption is None else _place_of(decryption)
        if decryption is None or place is None or place.offset < start or place.end > stop:
            yield Part(Run(start, stop - start), volume.index)
            continue
        if place.offset > start:
            yield Part(Run(start, place.offset - start), volume.index)
        yield Part(place, volume.index, decryption)
        if place.end < stop:
            yield Part(Run(place.end, stop - place.end), volume.index)
    if end < size:
        between.append(Part(Run(end, size - end), None))
    yield from between


def _place_of(decryption: DmCryptSource) -> Run:
    """Where in the medium lies what is decrypted; the layers under it are windows only, down to the medium."""
    layer: ByteSource | None
    start, layer = 0, decryption.below
    while isinstance(layer, VolumeSource):
        (run,) = layer.trace(0, 1)
        start, layer = start + run.offset, layer.below
    return Run(start, decryption.size)


def find_disk(source: ByteSource) -> DiskSource | None:
    """The disk in a stack, None where a single volume or medium is looked at."""
    layer: ByteSource | None = source
    while layer is not None and not isinstance(layer, DiskSource):
        layer = layer.below
    return layer


def decryptions(source: ByteSource) -> tuple[tuple[int | None, DmCryptSource], ...]:
    """What decrypts in a stack, each with the number of its volume where a disk has several."""
    disk = find_disk(source)
    if disk is None:
        single = find_decryption(source)
        return () if single is None else ((None, single),)
    return tuple((part.volume, part.decrypted) for part in disk.parts if part.decrypted is not None)
