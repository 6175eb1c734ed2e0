"""A raw NAND dump as a layer: corrected data in logical order, with a map of what was corrected and what could not."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from carving.errors import EvidenceError, UsageError
from carving.media.files import reason
from carving.media.nand.arranged import HOLE
from carving.media.nand.ecc_map import EccMap
from carving.media.nand.layout import NandLayout
from carving.media.nand.order import arrange
from carving.media.nand.pages import PageDecoder
from carving.source import HOLE_OFFSET, BitPlace, ByteSource, Run, clamp, evidence_runs, merge
from carving.support.intervals import union, without

_PIECE_BYTES: Final = 4 << 20
"""Most raw bytes decoded at once."""

_MOST_ALTERNATIVES: Final = 24

Pages = NDArray[np.int64]


class NandSource(ByteSource):
    """The data of a dump. Bytes of code words that could not be corrected are as the dump has them, and `suspects`
    names them once they were read."""

    def __init__(self, below: ByteSource, layout: NandLayout, key: bytes | None = None) -> None:
        """Lay a layout over a dump.

        Args:
            below: the dump, page after page with its spare bytes.
            layout: how it is laid out.
            key: the scrambler's key, None where there is none.

        Raises:
            UsageError: the dump has not one page of that layout, or the key does not fit.
            EvidenceError: the dump cannot be read.
        """
        self._below = below
        self._layout = layout
        self._page = layout.page
        self._decoder = PageDecoder(layout, None if key is None else np.frombuffer(key, dtype=np.uint8))
        self._count = max(0, below.size - self._page.start) // self._page.size
        if self._count == 0:
            raise UsageError(
                f"the NAND layout {layout.name} has pages of {self._page.size} bytes from byte {self._page.start} on, "
                f"but {below.name} has only {below.size} bytes"
            )
        self._map = EccMap(self._count, self._decoder.states_per_page, self._decoder.strength)
        arranged = arrange(layout, self._count, self.read_spare)
        self._order = arranged.pages
        self._live = arranged.live
        self._bad_blocks = arranged.bad_blocks
        self._remarks = arranged.remarks

    @property
    def name(self) -> str:
        return f"NAND {self._layout.name}"

    @property
    def layout(self) -> NandLayout:
        return self._layout

    @property
    def ecc_map(self) -> EccMap:
        """States of the code words read so far."""
        return self._map

    @property
    def code_words_per_page(self) -> int:
        """Code words of a page; 1 where the layout names no code."""
        return self._decoder.states_per_page

    @property
    def bad_blocks(self) -> int:
        """How many blocks are marked bad."""
        return self._bad_blocks

    @property
    def live_size(self) -> int:
        """Bytes of the logical space; behind it stand the pages that it does not account for."""
        return self._live * self._page.data

    @property
    def remarks(self) -> tuple[str, ...]:
        """What an examiner should know of the dump."""
        left = (self._below.size - self._page.start) % self._page.size
        cut = (f"the last {left} bytes of the dump are no whole page and were not read",) if left else ()
        return (*self._remarks, *cut)

    @property
    def size(self) -> int:
        return self._order.size * self._page.data

    @property
    def below(self) -> ByteSource:
        return self._below

    def read_at(self, offset: int, length: int) -> bytes:
        wanted = clamp(offset, length, self.size)
        if wanted.length == 0:
            return b""
        width = self._page.data
        first, last = wanted.offset // width, -(-wanted.end // width)
        step = max(1, _PIECE_BYTES // self._page.size)
        out = np.empty((last - first) * width, dtype=np.uint8)
        for start in range(first, last, step):
            stop = min(start + step, last)
            data = self._read_pages(self._order[start:stop])
            out[(start - first) * width : (stop - first) * width] = data.reshape(-1)
        return out[wanted.offset - first * width : wanted.end - first * width].tobytes()

    def trace(self, offset: int, length: int) -> tuple[Run, ...]:
        wanted = clamp(offset, length, self.size)
        width = self._page.data
        runs: list[Run] = []
        for logical in range(wanted.offset // width, -(-wanted.end // width)):
            start, stop = max(wanted.offset - logical * width, 0), min(wanted.end - logical * width, width)
            page = int(self._order[logical])
            if page == HOLE:
                runs.append(Run(HOLE_OFFSET, stop - start))
                continue
            base = self._page.start + page * self._page.size
            for place, run in self._decoder.data_runs:
                begin, end = max(start, place), min(stop, place + run.length)
                if begin < end:
                    runs.append(Run(base + run.offset + begin - place, end - begin))
        return merge(tuple(runs))

    def suspects(self, offset: int, length: int) -> tuple[Run, ...]:
        """The parts of a stretch of this layer whose code words could not be corrected, as far as it was read."""
        return self._parts(offset, length, self._map.uncorrectable_in)

    def bad_runs(self, offset: int, length: int) -> tuple[Run, ...]:
        """Code words that could not be corrected, as far as they were read, and what of others the dump has unread.

        A code word of which bytes are unread may have been corrected all the same; then all of it is right.
        """
        wanted = clamp(offset, length, self.size)
        unread = super().bad_runs(wanted.offset, wanted.length)
        right = self._parts(wanted.offset, wanted.length, self._map.corrected_in) if unread and self._layout.ecc else ()
        return union((*self.suspects(wanted.offset, wanted.length), *without(unread, right)))

    def vouched(self, offset: int, length: int) -> tuple[Run, ...]:
        """The parts that the code vouches for: code words with fewer errors than it corrects. One that was corrected to
        the limit may have had more."""
        return self._parts(offset, length, self._map.vouched_in) if self._layout.ecc else ()

    def alternatives(self, offset: int, length: int) -> tuple[tuple[tuple[BitPlace, ...], ...], ...]:
        """How the suspects in a stretch may have been damaged, if they have one error more than their code corrects.

        For at most 24 of them, since each takes up to a second.
        """
        width = self._page.data
        piece = width // self._decoder.states_per_page
        found = []
        suspects = [
            start
            for run in self.suspects(offset, length)
            for start in range(run.offset // piece * piece, run.end, piece)
        ]
        for start in suspects[:_MOST_ALTERNATIVES]:
            page = int(self._order[start // width])
            base = self._page.start + page * self._page.size
            ways = self._decoder.beyond(self._raw(np.array([page]))[0], page, start % width // piece)
            if ways:
                found.append(
                    tuple(tuple((self._in_evidence(base + column), bit) for column, bit in way) for way in ways)
                )
        return tuple(found)

    def _in_evidence(self, offset: int) -> int:
        (run,) = evidence_runs(self._below, offset, 1)
        return run.offset

    def _parts(self, offset: int, length: int, chosen: Callable[[int], NDArray[np.bool_]]) -> tuple[Run, ...]:
        """The parts of a stretch in code words that `chosen` picks from a page."""
        wanted = clamp(offset, length, self.size)
        width = self._page.data
        piece = width // self._decoder.states_per_page
        runs = []
        for logical in range(wanted.offset // width, -(-wanted.end // width)):
            page = int(self._order[logical])
            if page == HOLE:
                continue
            for word in np.flatnonzero(chosen(page)).tolist():
                start = logical * width + word * piece
                begin, end = max(start, wanted.offset), min(start + piece, wanted.end)
                if begin < end:
                    runs.append(Run(begin, end - begin))
        return merge(tuple(runs))

    def uncorrectable_runs(self, most: int) -> tuple[Run, ...]:
        """Where in the dump the data of code words stand that could not be corrected; of the first `most` of them."""
        per_page = self._decoder.states_per_page
        piece = self._page.data // per_page
        runs = []
        for number in self._map.uncorrectable(most).tolist():
            page, word = divmod(number, per_page)
            base = self._page.start + page * self._page.size
            columns = self._decoder.data_columns[word * piece : (word + 1) * piece]
            breaks = [0, *(np.flatnonzero(np.diff(columns) != 1) + 1).tolist(), piece]
            runs += [Run(base + int(columns[begin]), end - begin) for begin, end in pairwise(breaks)]
        return merge(tuple(runs))

    def read_spare(self, pages: Pages) -> NDArray[np.uint8]:
        """Spare bytes of pages by their place in the dump, corrected where a code covers them: uint8 (pages, spare)."""
        step = max(1, _PIECE_BYTES // self._page.size)
        out = np.empty((pages.size, self._page.spare), dtype=np.uint8)
        for start in range(0, pages.size, step):
            some = pages[start : start + step]
            corrected, _ = self._decoder.decode(self._raw(some), some)
            out[start : start + step] = corrected[:, self._decoder.spare_columns]
        return out

    def close(self) -> None:
        self._below.close()

    def _read_pages(self, pages: Pages) -> NDArray[np.uint8]:
        """Corrected data of pages by their place in the dump, FF for holes: uint8 (pages, data)."""
        there = np.flatnonzero(pages != HOLE)
        corrected, states = self._decoder.decode(self._raw(pages[there]), pages[there])
        self._map.record(pages[there], states)
        data = self._decoder.data_of(corrected)
        if there.size == pages.size:
            return data
        out = np.full((pages.size, self._page.data), 0xFF, dtype=np.uint8)
        out[there] = data
        return out

    def _raw(self, pages: Pages) -> NDArray[np.uint8]:
        """Pages as the dump has them: uint8 (pages, page size)."""
        width = self._page.size
        out = np.empty((pages.size, width), dtype=np.uint8)
        breaks = np.flatnonzero(np.diff(pages) != 1) + 1
        for begin, end in zip([0, *breaks.tolist()], [*breaks.tolist(), pages.size], strict=True):
            if begin == end:
                continue
            offset = self._page.start + int(pages[begin]) * width
            raw = self._below.read_at(offset, (end - begin) * width)
            if len(raw) != (end - begin) * width:
                raise EvidenceError(f"the dump ends within the page at byte {offset}; it became shorter while read")
            out[begin:end] = np.frombuffer(raw, dtype=np.uint8).reshape(-1, width)
        return out


def open_nand(below: ByteSource, name: str, key_file: Path | None = None) -> NandSource:
    """Lay a preset or a layout file over a dump.

    Args:
        below: the dump.
        name: of a preset, or path of a TOML file.
        key_file: the scrambler's XOR key; in place of the one the layout names.

    Raises:
        UsageError: no such layout, or one that fits neither itself nor the dump; or the key cannot be read.
        EvidenceError: the dump cannot be read.
    """
    from carving.media.nand.settings import load_layout

    layout = load_layout(name)
    if key_file is None and layout.scrambler is not None:
        key_file = Path(name).parent / layout.scrambler.key
    if key_file is None:
        return NandSource(below, layout)
    try:
        key = key_file.read_bytes()
    except OSError as error:
        raise UsageError(f"the XOR key {key_file} cannot be read: {reason(error)}") from error
    return NandSource(below, layout, key)
