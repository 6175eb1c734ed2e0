"""Unstuffing against a plain-Python reading of the rules, and the way back to file offsets."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from restore.decoding.entropy_kernels import STREAM_PADDING
from restore.decoding.stream import unstuff

SCANS = st.lists(
    st.sampled_from([b"\xff\x00", b"\xff\xd3", b"\xff\xff", b"\xff\xd9", b"\xff", b"\x00", b"\x12\x34\x56", b"\xd1"])
).map(b"".join)


def reference(raw: bytes, has_restarts: bool) -> tuple[list[tuple[int, int]], list[tuple[int, int]], int]:
    """Kept bytes as (offset, value), restart markers as (index of what follows, number), other markers."""
    kept: list[tuple[int, int]] = []
    restarts = []
    spurious = 0
    index = 0
    while index < len(raw):
        run = len(raw[index:]) - len(raw[index:].lstrip(b"\xff"))
        following = raw[index + run] if index + run < len(raw) else None
        if run == 0:
            kept.append((index, raw[index]))
            index += 1
        elif has_restarts and following is not None and 0xD0 <= following <= 0xD7:
            restarts.append((len(kept), following & 7))
            index += run + 1
        else:
            kept.extend((index + place, 0xFF) for place in range(run))
            spurious += following not in (None, 0)
            index += run + (following == 0)
    return kept, restarts, spurious


@given(SCANS, st.booleans())
def test_as_the_rules_say(raw: bytes, has_restarts: bool) -> None:
    stream = unstuff(b"header" + raw + b"behind", 6, 6 + len(raw), restart_interval=4 if has_restarts else 0)
    kept, restarts, spurious = reference(raw, has_restarts)
    assert stream.data[: stream.size].tolist() == [value for _, value in kept]
    assert stream.data.size >= stream.size + STREAM_PADDING
    assert not stream.data[stream.size :].any()
    found = zip(stream.restart_positions.tolist(), stream.restart_numbers.tolist(), strict=True)
    assert list(found) == restarts
    assert stream.spurious_markers == spurious
    assert [stream.file_offset(index) for index in range(stream.size)] == [6 + offset for offset, _ in kept]


def test_a_megabyte_of_fill_bytes_is_read_in_one_pass() -> None:
    raw = b"\xff" * (1 << 20) + b"\xd0"
    assert unstuff(raw, 0, len(raw), restart_interval=4).size == 0
    assert unstuff(raw, 0, len(raw), restart_interval=0).size == len(raw)
