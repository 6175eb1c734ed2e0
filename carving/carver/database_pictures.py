"""Pictures that databases hold, as fragments: their pieces joined as the database chains them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from carving.carver.block_map import BlockMap
from carving.carver.candidates import Candidate, read_candidate
from carving.carver.headerless import Families
from carving.databases.sqlite_pages import ReadingBudget
from carving.databases.sqlite_pictures import StoredPicture, pictures_in_database
from carving.file_systems.stored_files.content import cut
from carving.file_systems.stored_files.file_source import FileSource
from carving.fragments import Claim, Fragment
from carving.jpeg.header_walk import walk_header
from carving.jpeg.picture_walk import check_picture, sound_header
from carving.jpeg.results import Ending
from carving.source import ByteSource, Run, evidence_runs
from carving.sources.explained_bytes import Explained

_EOI: Final = b"\xff\xd9"
_TIMES: Final = 2
"""How often all bytes of the source may be read for databases that lie in one another."""
_LEAST_BUDGET: Final = 64 << 20
_LONGEST_NAME: Final = 80


class DatabasePictures:
    """What the databases of a source hold. `explained` are the bytes of the pictures that were found."""

    def __init__(
        self, source: ByteSource, layer: str, max_file_size: int, blocks: BlockMap, families: Families
    ) -> None:
        """Args: what is searched, name of the view, the longest file believed, and who learns of what is found."""
        self.explained = Explained()
        self._source = source
        self._layer = layer
        self._largest = max_file_size
        self._blocks = blocks
        self._families = families
        self._budget = ReadingBudget(_TIMES * source.size + _LEAST_BUDGET)

    def in_database(self, start: int) -> Iterator[Fragment]:
        """The pictures of a database that may begin at a byte of the source.

        A picture that does not decode to its end through its chain, and goes further without, is left to the carver.

        Raises:
            EvidenceError: the source cannot be read.
        """
        for stored in pictures_in_database(self._source, start, self._budget):
            first = stored.runs[0].offset
            candidate = None if self.explained.within(Run(first, 1)) else self._candidate(stored)
            if candidate is None or self._is_better_without(candidate):
                continue
            for run in candidate.runs:
                self.explained.add(run)
                self._blocks.take(run)
            if candidate.header is not None and candidate.check is not None and candidate.check.whole:
                self._families.note(candidate.data, candidate.header, first)
            fragment = candidate.fragment(self._source, self._layer)
            yield replace(
                fragment, claim=self._claim(stored, start), chained=True, notes=tuple(_notes(stored, candidate))
            )

    def _candidate(self, stored: StoredPicture) -> Candidate | None:
        """A BLOB that is a JPEG as it is, to its last byte; of one that wraps a JPEG, the JPEG, if it is whole."""
        runs = cut(stored.runs, self._largest)
        content = FileSource(self._source, runs)
        found = read_candidate(content.read_at, 0, content.size, 1)
        if found is None:
            return None
        if not stored.is_whole_blob:
            is_whole = found.check is not None and found.check.whole
            return replace(found, runs=cut(runs, len(found.data))) if is_whole else None
        data = content.read_at(0, content.size)
        walk = walk_header(data)
        header = sound_header(data, walk)
        ended = found.ending is Ending.EOI or data.rstrip(b"\0").endswith(_EOI)
        ending = Ending.EOI if ended else Ending.TRUNCATED
        return Candidate(runs, data, walk.segments, ending, check_picture(data, header), header)

    def _is_better_without(self, candidate: Candidate) -> bool:
        """Whether more decodes of the bytes that follow one another than of those that the chain gives."""
        check, first = candidate.check, candidate.runs[0].offset
        if check is None or check.whole or len(candidate.runs) == 1:
            return False
        other = read_candidate(self._source.read_at, first, min(self._largest, self._source.size - first), 1)
        return other is not None and other.check is not None and other.check.sound > check.sound

    def _claim(self, stored: StoredPicture, start: int) -> Claim:
        place = next(iter(evidence_runs(self._source, start, 1)), None)
        where = "" if place is None else f", which begins at byte {place.offset} of the evidence"
        table = f"table {_printable(stored.table.name)} (root page {stored.table.root})" if stored.table.root else ""
        row = "" if stored.row is None else f"row {stored.row}"
        name = " ".join(filter(None, (_printable(stored.table.name) or "deleted", row or "a row without a number")))
        within = ", ".join(filter(None, (table or "a free page", row, f"column {stored.column}")))
        return Claim(name, f"{within} of an SQLite database{where}")


def _notes(stored: StoredPicture, candidate: Candidate) -> Iterator[str]:
    """What is to be said of how it was found."""
    if len(candidate.runs) > 1:
        yield f"its {len(candidate.runs)} pieces were followed through the overflow pages of an SQLite database"
    if not stored.table.root:
        yield "its row stands on a page of the database that is free now: it was deleted"
    if stored.flaw is not None:
        there = sum(run.length for run in stored.runs)
        yield f"only {there} of its {stored.size} bytes were found in the database: {stored.flaw}"
    if not stored.is_whole_blob:
        yield "it is wrapped in other bytes in its column"


def _printable(text: str) -> str:
    """A name from the evidence, cut, without what would move a cursor."""
    shown = text if len(text) <= _LONGEST_NAME else text[:_LONGEST_NAME] + "…"
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in shown)
