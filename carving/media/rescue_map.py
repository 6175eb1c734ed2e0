"""Map files of GNU ddrescue: which bytes of an image were read from the device, and how the others failed.

The format is that of the GNU ddrescue manual, "Mapfile structure": comment lines begin with `#`; the first other line
holds the current position, status and, from 1.21 on, pass; each further one a position, a size and a status, numbers as
C writes them. `+` was read; `?` was not tried, `*` not trimmed, `/` not scraped, `-` is a bad sector.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

import numpy as np

from carving.errors import RescueMapError
from carving.media.files import reason
from carving.support.intervals import IntervalSet, interval_set

STATUSES: Final = {"?": "non-tried", "*": "non-trimmed", "/": "non-scraped", "-": "bad sector"}
"""What ddrescue calls bytes that it has not read, by their sign in the map."""
FIRST_LINES: Final = (b"# Mapfile. Created by GNU ddrescue", b"# Rescue Logfile. Created by GNU ddrescue")
"""How ddrescue begins its maps, from 1.20 on and before."""
_RESCUED: Final = "+"
_CURRENT: Final = frozenset("?*/-FG+")
_NUMBER: Final = re.compile(rb"0[xX][0-9a-fA-F]{1,16}|[0-9]{1,19}")
_LONGEST_LINE: Final = 1024
_MOST_LINES: Final = 4_000_000
_LARGEST: Final = (1 << 63) - 1


@dataclass(frozen=True, eq=False, slots=True)
class RescueMap:
    """What a map says of an image.

    Attributes:
        path: of the map.
        unread: bytes that were not read, by what ddrescue calls them; those that the map is silent on are `non-tried`.
        remarks: where map and image do not fit each other, in words.
    """

    path: Path
    unread: dict[str, IntervalSet]
    remarks: tuple[str, ...]


def read_rescue_map(path: Path, size: int) -> RescueMap:
    """Read a map of an image of `size` bytes.

    Raises:
        RescueMapError: it cannot be read, is none, contradicts itself, or describes another image altogether.
    """
    starts = {status: array("q") for status in STATUSES}
    lengths = {status: array("q") for status in STATUSES}
    position, silent = 0, 0
    try:
        with path.open("rb") as stream:
            lines = _lines(stream, path)
            _check_current(lines, path)
            for number, line in lines:
                start, length, status = _block(line, number, path)
                if start < position:
                    raise RescueMapError(f"line {number} of the map {path} overlaps the one before it, from {start} on")
                if start > position:
                    silent += min(start, size) - min(position, size)
                    starts["?"].append(position)
                    lengths["?"].append(start - position)
                if status != _RESCUED:
                    starts[status].append(start)
                    lengths[status].append(length)
                position = start + length
    except OSError as error:
        raise RescueMapError(f"the map {path} cannot be read: {reason(error)}") from error
    if position == 0:
        raise RescueMapError(f"the map {path} describes not one byte")
    remarks = []
    if position > size:
        remarks.append(
            f"the map {path} describes {position} bytes, the evidence has {size}: it was cut, or has another map"
        )
    if position < size:
        silent += size - position
        starts["?"].append(position)
        lengths["?"].append(size - position)
    if silent:
        remarks.append(f"the map {path} is silent on {silent} bytes of the evidence; they count as non-tried")
    unread = {
        name: interval_set(np.array(starts[sign], dtype=np.int64), np.array(lengths[sign], dtype=np.int64), size)
        for sign, name in STATUSES.items()
    }
    return RescueMap(path, {name: found for name, found in unread.items() if found.count}, tuple(remarks))


def looks_like_map(path: Path) -> bool:
    """Whether a file begins as ddrescue begins its maps; False where it cannot be read."""
    try:
        if not path.is_file():
            return False
        with path.open("rb") as stream:
            return stream.read(64).startswith(FIRST_LINES)
    except OSError:
        return False


def maps_beside(path: Path) -> tuple[Path, ...]:
    """Maps of ddrescue that lie beside an image under the names that people give them."""
    names = dict.fromkeys(
        base + suffix for base in (path.name, path.stem) for suffix in (".map", ".mapfile", ".log", ".logfile")
    )
    return tuple(beside for name in names if looks_like_map(beside := path.with_name(name)))


def _lines(stream: BinaryIO, path: Path) -> Iterator[tuple[int, bytes]]:
    """The lines that are no comments, each with its number from 1."""
    for number in range(1, _MOST_LINES + 1):
        line = stream.readline(_LONGEST_LINE)
        if not line:
            return
        if len(line) == _LONGEST_LINE and not line.startswith(b"#"):
            raise RescueMapError(f"line {number} of {path} is no line of a ddrescue map; name the map with --map")
        while len(line) == _LONGEST_LINE and not line.endswith(b"\n"):  # a comment may hold a long command line
            line = stream.readline(_LONGEST_LINE) or b"\n"
            if len(line) < _LONGEST_LINE or line.endswith(b"\n"):
                line = b"#\n"
        bare = line.split(b"#", 1)[0].strip()
        if bare:
            yield number, bare
    raise RescueMapError(f"the map {path} has more than {_MOST_LINES} lines")


def _check_current(lines: Iterator[tuple[int, bytes]], path: Path) -> None:
    """The line with the current position has to be there."""
    number, line = next(lines, (0, b""))
    parts = line.split()
    if (
        len(parts) not in (2, 3)
        or not all(_NUMBER.fullmatch(part) for part in (parts[0], *parts[2:]))
        or parts[1].decode("latin-1") not in _CURRENT
    ):
        where = f"line {number} does not hold a current position and status" if number else "it holds no line of one"
        raise RescueMapError(f"{path} is no map file of GNU ddrescue: {where}")


def _block(line: bytes, number: int, path: Path) -> tuple[int, int, str]:
    parts = line.split()
    status = parts[2].decode("latin-1") if len(parts) == 3 else ""
    if status != _RESCUED and status not in STATUSES:
        raise RescueMapError(f"line {number} of the map {path} is not a position, a size and one of ? * / - +")
    start, length = (_value(part) for part in parts[:2])
    if start < 0 or length <= 0 or start + length > _LARGEST:
        raise RescueMapError(f"line {number} of the map {path} gives a position or size that no image has")
    return start, length, status


def _value(text: bytes) -> int:
    """A number as C writes it: decimal, hexadecimal with 0x, octal with 0; -1 for anything else."""
    if not _NUMBER.fullmatch(text):
        return -1
    if text[:2] in (b"0x", b"0X"):
        return int(text[2:], 16)
    if len(text) > 1 and text.startswith(b"0"):
        return int(text, 8) if not set(text) & set(b"89") else -1
    return int(text)
