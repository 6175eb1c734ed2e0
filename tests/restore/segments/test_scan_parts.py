"""What cannot be data, where a scan ends, and how it is cut."""

from __future__ import annotations

import numpy as np

from restore.decoding.robust import decode
from restore.segments.bad_ranges import constant_runs, impossible_markers, may_be_data, merged
from restore.segments.scan_cut import cut_scan
from restore.segments.scan_end import ScanEnd, scan_ends
from tests.restore.segments.regions_of_files import middle, noise, overwritten, photo


def _raw(data: bytes) -> np.ndarray:
    return np.frombuffer(data, dtype=np.uint8)


def test_runs_of_one_value() -> None:
    raw = _raw(b"ab" + bytes(20) + b"c" + b"\xff" * 15 + b"d" + b"\x07" * 16)
    assert constant_runs(raw, 0, raw.size) == [(2, 22), (39, 55)]
    assert constant_runs(raw, 4, 21) == [(4, 21)]


def test_a_flat_part_may_be_data_but_a_sector_is_not() -> None:
    assert may_be_data(_raw(bytes(2000)), (700, 900))
    assert not may_be_data(_raw(bytes(2000)), (512, 1024))
    assert not may_be_data(_raw(bytes(9000)), (100, 8200))
    assert not may_be_data(_raw(b"\xff" * 2000), (700, 900))


def test_markers_that_no_scan_holds() -> None:
    raw = _raw(b"a\xff\x00b\xff\x41c\xff\x42\xff\x00" + b"d\xff\xd3e")
    assert impossible_markers(raw, 0, raw.size, restarts=True) == [(4, 9)]
    assert impossible_markers(raw, 0, raw.size, restarts=False) == [(4, 9), (12, 14)]
    assert merged([(12, 14), (4, 9)]) == ((4, 14),)


def test_the_end_is_the_eoi_behind_sound_data() -> None:
    whole = photo()
    end = decode(whole).end - 2
    start = decode(whole).header.scan.entropy_start
    assert list(scan_ends(_raw(whole), start, restarts=False)) == [ScanEnd(end, anchored=True)]
    at = middle(whole)
    damaged = overwritten(whole, at, noise(1000) + b"\xff\xd9" + noise(1000))
    assert list(scan_ends(_raw(damaged), start, restarts=False)) == [ScanEnd(end, anchored=True)]
    assert list(scan_ends(_raw(whole[:at]), start, restarts=False)) == [ScanEnd(at, anchored=False)]
    chance = overwritten(whole, at, b"noise\xff\xd9")
    assert [found.offset for found in scan_ends(_raw(chance), start, restarts=False)] == [at + 5, end]
    assert [found.offset for found in scan_ends(_raw(chance + whole), start, restarts=False)] == [at + 5, end]


def test_a_cut_scan_leads_back_to_the_file() -> None:
    data = b"xx" + bytes([1, 0xFF, 0, 2, 3, 0xFF, 0xD1, 4, 9, 9, 9, 5])
    cut = cut_scan(_raw(data), 2, len(data), ((10, 13),), restarts=True)
    assert cut.data[: cut.size].tolist() == [1, 0xFF, 2, 3, 4, 5]
    assert cut.origins.tolist() == [2, 3, 5, 6, 9, 13, len(data)]
    assert [(piece.first, piece.end, piece.opened, piece.closed) for piece in cut.pieces] == [
        (0, 4, -1, 1),
        (4, 5, 1, -1),
        (5, 6, -1, -1),
    ]
    assert cut.place(17) == 8 * 5 + 1
    assert cut.end_place(16) == 8 * 3 + 8
