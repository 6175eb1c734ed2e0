"""The kernels that read paths against plain Python that reads bit by bit."""

from __future__ import annotations

import numpy as np

from carving.jpeg.tables import HuffmanTable
from restore.decoding.robust import decode
from restore.decoding.scans import scan_tables
from restore.segments.path_kernels import ACTIVITIES, BEYOND, INVALID, ScoredCodes, follow, mcu_at, resynchronise
from restore.segments.scan_cut import Cut, cut_scan
from restore.segments.symbol_model import coding_of, learn
from tests.restore.segments.regions_of_files import photo


def _opened() -> tuple[bytes, Cut, ScoredCodes]:
    data = photo()
    whole = decode(data)
    raw = np.frombuffer(data, dtype=np.uint8)
    cut = cut_scan(raw, whole.header.scan.entropy_start, whole.end - 2, (), restarts=False)
    return data, cut, learn(whole.header, coding_of(whole.header), cut)


def _symbol(bits: str, at: int, table: HuffmanTable) -> tuple[int, int]:
    """Symbol and code length at a bit."""
    codes = {format(code, f"0{length}b"): symbol for code, length, symbol in table.codes}
    for length in range(1, 17):
        if bits[at : at + length] in codes:
            return codes[bits[at : at + length]], length
    raise AssertionError("no code")


def test_reading_follows_the_decoder() -> None:
    data, cut, coding = _opened()
    whole = decode(data)
    count = whole.header.frame.mcu_count
    positions, scores = np.zeros(count + 1, dtype=np.int64), np.zeros(count, dtype=np.float32)
    read, why = follow(cut.data, 0, 8 * cut.size, count, coding, positions, scores)
    assert (read, why) == (count, 0)
    np.testing.assert_array_equal(positions[:-1], whole.mcus.bit_positions)
    assert scores.mean() > 10  # sound data beat random bits


def test_scores_are_sums_of_symbols() -> None:
    data, cut, coding = _opened()
    header = decode(data).header
    bits = "".join(format(byte, "08b") for byte in cut.data[:4000])
    tables, table_of = scan_tables(header), coding.scores.reshape(2, 64, 256, ACTIVITIES)
    at = 0
    for _ in range(5):
        expected, first = 0.0, at
        for block in range(coding.classes.size):
            dc_table, ac_table = tables[int(coding.dc_tables[block]) // 2]
            symbol, length = _symbol(bits, at, dc_table)
            sums = table_of[coding.classes[block], 0, symbol].astype(float)
            at, index = at + length + symbol, 1
            while index < 64:
                symbol, length = _symbol(bits, at, ac_table)
                sums = sums + table_of[coding.classes[block], index, symbol]
                at += length + (symbol & 15)
                if symbol == 0:
                    break
                index += (symbol >> 4) + 1
            expected += sums.max()
        following, score = mcu_at(cut.data, first, 8 * cut.size, coding)
        assert following == at
        assert abs(score - expected) < 0.01


def test_an_end_is_not_passed() -> None:
    _, cut, coding = _opened()
    following, _ = mcu_at(cut.data, 0, 8 * cut.size, coding)
    assert mcu_at(cut.data, 0, following - 1, coding)[0] == BEYOND
    assert mcu_at(np.full(8192, 0xFF, dtype=np.uint8), 0, 8192, coding)[0] == INVALID


def test_reading_takes_hold_where_an_mcu_begins() -> None:
    data, cut, coding = _opened()
    positions = decode(data).mcus.bit_positions
    best, exits = np.zeros(2048, dtype=np.float32), np.zeros(1 << 15, dtype=np.float32)
    for first in (80_001, 123_457, 200_003):
        bit, score = resynchronise(cut.data, first, first + 2048, 8 * cut.size, 64, coding, best, exits)
        assert 0 <= bit - first < 2048
        read, scores = np.zeros(5, dtype=np.int64), np.zeros(4, dtype=np.float32)
        follow(cut.data, bit, 8 * cut.size, 4, coding, read, scores)
        assert read[4] in positions  # paths merge within a few MCUs
        assert (scores > 0).all()
        assert score > 250
