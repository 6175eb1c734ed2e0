"""Repair of one scan: walk, resolve every sign of damage, and say which flips were reversed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from carving.flips import FlipModel
from restore.decode.robust import Decoded, decode
from restore.repair.calibration import calibrate
from restore.repair.extend_kernels import ALARMED, BROKEN, COMPLETE, HORIZON, NEVER, Model
from restore.repair.scan import Scan
from restore.repair.search import ALARM, DROP, FlipSearch, Reversal
from restore.repair.workspace import scan_codes, scan_layout


ALARM_SHARE: Final = 0.004
"""Share of MCUs that may raise an alarm."""


@dataclass(frozen=True, eq=False)
class Repair:
    """What repair made of a scan: the file's bytes, the reversed flips, whether it decodes cleanly, work spent."""

    raw: NDArray[np.uint8]
    reversals: tuple[Reversal, ...]
    complete: bool
    unresolved: tuple[int, ...]
    spent: int


def open_scan(data: bytes, decoded: Decoded, scan_end: int) -> Scan:
    """The working state of a file's only scan, calibrated on the file itself."""
    layout, codes = scan_layout(decoded.header), scan_codes(decoded.header)
    raw = np.frombuffer(data, dtype=np.uint8).copy()
    scan = Scan(raw, decoded.header.scan.entropy_start, scan_end, layout, codes, calibrate(decoded, layout, codes))
    scan.model = expect(scan)
    return scan


def expect(scan: Scan) -> Model:
    """The scan's model with what MCUs of a size are expected to score, fitted to the scan as it stands."""
    rows = _walk_through(scan)
    gained = np.diff(scan.path.scores[: rows + 1])
    bits = np.diff(scan.path.places[: rows + 1]).astype(np.float64)
    terms = np.stack([np.ones(rows), bits, np.sqrt(bits)], axis=1)
    keep = np.ones(rows, dtype=np.bool_)
    fitted, spread = np.zeros(3), 1.0
    for _ in range(3):  # damage must not widen what counts as normal
        fitted = np.linalg.lstsq(terms[keep], gained[keep], rcond=None)[0]
        rest = gained - terms @ fitted
        spread = max(1.0, 1.4826 * float(np.median(np.abs(rest[keep]))))
        keep = np.abs(rest) < 4 * spread
    rest = gained - terms @ fitted
    spread = max(4 * spread, -float(np.quantile(rest, ALARM_SHARE)))
    return scan.model._replace(expected=np.append(fitted, spread))


def _walk_through(scan: Scan) -> int:
    """Walk to the end, or as far as codes are valid; returns the MCUs passed."""
    mcu = 0
    while mcu < scan.layout.mcu_count:
        stretch = scan.walk(mcu, scan.layout.mcu_count, NEVER)
        if stretch.why == BROKEN or stretch.mcu == mcu:
            return stretch.mcu
        mcu = stretch.mcu
    return mcu


def repair_file(data: bytes, decoded: Decoded, scan_end: int, model: FlipModel, expansions: int) -> tuple[Scan, Repair]:
    """Reverse what flips can be found in a file's only scan.

    The first round finds the plain cases, with tables that the damage itself has blurred; tables made of what it leaves
    then serve the second, which starts afresh and also looks into single MCUs that fit badly.
    """
    first = open_scan(data, decoded, scan_end)
    rough = repair_scan(first, model, 2, NEVER)
    better = decode(rough.raw.tobytes())
    fresh = open_scan(rough.raw.tobytes(), better, scan_end)
    fresh.raw[:] = first.original
    fresh.spent += first.spent
    return fresh, repair_scan(fresh, model, expansions, ALARM)


def repair_scan(scan: Scan, model: FlipModel, expansions: int, alarm: float) -> Repair:
    """One round of repair from the beginning of a scan."""
    search = FlipSearch(scan, model, expansions, alarm)
    reversals: list[Reversal] = []
    unresolved: list[int] = []
    mcu = 0
    complete = False
    while mcu < scan.layout.mcu_count:
        stretch = scan.walk(mcu, scan.layout.mcu_count, DROP, alarm)
        if stretch.why == COMPLETE:
            complete = True
            break
        if stretch.why == HORIZON and stretch.mcu > mcu:
            mcu = stretch.mcu
            continue
        base = max(0, min(stretch.best_mcu, stretch.mcu - 1) - 24)
        found = search.resolve(base)
        if found:
            reversals.extend(found)
            mcu = base
            continue
        scan.walk(base, stretch.mcu, NEVER)
        scan.examined[int(scan.path.places[stretch.mcu - 1]) >> 3] = 1
        if stretch.why != ALARMED:
            unresolved.append(stretch.mcu)
        if stretch.mcu <= mcu:
            break
        mcu = stretch.mcu
    return Repair(scan.raw, tuple(reversals), complete, tuple(unresolved), scan.spent)
