"""Read the files that a DFXML document lists: fiwalk's, our own, or the report.xml of PhotoRec.

Digital Forensics XML: S. Garfinkel, "Digital forensics XML and the DFXML toolset", Digital Investigation 8 (2012).
PhotoRec writes `offset` where the schema has `file_offset`, and counts lengths in whole sectors.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from xml.parsers import expat

from carving.errors import UsageError
from carving.selection.listed import ListedFile
from carving.source import HOLE_OFFSET, Run

_BUFFER: Final = 1 << 16
_LONGEST_TEXT: Final = 1 << 16
_MOST_RUNS: Final = 1 << 16
_REGULAR: Final = "r"
_UNREADABLE: Final = ("uncompressed_len", "transform_len")
"""Attributes of a run whose bytes are not those of the file."""


def read_dfxml(path: Path) -> Iterator[ListedFile]:
    """The regular files of a DFXML document, one after the other; memory does not grow with their number.

    Raises:
        UsageError: the document cannot be read, is no XML, or declares entities.
    """
    reader = _Reader()
    parser = expat.ParserCreate()
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.text
    parser.StartDoctypeDeclHandler = _refuse_declarations
    try:
        with path.open("rb") as file:
            while chunk := file.read(_BUFFER):
                parser.Parse(chunk, False)
                yield from reader.take()
            parser.Parse(b"", True)
    except expat.ExpatError as error:
        raise UsageError(
            f"{path} is not well-formed XML: {expat.ErrorString(error.code)}, line {error.lineno}"
        ) from error
    except (LookupError, ValueError) as error:
        raise UsageError(f"{path} is in an encoding that is not read: {error}") from error
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror or type(error).__name__}") from error
    yield from reader.take()


def _refuse_declarations(name: str, *_: object) -> None:
    raise UsageError(f"the list of files declares a document type ({name}); DFXML has none, so it is not read further")


@dataclass
class _Reader:
    """Hears the parser's events and keeps the file object it is in."""

    _done: list[ListedFile] = field(default_factory=list)
    _inside: bool = False
    _in_parent: bool = False
    _texts: dict[str, str] = field(default_factory=dict)
    _collecting: str | None = None
    _media_runs: list[tuple[int, Run]] = field(default_factory=list)
    _volume_runs: list[tuple[int, Run]] = field(default_factory=list)
    _readable: bool = True

    def take(self) -> list[ListedFile]:
        done, self._done = self._done, []
        return done

    def start(self, name: str, attributes: dict[str, str]) -> None:
        tag = _local(name)
        if tag == "fileobject":
            self._inside, self._readable = True, True
            self._texts = {}
            self._media_runs, self._volume_runs = [], []
        elif tag == "parent_object":
            self._in_parent = True
        elif self._inside and not self._in_parent and tag in ("filename", "filesize", "inode", "name_type"):
            self._collecting = tag
            self._texts[tag] = ""
        elif self._inside and tag == "compressed":
            self._readable = False
        elif self._inside and tag == "byte_run":
            self._add_run(attributes)

    def text(self, data: str) -> None:
        if self._collecting is not None and len(self._texts[self._collecting]) < _LONGEST_TEXT:
            self._texts[self._collecting] += data

    def end(self, name: str) -> None:
        self._collecting = None
        tag = _local(name)
        if tag == "parent_object":
            self._in_parent = False
        if tag == "fileobject" and self._inside:
            self._inside = False
            if self._texts.get("name_type", _REGULAR).strip() != _REGULAR:
                return
            self._done.append(
                ListedFile(
                    name=self._texts.get("filename", ""),
                    size=_number(self._texts.get("filesize")),
                    media_runs=_ordered(self._media_runs) if self._readable else (),
                    volume_runs=_ordered(self._volume_runs) if self._readable else (),
                    address=self._texts.get("inode", "").strip() or None,
                )
            )

    def _add_run(self, attributes: dict[str, str]) -> None:
        place = _number(attributes.get("file_offset", attributes.get("offset"))) or 0
        length = _number(attributes.get("len"))
        if length is None or len(self._media_runs) >= _MOST_RUNS or any(name in attributes for name in _UNREADABLE):
            self._readable = False
            return
        fill = attributes.get("fill")
        if fill not in (None, "0"):
            self._readable = False
            return
        for runs, start in (
            (self._media_runs, _number(attributes.get("img_offset"))),
            (self._volume_runs, _number(attributes.get("fs_offset"))),
        ):
            if fill is not None:
                runs.append((place, Run(HOLE_OFFSET, length)))
            elif start is not None:
                runs.append((place, Run(start, length)))


def _ordered(runs: list[tuple[int, Run]]) -> tuple[Run, ...]:
    ordered = tuple(run for _, run in sorted(runs, key=lambda placed: placed[0]))
    return ordered if any(run.offset != HOLE_OFFSET for run in ordered) else ()


def _local(name: str) -> str:
    return name.rpartition(":")[2]


def _number(text: str | None) -> int | None:
    """A number that is not negative; None for anything else, lengths lie."""
    text = (text or "").strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 20 else None
