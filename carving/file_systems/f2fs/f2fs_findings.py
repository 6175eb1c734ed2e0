"""What is wrong with a file system: each lie or damage that was met, named once, and not without end."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

MOST_FINDINGS: Final = 1000


@dataclass(frozen=True, slots=True, order=True)
class F2fsFinding:
    """Something in the structures that is not as it must be.

    Attributes:
        structure: what it is, such as `checkpoint 1` or `inode 17`.
        offset: its first byte in the source; None where it has no place.
        problem: what is wrong with it, for people.
    """

    structure: str
    offset: int | None
    problem: str


class F2fsFindings:
    """Collects findings: each once, at most `most` of them; `dropped` counts the rest."""

    def __init__(self, most: int = MOST_FINDINGS) -> None:
        self._found: dict[F2fsFinding, None] = {}
        self._most = most
        self.dropped = 0

    def add(self, structure: str, offset: int | None, problem: str) -> None:
        self.take((F2fsFinding(structure, offset, problem),))

    def take(self, findings: Iterable[F2fsFinding]) -> None:
        """Add findings that others collected."""
        for finding in findings:
            if finding in self._found:
                continue
            if len(self._found) < self._most:
                self._found[finding] = None
            else:
                self.dropped += 1

    @property
    def all(self) -> tuple[F2fsFinding, ...]:
        """Those kept, in the order they were met."""
        return tuple(self._found)
