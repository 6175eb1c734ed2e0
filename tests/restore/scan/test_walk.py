"""Walks along a scan: to its end where it is sound, to the sign of damage where it is not, and what it is worth."""

from __future__ import annotations

import numpy as np

from restore import decode
from restore.lab.simulation.bit_errors import Flip
from restore.scan.contracts import ALARMED, BROKEN, COMPLETE, DROPPED
from restore.scan.extend_kernels import NEVER, SYNC_BONUS
from restore.scan.scan import Candidates
from restore.scan.score_kernels import block_pixels
from tests.restore.repair.scans import damaged, photo, place

DROP = 20.0


def test_a_sound_scan_is_walked_to_its_end_as_the_decoder_went() -> None:
    _, scan = damaged()
    count = scan.layout.mcu_count
    laid = scan.path.places[:count].copy()
    scan.path.places[1:] = 0
    stretch = scan.walk(0, count, DROP)
    assert (stretch.why, stretch.mcu) == (COMPLETE, count)
    np.testing.assert_array_equal(scan.path.places[:count], laid)
    assert scan.spent == count + 1
    assert stretch.score == scan.path.scores[count] + SYNC_BONUS > 1000.0  # it ends where the scan does


def test_a_walk_stops_where_damage_shows() -> None:
    flip = Flip(place(0.5) + 3, 4)
    case, scan = damaged(flip)
    broken = int(np.searchsorted(scan.path.places[: scan.layout.mcu_count], 8 * (flip.offset - 3))) - 1
    scan.raw[:] = np.frombuffer(case.data, dtype=np.uint8)
    stretch = scan.walk(0, scan.layout.mcu_count, DROP)
    assert stretch.why in (BROKEN, DROPPED)
    assert broken <= stretch.best_mcu + 1
    assert broken <= stretch.mcu < broken + 12
    assert stretch.score <= stretch.best


def test_an_alarm_is_raised_once() -> None:
    _, scan = damaged()
    assert scan.walk(0, scan.layout.mcu_count, NEVER, 0.05).why == ALARMED
    first = scan.walk(0, scan.layout.mcu_count, NEVER, 0.05).mcu
    scan.examined[scan.path.places[first - 1] >> 3] = 1
    assert scan.walk(0, scan.layout.mcu_count, NEVER, 0.05).mcu > first


def test_a_candidate_that_changes_nothing_scores_as_the_path_does() -> None:
    _, scan = damaged()
    base, target = 60, 90
    scan.walk(0, scan.layout.mcu_count, NEVER)
    first = (int(scan.path.places[base]) >> 3) + 40
    patches = np.stack([scan.raw[first : first + 16]] * 2)
    patches[1] ^= 0x5A
    row = np.array([first, first])
    candidates = Candidates(row, np.full(2, 16), patches, np.full(2, base))
    outcomes = scan.evaluate(candidates, target, 4096, NEVER)
    assert outcomes.last_place[0] == scan.path.places[target]
    np.testing.assert_allclose(outcomes.last[0], scan.path.scores[target], atol=1e-3)
    assert outcomes.best[1] < outcomes.best[0] - 20.0
    taken = scan.evaluate(candidates.take(np.array([1])), target, 4096, NEVER)
    np.testing.assert_array_equal(taken.table[0], outcomes.table[1])


def test_a_probe_scores_mcus_where_they_belong() -> None:
    _, scan = damaged()
    mcu, count = 100, 20
    there = scan.probe(int(scan.path.places[mcu]), mcu, scan.path.predictors[mcu].astype(np.int64), count)
    moved = scan.probe(int(scan.path.places[mcu]), mcu + 9, scan.path.predictors[mcu].astype(np.int64), count)
    assert there > max(moved, 100.0)


def test_samples_are_those_of_the_inverse_transform() -> None:
    coefficients = decode(photo()).coefficients[7, 0].copy()
    quant = damaged()[1].layout.quant
    pixels = np.zeros(64, dtype=np.float32)
    block_pixels(coefficients, 0, quant, 0, pixels)
    number = np.arange(8)
    waves = np.cos((2 * number + 1) * number[:, np.newaxis] * np.pi / 16) / 2  # T.81, A.3.3
    waves[0] /= np.sqrt(2)
    expected = waves.T @ (coefficients * quant[:64]).reshape(8, 8) @ waves
    np.testing.assert_allclose(pixels.reshape(8, 8), expected, atol=0.02)
