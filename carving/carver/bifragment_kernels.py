"""The hot loop of joining: many places at which a broken-off picture might go on, each tried by decoding."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from carving.jpeg.coding_kernels import BARRIER, COUNT, MARKER, MCU, POSITION, TARGET, WHOLE, walk_mcus
from carving.support.compiled import kernel


@kernel(nogil=True)
def first_that_fits(
    data: NDArray[np.uint8],
    state: NDArray[np.int64],
    cut: int,
    targets: NDArray[np.int64],
    work: int,
    mcus: int,
    restart_interval: int,
    block_dc: NDArray[np.int64],
    block_ac: NDArray[np.int64],
    block_component: NDArray[np.int64],
    dc_limits: NDArray[np.int64],
    codes: NDArray[np.uint16],
    joined: NDArray[np.uint16],
) -> tuple[int, int]:
    """The index of the first target at which the picture goes on to its last MCU with an EOI right behind it.

    Args:
        data: the picture's bytes and, somewhere behind, those of the targets.
        state: where decoding can be taken up before the cut.
        cut: offset at which the data break off.
        targets: offsets at which they may go on.
        work: MCUs that may be decoded in all.
        mcus, restart_interval, block_dc, block_ac, block_component, dc_limits, codes, joined: as `walk_mcus` takes
            them.

    Returns:
        That index, -1 where none fits; and the work that is left.
    """
    trial = np.zeros_like(state)
    nowhere = np.zeros(0, dtype=np.int64)
    for index in range(targets.size):
        trial[:] = state
        trial[BARRIER], trial[TARGET] = cut, targets[index]
        result = walk_mcus(
            data,
            trial,
            data.size,
            mcus,
            restart_interval,
            block_dc,
            block_ac,
            block_component,
            dc_limits,
            codes,
            joined,
            nowhere,
        )
        if result == WHOLE and trial[COUNT] < 8 and _ends(data, trial[POSITION], trial[MARKER]):
            return index, work
        work -= trial[MCU] - state[MCU] + 1
        if work < 0:
            break
    return -1, work


@kernel(nogil=True)
def _ends(data: NDArray[np.uint8], position: int, marker: int) -> bool:
    """Whether an EOI stands at the marker, or behind it where it is the restart marker that some encoders end with."""
    if 0xD0 <= marker <= 0xD7 and position + 3 < data.size:
        return data[position + 2] == 0xFF and data[position + 3] == 0xD9
    return marker == 0xD9
