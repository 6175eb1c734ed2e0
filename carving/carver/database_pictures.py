"""Pictures that databases hold, as fragments: their pieces joined as the database chains them."""

from __future__ import annotations

import zlib
from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Final

from carving.carver.block_map import BlockMap
from carving.carver.candidates import Candidate, read_candidate
from carving.carver.donors import Families
from carving.databases.sqlite_pages import LEAF_TABLE, DatabasePages, ReadingBudget
from carving.databases.sqlite_pictures import StoredPicture, open_database, pictures_in
from carving.file_systems.stored_files.content import cut
from carving.file_systems.stored_files.file_source import FileSource
from carving.fragments import Claim, Fragment
from carving.jpeg.header_walk import walk_header
from carving.jpeg.picture_walk import check_picture, sound_header
from carving.jpeg.results import Ending, Thumbnail
from carving.source import ByteSource, Run, clamp, evidence_runs
from carving.sources.explained_bytes import Explained

_EOI: Final = b"\xff\xd9"
_TIMES: Final = 2
"""How often all bytes of the source may be read for databases that lie in one another."""
_LEAST_BUDGET: Final = 64 << 20
_LONGEST_NAME: Final = 80
_MOST_KNOWN: Final = 1 << 20
_MOST_REGIONS: Final = 1 << 16
_BEGINNING: Final = 1024
"""Bytes by which a picture is known: behind the tables, which many have in common."""
_CLEARLY, _MORE = 1.25, 32
"""How many more MCUs have to decode without the chain: a few do by chance."""


