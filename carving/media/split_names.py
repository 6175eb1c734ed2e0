"""Which files belong to a split raw image: `.001 .002 …`, `.000 .001 …` or `.aa .ab …` beside the one named."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from carving.errors import EvidenceError, SegmentMissingError
from carving.media.files import reason

_NUMBERED: Final = re.compile(r"\d{2,5}")
_LETTERED: Final = re.compile(r"[a-z]{2,3}|[A-Z]{2,3}")
_ORDINARY_SUFFIXES: Final = frozenset(["dd", "gz", "xz", "bz", "db", "md", "txt", "log", "raw", "img", "bin", "iso"])
"""Letter suffixes that name a kind of file; never taken for a piece that lies beyond a gap."""


def split_files(path: Path) -> tuple[Path, ...]:
    """The files of the raw image that `path` is, or is a piece of, in order.

    A name without a piece suffix, or whose neighbours do not make a sequence, stands for itself.

    Raises:
        SegmentMissingError: the numbering has a gap, or its first piece is not there.
        EvidenceError: the directory cannot be listed.
    """
    suffix = path.suffix[1:]
    if _NUMBERED.fullmatch(suffix):
        return _numbered(path, len(suffix))
    if _LETTERED.fullmatch(suffix):
        return _lettered(path, suffix)
    return (path,)


def _numbered(path: Path, width: int) -> tuple[Path, ...]:
    neighbours: dict[int, Path] = {}
    for suffix, neighbour in _neighbours(path).items():
        if suffix.isascii() and suffix.isdigit() and suffix == f"{int(suffix):0{width}d}":
            neighbours[int(suffix)] = neighbour
    if 10**width - 1 not in neighbours:  # a longer number is a piece only after all shorter ones
        neighbours = {number: name for number, name in neighbours.items() if number < 10**width}
    first = 0 if 0 in neighbours else 1
    if first not in neighbours:
        if width == 3:
            raise SegmentMissingError(f"the first segment of the split image is missing: {_sibling(path, '001')}")
        return (path,)
    return _without_gap(neighbours, first, lambda number: _sibling(path, f"{number:0{width}d}"))


def _lettered(path: Path, given: str) -> tuple[Path, ...]:
    width = len(given)
    base = ord("a" if given.islower() else "A")
    neighbours: dict[int, Path] = {}
    for suffix, neighbour in _neighbours(path).items():
        if len(suffix) == width and suffix.isascii() and suffix.isalpha() and suffix.islower() == given.islower():
            number = 0
            for letter in suffix:
                number = number * 26 + ord(letter) - base
            neighbours[number] = neighbour
    if 0 not in neighbours:
        return (path,)
    run = 0
    while run in neighbours:
        run += 1
    pieces = {
        number: name
        for number, name in neighbours.items()
        if number < run or name.suffix[1:].lower() not in _ORDINARY_SUFFIXES
    }
    if path not in pieces.values():
        return (path,)
    return _without_gap(pieces, 0, lambda number: _sibling(path, _letters(number, width, base)))


def _letters(number: int, width: int, base: int) -> str:
    digits = []
    for _ in range(width):
        number, digit = divmod(number, 26)
        digits.append(chr(base + digit))
    return "".join(reversed(digits))


def _without_gap(pieces: Mapping[int, Path], first: int, name: Callable[[int], Path]) -> tuple[Path, ...]:
    last = max(pieces)
    for number in range(first, last):
        if number not in pieces:
            raise SegmentMissingError(
                f"a segment of the split image is missing: {name(number)} (the last is {name(last)})"
            )
    return tuple(pieces[number] for number in range(first, last + 1))


def _neighbours(path: Path) -> dict[str, Path]:
    """Files with the same stem, by their suffix without its dot."""
    try:
        return {
            entry.suffix[1:]: entry for entry in path.parent.iterdir() if entry.stem == path.stem and entry.is_file()
        }
    except OSError as error:
        raise EvidenceError(f"the directory {path.parent} cannot be listed: {reason(error)}") from error


def _sibling(path: Path, suffix: str) -> Path:
    return path.with_name(f"{path.stem}.{suffix}")
