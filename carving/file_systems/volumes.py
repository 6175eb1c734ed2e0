"""Volumes of an evidence: the partitions The Sleuth Kit finds, and a window on a source as a layer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol, runtime_checkable

from carving.errors import EvidenceError, UsageError
from carving.source import ByteSource, Run, clamp
from carving.support.interrupts import put_off_interrupts

if TYPE_CHECKING:
    import pytsk3

_MAX_VOLUMES: Final = 1024


@dataclass(frozen=True, slots=True)
class Volume:
    """A partition: `index` from 1 in order of its place, `offset` and `length` in bytes of the source it lies in."""

    index: int
    offset: int
    length: int
    description: str


@runtime_checkable
class KnowsVolumes(Protocol):
    """A layer that knows its volumes, and reads as what they hold."""

    @property
    def volume_starts(self) -> tuple[int, ...]:
        """Where, in bytes of the layer, the content of each begins."""


class VolumeSource(ByteSource):
    """A stretch of the source below, counted from its own first byte."""

    def __init__(self, below: ByteSource, offset: int, length: int, name: str) -> None:
        """Open the window.

        Raises:
            UsageError: it does not lie within the source.
        """
        if offset < 0 or length <= 0 or offset + length > below.size:
            raise UsageError(
                f"{name} (bytes {offset} to {offset + length}) does not lie in the {below.size} bytes of {below.name}"
            )
        self._below = below
        self._window = Run(offset, length)
        self._name = name

    @property
    def name(self) -> str:
        return self._name

    @property
    def size(self) -> int:
        return self._window.length

    @property
    def below(self) -> ByteSource:
        return self._below

    def read_at(self, offset: int, length: int) -> bytes:
        wanted = clamp(offset, length, self.size)
        return self._below.read_at(self._window.offset + wanted.offset, wanted.length)

    def trace(self, offset: int, length: int) -> tuple[Run, ...]:
        wanted = clamp(offset, length, self.size)
        return (Run(self._window.offset + wanted.offset, wanted.length),)

    def close(self) -> None:
        self._below.close()


def list_volumes(source: ByteSource, table: ByteSource | None = None) -> tuple[Volume, ...]:
    """The allocated partitions of a disk (DOS, GPT, BSD, Sun, Mac), in order of their place; empty without a table.

    A partition that runs past the end of the source is shortened to it; one that lies beyond is left out.

    Args:
        source: the disk.
        table: the disk with its table made good, in which alone the table is read; the source itself where None.

    Raises:
        EvidenceError: the source cannot be read where the tables are.
    """
    import pytsk3

    image, failures = tsk_image(table or source)
    try:
        with put_off_interrupts():
            partitions = pytsk3.Volume_Info(image)
    except OSError:  # no partition table, or one that contradicts itself
        if failures:
            raise failures[0] from None
        return ()
    sector = partitions.info.block_size
    found = sorted(
        (part.start * sector, part.len * sector, part.desc.decode("utf-8", "replace"))
        for part in partitions
        if part.flags & pytsk3.TSK_VS_PART_FLAG_ALLOC
    )
    clamped = [(clamp(start, size, source.size), text) for start, size, text in found[:_MAX_VOLUMES]]
    inside = [(run, text) for run, text in clamped if run.length]
    return tuple(Volume(index, run.offset, run.length, text) for index, (run, text) in enumerate(inside, start=1))


def open_volume(source: ByteSource, index: int, table: ByteSource | None = None) -> VolumeSource:
    """The partition with that index, as a layer; the table is that of `list_volumes`.

    Raises:
        UsageError: there is none; the message lists those there are.
        EvidenceError: the source cannot be read where the tables are.
    """
    volumes = list_volumes(source, table)
    for volume in volumes:
        if volume.index == index:
            return VolumeSource(source, volume.offset, volume.length, f"volume {index}")
    if not volumes:
        raise UsageError(f"there is no volume {index}: no partition table was found; --offset can be given")
    listing = ", ".join(f"{volume.index} ({volume.description} at byte {volume.offset})" for volume in volumes)
    raise UsageError(f"there is no volume {index}; there are {listing}")


def tsk_image(source: ByteSource) -> tuple[pytsk3.Img_Info, list[EvidenceError]]:
    """The source as TSK reads it; errors of the source are kept aside, for TSK reports them only as its own."""
    import pytsk3

    failures: list[EvidenceError] = []

    class SourceImage(pytsk3.Img_Info):  # type: ignore[misc]
        """Serves TSK's reads from a byte source."""

        def __init__(self) -> None:
            super().__init__(url="", type=pytsk3.TSK_IMG_TYPE_EXTERNAL)

        def read(self, offset: int, length: int) -> bytes:
            try:
                return source.read_at(offset, length)
            except EvidenceError as error:
                failures.append(error)
                return b""

        def get_size(self) -> int:
            return source.size

        def close(self) -> None:
            """Leave the source open: it belongs to the caller."""

    return SourceImage(), failures
