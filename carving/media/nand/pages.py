"""From raw pages of a dump to corrected data: descrambling, error correction, and the data bytes in their order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from carving.errors import UsageError
from carving.media.nand.bch import BchCode, bch_code
from carving.media.nand.hamming import HammingCode
from carving.media.nand.layout import BchSettings, Ecc, NandLayout, Page
from carving.source import Run

Bytes = NDArray[np.uint8]
Columns = NDArray[np.int64]

UNREAD: Final = 0
ERASED: Final = 1
UNCORRECTABLE: Final = 2
GOOD: Final = 3
"""States of a code word; `GOOD + n` is one in which n bits were corrected."""

_FEW: Final = 2
"""Bytes that may differ from all others by flipped bits."""


@dataclass(frozen=True, eq=False)
class CodeWords:
    """The code words of a page that have the same length: `sectors` they belong to, and the columns of their bytes."""

    code: BchCode | HammingCode
    sectors: Columns
    messages: Columns
    parities: Columns


class PageDecoder:
    """Decodes raw pages of one layout."""

    def __init__(self, layout: NandLayout, key: Bytes | None = None) -> None:
        """Prepare tables.

        Args:
            layout: of the dump.
            key: the bytes of the scrambler's key, None where there is none.

        Raises:
            UsageError: there is no such code, or the key does not fit the page.
        """
        page = layout.page
        self._page = page
        self._stage = layout.scrambler.ecc_over if layout.scrambler else "plain"
        self._key = None if key is None else _key_pages(key, layout)
        stored, self.spare_columns = page_columns(page)
        self._words = _code_words(layout.ecc, page, stored, self.spare_columns) if layout.ecc else ()
        self.data_columns = stored
        if page.marker_swap:
            self.data_columns = np.where(stored == page.data, 0, stored)
            self.spare_columns = np.where(self.spare_columns == 0, page.data, self.spare_columns)
        self.data_runs = _runs(self.data_columns)

    @property
    def states_per_page(self) -> int:
        """Code words of a page; 1 where no code is known, for the page as a whole."""
        return self._page.sectors if self._words else 1

    @property
    def code_words(self) -> tuple[CodeWords, ...]:
        """The code words of a page, those of equal length together."""
        return self._words

    @property
    def strength(self) -> int:
        """Bits that are corrected in a code word."""
        return min((words.code.strength for words in self._words), default=0)

    def decode(self, raw: Bytes, numbers: NDArray[np.int64]) -> tuple[Bytes, NDArray[np.uint8]]:
        """Correct pages.

        Args:
            raw: uint8 (pages, page size), changed in place.
            numbers: places of the pages in the dump, for the scrambler's period.

        Returns:
            The corrected pages, and uint8 (pages, states per page) of states.
        """
        states = np.full((raw.shape[0], self.states_per_page), GOOD, dtype=np.uint8)
        blank = (raw[:, :: max(1, raw.shape[1] // 16)] == 0xFF).all(axis=1)
        likely = np.flatnonzero(blank)
        blank[likely] = (raw[likely] == 0xFF).all(axis=1)
        states[blank] = ERASED
        written = np.flatnonzero(~blank)
        if written.size == 0:
            return raw, states
        pages = raw[written] if blank.any() else raw
        if self._stage == "plain":
            self._descramble(pages, numbers[written])
        for words in self._words:
            states[written[:, np.newaxis], words.sectors] = _correct(pages, words)
        if self._stage == "scrambled":
            self._descramble(pages, numbers[written])
        if pages is not raw:
            raw[written] = pages
        return raw, states

    def data_of(self, pages: Bytes) -> Bytes:
        """The data bytes of pages in their order, uint8 (pages, data)."""
        out = np.empty((pages.shape[0], self._page.data), dtype=np.uint8)
        for place, run in self.data_runs:
            out[:, place : place + run.length] = pages[:, run.offset : run.end]
        return out

    def beyond(self, raw: Bytes, number: int, word: int) -> tuple[tuple[tuple[int, int], ...], ...]:
        """What an uncorrectable code word may be if it has one error more than its code corrects.

        Args:
            raw: uint8 (page size,), a page of the dump.
            number: its place in the dump.
            word: number of the code word in it.

        Returns:
            For each possibility the bits that flipped: (column of the page, bit, 0 the highest).
        """
        page = raw[np.newaxis].copy()
        if self._stage == "plain":
            self._descramble(page, np.array([number]))
        for words in self._words:
            for index in np.flatnonzero(words.sectors == word).tolist():
                if not isinstance(words.code, BchCode):
                    return ()
                columns = np.concatenate([words.messages[index], words.parities[index]])
                found = words.code.beyond(page[0, words.messages[index]], page[0, words.parities[index]])
                return tuple(tuple((int(columns[byte]), bit) for byte, bit in flips) for flips in found)
        return ()

    def _descramble(self, pages: Bytes, numbers: NDArray[np.int64]) -> None:
        if self._key is not None:
            pages[:, : self._key.shape[1]] ^= self._key[numbers % self._key.shape[0]]


def page_columns(page: Page) -> tuple[Columns, Columns]:
    """The columns of a page in which its data bytes and its spare bytes stand, each in order."""
    if page.arrangement == "trailing":
        return np.arange(page.data), np.arange(page.data, page.size)
    sectors = np.arange(page.data) // page.sector
    data = page.metadata + np.arange(page.data) + sectors * page.share
    spare = np.setdiff1d(np.arange(page.size), data)
    return data, spare


def _code_words(ecc: Ecc, page: Page, data: Columns, spare: Columns) -> tuple[CodeWords, ...]:
    """The code words of a page, those of equal length together."""
    lengths = sorted({count for _, count in ecc.covered})
    groups = []
    for length in lengths:
        sectors = np.array([index for index, (_, count) in enumerate(ecc.covered) if count == length])
        messages = []
        for sector in sectors.tolist():
            own = data[sector * page.sector : (sector + 1) * page.sector]
            first = ecc.covered[sector][0]
            covered = spare[first : first + length]
            messages.append(np.concatenate([covered, own] if ecc.covered_first else [own, covered]))
        parities = np.array([spare[list(ecc.positions[sector])] for sector in sectors.tolist()])
        code = (
            bch_code(ecc.code, page.sector + length)
            if isinstance(ecc.code, BchSettings)
            else HammingCode(ecc.code, page.sector)
        )
        groups.append(CodeWords(code, sectors, np.array(messages), parities))
    return tuple(groups)


def _correct(pages: Bytes, words: CodeWords) -> NDArray[np.uint8]:
    """Correct some code words of pages in place; states (pages, words)."""
    count, width = pages.shape[0], words.sectors.size
    messages = _gather(pages, words.messages).reshape(count * width, -1)
    parities = _gather(pages, words.parities).reshape(count * width, -1)
    strength = words.code.strength
    few = (messages[:, : 16 + 4 * strength] != 0xFF).sum(axis=1) <= strength  # a first look at their beginnings
    nearly = np.flatnonzero(few)
    zeros = np.bitwise_count(~messages[nearly]).sum(axis=1, dtype=np.int64)
    zeros += np.bitwise_count(~parities[nearly]).sum(axis=1, dtype=np.int64)
    erased = nearly[zeros <= strength]
    messages[erased] = 0xFF
    parities[erased] = 0xFF
    states = np.full(count * width, ERASED, dtype=np.uint8)
    bare = _without_parity(messages, parities, width)
    states[bare] = UNCORRECTABLE
    protected = np.ones(count * width, dtype=np.bool_)
    protected[erased] = protected[bare] = False
    if protected.all():
        states = _states(words.code.correct(messages, parities))
    else:
        kept, kept_parities = messages[protected], parities[protected]
        states[protected] = _states(words.code.correct(kept, kept_parities))
        messages[protected], parities[protected] = kept, kept_parities
    changed = np.flatnonzero((states.reshape(count, width) != GOOD).any(axis=1))
    for place in range(width):
        pages[changed[:, np.newaxis], words.messages[place]] = messages.reshape(count, width, -1)[changed, place]
        pages[changed[:, np.newaxis], words.parities[place]] = parities.reshape(count, width, -1)[changed, place]
    return states.reshape(count, width)


def _gather(pages: Bytes, columns: Columns) -> Bytes:
    """Columns (words, bytes) of pages: uint8 (pages, words, bytes). Neighbouring ones are copied together."""
    out = np.empty((pages.shape[0], *columns.shape), dtype=np.uint8)
    for place, row in enumerate(columns):
        if row[-1] - row[0] == row.size - 1 and (np.diff(row) == 1).all():
            out[:, place] = pages[:, row[0] : row[-1] + 1]
        else:
            out[:, place] = pages[:, row]
    return out


def _without_parity(messages: Bytes, parities: Bytes, width: int) -> NDArray[np.bool_]:
    """The code words of pages that were written without parities: those are all FF, which a Hamming code may take for
    the parity of other bytes. Of bytes that are nearly all alike it is."""
    pages = (parities == 0xFF).all(axis=1).reshape(-1, width).all(axis=1)
    bare = np.repeat(pages, width)
    candidates = np.flatnonzero(bare)
    some = messages[candidates]
    bare[candidates] = (some != some[:, some.shape[1] // 2, np.newaxis]).sum(axis=1) > _FEW
    return bare


def _states(corrected: NDArray[np.int16]) -> NDArray[np.uint8]:
    return np.where(corrected < 0, UNCORRECTABLE, GOOD + corrected).astype(np.uint8)


def _key_pages(key: Bytes, layout: NandLayout) -> Bytes:
    """The key as (pages, bytes of a page that it covers)."""
    for width in (layout.page.size, layout.page.data):
        if key.size and key.size % width == 0:
            return key.reshape(-1, width)
    raise UsageError(
        f"the XOR key has {key.size} bytes; it must be a whole number of pages, "
        f"of {layout.page.data} bytes (data) or {layout.page.size} (data and spare)"
    )


def _runs(columns: Columns) -> tuple[tuple[int, Run], ...]:
    """Stretches of the data that stand together in the page: place in the data, and run in the page."""
    breaks = np.flatnonzero(np.diff(columns) != 1) + 1
    starts = [0, *breaks.tolist()]
    ends = [*breaks.tolist(), columns.size]
    return tuple((start, Run(int(columns[start]), end - start)) for start, end in zip(starts, ends, strict=True))
