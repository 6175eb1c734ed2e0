"""The carver on synthetic media: extents, gaps, truncation, overlaps, destroyed headers, hostile bytes."""

from __future__ import annotations

import io
import random
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from carving.carver.carver import carve
from carving.errors import UsageError
from carving.jpeg.markers import read_header
from carving.jpeg.results import Ending
from carving.source import Run
from tests.carving.memory import (
    SECTOR,
    MemorySource,
    camera_jpeg,
    carve_bytes,
    damage,
    exif_segment,
    flip_block,
    jpeg,
    lay_out,
    picture,
)

KINDS: dict[str, dict[str, Any]] = {
    "4:2:0": {"subsampling": 2},
    "4:4:4": {"subsampling": 0},
    "restart": {"restart_marker_blocks": 4},
    "progressive": {"progressive": True},
    "optimised": {"optimize": True},
}


@pytest.mark.parametrize("gap", ["zeros", "noise", "none"])
def test_whole_files_come_back_exactly(gap: str) -> None:
    files = [camera_jpeg(seed, **options) for seed, options in enumerate(KINDS.values())]
    image, offsets = lay_out(files, 1, gap)

    fragments = carve_bytes(image)

    assert sorted(fragments) == offsets
    for offset, data in zip(offsets, files, strict=True):
        fragment = fragments[offset]
        assert fragment.data == data
        assert fragment.ending is Ending.EOI
        assert fragment.byte_runs == (Run(offset, len(data)),)
        assert fragment.evidence_runs == fragment.byte_runs
        assert fragment.thumbnail is not None
        assert fragment.thumbnail.data in data[:8000]


def test_layer_name_is_passed_on() -> None:
    fragment = next(carve(MemorySource(jpeg(1)), layer="plain"))
    assert fragment.name == "plain-0000000000"


def test_embedded_thumbnails_are_never_fragments() -> None:
    image, offsets = lay_out([camera_jpeg(seed) for seed in range(3)], 2, "noise")
    assert sorted(carve_bytes(image, alignment=1)) == offsets


@pytest.mark.parametrize("shift", [1, 77, 511, 1000])
def test_a_sound_file_is_found_at_any_byte(shift: int) -> None:
    whole = camera_jpeg(1)
    fragments = carve_bytes(random.Random(shift).randbytes(shift) + whole + bytes(700))
    assert {offset: fragment.data for offset, fragment in fragments.items()} == {shift: whole}


def test_the_pictures_of_a_multi_picture_file_are_all_found() -> None:
    buffer = io.BytesIO()
    picture(1).save(buffer, "MPO", save_all=True, append_images=[picture(2, 160, 120)])
    data = buffer.getvalue()
    fragments = carve_bytes(data + bytes(4096))
    assert b"MPF\0" in fragments[0].data
    assert b"".join(fragment.data for _, fragment in sorted(fragments.items())) == data
    assert len(fragments) == 2


def test_blank_stretches_are_passed_over() -> None:
    whole = camera_jpeg(1)
    image = bytes(3 << 20) + whole + bytes(3 << 20)
    found = list(carve(MemorySource(image), window=1 << 18))
    assert [(fragment.offset, fragment.data) for fragment in found] == [(3 << 20, whole)]


def test_a_second_picture_behind_eoi_is_its_own_fragment() -> None:
    first, second = camera_jpeg(1), jpeg(2)
    fragments = carve_bytes(first + bytes(-len(first) % SECTOR) + second)
    assert [fragment.data for fragment in fragments.values()] == [first, second]
    fragments = carve_bytes(first + second, alignment=1)
    assert [fragment.data for fragment in fragments.values()] == [first, second]


@pytest.mark.parametrize("window", [4096, 65536, 1 << 20])
def test_windows_do_not_show(window: int) -> None:
    files = [camera_jpeg(seed) for seed in range(4)]
    image, offsets = lay_out(files, 3, "zeros")
    found = list(carve(MemorySource(image), window=window))
    assert [(fragment.offset, fragment.data) for fragment in found] == list(zip(offsets, files, strict=True))


def test_memory_is_bounded_by_the_settings() -> None:
    source = MemorySource(bytes(3 << 20) + camera_jpeg(1) + bytes(3 << 20))
    assert len(list(carve(source, window=1 << 18, max_file_size=1 << 19))) == 1
    assert source.longest_read <= 1 << 19
    assert source.bytes_read < source.size + (1 << 20)


def test_a_truncated_file_does_not_swallow_the_next() -> None:
    first, second = camera_jpeg(1), camera_jpeg(2)
    cut = len(first) // 2 // SECTOR * SECTOR
    fragments = carve_bytes(first[:cut] + second)
    assert {offset: fragment.data for offset, fragment in fragments.items()} == {0: first[:cut], cut: second}
    assert fragments[0].ending is Ending.TRUNCATED


@pytest.mark.parametrize("filling", ["zeros", "ones", "noise", "text"])
def test_truncated_data_end_where_other_data_begin(filling: str) -> None:
    whole = camera_jpeg(4, width=960, height=720)
    cut = len(whole) // 2 // SECTOR * SECTOR
    other = {
        "zeros": bytes(1 << 18),
        "ones": b"\xff" * (1 << 18),
        "noise": random.Random(1).randbytes(1 << 18),
        "text": b"The quick brown fox jumps over the lazy dog.\n" * 6000,
    }[filling]

    fragment = carve_bytes(whole[:cut] + other)[0]

    assert fragment.ending is Ending.TRUNCATED
    assert abs(len(fragment.data) - cut) <= 2 * SECTOR
    assert fragment.data[: cut - 2 * SECTOR] == whole[: cut - 2 * SECTOR]


