"""The files of an archive as evidence: their contents one after the other, not unpacked to disk, and then the rest."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator
from itertools import accumulate

from carving.file_systems.unallocated import UnallocatedSource
from carving.media.archive.entries import ArchiveFindings, Entry
from carving.media.archive.inflating import Inflated, inflate
from carving.source import HOLE_OFFSET, ByteSource, Run, clamp, evidence_runs, merge


class ArchiveSource(ByteSource):
    """The contents of the files that are taken out of an archive, in the order of the archive, without gaps; behind
    them all bytes of the archive that belong to none of these, for pictures may lie inside other files.

    Stored bytes are those of the source below, and `trace` leads to them. No byte of a deflated file is one of the
    source's: it traces to a hole, and `packed_runs` tells which compressed bytes the whole file was inflated from. One
    inflated file is kept in memory. A deflated file that breaks off reads as zeros from there on.
    """

    def __init__(self, below: ByteSource, kind: str, entries: tuple[Entry, ...], findings: ArchiveFindings) -> None:
        """Args: the archive; `ZIP` or `TAR`; the files to take; and what else was found in it."""
        self._below = below
        self._kind = kind
        self._entries = entries
        self._findings = findings
        self._starts = tuple(accumulate((entry.size for entry in entries), initial=0))
        self._rest = UnallocatedSource(below, _complement(entries, below.size))
        self._kept: tuple[int, Inflated] | None = None

    @property
    def name(self) -> str:
        return f"{self._kind} archive ({len(self._entries)} files)"

    @property
    def kind(self) -> str:
        """`ZIP` or `TAR`."""
        return self._kind

    @property
    def size(self) -> int:
        return self._starts[-1] + self._rest.size

    @property
    def rest(self) -> Run:
        """Where the bytes of the archive stand that belong to no file that is taken."""
        return Run(self._starts[-1], self._rest.size)

    @property
    def below(self) -> ByteSource:
        return self._below

    @property
    def remarks(self) -> tuple[str, ...]:
        """What was left out, and what is not as it should be."""
        told = tuple(f"in the {self._kind} archive: {text}" for text in self._findings.in_words())
        if self._entries or not self._findings.largest:
            return told
        advice = "if it is an image, take it out and hand it in by itself"
        return (
            *told,
            f"no file of the {self._kind} archive is a JPEG; the largest is {self._findings.largest}: {advice}",
        )

    @property
    def faults(self) -> tuple[str, ...]:
        """What of the archive cannot be read."""
        return self._findings.faults

    def wrong_checksums(self, medium: ByteSource, pause: Callable[[], None]) -> tuple[str, ...]:
        """None: an archive has no checksum of all its content; those of its files are judged with the files."""
        del medium, pause
        return ()

    def entries(self) -> Iterator[tuple[int, Entry]]:
        """Every file, and where its content begins in this source."""
        yield from zip(self._starts, self._entries, strict=False)

    def content(self, index: int) -> Inflated:
        """The content of a file by its number, as far as it can be had.

        Raises:
            EvidenceError: the archive cannot be read.
        """
        entry = self._entries[index]
        if not entry.is_deflated:
            return Inflated(self._stored(entry, 0, entry.size), None)
        if self._kept is None or self._kept[0] != index:
            self._kept = None
            self._kept = index, inflate(self._below, entry.runs[0], entry.size)
        return self._kept[1]

    def packed_runs(self, index: int) -> tuple[Run, ...]:
        """Where in the evidence the bytes of a file stand that its content is made of, compressed or not."""
        runs = (run for run in self._entries[index].runs if run.offset != HOLE_OFFSET)
        return merge(tuple(low for run in runs for low in evidence_runs(self._below, run.offset, run.length)))

    def read_at(self, offset: int, length: int) -> bytes:
        parts = []
        wanted = clamp(offset, length, self.size)
        for index, entry, start, end in self._parts(wanted):
            if entry.is_deflated:
                parts.append(self.content(index).data[start:end].ljust(end - start, b"\0"))
            else:
                parts.append(self._stored(entry, start, end))
        behind = self._in_rest(wanted)
        if behind.length:
            parts.append(self._rest.read_at(behind.offset, behind.length))
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def trace(self, offset: int, length: int) -> tuple[Run, ...]:
        runs: list[Run] = []
        wanted = clamp(offset, length, self.size)
        for _, entry, start, end in self._parts(wanted):
            if entry.is_deflated:
                runs.append(Run(HOLE_OFFSET, end - start))
            else:
                runs += _cut_out(entry.runs, start, end)
        behind = self._in_rest(wanted)
        runs += self._rest.trace(behind.offset, behind.length)
        return merge(tuple(runs))

    def close(self) -> None:
        self._kept = None
        self._below.close()

    def _parts(self, wanted: Run) -> Iterator[tuple[int, Entry, int, int]]:
        """The files that a stretch runs through: number, file, and which of its bytes."""
        position = wanted.offset
        index = bisect_right(self._starts, position) - 1
        while position < min(wanted.end, self._starts[-1]):
            start = self._starts[index]
            end = min(wanted.end, self._starts[index + 1])
            yield index, self._entries[index], position - start, end - start
            position = end
            index += 1

    def _in_rest(self, wanted: Run) -> Run:
        """The part of a stretch that lies behind all files, as it is counted there."""
        start = max(wanted.offset, self._starts[-1])
        return Run(start - self._starts[-1], max(0, wanted.end - start))

    def _stored(self, entry: Entry, start: int, end: int) -> bytes:
        """Bytes of a file that is not compressed; holes are zeros."""
        parts = []
        for run in _cut_out(entry.runs, start, end):
            hole = run.offset == HOLE_OFFSET
            parts.append(bytes(run.length) if hole else self._below.read_at(run.offset, run.length))
        return parts[0] if len(parts) == 1 else b"".join(parts)


def _complement(entries: tuple[Entry, ...], size: int) -> tuple[Run, ...]:
    """The stretches of an archive that belong to none of its entries."""
    runs = [run for entry in entries for run in entry.runs if run.offset != HOLE_OFFSET]
    runs.sort(key=lambda run: run.offset)
    rest, end = [], 0
    for run in runs:
        if run.offset > end:
            rest.append(Run(end, run.offset - end))
        end = max(end, run.end)
    return (*rest, Run(end, size - end)) if end < size else tuple(rest)


def _cut_out(runs: tuple[Run, ...], start: int, end: int) -> list[Run]:
    """The runs of bytes `start` to `end` of what runs make up."""
    kept, position = [], 0
    for run in runs:
        first, last = max(start, position), min(end, position + run.length)
        if first < last:
            offset = HOLE_OFFSET if run.offset == HOLE_OFFSET else run.offset + first - position
            kept.append(Run(offset, last - first))
        position += run.length
    return kept
