"""Destroyed regions: where they lie, what they hold, and which bytes of the original they take."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from carving.encryption.ciphers import SectorNumbering
from carving.errors import UnsupportedJpegError, UsageError
from carving.source import Run
from restore.lab.simulation.damage import damage, entropy_run
from restore.lab.simulation.embed import embed_thumbnail, find_thumbnail, make_thumbnail, without_thumbnail
from restore.lab.simulation.medium import Medium
from restore.lab.simulation.originals import donor_of
from restore.lab.simulation.regions import (
    DestroyedRegion,
    Edit,
    RegionKind,
    apply_edits,
    destroyed_bytes,
    draw_edits,
    parse_kinds,
    region_generator,
)
from restore.lab.simulation.simulate import Simulation, simulate
from restore.lab.simulation.truth import read_truth

SCAN = Run(1000, 300_000)
CONTENT = np.random.default_rng(0).bytes(SCAN.end + 2)
OTHER = b"\x37" * 100_000


def edits(kind: RegionKind, seed: int = 1) -> tuple[Edit, ...]:
    return draw_edits(region_generator(seed, kind, CONTENT), kind, CONTENT, SCAN, OTHER)


@pytest.mark.parametrize(
    ("kind", "taken", "given", "step"),
    [
        (RegionKind.ZERO_4K, 4096, bytes(4096), 4096),
        (RegionKind.ZERO_16K, 16384, bytes(16384), 4096),
        (RegionKind.ZERO_64K, 65536, bytes(65536), 4096),
        (RegionKind.FF_ZERO_4K, 4096, b"\xff" * 1028 + bytes(3068), 4096),
        (RegionKind.CUT_32K, 32768, b"", 1),
        (RegionKind.FOREIGN_32K, 32768, b"\x37" * 32768, 4096),
        (RegionKind.DELETE_5, 5, b"", 1),
    ],
)
def test_what_is_taken_and_what_stands_there(kind: RegionKind, taken: int, given: bytes, step: int) -> None:
    places = set()
    for seed in range(20):
        (edit,) = edits(kind, seed)
        assert (edit.run.length, edit.content) == (taken, given)
        assert edit.run.offset % step == 0
        assert SCAN.offset <= edit.run.offset < edit.run.end <= SCAN.end
        places.add(edit.run.offset)
    assert len(places) > 10


def test_noise_one_byte_and_the_tail() -> None:
    for kind, size in ((RegionKind.RANDOM_8K, 8192), (RegionKind.RANDOM_32K, 32768)):
        (edit,) = edits(kind)
        assert (edit.run.length, len(edit.content), len(set(edit.content))) == (size, size, 256)
    (edit,) = edits(RegionKind.INSERT_1)
    assert (edit.run.length, len(edit.content)) == (0, 1)
    (edit,) = edits(RegionKind.TAIL_ZERO)
    assert (edit.run.end, set(edit.content)) == (len(CONTENT), {0})
    assert edit.run.offset > SCAN.offset + SCAN.length // 2 - 4096


def test_sectors_a_doubled_cluster_and_the_grid() -> None:
    sectors = edits(RegionKind.SECTORS)
    assert len({edit.run.offset for edit in sectors}) == 4
    assert all(edit.run.offset % 512 == 0 and edit.content == bytes(512) for edit in sectors)
    (doubled,) = edits(RegionKind.DOUBLED_16K)
    assert doubled.content == CONTENT[doubled.run.offset - 16384 : doubled.run.offset]
    assert (doubled.run.length, doubled.run.offset % 4096) == (0, 0)
    grid, regions = apply_edits(CONTENT, RegionKind.GRID, edits(RegionKind.GRID))
    places = [region.damaged.offset for region in regions]
    assert set(np.diff(places)) == {4096}
    assert SCAN.offset <= places[0] < SCAN.offset + 4096
    numbers = [int.from_bytes(grid[place : place + 4], "big") for place in places]
    assert set(np.diff(numbers)) == {1}


def test_places_follow_from_seed_kind_and_content() -> None:
    assert edits(RegionKind.CUT_32K) == edits(RegionKind.CUT_32K)
    assert edits(RegionKind.CUT_32K) != edits(RegionKind.CUT_32K, seed=2)
    assert edits(RegionKind.RANDOM_8K)[0].content != edits(RegionKind.RANDOM_8K, seed=2)[0].content


def test_what_does_not_fit_is_refused() -> None:
    random = region_generator(1, RegionKind.ZERO_64K, CONTENT)
    with pytest.raises(UnsupportedJpegError, match=r"130000 bytes.*zero64k"):
        draw_edits(random, RegionKind.ZERO_64K, CONTENT, Run(0, 130_000), OTHER)
    with pytest.raises(UsageError, match="two photos"):
        draw_edits(random, RegionKind.FOREIGN_32K, CONTENT, SCAN, b"")
    with pytest.raises(UsageError, match=r"zero5k.*zero4k"):
        parse_kinds("zero4k,zero5k")
    assert parse_kinds("grid, zero4k,grid") == (RegionKind.GRID, RegionKind.ZERO_4K)
    assert parse_kinds("all") == tuple(RegionKind)


def test_the_bytes_that_are_gone() -> None:
    original = bytes(range(100))
    damaged, regions = apply_edits(
        original,
        RegionKind.CUT_32K,
        (Edit(Run(10, 5), b""), Edit(Run(40, 0), b"??"), Edit(Run(60, 3), b"\x3c\x00\x00")),
    )
    assert damaged == original[:10] + original[15:40] + b"??" + original[40:60] + b"\x3c\x00\x00" + original[63:]
    assert [region.damaged for region in regions] == [Run(10, 0), Run(35, 2), Run(57, 3)]
    flipped = bytearray(damaged)
    flipped[20] ^= 1  # byte 25 of the original
    gone = destroyed_bytes(original, bytes(flipped), regions)
    assert gone.tolist() == [*range(10, 15), 25, 60, 61, 62]  # 60 is as it was by chance, and counts
    assert destroyed_bytes(original, original, ()).tolist() == []


@pytest.mark.parametrize("sector_size", [512, 4096])
def test_on_an_encrypted_medium_zeros_lie_in_the_ciphertext(picture: bytes, sector_size: int) -> None:
    medium = Medium(bytes(16), SectorNumbering(sector_size, "le64"))
    plain, encrypted = (damage(picture, one, 0.0, 1, Run(0, 0), RegionKind.SECTORS) for one in (Medium(), medium))
    assert [region.original for region in plain.regions] == [region.original for region in encrypted.regions]
    (run, *_) = [region.original for region in encrypted.regions]
    assert encrypted.stored[run.offset : run.end] == bytes(512) == plain.jpeg[run.offset : run.end]
    assert encrypted.jpeg[run.offset : run.end] != bytes(512)
    # 4,096-byte sectors chain their blocks: the first block behind 512 zeros is redrawn too
    inside = [region.original.end for region in encrypted.regions if region.original.end % sector_size]
    gone = set(encrypted.destroyed(picture).tolist())
    assert all(end in gone or end + 1 in gone for end in inside)
    assert len(gone) >= 2048 + 8 * len(inside)
    assert set(plain.destroyed(picture).tolist()) == {
        place for region in plain.regions for place in range(region.original.offset, region.original.end)
    }


def test_the_truth_holds_the_regions(folder: Path, tmp_path: Path, picture: bytes) -> None:
    kinds = (RegionKind.ZERO_4K, RegionKind.INSERT_1, RegionKind.ZERO_64K, None)
    written = list(simulate([folder / "plain.jpg"], Simulation(1e-4, 3), tmp_path, kinds))
    assert [truth.name for truth in written] == ["plain-zero4k", "plain-insert1", "plain"]  # 64 KiB do not fit
    for truth in written:
        read = read_truth(tmp_path / f"{truth.name}.truth.json")
        assert read == truth
        assert read.damaged_size == (tmp_path / f"{truth.name}.jpg").stat().st_size
    (region,) = written[1].regions
    assert written[1].damaged_size == len(picture) + 1
    assert (region.kind, region.original.length, region.damaged.length) == (RegionKind.INSERT_1, 0, 1)
    assert written[2].regions == ()
    assert (written[0].region, written[2].region) == (RegionKind.ZERO_4K, None)


def test_a_truth_file_of_before_regions_is_read(folder: Path, tmp_path: Path) -> None:
    import json

    (truth,) = simulate([folder / "plain.jpg"], Simulation(1e-5, 3), tmp_path)
    path = tmp_path / "plain.truth.json"
    page = json.loads(path.read_text("utf-8"))
    del page["damaged"]
    path.write_text(json.dumps(page), "utf-8")
    assert read_truth(path) == truth


def test_regions_lie_between_header_and_end(picture: bytes, restarting_picture: bytes) -> None:
    for data in (picture, restarting_picture + b"behind the end"):
        run = entropy_run(data)
        assert data[run.end : run.end + 2] == b"\xff\xd9"
        assert data[run.offset - 3 : run.offset] == b"\x00\x3f\x00"  # the end of a baseline scan's header


def test_foreign_bytes_come_from_another_file(folder: Path) -> None:
    paths = sorted(folder.iterdir())
    assert donor_of(paths[0], paths, 1) == paths[1]
    assert donor_of(paths[0], paths[:1], 1) is None
    assert Simulation(0.0, 1, region=RegionKind.ZERO_4K).other_photo(paths[0], paths) is None
    assert replace(Simulation(0.0, 1), region=RegionKind.FOREIGN_32K).other_photo(paths[1], paths) == paths[0]


def test_a_thumbnail_is_taken_out_and_the_picture_stays(picture: bytes) -> None:
    from restore.decoding.robust import decode

    with_one = embed_thumbnail(picture, make_thumbnail(picture))
    assert find_thumbnail(with_one) is not None
    bare = without_thumbnail(with_one)
    assert find_thumbnail(bare) is None
    assert len(bare) <= len(picture)
    assert np.array_equal(decode(bare).pixels, decode(picture).pixels)


def test_region_is_what_it_says() -> None:
    _, (region,) = apply_edits(b"abcdef", RegionKind.ZERO_4K, (Edit(Run(2, 2), b"\0\0"),))
    assert region == DestroyedRegion(RegionKind.ZERO_4K, Run(2, 2), Run(2, 2))
