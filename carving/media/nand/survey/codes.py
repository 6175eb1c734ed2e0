"""Which error-correcting code a dump has: parities are computed and looked for in the spare bytes.

A parity of n bits stands at a place by chance once in 2^n, so that a few hits settle code, place, order of bits and
inversion at once.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from carving.media.nand.bch import bch_code, parity_bytes
from carving.media.nand.hamming import HammingCode
from carving.media.nand.layout import Arrangement, BchSettings, BitOrder, HammingSettings, Inversion
from carving.media.nand.survey.geometry import PageGeometry
from carving.media.nand.survey.sample import Bytes

STRENGTHS: Final = (2, 4, 5, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30, 32, 36, 40, 44, 48, 52, 56, 60, 64, 72)
_FIELDS: Final = ((512, 13, 0x201B), (1024, 14, 0x402B), (1024, 14, 0x4443), (1024, 14, 0x5803), (2048, 15, 0x8003))
"""Bytes of a sector, and the field that is used with it."""
_LONGEST_METADATA: Final = 64
_PAGES: Final = 24
_ENOUGH: Final = 3
_VARIED: Final = 24


@dataclass(frozen=True, slots=True)
class CodeGuess:
    """A code and its place in the page.

    `offset` counts spare bytes for trailing parities, and bytes behind the sector for interleaved ones; `hits` of
    `tried` code words check without a single wrong bit.
    """

    settings: BchSettings | HammingSettings
    arrangement: Arrangement
    sector: int
    offset: int
    stride: int
    metadata: int
    share: int
    covered: bool
    hits: int
    tried: int
    positions: tuple[tuple[int, ...], ...] | None = None


@dataclass(frozen=True, slots=True)
class _Hit:
    """A parity found: settings, start of its sector in the page, bytes from the sector's end to it."""

    settings: BchSettings
    sector: int
    start: int
    distance: int


