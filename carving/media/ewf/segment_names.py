"""Names of EWF segment files: E01 to E99, then EAA to EZZ, FAA … ZZZ, in upper, lower or mixed case."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from carving.errors import EvidenceError
from carving.media.files import reason

_SUFFIX: Final = re.compile(r"[es](?!00)\d\d", re.IGNORECASE)


def has_ewf_name(path: Path) -> bool:
    """Whether the name ends like an EWF segment (.E01 … .E99, .S01 … .S99, any case)."""
    return _SUFFIX.fullmatch(path.suffix[1:]) is not None


def segment_suffix(number: int, letter: str = "E") -> str:
    """Suffix of segment `number` (from 1), upper case, without dot; `letter` is that of the first segment.

    Raises:
        EvidenceError: the naming scheme has no such segment.
    """
    if number < 100:
        return f"{letter}{number:02d}"
    rest, last = divmod(number - 100, 26)
    carry, middle = divmod(rest, 26)
    first = ord(letter) + carry
    if first > ord("Z"):
        raise EvidenceError(f"an EWF image has no segment number {number}")
    return f"{chr(first)}{chr(65 + middle)}{chr(65 + last)}"


class SegmentNames:
    """Finds the segment files that belong to a given one; the directory is listed once."""

    def __init__(self, path: Path) -> None:
        """`path` is any segment of the image.

        Raises:
            EvidenceError: the directory cannot be listed.
        """
        self._path = path
        self._by_suffix: dict[str, list[Path]] = {}
        try:
            for entry in path.parent.iterdir():
                if entry.stem == path.stem and entry.is_file():
                    self._by_suffix.setdefault(entry.suffix[1:].upper(), []).append(entry)
        except OSError as error:
            raise EvidenceError(f"the directory {path.parent} cannot be listed: {reason(error)}") from error
        self._letter = "S" if path.suffix[1:2].upper() == "S" and "S01" in self._by_suffix else "E"

    def expected(self, number: int) -> Path:
        """The name segment `number` should have, in the case of the given one."""
        suffix = segment_suffix(number, self._letter)
        return self._path.with_suffix("." + (suffix.lower() if self._path.suffix[1:2].islower() else suffix))

    def find(self, number: int) -> Path | None:
        """The file of segment `number`: of the same case as the given one where there are several, or None."""
        candidates = self._by_suffix.get(segment_suffix(number, self._letter), [])
        expected = self.expected(number)
        if expected in candidates:
            return expected
        return min(candidates, default=None)
