"""An Android sparse image as a layer: the image that it expands to, without expanding it."""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from carving.errors import EvidenceError
from carving.media.android_sparse.checksums import wrong_checksums
from carving.media.android_sparse.chunks import ChunkKind, walk_chunks
from carving.media.android_sparse.header import MAGIC, SparseHeader, read_sparse_header
from carving.source import HOLE_OFFSET, ByteSource, Run, clamp, merge


@dataclass(frozen=True, eq=False, slots=True)
class Stretches:
    """The stretches of an image that something stands behind, in order and apart; 24 bytes of memory each.

    `starts` and `ends` are bytes of the image. `places` has, for each, the byte of the source below where its data
    begin, or -1 - v where it is filled with the 32-bit number v (little-endian).
    """

    starts: array[int]
    ends: array[int]
    places: array[int]


class AndroidSparseSource(ByteSource):
    """The expanded image. Bytes that nobody cared for, or that a damaged file lacks, read as zeros; no byte of the
    evidence stands behind those and behind filled ones."""

    def __init__(self, below: ByteSource, where: str) -> None:
        """Read the chunk headers.

        Args:
            below: what the sparse file lies in, from the first byte on.
            where: names it in messages.

        Raises:
            EvidenceError: the file header makes no sense, or not one chunk can be read.
        """
        self._below = below
        self._header = read_sparse_header(below, 0, where)
        self._stretches = Stretches(array("q"), array("q"), array("q"))
        self._has_checksum = self._header.checksum != 0
        self._faults: tuple[str, ...] = ()
        end = self._index(where)
        self._remarks = self._told(0 if self._faults else below.size - end)

    @property
    def name(self) -> str:
        return "Android sparse image"

    @property
    def size(self) -> int:
        return self._header.image_size

    @property
    def below(self) -> ByteSource:
        return self._below

    @property
    def header(self) -> SparseHeader:
        """What the file header says."""
        return self._header

    @property
    def faults(self) -> tuple[str, ...]:
        """What of the image cannot be read."""
        return self._faults

    @property
    def remarks(self) -> tuple[str, ...]:
        """What an examiner should know of the image."""
        return self._remarks

    def wrong_checksums(self, medium: ByteSource, pause: Callable[[], None]) -> tuple[str, ...]:
        """In words, the checksums stored in the file that do not fit; all is read once more where one is stored.

        Args:
            medium: the source below, opened by whoever asks.
            pause: called now and then.

        Raises:
            EvidenceError: the medium cannot be read.
        """
        if not self._has_checksum:
            return ()
        return tuple(
            f"the evidence is not what was acquired: the sparse image stores the CRC-32 {stored:08x} of its first "
            f"{end} bytes, but they have {computed:08x}"
            for end, stored, computed in wrong_checksums(medium, self._header, 0, pause)
        )

    def read_at(self, offset: int, length: int) -> bytes:
        wanted = clamp(offset, length, self.size)
        parts: list[bytes] = []
        for part, place in self._pieces(wanted):
            if place is None:
                parts.append(bytes(part.length))
            elif place < 0:
                fill = (-1 - place).to_bytes(4, "little")
                phase = part.offset % 4
                parts.append((fill * (part.length // 4 + 2))[phase : phase + part.length])
            else:
                data = self._below.read_at(place, part.length)
                if len(data) != part.length:
                    raise EvidenceError(f"{self._below.name} became shorter while it was read, at byte {place}")
                parts.append(data)
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def trace(self, offset: int, length: int) -> tuple[Run, ...]:
        wanted = clamp(offset, length, self.size)
        runs = [
            Run(HOLE_OFFSET if place is None or place < 0 else place, part.length)
            for part, place in self._pieces(wanted)
        ]
        return merge(tuple(runs))

    def close(self) -> None:
        self._below.close()

    def _pieces(self, wanted: Run) -> Iterator[tuple[Run, int | None]]:
        """A stretch of the image in pieces that lie in one chunk, or in none (None), each with its place."""
        known = self._stretches
        index = max(0, bisect_right(known.starts, wanted.offset) - 1)
        position = wanted.offset
        while position < wanted.end:
            while index < len(known.starts) and known.ends[index] <= position:
                index += 1
            if index == len(known.starts) or known.starts[index] >= wanted.end:
                yield Run(position, wanted.end - position), None
                return
            start = known.starts[index]
            if start > position:
                yield Run(position, start - position), None
                position = start
            end = min(known.ends[index], wanted.end)
            place = known.places[index]
            yield Run(position, end - position), place + position - start if place >= 0 else place
            position = end

    def _told(self, behind: int) -> tuple[str, ...]:
        """The remarks, where so many bytes lie behind the last chunk."""
        known = self._stretches
        raw = (place >= 0 for place in known.places)
        stored = sum(end - start for start, end, is_raw in zip(known.starts, known.ends, raw, strict=True) if is_raw)
        told = [f"Android sparse image: {stored} of the {self.size} bytes of the image are stored, no others ever were"]
        if behind:
            told.append(f"{behind} bytes behind the last chunk of the sparse image belong to nothing; not searched")
        if self._has_checksum:
            told.append("the sparse image stores a CRC-32 of its content, which is computed anew beside the hashing")
        return tuple(told)

    def _index(self, where: str) -> int:
        """Take in the chunks; the byte of the source below where the last one ends."""
        end, count = self._header.header_size, 0
        known = self._stretches
        try:
            for chunk in walk_chunks(self._below, self._header, 0):
                count += 1
                end = chunk.place + chunk.stored
                self._has_checksum |= chunk.kind is ChunkKind.CRC32
                length = chunk.stored if chunk.kind is ChunkKind.RAW else chunk.length
                if length == 0 or chunk.kind in (ChunkKind.DONT_CARE, ChunkKind.CRC32):
                    continue
                known.starts.append(chunk.start)
                known.ends.append(chunk.start + length)
                fill = int.from_bytes(chunk.value, "little")
                known.places.append(chunk.place if chunk.kind is ChunkKind.RAW else -1 - fill)
        except EvidenceError as error:
            told = f"the Android sparse image {where} is damaged or cut off: {error}"
            if count == 0:
                raise EvidenceError(told) from error
            reached = known.ends[-1] if known.ends else 0
            self._faults = (f"{told}; the bytes of the image from {reached} on cannot be read",)
        return end


def is_android_sparse(medium: ByteSource) -> bool:
    """Whether a medium begins as an Android sparse image does."""
    return medium.read_at(0, len(MAGIC)) == MAGIC
