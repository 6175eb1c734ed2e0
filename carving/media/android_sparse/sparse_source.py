"""An Android sparse image as a layer: the image that it expands to, without expanding it."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator

from carving.errors import EvidenceError
from carving.media.android_sparse.sparse_checksums import wrong_checksums
from carving.media.android_sparse.sparse_header import MAGIC, SparseHeader
from carving.media.android_sparse.stretches import read_stretches
from carving.source import HOLE_OFFSET, ByteSource, Run, clamp, merge


class AndroidSparseSource(ByteSource):
    """The expanded image. Bytes that nobody cared for, or that a damaged file lacks, read as zeros; no byte of the
    evidence stands behind those and behind filled ones."""

    def __init__(self, below: ByteSource, where: str) -> None:
        """Read the chunk headers.

        Args:
            below: what the sparse file lies in, from the first byte on; behind it may follow others of the same image.
            where: names it in messages.

        Raises:
            EvidenceError: the file header makes no sense, or not one chunk can be read.
        """
        self._below = below
        self._stretches = read_stretches(below, where)
        self._header = self._stretches.files[0][1]
        self._remarks = self._told()

    @property
    def name(self) -> str:
        count = len(self._stretches.files)
        return "Android sparse image" if count == 1 else f"Android sparse image ({count} files)"

    @property
    def size(self) -> int:
        return self._header.image_size

    @property
    def below(self) -> ByteSource:
        return self._below

    @property
    def header(self) -> SparseHeader:
        """What the first file header says."""
        return self._header

    @property
    def faults(self) -> tuple[str, ...]:
        """What of the image cannot be read."""
        return () if self._stretches.fault is None else (self._stretches.fault,)

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
        if not self._stretches.has_checksum:
            return ()
        return tuple(
            f"the evidence is not what was acquired: the sparse image stores the CRC-32 {stored:08x} of its first "
            f"{end} bytes, but they have {computed:08x}"
            for offset, header in self._stretches.files
            for end, stored, computed in wrong_checksums(medium, header, offset, pause)
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

    def _told(self) -> tuple[str, ...]:
        """The remarks."""
        known = self._stretches
        behind = 0 if known.fault else self._below.size - known.end
        raw = (place >= 0 for place in known.places)
        stored = sum(end - start for start, end, is_raw in zip(known.starts, known.ends, raw, strict=True) if is_raw)
        told = [f"Android sparse image: {stored} of the {self.size} bytes of the image are stored, no others ever were"]
        if behind:
            told.append(f"{behind} bytes behind the last chunk of the sparse image belong to nothing; not searched")
        if known.has_checksum:
            told.append("the sparse image stores a CRC-32 of its content, which is computed anew beside the hashing")
        return tuple(told)


def is_android_sparse(medium: ByteSource) -> bool:
    """Whether a medium begins as an Android sparse image does."""
    return medium.read_at(0, len(MAGIC)) == MAGIC
