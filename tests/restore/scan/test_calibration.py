"""What is learnt from a scan: counts beside plain ones, probabilities, and what an MCU is expected to score."""

from __future__ import annotations

import numpy as np

from restore import decode
from restore.scan.calibration import model_of
from restore.scan.calibration_kernels import count_path
from restore.scan.contracts import NOTHING_EXPECTED, Counts, Expected
from restore.scan.preparation import expect, open_scan, recalibrate
from restore.scan.scan import Scan
from restore.scan.score_kernels import ACTIVITY_CLASSES, ROUGHNESS_BINS, SIZES, STEP_BINS
from restore.scan.workspace import new_path
from tests.restore.repair.scans import photo


def scan_of_photo() -> Scan:
    decoded = decode(photo())
    return open_scan(photo(), decoded, decoded.end - 2)


def no_counts(components: int) -> Counts:
    rows = components * ACTIVITY_CLASSES
    return Counts(
        np.zeros(rows * ACTIVITY_CLASSES),
        np.zeros(rows * ROUGHNESS_BINS),
        np.zeros(rows * ROUGHNESS_BINS),
        np.zeros(components * ROUGHNESS_BINS * STEP_BINS),
        np.zeros(rows * 64 * SIZES),
    )


def test_counts_are_those_of_the_coefficients() -> None:
    scan, decoded = scan_of_photo(), decode(photo())
    counts, nobody = no_counts(3), np.full(scan.layout.mcu_count, -1)
    aside = new_path(1, scan.layout.component_of.size)
    count_path(scan.raw, scan.end, nobody, nobody, scan.layout, scan.codes, scan.path, aside, scan.work, counts)
    sizes = counts.sizes.reshape(3, ACTIVITY_CLASSES, 64, SIZES).sum(axis=1)
    expected = np.zeros((3, 64, SIZES))
    inside = np.ones((decoded.coefficients.shape[0], scan.layout.component_of.size), dtype=np.bool_)
    inside[0] = (scan.layout.left_part >= 0) | (scan.layout.above_part >= 0)  # a corner has no neighbours
    for block, component in enumerate(scan.layout.component_of):
        found = decoded.coefficients[inside[:, block], block]
        size = np.minimum(np.ceil(np.log2(np.abs(found.astype(np.float64)) + 1)).astype(np.int64), SIZES - 1)
        for position in range(1, 64):
            expected[component, position] += np.bincount(size[:, position], minlength=SIZES)
    np.testing.assert_array_equal(sizes, expected)
    assert counts.strangers.sum() == 0
    assert counts.activity.sum() == counts.step.sum() == counts.roughness.sum() == inside.sum()


def test_the_path_is_read_as_the_decoder_read_it() -> None:
    scan, decoded = scan_of_photo(), decode(photo())
    recalibrate(scan)
    _, lengths, coefficients, ends = scan.read_path(np.zeros(decoded.coefficients.size, dtype=np.int16))
    np.testing.assert_array_equal(coefficients, decoded.coefficients.reshape(-1))
    np.testing.assert_array_equal(lengths[:-1], np.diff(decoded.mcus.bit_positions))
    assert scan.end * 8 - 8 < ends[-1] <= scan.end * 8


def test_tables_are_logarithms_of_probabilities() -> None:
    dice = np.random.default_rng(4)
    counts = no_counts(1)
    shares = dice.dirichlet(np.ones(ACTIVITY_CLASSES), ACTIVITY_CLASSES)
    counts.activity[:] = np.round(1e6 * shares).reshape(-1)
    seen = counts.sizes.reshape(ACTIVITY_CLASSES, 64, SIZES)
    seen[..., 0], seen[..., 3] = 3e5, 1e5
    model = model_of(counts, 1)
    activity = np.exp(model.activity.reshape(ACTIVITY_CLASSES, -1))
    np.testing.assert_allclose(activity.sum(axis=1), 1.0, rtol=1e-5)
    np.testing.assert_allclose(activity, 0.98 * shares + 0.02 / ACTIVITY_CLASSES, atol=1e-4)
    sizes = model.sizes.reshape(ACTIVITY_CLASSES, 64, SIZES)
    zero, third = 0.98 * 0.75 + 0.01, 0.98 * 0.25 + 0.01 / (SIZES - 1)
    np.testing.assert_allclose(sizes[..., 3], np.log(third / zero), rtol=1e-3)
    np.testing.assert_allclose(model.zeros, 63 * np.log(zero), rtol=1e-3)
    assert model.expected == NOTHING_EXPECTED


def test_neighbours_are_told_from_strangers() -> None:
    counts = no_counts(1)
    own, strange = (part.reshape(ACTIVITY_CLASSES, ROUGHNESS_BINS) for part in (counts.roughness, counts.strangers))
    own[:, 3], strange[:, 20] = 1000.0, 1000.0
    roughness = model_of(counts, 1).roughness.reshape(ACTIVITY_CLASSES, ROUGHNESS_BINS)
    assert (roughness[:, 3] == 3.0).all()
    assert (roughness[:, 20] == -4.0).all()
    assert np.abs(roughness[:, 10]).max() < 1e-6


def test_what_mcus_are_expected_to_score() -> None:
    assert Expected(1.0, 2.0, 3.0, 9.0, 9.0).score(np.array([-4.0, 0.0, 16.0])).tolist() == [-7.0, 1.0, 45.0]
    scan = scan_of_photo()
    lacking = recalibrate(scan)
    gained, bits, _, _ = scan.read_path(np.zeros(0, dtype=np.int16))
    np.testing.assert_allclose(scan.model.expected.score(bits) - gained, lacking, atol=1e-6)
    assert abs(float(np.median(lacking))) < 0.3 * scan.model.expected.spread
    assert 0 < (lacking >= scan.model.expected.alarm).mean() < 0.01
    scan.path.known[:] = 0
    assert not expect(scan).any()
    assert scan.model.expected == NOTHING_EXPECTED
