"""How good a picture a file is through its runs, so that it can be compared with what is carved from its first byte."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from carving.carver.candidates import Candidate
from carving.file_systems.stored_files.content import cut
from carving.file_systems.stored_files.file_source import FileSource
from carving.file_systems.stored_files.lznt1 import open_content
from carving.file_systems.stored_files.stored import StoredFile
from carving.jpeg.results import Check, Ending
from carving.source import ByteSource, Run

_EOI: Final = b"\xff\xd9"
_TAIL: Final = 4096


def worth(check: Check | None, ending: Ending) -> tuple[bool, int]:
    """How good a decode is, to be compared with that of other bytes from the same first byte on."""
    if check is None:
        return ending is Ending.EOI, 0
    return check.whole, check.sound


def flaw(check: Check | None) -> str:
    """How far a decode goes, in words."""
    if check is None:
        return "decoding does not tell how far it goes"
    return "it decodes to its end" if check.whole else f"{check.sound} of {check.mcus} blocks decode"


@dataclass(frozen=True, slots=True)
class Doubt:
    """A file that may be another than its runs say, without its bytes."""

    file: StoredFile
    check: Check | None
    ending: Ending

    @property
    def worth(self) -> tuple[bool, int]:
        return worth(self.check, self.ending)


class Beginning:
    """The first bytes of a file, as many as were asked for so far; each is read once."""

    def __init__(self, content: ByteSource) -> None:
        self._content = content
        self._data = b""

    def read_at(self, offset: int, length: int) -> bytes:
        """Up to so many bytes at an offset; all bytes before them are read and kept as well."""
        known = len(self._data)
        if offset + length > known:
            self._data += self._content.read_at(known, offset + length - known)
        return self._data[offset : offset + length]


@dataclass(frozen=True)
class Look:
    """A file that is looked at: its runs, at most so many bytes of them, its content, and the JPEG that begins it."""

    source: ByteSource
    file: StoredFile
    most: int
    candidate: Candidate | None = None
    beginning: Beginning | None = None
    runs: tuple[Run, ...] = field(init=False)
    content: ByteSource = field(init=False)

    def __post_init__(self) -> None:
        inside = FileSource(self.source, cut(self.file.content.runs, self.most)).runs
        object.__setattr__(self, "runs", inside)
        object.__setattr__(self, "content", open_content(self.source, self.runs, self.file.content.unit))

    def data(self) -> bytes:
        """All bytes of the file.

        Raises:
            EvidenceError: they cannot be read.
        """
        return (self.beginning or self.content).read_at(0, self.content.size)

    @property
    def offset(self) -> int:
        """Where the file begins in the source."""
        return self.runs[0].offset

    @property
    def end(self) -> int:
        """Where its picture ends in the file."""
        return 0 if self.candidate is None else len(self.candidate.data)

    @property
    def is_whole(self) -> bool:
        """Whether it decodes from its header to its end."""
        return self.candidate is not None and self.candidate.check is not None and self.candidate.check.whole

    @property
    def ends_as_jpeg(self) -> bool:
        """Whether the last bytes of the file are an end-of-image marker, or that and zeros."""
        tail = self.content.read_at(max(0, self.content.size - _TAIL), _TAIL)
        return tail.rstrip(b"\0").endswith(_EOI)

    @property
    def doubt(self) -> Doubt:
        """What is kept of it where it is not taken at once."""
        check = None if self.candidate is None else self.candidate.check
        return Doubt(self.file, check, Ending.TRUNCATED if self.candidate is None else self.candidate.ending)
