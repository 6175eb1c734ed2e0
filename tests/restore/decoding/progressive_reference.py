"""A progressive JPEG decoder in plain Python, after the flow charts of T.81 annex G; for sound files only."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from carving.jpeg.markers import JpegHeader
from carving.jpeg.tables import ZIGZAG
from tests.restore.decoding.bits import Bits


def decode_scan(header: JpegHeader, pieces: list[bytes], blocks: list[NDArray[np.int16]], owners: list[int]) -> None:
    """Decode one scan.

    Args:
        header: the header in force.
        pieces: the unstuffed bytes between restart markers.
        blocks: the scan's blocks in coding order; updated.
        owners: index in the scan of the component of each block of a unit (an MCU, or one block).
    """
    scan = header.scan
    units = max(1, len(blocks) // len(owners))
    length = (header.restart_interval or units) * len(owners)
    for number, piece in enumerate(pieces):
        stretch = slice(number * length, (number + 1) * length)
        bits = Bits(piece)
        if scan.spectral_start == 0:
            _decode_dc(header, bits, blocks[stretch], owners)
        else:
            _decode_ac(header, bits, blocks[stretch])


def _decode_dc(header: JpegHeader, bits: Bits, blocks: list[NDArray[np.int16]], owners: list[int]) -> None:
    scan = header.scan
    predictions = [0] * len(scan.components)
    for number, block in enumerate(blocks):
        owner = owners[number % len(owners)]
        if scan.approximation_high:
            block[0] |= bits.read(1) << scan.approximation_low
            continue
        predictions[owner] += bits.amplitude(bits.symbol(header.dc_tables[scan.components[owner].dc_table]))
        block[0] = predictions[owner] << scan.approximation_low


def _decode_ac(header: JpegHeader, bits: Bits, blocks: list[NDArray[np.int16]]) -> None:
    scan = header.scan
    table = header.ac_tables[scan.components[0].ac_table]
    run_of_bands = 0
    for block in blocks:
        band = [int(ZIGZAG[position]) for position in range(scan.spectral_start, scan.spectral_end + 1)]
        known = {place for place in band if block[place] != 0} if scan.approximation_high else set()
        index = 0
        while index < len(band) and run_of_bands == 0:
            run, size = divmod(bits.symbol(table), 16)
            if size == 0 and run < 15:
                run_of_bands = (1 << run) + bits.read(run)
                break
            value = bits.amplitude(size) << scan.approximation_low if size else 0
            while index < len(band):
                if band[index] in known:
                    _correct(block, band[index], bits, scan.approximation_low)
                elif run == 0:
                    break
                else:
                    run -= 1
                index += 1
            if value:
                block[band[index]] = value
            index += 1
        if run_of_bands:
            for place in band[index:]:
                if place in known:
                    _correct(block, place, bits, scan.approximation_low)
            run_of_bands -= 1


def _correct(block: NDArray[np.int16], place: int, bits: Bits, low: int) -> None:
    """T.81 G.1.2.3: one correction bit of a coefficient that is not zero any more."""
    if bits.read(1):
        block[place] += (1 if block[place] > 0 else -1) << low