def guess_code(pages: Bytes, geometry: PageGeometry) -> CodeGuess | None:
    """The code of some written pages, uint8 (pages, page size); None where none is recognised."""
    some = pages[:: max(1, pages.shape[0] // _PAGES)][:_PAGES]
    varied = some[[np.unique(row[: geometry.data]).size > 8 for row in some]]
    if varied.shape[0] == 0:
        return None
    return _trailing_bch(varied, geometry) or _interleaved_bch(varied, geometry) or _hamming(varied, geometry)


def is_varied(message: Bytes) -> bool:
    """Whether a message tells codes apart: the parity of zeros is zero under every one."""
    return np.unique(message).size >= _VARIED


def _trailing_bch(pages: Bytes, geometry: PageGeometry) -> CodeGuess | None:
    """Data first: the parity of a sector is looked for in all spare bytes."""
    for size, field, polynomial in _FIELDS:
        if geometry.data % size:
            continue
        count = geometry.data // size
        for settings in _candidates(field, polynomial, geometry.spare // count):
            width = parity_bytes(settings)
            places: Counter[tuple[Inversion, int, int]] = Counter()
            for sector in range(count):
                messages = pages[:, sector * size : (sector + 1) * size]
                varied = [row for row, message in enumerate(messages) if is_varied(message)]
                for page, row in zip(pages[varied], _parities(messages[varied], settings), strict=True):
                    spare = page[geometry.data :].tobytes()
                    for inverted, parity in row.items():
                        place = spare.find(parity)
                        if place >= 0:
                            places[inverted, sector, place] += 1
            guess = _line_up(places, settings, size, count, width, pages.shape[0])
            if guess is not None:
                return guess
    return None


def _line_up(
    places: Counter[tuple[Inversion, int, int]], settings: BchSettings, size: int, count: int, width: int, pages: int
) -> CodeGuess | None:
    """Parities of neighbouring sectors stand at even distances."""
    for inverted in ("nothing", "parity", "message", "both"):
        best = [
            max(
                ((hits, place) for (kind, of, place), hits in places.items() if (kind, of) == (inverted, sector)),
                default=(0, -1),
            )
            for sector in range(count)
        ]
        known = [(sector, place) for sector, (hits, place) in enumerate(best) if hits]
        if not known or sum(hits for hits, _ in best) < _ENOUGH:
            continue
        stride = width
        if len(known) > 1:
            (first, start), (last, end) = known[0], known[-1]
            stride = (end - start) // (last - first)
        offset = known[0][1] - stride * known[0][0]
        if offset < 0 or any(place != offset + stride * sector for sector, place in known):
            continue
        chosen = BchSettings(settings.field, settings.polynomial, settings.strength, settings.bits, inverted)
        hits = sum(hits for hits, _ in best)
        return CodeGuess(chosen, "trailing", size, offset, stride, 0, 0, False, hits, pages * count)
    return None


def _interleaved_bch(pages: Bytes, geometry: PageGeometry) -> CodeGuess | None:
    """Each sector with its share of the spare: the second and the third sector are looked for where they may begin."""
    for size, field, polynomial in _FIELDS:
        count = geometry.data // size
        if geometry.data % size or count < 2:
            continue
        share = geometry.spare // count
        for settings in _candidates(field, polynomial, share):
            hits = Counter(
                found
                for page in pages[:6]
                for found in _sliding(page, settings, size, range(size, size + share + _LONGEST_METADATA), share)
            )
            if not hits:
                continue
            (second, _), *_ = hits.most_common(1)
            guess = _interleaved_from(pages, geometry, second, count)
            if guess is not None:
                return guess
    return None


def _sliding(page: Bytes, settings: BchSettings, size: int, starts: range, share: int) -> list[_Hit]:
    """Sectors of a page that begin somewhere in `starts` and have their parity within `share` bytes behind them."""
    inside = [start for start in starts if start + size <= page.size]
    if not inside or not is_varied(page[inside[0] : inside[0] + size]):
        return []
    windows = np.lib.stride_tricks.sliding_window_view(page, size)[inside]
    found = []
    for start, row in zip(inside, _parities(np.ascontiguousarray(windows), settings), strict=True):
        behind = page[start + size : start + size + share].tobytes()
        for inverted, parity in row.items():
            distance = behind.find(parity)
            if distance >= 0:
                chosen = BchSettings(settings.field, settings.polynomial, settings.strength, settings.bits, inverted)
                found.append(_Hit(chosen, size, start, distance))
    return found


def _interleaved_from(pages: Bytes, geometry: PageGeometry, second: _Hit, count: int) -> CodeGuess | None:
    """The whole layout from where the second sector stands: its share is where every other sector checks as well."""
    size = second.sector
    width = parity_bytes(second.settings)
    best: CodeGuess | None = None
    for share in range(width + second.distance, geometry.spare // count + 1):
        metadata = second.start - size - share
        if metadata < 0 or metadata + count * share > geometry.spare:
            continue
        starts = [metadata + sector * (size + share) for sector in range(count)]
        hits = sum(_checking(pages, second, start, start) for start in starts[1:])
        alone = {length: _checking(pages, second, starts[0] - length, starts[0]) for length in {0, metadata}}
        covered = alone[metadata] > 0 and metadata > 0
        hits += max(alone.values())
        if best is None or hits > best.hits:
            tried = pages.shape[0] * count
            best = CodeGuess(
                second.settings, "interleaved", size, second.distance, share, metadata, share, covered, hits, tried
            )
    return best if best is not None and best.hits >= _ENOUGH else None


def _checking(pages: Bytes, like: _Hit, first: int, start: int) -> int:
    """In how many pages the bytes from `first` to the end of the sector at `start` have their parity where it should
    be."""
    end = start + like.sector
    place = end + like.distance
    found = _parities(pages[:, first:end], like.settings)
    wanted = like.settings.inverted
    return sum(
        page[place : place + len(row[wanted])].tobytes() == row[wanted] for page, row in zip(pages, found, strict=True)
    )


def _hamming(pages: Bytes, geometry: PageGeometry) -> CodeGuess | None:
    """Three bytes are found by chance too, so most sectors of most pages must have their parity at the same place."""
    tried = np.array([[is_varied(part) for part in row[: geometry.data].reshape(-1, 256)] for row in pages])
    for size in (256, 512):
        count = geometry.data // size
        varied = tried.reshape(pages.shape[0], count, -1).any(axis=2)
        for swapped in (False, True):
            settings = HammingSettings(swapped)
            messages = pages[:, : geometry.data].reshape(-1, size)
            parities = HammingCode(settings, size).encode(messages).reshape(-1, count, 3)
            for positions in _hamming_positions(geometry, count):
                stored = pages[:, geometry.data + np.array(positions)]
                hits = int(((parities == stored).all(axis=2) & varied).sum())
                if hits >= _ENOUGH and 2 * hits > varied.sum():
                    return CodeGuess(
                        settings,
                        "trailing",
                        size,
                        positions[0][0],
                        3,
                        0,
                        0,
                        False,
                        hits,
                        int(varied.sum()),
                        positions,
                    )
    return None


def _hamming_positions(geometry: PageGeometry, count: int) -> list[tuple[tuple[int, ...], ...]]:
    """Where Hamming parities may stand: one after the other from any spare byte on, or scattered as Linux does it in
    small pages."""
    last = geometry.spare - 3 * count
    rows = [
        tuple(tuple(range(first + 3 * sector, first + 3 * sector + 3)) for sector in range(count))
        for first in range(max(0, last + 1))
    ]
    scattered: list[tuple[tuple[int, ...], ...]] = (
        [((0, 1, 2), (3, 6, 7))] if (geometry.data, count) == (512, 2) else []
    )
    return [*scattered, *rows]


def _candidates(field: int, polynomial: int, room: int) -> list[BchSettings]:
    """Codes whose parity has room, the strongest first: the parity of a weak code is no part of a strong one's."""
    orders: tuple[BitOrder, ...] = ("msb", "lsb")
    return [
        BchSettings(field, polynomial, strength, bits)
        for strength in reversed(STRENGTHS)
        if -(-field * strength // 8) <= room
        for bits in orders
    ]


Parities = dict[Literal["nothing", "parity", "message", "both"], bytes]


def _parities(messages: Bytes, settings: BchSettings) -> list[Parities]:
    """The parities of messages as they are stored, for every inversion; without the last byte where it is padded, for
    what it is padded with is not known."""
    size = messages.shape[1]
    code = bch_code(settings, size)
    kept = code.parity if code.degree % 8 == 0 else code.parity - 1
    plain = code.encode(np.ascontiguousarray(messages))
    stored: dict[Inversion, Bytes] = {}
    for inverted in _INVERSIONS:
        mask = bch_code(
            BchSettings(settings.field, settings.polynomial, settings.strength, settings.bits, inverted), size
        ).mask
        stored[inverted] = code.bits[plain ^ mask][:, :kept]
    return [
        {inverted: rows[index].tobytes() for inverted, rows in stored.items()} for index in range(messages.shape[0])
    ]


_INVERSIONS: Final[tuple[Inversion, ...]] = ("nothing", "parity", "message", "both")
