"""Stated probabilities held against the truth: bins and calibration error by hand, and the files that show them."""

from __future__ import annotations

import csv
import json
from dataclasses import asdict
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from restore.lab.evaluation.evaluate import EvaluationRecord, load_records
from restore.lab.evaluation.plots import write_plots
from restore.lab.evaluation.reliability import PROBABILITY_EDGES, bins, calibration_error
from restore.lab.evaluation.summary import summarise
from restore.lab.evaluation.tables import write_tables
from tests.restore.lab.evaluation.test_evaluate import PLAN, a_score


def records() -> list[EvaluationRecord]:
    scores = [
        a_score(
            margins=((9.0, True), (None, True)),
            probabilities=((0.98, True), (0.9995, True)),
            exact_probability=0.97,
            status="repaired",
            stream_exact=True,
        ),
        a_score(
            margins=((5.0, False),), probabilities=((0.6, False),), exact_probability=0.999, status="exact",
            stream_exact=False,
        ),
        a_score(status="restored", stream_exact=False),
    ]  # fmt: skip
    return [EvaluationRecord(f"i{n}", "set", f"f{n}", 1e-5, 1, "full", 1.0, score) for n, score in enumerate(scores)]


def test_each_claim_is_in_one_bin_edges_in_the_upper() -> None:
    counted = bins([(0.0, False), (0.49, True), (0.5, True), (0.9, True), (0.99, False), (0.999, True), (1.0, True)])
    assert [entry.low for entry in counted] == list(PROBABILITY_EDGES)
    assert [(entry.number, entry.right) for entry in counted] == [(2, 1), (1, 1), (1, 1), (1, 0), (2, 2)]
    assert counted[0].stated == pytest.approx(0.245)
    assert counted[0].share_right == 0.5
    assert counted[-1].high == 1.0
    (*_, empty) = bins([(0.1, True)])
    assert (empty.number, empty.stated, empty.share_right) == (0, None, None)


def test_calibration_error_by_hand() -> None:
    assert calibration_error([]) is None
    assert calibration_error([(1.0, True)] * 5) == 0.0
    assert calibration_error([(0.9999, False)]) == pytest.approx(0.9999)
    # nine of ten right where 95 % is stated, one of two where 30 % is: (10 × 0.05 + 2 × 0.2) / 12
    pairs = [(0.95, True)] * 9 + [(0.95, False)] + [(0.3, True), (0.3, False)]
    assert calibration_error(pairs) == pytest.approx((10 * 0.05 + 2 * 0.2) / 12)


def test_tables_plots_and_raw_pairs(tmp_path: Path) -> None:
    made = records()
    write_tables(tmp_path, summarise(made), PLAN, made)
    write_plots(tmp_path, summarise(made), made)
    text = (tmp_path / "table.md").read_text("utf-8")
    assert "## Reliability of stated probabilities, full" in text
    assert "| flips | 0.9 | 1 | 1 | 100.00 % | 98.000 % |" in text
    assert "| flips | 0.99 | 0 | 0 | – | – |" in text
    assert "| files | 0.999 | 1 | 0 | 0.00 % | 99.900 % |" in text
    flips, files = (0.02 + 0.0005 + 0.6) / 3, (0.03 + 0.999) / 2
    assert f"Expected calibration error: flips {100 * flips:.3f} %, files {100 * files:.3f} %." in text
    assert "Called `repaired`: 1 files, 1 of them the original all the same." in text
    stated = json.loads((tmp_path / "results.json").read_text("utf-8"))["reliability"]["full"]
    assert stated["flips"]["pairs"] == [[0.98, True], [0.9995, True], [0.6, False]]
    assert stated["files"]["pairs"] == [[0.97, True], [0.999, False]]
    assert stated["files"]["expected_calibration_error"] == pytest.approx(files)
    rows = list(csv.DictReader((tmp_path / "claims.csv").read_text("utf-8").splitlines()))
    assert [(row["name"], row["margin"], row["probability"], row["right"]) for row in rows] == [
        ("f0", "9.0", "0.98", "True"),
        ("f0", "", "0.9995", "True"),
        ("f1", "5.0", "0.6", "False"),
    ]
    (first, *_) = csv.DictReader((tmp_path / "results.csv").read_text("utf-8").splitlines())
    assert first["exact_probability"] == "0.97"
    assert ET.parse(tmp_path / "reliability.svg").getroot().tag.endswith("svg")
    assert (tmp_path / "reliability.png").stat().st_size > 2000


def test_results_from_before_there_were_probabilities_are_read(tmp_path: Path) -> None:
    (record, *_) = records()
    fields = asdict(record)
    del fields["score"]["probabilities"], fields["score"]["exact_probability"]
    (tmp_path / "kept").write_text(json.dumps(fields) + "\n")
    (old,) = load_records(tmp_path / "kept")
    assert old.score is not None
    assert (old.score.probabilities, old.score.exact_probability) == ((), None)
