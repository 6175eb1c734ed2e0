"""The path of a whole scan with the score of every MCU, from which hypotheses about its bytes are compared."""

from __future__ import annotations

from restore.scan.contracts import COMPLETE
from restore.scan.extend_kernels import NEVER
from restore.scan.scan import Scan


def lay_scores(scan: Scan) -> bool:
    """Lay the path along a scan's bytes from its beginning, with scores; whether it decodes to its last bit."""
    mcu = 0
    while mcu < scan.layout.mcu_count:
        stretch = scan.walk(mcu, scan.layout.mcu_count, NEVER)
        if stretch.mcu <= mcu:
            return False
        mcu = stretch.mcu
        if stretch.why == COMPLETE:
            return True
    return False
