"""Bits of the unstuffed scan and their places in the file."""

from __future__ import annotations

import numpy as np

from restore import decode
from restore.placement.state.scan_stream import ScanStream
from restore.scan.preparation import open_scan
from tests.restore.repair.scans import photo


def test_bits_and_places_are_told_from_each_other() -> None:
    decoded = decode(photo())
    scan = open_scan(photo(), decoded, decoded.end - 2)
    stream = ScanStream(scan)
    stored = photo()[scan.start : scan.end]
    assert stream.data[: stream.size].tobytes() == stored.replace(b"\xff\0", b"\xff")
    assert (len(stream.parts), stream.parts[0].first_bit, stream.parts[0].end_bit) == (1, 0, 8 * stream.size)
    stuffed = stored.index(b"\xff\0")
    assert stream.place(8 * stuffed + 3) == 8 * (scan.start + stuffed) + 3
    assert stream.place(8 * (stuffed + 1) + 3) == 8 * (scan.start + stuffed + 2) + 3
    bits = np.arange(0, 8 * stream.size, 5)
    places = stream.places(bits)
    np.testing.assert_array_equal(stream.bits(places), bits)
    assert [stream.bit(int(place)) for place in places[:50]] == bits[:50].tolist()
    np.testing.assert_array_equal(
        scan.path.places[: decoded.mcus.bit_positions.size], stream.places(decoded.mcus.bit_positions)
    )
