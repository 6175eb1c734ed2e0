"""Windows of the scan beside a plain account of byte stuffing (T.81, F.1.2.3)."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from restore.scan.contracts import WINDOW_MARKER, WINDOW_OPEN, WINDOW_SCAN_END
from restore.scan.window_kernels import NO_PATCH, WINDOW_PADDING, load_window
from restore.scan.workspace import new_workspace

Window = tuple[bytes, list[int], list[tuple[int, int]], int]
"""Bytes, the offset of each and of what follows, restart markers as position and number, and ending."""


def plain(data: bytes, start: int, stop: int, end: int, restarts: bool) -> Window:
    """Unstuff `data[start:stop]` of a scan that ends at `end`."""
    out, origins, marks = bytearray(), list[int](), list[tuple[int, int]]()
    ending = WINDOW_SCAN_END if stop >= end else WINDOW_OPEN
    at = start
    while at < min(stop, end):
        if data[at] != 0xFF or at + 1 >= end:
            out.append(data[at])
            origins.append(at)
            at += 1
        elif data[at + 1] == 0:
            out.append(0xFF)
            origins.append(at)
            at += 2
        elif data[at + 1] == 0xFF:
            at += 1
        elif restarts and data[at + 1] in range(0xD0, 0xD8):
            marks.append((len(out), data[at + 1] - 0xD0))
            at += 2
        else:
            return bytes(out), [*origins, at + 1], marks, WINDOW_MARKER
    return bytes(out), [*origins, at], marks, ending


def loaded(raw: NDArray[np.uint8], span: tuple[int, int, int], patch: bytes, at: int, restarts: bool) -> Window:
    """The same by the kernel."""
    work = new_workspace(3, 4096)
    work.window[:] = 0xAA
    bytes_of_patch = np.frombuffer(patch, dtype=np.uint8).copy() if patch else NO_PATCH
    start, stop, end = span
    size, count, ending = load_window(raw, start, stop, end, bytes_of_patch, at, len(patch), restarts, work)
    assert not work.window[size : size + WINDOW_PADDING].any()
    marks = list(zip(work.marks[:count].tolist(), work.numbers[:count].tolist(), strict=True))
    return work.window[:size].tobytes(), work.origins[: size + 1].tolist(), marks, ending


@pytest.mark.parametrize("restarts", [False, True])
def test_a_window_holds_what_the_standard_says(restarts: bool) -> None:
    dice = np.random.default_rng(5)
    endings = set()
    for _ in range(300):
        raw = dice.choice(np.array([0, 0xFF, 0xD3, 0x31, 0xD7], dtype=np.uint8), 60, p=[0.3, 0.25, 0.08, 0.29, 0.08])
        start, length = (int(value) for value in dice.integers(0, 20, 2))
        stop, end = start + 2 * length, int(dice.integers(30, 61))
        at = int(dice.integers(0, 50))
        patch = dice.choice(np.array([0, 0xFF, 0x77], dtype=np.uint8), int(dice.integers(0, 9))).tobytes()
        patched = raw.copy()
        patched[at : at + len(patch)] = np.frombuffer(patch, dtype=np.uint8)
        expected = plain(patched.tobytes(), start, stop, end, restarts)
        stored = raw.copy()
        assert loaded(raw, (start, stop, end), patch, at, restarts) == expected
        np.testing.assert_array_equal(raw, stored)
        endings.add(expected[3])
    assert endings == {WINDOW_OPEN, WINDOW_MARKER, WINDOW_SCAN_END}
