"""A scan made ready to be searched or placed: its path along what the decoder found, and its model learnt from that."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from restore.decoding.robust import Decoded
from restore.scan.calibration import calibrate
from restore.scan.contracts import NOTHING_EXPECTED, Expected
from restore.scan.scan import Scan
from restore.scan.workspace import scan_codes, scan_layout

ALARM_SHARE: Final = 0.004
"""Share of MCUs that may raise an alarm."""


def open_scan(data: bytes, decoded: Decoded, scan_end: int) -> Scan:
    """The working state of a file's only scan, its path and model as the robust decoder left them."""
    layout, codes = scan_layout(decoded.header), scan_codes(decoded.header)
    raw = np.frombuffer(data, dtype=np.uint8).copy()
    scan = Scan(raw, decoded.header.scan.entropy_start, scan_end, layout, codes)
    follow_decoder(scan, decoded)
    return scan


def follow_decoder(scan: Scan, decoded: Decoded) -> None:
    """Lay the path along what the robust decoder found."""
    stream, positions = decoded.stream, decoded.mcus.bit_positions
    found = positions >= 0
    index = np.maximum(positions, 0) >> 3
    offsets = stream.origin + index + np.searchsorted(stream.removed, index, side="right")
    count = scan.layout.mcu_count
    scan.path.places[:count] = np.where(found, 8 * offsets + (np.maximum(positions, 0) & 7), 0)
    scan.path.known[:count] = found
    last_block = {int(component): block for block, component in enumerate(scan.layout.component_of)}
    interval = scan.layout.restart_interval
    begins = np.arange(count) % interval == 0 if interval else np.arange(count) == 0
    for component, block in last_block.items():
        before = np.concatenate([[0], decoded.coefficients[:-1, block, 0]])
        scan.path.predictors[:count, component] = np.where(begins, 0, before)


def recalibrate(scan: Scan) -> NDArray[np.float64]:
    """Learn the model anew from the path as it stands; returns what `expect` does."""
    scan.model = calibrate(scan.raw, scan.end, scan.layout, scan.codes, scan.path, scan.work)
    return expect(scan)


def expect(scan: Scan) -> NDArray[np.float64]:
    """Fit what MCUs of a size are expected to score to the path as it stands, as a part of the scan's model.

    Returns:
        By how much each MCU lacks what is expected of it; 0 where it is not known.
    """
    gained, bits, _, _ = scan.read_path(np.zeros(0, dtype=np.int16))
    known = bits > 0
    if not known.any():  # nothing was decoded, so nothing is expected
        scan.model = scan.model._replace(expected=NOTHING_EXPECTED)
        return np.zeros(bits.size)
    gained, bits = gained[known], bits[known]
    terms = np.stack([np.ones(bits.size), bits, np.sqrt(bits)], axis=1)
    keep = np.ones(bits.size, dtype=np.bool_)
    fitted, spread = np.zeros(3), 1.0
    for _ in range(3):  # damage must not widen what counts as normal
        fitted = np.linalg.lstsq(terms[keep], gained[keep], rcond=None)[0]
        rest = gained - terms @ fitted
        spread = max(1.0, 1.4826 * float(np.median(np.abs(rest[keep]))))
        keep = np.abs(rest) < 4 * spread
    rest = gained - terms @ fitted
    level = max(4 * spread, -float(np.quantile(rest, ALARM_SHARE)))
    base, per_bit, per_root = (float(value) for value in fitted)
    scan.model = scan.model._replace(expected=Expected(base, per_bit, per_root, level, spread))
    lacking = np.zeros(known.size)
    lacking[known] = -rest
    return lacking