@pytest.mark.parametrize("gap", [bytes(1 << 16), b"Lorem ipsum dolor sit amet\n" * 2500])
def test_stale_entropy_data_behind_a_gap_are_not_joined(gap: bytes) -> None:
    whole, stale = camera_jpeg(4, width=960, height=720), jpeg(5, 960, 720)
    cut = len(whole) // 2 // SECTOR * SECTOR
    gap += bytes(-len(gap) % SECTOR)
    fragment = carve_bytes(whole[:cut] + gap + stale[1024:])[0]
    assert fragment.ending is Ending.TRUNCATED
    assert abs(len(fragment.data) - cut) <= SECTOR


def test_a_file_cut_by_the_end_of_the_source() -> None:
    whole = camera_jpeg(5)
    fragment = carve_bytes(whole[:20_000])[0]
    assert fragment.data == whole[:20_000]
    assert fragment.ending is Ending.TRUNCATED


def test_a_file_over_the_size_limit_is_cut() -> None:
    fragment = next(carve(MemorySource(camera_jpeg(5, width=960, height=720)), max_file_size=30_000))
    assert (len(fragment.data), fragment.ending) == (30_000, Ending.TRUNCATED)


def test_a_header_cut_in_its_exif_segment_still_gives_the_thumbnail() -> None:
    small = jpeg(1, 160, 120)
    data = b"\xff\xd8" + exif_segment(small) + b"\xff\xdb\x00\x43" + bytes(9)
    fragment = carve_bytes(data)[0]
    assert fragment.ending is Ending.TRUNCATED
    assert fragment.thumbnail is not None
    assert fragment.thumbnail.data == small


def test_a_false_eoi_inside_the_data_does_not_end_the_file() -> None:
    for kind, options in KINDS.items():
        whole = camera_jpeg(6, width=960, height=720, **options)
        for part in (0.3, 0.6, 0.9):
            damaged = bytearray(whole)
            at = int(len(whole) * part)
            damaged[at : at + 2] = b"\xff\xd9"
            fragment = carve_bytes(bytes(damaged) + bytes(-len(whole) % SECTOR) + bytes(8192))[0]
            assert len(fragment.data) == len(whole), (kind, part)


def test_extents_survive_bit_errors() -> None:
    files = [camera_jpeg(seed, width=1600, height=1200, quality=92) for seed in range(4)]
    image, offsets = lay_out(files, 7, "noise")
    for seed in range(3):
        fragments = carve_bytes(damage(image, 1e-5, seed))
        assert {offset: len(fragment.data) for offset, fragment in fragments.items()} == {
            offset: len(data) for offset, data in zip(offsets, files, strict=True)
        }


def test_a_header_damaged_anywhere_keeps_the_extent() -> None:
    whole = camera_jpeg(8)
    generator = np.random.default_rng(8)
    start = read_header(whole).scan.entropy_start
    wrong = []
    for block in range(1, start // 16):
        damaged = np.frombuffer(whole, dtype=np.uint8).copy()
        flip_block(damaged, 128 * block + int(generator.integers(128)), generator)
        fragment = carve_bytes(damaged.tobytes() + bytes(4096)).get(0)
        if fragment is None or len(fragment.data) != len(whole):
            wrong.append(block)
    assert len(wrong) <= start // 16 // 100, wrong


def test_a_destroyed_beginning_is_found_by_what_follows() -> None:
    for whole in (camera_jpeg(9), jpeg(9)):
        for destroyed in (3, 16):
            data = bytes(range(destroyed)) + whole[destroyed:]
            fragments = carve_bytes(bytes(SECTOR) + data + bytes(-len(data) % SECTOR))
            assert {offset: len(fragment.data) for offset, fragment in fragments.items()} == {SECTOR: len(whole)}


def test_accidental_signatures_are_no_files() -> None:
    noise = random.Random(5).randbytes(1 << 19)
    signed = b"".join(b"\xff\xd8\xff\xe0" + noise[at + 4 : at + SECTOR] for at in range(0, len(noise), SECTOR))
    assert carve_bytes(signed) == {}


@pytest.mark.parametrize("name", ["alignment", "window", "max_file_size"])
def test_settings_must_be_positive(name: str) -> None:
    with pytest.raises(UsageError, match="must be at least 1"):
        next(carve(MemorySource(b""), **{name: 0}))  # type: ignore[arg-type]


PIECES = st.lists(
    st.one_of(
        st.binary(max_size=300),
        st.sampled_from(
            [
                b"\xff\xd8\xff\xe0\0\x10JFIF\0",
                b"\xff\xd8\xff\xe1\xff\xffExif\0\0MM\0*\0\0\0\x08",
                b"\xff\xda\0\x08\x01\x01\0\0?\0",
                b"\xff\xd9",
                b"\xff\xc4\0\x1f\0",
                b"\xff" * 40,
                b"\xff\xfe\0\x02",
                b"\xff\xdb\0\x43\0",
                b"\xff\0a",
            ]
        ),
        st.just(jpeg(1, 32, 32)),
    ),
    max_size=30,
)


@settings(max_examples=150, deadline=None)
@given(PIECES, st.sampled_from([1, 16, 512]))
def test_hostile_bytes_neither_raise_nor_overlap(pieces: list[bytes], alignment: int) -> None:
    data = b"".join(pieces)
    taken: list[Run] = []
    for fragment in carve(MemorySource(data), alignment=alignment):
        assert len(fragment.data) > 0
        assert b"".join(data[run.offset : run.end] for run in fragment.byte_runs) == fragment.data
        taken += fragment.byte_runs
    taken.sort(key=lambda run: run.offset)
    assert all(before.end <= after.offset for before, after in pairwise(taken))
