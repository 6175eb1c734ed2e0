"""Tracking finds where rows stand where damage is so dense that only the thumbnail can tell."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from carving.jpeg.markers import read_header
from restore.decoding.robust import Decoded, decode
from restore.lab.simulation.embed import beside
from restore.placement.by_thumbnail.expected_features import expected_features, features_of, first_guess, learnt
from restore.placement.by_thumbnail.fit_kernels import FeatureModel, feature_nats
from restore.placement.by_thumbnail.row_kernels import Rows
from restore.placement.by_thumbnail.shift_path_kernels import ShiftPaths, standing_at, sweep, trace
from restore.placement.by_thumbnail.tracking import (
    Reading,
    TrackedRows,
    feature_model_of,
    lay_along,
    likeness,
    read_all,
    sifted,
    track_all,
)
from restore.placement.state.placement_state import PlacementState, no_guide
from restore.scan.preparation import open_scan, recalibrate
from restore.thumbnail.guidance import Pixels, thumbnail_pixels
from restore.thumbnail.levels import levels_of
from tests.restore.placement.damaged import picture, placed, right_mcus, scene, with_noise

DENSE = tuple(np.linspace(0.06, 0.97, 40))


def small_of(data: bytes) -> Pixels:
    """The thumbnail that is made of a picture."""
    small = thumbnail_pixels(beside(data))
    assert small is not None
    return small


def read(data: bytes) -> tuple[PlacementState, Reading, Decoded]:
    """The rows of a file."""
    decoded = decode(data)
    scan = open_scan(data, decoded, decoded.end - 2)
    recalibrate(scan)
    state = PlacementState(scan, no_guide(3))
    return state, read_all(state, *features_of(decoded.header)), decoded


def tracked(data: bytes, small: Pixels) -> tuple[PlacementState, Reading, TrackedRows]:
    state, reading, decoded = read(data)
    told = levels_of(small, decoded.header)
    assert told is not None
    expectations = first_guess(small, decoded.header, reading.rows.features[: reading.first_rows[-1]])
    return state, reading, track_all(reading, state, expectations, told)


@pytest.mark.parametrize("subsampling", [0, 2])
def test_dense_damage_is_placed_by_the_thumbnail(subsampling: int) -> None:
    data = picture(subsampling=subsampling)
    truth = decode(data)
    damaged = with_noise(data, DENSE)
    assert right_mcus(placed(damaged), truth).mean() < 0.2  # without it, an early error is handed on
    found = placed(damaged, small_of(data))
    assert right_mcus(found, truth).mean() > 0.75
    assert found.known.mean() < 1.0


def test_rows_are_those_of_the_decoder() -> None:
    data = picture(320, 240)
    _, reading, decoded = read(data)
    rows, count = reading.rows, decoded.header.frame.mcu_count
    assert reading.first_rows.tolist() == [0, count]
    np.testing.assert_array_equal(rows.bits[:count], decoded.mcus.bit_positions)
    np.testing.assert_array_equal(rows.ends[: count - 1], rows.bits[1:count])
    assert rows.joined[1:count].all()
    units = [decoded.header.quant_tables[part.quant_table].natural() for part in decoded.header.frame.components]
    luma = decoded.coefficients[:, :4, 0].mean(axis=1) * float(units[0][0]) / 8
    np.testing.assert_allclose(rows.levels[:count, 0], luma, atol=1e-3)
    for feature, (block, index) in enumerate(zip(*features_of(decoded.header), strict=True)):
        component = max(0, int(block) - 3)
        true = decoded.coefficients[:, block, index] * float(units[component][index])
        if index == 0:
            true = true - 8 * luma
        np.testing.assert_allclose(rows.features[:count, feature], true, atol=1e-2)


def test_expected_features_are_those_of_the_enlarged_thumbnail() -> None:
    """Of a picture that is its own thumbnail, coded finely, they are the coefficients themselves."""
    small = scene(160, 112)
    data = picture(160, 112, quality=98, subsampling=0)
    header = read_header(data)
    expected = expected_features(np.asarray(small), header)
    _, reading, _ = read(data)
    true = reading.rows.features[: header.frame.mcu_count]
    assert np.abs(expected - true)[:, :5].mean() < 2.5
    assert np.corrcoef(expected[:, 0], true[:, 0])[0, 1] > 0.99


def test_undamaged_rows_stay_where_they_are() -> None:
    data = picture()
    _, reading, found = tracked(data, small_of(data))
    assert [(stand.moved, stand.fixed) for stand in found.stands] == [(0, True)]
    np.testing.assert_array_equal(found.row_of, np.arange(found.row_of.size))
    expectations = first_guess(small_of(data), read_header(data), reading.rows.features)
    assert likeness(expectations, reading, found) > 0.5
    better = learnt(expectations, reading.rows.features[found.row_of], np.arange(found.row_of.size))
    assert (better.gains[:3] > 0.5).all()


def test_another_picture_is_not_alike() -> None:
    data = picture()
    other = np.asarray(scene(160, 100, seed=71))
    _, reading, found = tracked(with_noise(data, (0.3, 0.6)), other)
    expectations = first_guess(other, read_header(data), reading.rows.features)
    assert likeness(expectations, reading, found) < 0.3
    assert placed(with_noise(data, (0.3, 0.6)), other).thumbnail is None


def test_rows_that_the_thumbnail_contradicts_are_lost() -> None:
    data = picture()
    small = small_of(data)
    state, reading, found = tracked(with_noise(data, (0.3,)), small)
    guide = levels_of(small, read_header(data))
    assert guide is not None
    last = found.stands[-1]
    middle = (last.first + last.end) // 2
    reading.rows.levels[middle : middle + 2] += 90.0
    reading.rows.levels[middle + 20 : middle + 40] += 90.0
    sieved = sifted(found, reading, guide)
    here = middle + last.shift
    assert (sieved.row_of[here : here + 2] == -1).all()
    alike = [stand for stand in sieved.stands if stand.first == middle + 20]
    assert [stand.end for stand in alike] == [middle + 40]
    assert abs(alike[0].offsets[0] - last.offsets[0] + 90.0) < 12.0
    segments = lay_along(state, reading, sieved)
    assert state.scan.path.known[here] == 0
    assert {segment.first for segment in segments} >= {here + 20}


def _rows(features: NDArray[np.float32]) -> Rows:
    count = features.shape[0]
    whole, single = np.zeros(count, dtype=np.int64), np.zeros(count, dtype=np.float32)
    edges = np.zeros((count, 1, 8), dtype=np.float32)
    flags = np.zeros(count, dtype=np.uint8)
    return Rows(
        whole, whole, np.zeros((count, 4), dtype=np.int32), features, np.zeros((count, 1), dtype=np.float32), single,
        single, flags, edges, edges, flags[:, np.newaxis],
    )  # fmt: skip


def test_feature_nats_against_a_plain_rendering() -> None:
    dice = np.random.default_rng(3)
    features = dice.normal(0, 30, (4, 5)).astype(np.float32)
    expected = dice.normal(0, 20, (4, 5)).astype(np.float32)
    spreads, anyhow = dice.uniform(5, 20, (2, 5)), dice.uniform(20, 40, 5)
    classes = np.array([0, 1, 1, 0], dtype=np.uint8)
    feature_model = FeatureModel(
        expected, classes, 1 / spreads, np.log(anyhow / spreads), 1 / anyhow, np.ones((1, 1)), np.ones(1), 0.0
    )
    for row in range(4):
        for mcu in range(4):
            spread = spreads[classes[mcu]]
            here = np.log(spread) + 1.5 * np.log1p(((features[row] - expected[mcu]) / spread) ** 2)
            elsewhere = np.log(anyhow) + 1.5 * np.log1p((features[row] / anyhow) ** 2)
            plain = float(np.clip(0.5 * (elsewhere - here).sum(), -5.0, 10.0))
            assert feature_nats(row, mcu, _rows(features), feature_model) == pytest.approx(plain, abs=1e-4)


def test_courses_are_traced_and_swept() -> None:
    """Rows 0-4 at shift 0, then 7-9 at shift 2; a third record leads nowhere."""
    shift_paths = ShiftPaths(
        np.array([0, 3, 7, 0]), np.array([0, 5, 2, 0]), np.array([-1, 0, 0, 0]), np.array([0, 2, 5, 0]),
        np.array([[0.0], [9.0], [1.5], [0.0]]),
    )  # fmt: skip
    assert [standing_at(mcu, 2, 10, shift_paths) for mcu in (3, 6, 9, 11, 12)] == [
        (3, 2),
        (-1, -1),
        (7, -1),
        (9, -1),
        (-1, -1),
    ]
    holders = np.array([2, -1])
    assert sweep(3, holders, shift_paths, np.zeros(4, dtype=np.int64)) == 2
    assert holders.tolist() == [1, -1]
    row_of, lacking = np.full(14, -1), np.zeros((14, 1))
    trace(1, 10, np.array([4.0]), shift_paths, row_of, lacking)
    assert row_of.tolist() == [0, 1, 2, 3, 4, -1, -1, -1, -1, 7, 8, 9, -1, -1]
    assert lacking[:, 0].tolist() == [1.5] * 5 + [0.0] * 4 + [4.0] * 3 + [0.0] * 2


def test_the_outlook_holds_gains() -> None:
    data = picture(160, 96)
    header = read_header(data)
    expectations = first_guess(small_of(data), header, np.ones((3, features_of(header)[0].size), dtype=np.float32))
    feature_model = feature_model_of(expectations, np.ones((3, 24)), 1.0)
    np.testing.assert_allclose(feature_model.expected, expectations.expected)
    np.testing.assert_allclose(feature_model.sharpness * expectations.spreads, 1.0)
