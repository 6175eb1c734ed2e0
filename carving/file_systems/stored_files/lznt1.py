"""LZNT1, the compression of NTFS (MS-XCA, section 2.5), and a file that is stored so."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Final

from carving.file_systems.stored_files.content import laid_out
from carving.file_systems.stored_files.file_source import FileSource
from carving.source import HOLE_OFFSET, ByteSource, Run, clamp, merge

_CHUNK: Final = 4096
_COMPRESSED: Final = 0x8000
_SHORTEST: Final = 3


def decompress(data: bytes, size: int) -> bytes:
    """The first `size` bytes that data decompress to; zeros from where they are damaged."""
    out = bytearray()
    at = 0
    while at + 2 <= len(data) and len(out) < size:
        (header,) = struct.unpack_from("<H", data, at)
        if header == 0:
            break
        end = at + 3 + (header & 0xFFF)
        chunk = data[at + 2 : end]
        out += _expanded(chunk) if header & _COMPRESSED else chunk
        out += bytes(-len(out) % _CHUNK)
        at = end
    return bytes(out[:size]).ljust(size, b"\0")


def _expanded(chunk: bytes) -> bytes:
    """One compressed chunk: flag bytes, each followed by eight literals or references back."""
    out = bytearray()
    at = 0
    while at < len(chunk) and len(out) < _CHUNK:
        flags = chunk[at]
        at += 1
        for bit in range(8):
            if at >= len(chunk) or len(out) >= _CHUNK:
                break
            if not flags >> bit & 1:
                out.append(chunk[at])
                at += 1
                continue
            if at + 2 > len(chunk) or not out:
                return bytes(out)
            (pair,) = struct.unpack_from("<H", chunk, at)
            at += 2
            length_bits = 16 - max(4, (len(out) - 1).bit_length())
            back = (pair >> length_bits) + 1
            if back > len(out):
                return bytes(out)
            for _ in range((pair & ((1 << length_bits) - 1)) + _SHORTEST):
                out.append(out[-back])
    return bytes(out[:_CHUNK])


class CompressedSource(ByteSource):
    """A file that NTFS has compressed in units; a unit that did not shrink is stored as it is."""

    def __init__(self, below: ByteSource, runs: tuple[Run, ...], unit: int) -> None:
        """Args: the source, the runs as `Content` has them, and bytes of a unit."""
        self._stored = FileSource(below, runs)
        self._unit = unit
        self._one_to_one = FileSource(below, one_to_one(runs, unit))
        self._last: tuple[int, bytes] = (-1, b"")

    @property
    def name(self) -> str:
        return "NTFS-compressed file"

    @property
    def size(self) -> int:
        return self._stored.size

    @property
    def below(self) -> ByteSource:
        return self._stored.below

    def read_at(self, offset: int, length: int) -> bytes:
        wanted = clamp(offset, length, self.size)
        if not wanted.length:
            return b""
        first = wanted.offset // self._unit
        units = b"".join(self._read(unit) for unit in range(first, (wanted.end - 1) // self._unit + 1))
        start = wanted.offset - first * self._unit
        return units[start : start + wanted.length]

    def trace(self, offset: int, length: int) -> tuple[Run, ...]:
        return self._one_to_one.trace(offset, length)

    def close(self) -> None:
        """Leave the source below open."""

    def _read(self, unit: int) -> bytes:
        if self._last[0] != unit:
            place = clamp(unit * self._unit, self._unit, self.size)
            runs = self._stored.trace(place.offset, place.length)
            data = self._stored.read_at(place.offset, place.length)
            if _is_compressed(runs):
                data = decompress(data[: sum(run.length for run in runs if run.offset != HOLE_OFFSET)], place.length)
            self._last = (unit, data)
        return self._last[1]


def open_content(below: ByteSource, runs: tuple[Run, ...], unit: int) -> ByteSource:
    """A file as a source through its runs, compressed in units of so many bytes or, with 0, not."""
    return CompressedSource(below, runs, unit) if unit else FileSource(below, runs)


def one_to_one(runs: tuple[Run, ...], unit: int) -> tuple[Run, ...]:
    """The runs with holes for the units that are stored compressed: those bytes stand nowhere one by one."""
    if not unit:
        return runs
    pieces = []
    for start, parts in _units(runs, unit):
        position = start
        for run in () if _is_compressed(parts) else parts:
            pieces.append((position, run))
            position += run.length
    return laid_out(pieces, sum(run.length for run in runs))


def holds_compressed_units(runs: tuple[Run, ...], unit: int) -> bool:
    """Whether any unit of a file is stored compressed."""
    return any(_is_compressed(parts) for _, parts in _units(runs, unit))


def _units(runs: tuple[Run, ...], unit: int) -> Iterator[tuple[int, tuple[Run, ...]]]:
    """Each unit that is not all hole: its place in the file, and its runs."""
    parts: list[Run] = []
    start = position = 0
    for run in runs:
        left = run
        while left.length:
            count = min(left.length, start + unit - position)
            hole = left.offset == HOLE_OFFSET
            if hole and not parts and count == unit and left.length >= unit:
                count = left.length // unit * unit  # wide holes in one step
                start = position = position + count
            else:
                parts.append(Run(left.offset, count))
                position += count
            left = Run(HOLE_OFFSET if hole else left.offset + count, left.length - count)
            if position == start + unit:
                yield start, merge(tuple(parts))
                parts, start = [], position
    if parts:
        yield start, merge(tuple(parts))


def _is_compressed(parts: tuple[Run, ...]) -> bool:
    """Whether a unit is stored compressed: its clusters do not reach to its end."""
    return len(parts) > 1 and parts[0].offset != HOLE_OFFSET and parts[-1].offset == HOLE_OFFSET