class DatabasePictures:
    """What the databases of a source hold. `explained` are the bytes of the pictures that were found."""

    def __init__(
        self,
        source: ByteSource,
        layer: str,
        max_file_size: int,
        blocks: BlockMap,
        families: Families,
        remains: Callable[[Run], None] | None = None,
    ) -> None:
        """Args: what is searched, name of the view, the longest file believed, who learns of what is found, and who of
        what is passed over."""
        self._remains = remains
        self.explained = Explained()
        self._source = source
        self._layer = layer
        self._largest = max_file_size
        self._blocks = blocks
        self._families = families
        self._regions: list[tuple[Run, int]] = []
        self._beginnings: set[int] = set()
        self._left: set[int] = set()
        self._local: set[tuple[int, int]] = set()
        self._budget = ReadingBudget(_TIMES * source.size + _LEAST_BUDGET)

    def in_database(self, start: int) -> Iterator[Fragment]:
        """The pictures of a database that may begin at a byte of the source.

        A picture that does not decode to its end through its chain, and goes further without, is left to the carver.

        Raises:
            EvidenceError: the source cannot be read.
        """
        pages = open_database(self._source, start, self._budget)
        if pages is None:
            return
        if len(self._regions) < _MOST_REGIONS:
            self._regions.append((Run(start, pages.header.size), pages.header.page_size))
        yield from self._pictures(pages)
        for number in pages.tree_pages if self._beginnings else ():
            self._blocks.take(Run(pages.offset(number), pages.header.page_size))

    def _pictures(self, pages: DatabasePages) -> Iterator[Fragment]:
        for stored in pictures_in(pages):
            if stored.is_copy:
                self._pass_over(stored.runs)
                continue
            first = stored.runs[0].offset
            candidate = None if self.explained.within(Run(first, 1)) else self._candidate(stored)
            if candidate is None:
                continue
            if self._is_better_without(candidate):
                self._left.add(first)
                continue
            if stored.is_deleted and self._is_left_out(stored, candidate):
                continue
            for run in candidate.runs:
                self.explained.add(run)
                self._blocks.take(run)
            if candidate.header is not None and candidate.check is not None and candidate.check.whole:
                self._families.note(candidate.data, candidate.header, first)
            fragment = candidate.fragment(self._source, self._layer)
            self._note(candidate, fragment.thumbnail)
            yield replace(
                fragment,
                claim=self._claim(stored, pages.start),
                chained=True,
                notes=tuple(_notes(stored, candidate)),
                known_bad=clipped(stored.overwritten, len(candidate.data)),
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

    def _is_left_out(self, stored: StoredPicture, candidate: Candidate) -> bool:
        """Whether a row that is one no more gives nothing of its own: the copy of another is passed over by the carver,
        too, one of which most is gone is left to it."""
        if len(candidate.runs) == 1 and _digest(candidate) in self._local:
            self._pass_over(candidate.runs)
            return True
        return stored.flaw is not None and 2 * len(candidate.data) < stored.size

    def _pass_over(self, runs: tuple[Run, ...]) -> None:
        """Keep the carver from what is only left of the move of a row."""
        for run in runs:
            self.explained.add(run)
            if self._remains is not None:
                self._remains(run)

    def _note(self, candidate: Candidate, thumbnail: Thumbnail | None) -> None:
        """Remember a picture, to know by it what is left where its row was before."""
        if len(self._beginnings) < _MOST_KNOWN:
            self._beginnings.add(zlib.crc32(candidate.data[:_BEGINNING]))
            if thumbnail is not None:
                self._beginnings.add(zlib.crc32(thumbnail.data[:_BEGINNING]))
            if len(candidate.runs) == 1:
                self._local.add(_digest(candidate))

    def covers(self, start: int) -> bool:
        """Whether a place is of no interest to the carver: in a picture that was found, or where the row of one lay
        before the database moved it, of which the first bytes are left in a page.

        Raises:
            EvidenceError: the source cannot be read.
        """
        if self.explained.within(Run(start, 1)):
            return True
        index = bisect_right(self._regions, start, key=lambda region: region[0].offset) - 1
        region, page_size = self._regions[index] if index >= 0 else (Run(0, 0), 1)
        if start >= region.end or start in self._left or not self._beginnings:
            return False
        page = start - (start - region.offset) % page_size
        left = min(page + page_size - start, _BEGINNING)
        is_known = zlib.crc32(self._source.read_at(start, left)) in self._beginnings
        if is_known or (left < _BEGINNING and self._source.read_at(page, 1)[0] == LEAF_TABLE):  # no more than a header
            self._pass_over((Run(start, page + page_size - start),))
            return True
        return False

    def _is_better_without(self, candidate: Candidate) -> bool:
        """Whether more decodes of the bytes that follow one another than of those that the chain gives."""
        check, first = candidate.check, candidate.runs[0].offset
        if check is None or check.whole or len(candidate.runs) == 1:
            return False
        other = read_candidate(self._source.read_at, first, min(self._largest, self._source.size - first), 1)
        if other is None or other.check is None:
            return False
        return other.check.whole or other.check.sound > _CLEARLY * check.sound + _MORE

    def _claim(self, stored: StoredPicture, start: int) -> Claim:
        place = next(iter(evidence_runs(self._source, start, 1)), None)
        where = "" if place is None else f", which begins at byte {place.offset} of the evidence"
        table = f"table {_printable(stored.table.name)} (root page {stored.table.root})" if stored.table.root else ""
        row = "" if stored.row is None else f"row {stored.row}"
        kind = "deleted row" if stored.is_deleted else "row without a number"
        name = " ".join(filter(None, (_printable(stored.table.name), row or kind)))
        within = ", ".join(filter(None, (table or "a free page", row, f"column {stored.column}")))
        return Claim(name, f"{within} of an SQLite database{where}")


def _digest(candidate: Candidate) -> tuple[int, int]:
    return len(candidate.data), zlib.crc32(candidate.data)


def _notes(stored: StoredPicture, candidate: Candidate) -> Iterator[str]:
    """What is to be said of how it was found."""
    if len(candidate.runs) > 1:
        yield f"its {len(candidate.runs)} pieces were followed through the overflow pages of an SQLite database"
    if stored.is_deleted:
        yield "its row was deleted: it stands in what the database counts as free"
    if stored.overwritten:
        count = sum(run.length for run in stored.overwritten)
        yield f"{count} of its bytes are lost: the list of free pages was written over them"
    if stored.flaw is not None:
        there = sum(run.length for run in stored.runs)
        yield f"only {there} of its {stored.size} bytes were found in the database: {stored.flaw}"
    if not stored.is_whole_blob:
        yield "it is wrapped in other bytes in its column"


def clipped(runs: tuple[Run, ...], size: int) -> tuple[Run, ...]:
    """What of runs lies in the first `size` bytes."""
    return tuple(clamp(run.offset, run.length, size) for run in runs if run.offset < size)


def _printable(text: str) -> str:
    """A name from the evidence, cut, without what would move a cursor."""
    shown = text if len(text) <= _LONGEST_NAME else text[:_LONGEST_NAME] + "…"
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in shown)
