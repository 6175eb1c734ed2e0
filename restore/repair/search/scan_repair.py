"""Repair of one scan: walk, resolve every sign of damage, and say which flips were reversed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from carving.flips.model import FlipModel
from restore.placement.resumption import resume
from restore.repair.search.anomalies import InspectionBudget, anomalous
from restore.repair.search.flip_search import FlipSearch
from restore.repair.search.hypotheses import Reversal
from restore.repair.search.search_limits import (
    ALARMS_PER_FLIP,
    BACKTRACK,
    DROP,
    KEEN_SHARE,
    KEENEST,
    LOWEST_ALARM,
    MAX_TAKEN,
    REGION_MCUS,
    SPARSE_ROWS,
)
from restore.scan.calibration import calibrate
from restore.scan.contracts import ALARMED, COMPLETE, HORIZON
from restore.scan.extend_kernels import NEVER
from restore.scan.preparation import ALARM_SHARE, expect
from restore.scan.scan import Scan

FLAWLESS_BUDGET: Final = InspectionBudget(moved=2, lacking=5, noisy=0)
"""Places looked into in a file that decodes without a flaw: more would cost undamaged ones too much."""


@dataclass(frozen=True, slots=True)
class Effort:
    """How hard to search.

    Attributes:
        expansions: hypotheses pursued per sign of damage.
        work: decoded MCUs allowed per MCU of the picture.
        work_per_flip: and besides for each flip that is found.
        gone_through: the largest share of a repaired scan's units that is gone through for flips that leave no flaw.
    """

    expansions: int
    work: int
    work_per_flip: int
    gone_through: float = 0.0


EFFORTS: Final = (
    Effort(0, 0, 0),
    Effort(2, 100, 10_000, 0.02),
    Effort(6, 800, 60_000, 0.08),
    Effort(16, 8000, 600_000, 0.16),
)
"""By effort 0 to 3; 0 switches the reversal of flips off."""


@dataclass(frozen=True, eq=False)
class Repair:
    """What repair made of a scan: the flips reversed, the bytes at which damage stayed unexplained, and whether the
    work that was allowed ran out before the end."""

    reversals: tuple[Reversal, ...]
    unresolved: tuple[int, ...]
    exhausted: bool


def keen_alarm(scan: Scan, lacking: NDArray[np.float64], flips: int) -> float:
    """Alarm level for a file in which `flips` flips were found: each vouches for a few more MCUs to be looked into."""
    count = scan.layout.mcu_count
    share = min(KEEN_SHARE, max(ALARM_SHARE, flips * ALARMS_PER_FLIP / count))
    spread = 1.4826 * float(np.median(np.abs(lacking)))
    if scan.model.expected.alarm <= 0:  # nothing was decoded, so nothing is expected
        return 1.0
    return min(1.0, max(float(np.quantile(lacking, 1 - share)), LOWEST_ALARM * spread) / scan.model.expected.alarm)


def inspect_flawless(
    scan: Scan, model: FlipModel, effort: Effort, coefficients: NDArray[np.int16]
) -> tuple[Reversal, ...]:
    """The reversals that the few places which look most like damage call for, in a scan that decodes without a flaw.

    It costs a fraction of a search: score tables come from every fourth pair of MCU rows, and nothing else is looked
    into. The scan is left as it was.
    """
    count = scan.layout.mcu_count
    known = scan.path.known.copy()
    scan.path.known[:count] &= np.arange(count) // scan.layout.columns % SPARSE_ROWS < 2
    scan.model = calibrate(scan.raw, scan.end, scan.layout, scan.codes, scan.path, scan.work)
    expect(scan)
    scan.path.known[:] = known
    alarm = limit_to_suspicious(scan, coefficients, FLAWLESS_BUDGET)
    found = repair_scan(scan, FlipSearch(scan, model, 1, alarm, 0), effort).reversals
    scan.restart()
    return found


def limit_to_suspicious(scan: Scan, coefficients: NDArray[np.int16], budget: InspectionBudget) -> float:
    """Have only the places looked into that are most suspicious; returns the level at which their MCUs are."""
    scan.examined[:] = 1
    scan.examined[scan.path.places[anomalous(scan, coefficients, budget)] >> 3] = 0
    return KEENEST * scan.model.expected.spread / max(scan.model.expected.alarm, 1e-9)


def repair_scan(scan: Scan, search: FlipSearch, effort: Effort, earlier: int = 0) -> Repair:
    """One round of repair from the beginning of a scan, with what `search` finds.

    It ends early where the work spent on the scan, counted in decoded MCUs, exceeds what the effort allows: so the same
    file gives the same result on any machine. `earlier` is how many flips were found in the rounds before.
    """
    alarm = search.alarm
    allowed = effort.work * scan.layout.mcu_count + effort.work_per_flip * earlier
    reversals: list[Reversal] = []
    unresolved: list[int] = []
    mcu = floor = 0
    taken = np.zeros(scan.layout.mcu_count // REGION_MCUS + 1, dtype=np.int64)
    while mcu < scan.layout.mcu_count:
        stretch = scan.walk(mcu, scan.layout.mcu_count, DROP, alarm)
        if stretch.why == COMPLETE:
            break
        if stretch.why == HORIZON and stretch.mcu > mcu:
            mcu = stretch.mcu
            continue
        base = max(floor, min(stretch.best_mcu, stretch.mcu - 1) - BACKTRACK)
        if scan.spent > allowed:
            break
        region = stretch.mcu // REGION_MCUS
        found = search.resolve(base) if taken[region] < MAX_TAKEN else ()
        taken[region] += bool(found)
        if found:
            reversals.extend(found)
            allowed += effort.work_per_flip * len(found)
            mcu = search.first_changed
            continue
        scan.walk(base, stretch.mcu, NEVER)
        scan.examined[scan.path.places[max(min(stretch.best_mcu, stretch.mcu - 1), base) : stretch.mcu] >> 3] = 1
        if stretch.why == ALARMED:
            mcu = max(floor, stretch.mcu - 1)
            continue
        unresolved.append(int(scan.path.places[stretch.mcu]) >> 3)
        anchor = resume(scan, stretch)
        if anchor is None or (anchor.mcu <= floor and not anchor.stays):
            break
        mcu = anchor.mcu
        floor = floor if anchor.stays else anchor.mcu
    return Repair(tuple(reversals), tuple(unresolved), scan.spent > allowed)
