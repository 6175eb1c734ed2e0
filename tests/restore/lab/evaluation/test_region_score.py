"""Recall and wrong share: of pictures whose MCUs are right or wrong by design, and through a whole evaluation."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from carving.errors import UsageError
from restore.decoding.robust import decode
from restore.lab.evaluation.evaluate import Plan, load_records, run_tasks, tasks, wanted_records
from restore.lab.evaluation.judge import Judge
from restore.lab.evaluation.methods import MethodResult
from restore.lab.evaluation.plots import write_plots
from restore.lab.evaluation.region_score import RegionScore, luma_distance, score_region
from restore.lab.evaluation.region_summary import REGION_HEADINGS, region_cells, summarise_regions
from restore.lab.evaluation.specimens import Source, find_sources, load
from restore.lab.evaluation.summary import skipped, summarise
from restore.lab.evaluation.tables import write_tables
from restore.lab.simulation.medium import Medium
from restore.lab.simulation.regions import RegionKind
from restore.lab.simulation.simulate import Simulation, simulate
from restore.provenance import Provenance

PLAIN = Simulation(0.0, 1, Medium())


def test_recall_and_wrong_share_by_hand(restarting_picture: bytes) -> None:
    original = decode(restarting_picture)  # 200×120, MCUs of 16×8, so the last column is half outside
    frame, truth = original.header.frame, original.pixels
    shown, provenance = truth.copy(), np.zeros((15, 13), dtype=np.uint8)
    destroyed = np.zeros((15, 13), dtype=np.bool_)
    shown[0:8, 0:16] = 255 - shown[0:8, 0:16]  # wrong and called intact
    shown[8:16, 192:200] = 255 - shown[8:16, 192:200]  # wrong and called placed, at the border
    provenance[1, 12] = Provenance.PLACED
    provenance[2, 0] = Provenance.GENERATED  # right, but not called stored
    destroyed[3, 3] = True  # right and called intact all the same
    provenance[4, 4], destroyed[4, 4] = Provenance.LOST, True
    counted = score_region(truth, shown, provenance, destroyed, frame)
    assert counted == RegionScore(kept=193, kept_right=190, called=193, called_wrong=2)
    assert counted.recall == 190 / 193
    assert counted.wrong == 2 / 193
    assert RegionScore(0, 0, 0, 0).recall is RegionScore(0, 0, 0, 0).wrong is None


def test_six_levels_of_luma_are_the_limit(restarting_picture: bytes) -> None:
    original = decode(restarting_picture)
    grey = np.full_like(original.pixels, 100)
    assert luma_distance(grey, grey + np.uint8(6), original.header.frame) == pytest.approx(6.0, abs=1e-3)
    red = grey.copy()
    red[..., 0] += 20
    assert luma_distance(grey, red, original.header.frame) == pytest.approx(0.299 * 20, abs=1e-3)


def test_the_judge_counts_what_a_region_took(folder: Path) -> None:
    specimen = load(Source("picture", "test", folder / "plain.jpg"), replace(PLAIN, region=RegionKind.ZERO_4K), 0.0)
    original = decode(specimen.original)
    perfect = Judge(specimen).score(MethodResult(original.pixels)).region
    assert perfect is not None
    assert perfect.kept == perfect.kept_right < perfect.called == 300
    assert perfect.kept < 300 - 100  # four of nine kilobytes are gone
    nothing = Judge(specimen).score(MethodResult(None)).region
    assert nothing == RegionScore(perfect.kept, 0, 0, 0)
    flips_only = load(Source("picture", "test", folder / "plain.jpg"), replace(PLAIN, ber=1e-4), 0.0)
    assert Judge(flips_only).score(MethodResult(None)).region is None


def test_an_inserted_byte_destroys_nothing(folder: Path) -> None:
    specimen = load(Source("picture", "test", folder / "plain.jpg"), replace(PLAIN, region=RegionKind.INSERT_1), 0.0)
    counted = Judge(specimen).score(MethodResult(decode(specimen.original).pixels)).region
    assert counted == RegionScore(300, 300, 300, 0)


def test_the_whole_evaluation(folder: Path, tmp_path: Path) -> None:
    plan = Plan(("libjpeg", "robust"), (0.0,), (1,), PLAIN, regions=(RegionKind.ZERO_4K, RegionKind.DELETE_5))
    work = list(tasks(find_sources(folder), plan))
    assert len(work) == 4
    list(run_tasks(work, tmp_path / "kept"))
    records = wanted_records(work, tmp_path / "kept")
    assert records == load_records(tmp_path / "kept")
    assert {record.region for record in records} == {"zero4k", "delete5"}
    assert all(record.cpu_seconds is not None for record in records)
    lines = summarise_regions(records)
    assert [(line.region, line.method) for line in lines] == [
        (kind, method) for kind in ("zero4k", "delete5", "all") for method in ("libjpeg", "robust")
    ]
    assert lines[-1].files == lines[0].files + lines[2].files
    scores = [record.score.region for record in records if record.score is not None and record.method == "robust"]
    kept = sum(score.kept for score in scores if score is not None)
    assert lines[-1].recall == sum(score.kept_right for score in scores if score is not None) / kept
    assert summarise(records) == []
    write_tables(tmp_path, [], plan, records)
    text = (tmp_path / "table.md").read_text("utf-8")
    assert f"| {' | '.join(REGION_HEADINGS)} |" in text
    assert all(f"| {' | '.join(region_cells(line))} |" in text for line in lines)
    rows = list(csv.DictReader(io.StringIO((tmp_path / "results.csv").read_text("utf-8"))))
    assert [(row["region"], row["kept"] != "") for row in rows] == [
        (record.region, record.score is not None) for record in records
    ]
    names = {path.name for path in write_plots(tmp_path, [], records)}
    assert names == {"distribution.png", "distribution.svg", "regions.png", "regions.svg"}


def test_files_are_drawn_for_each_kind(folder: Path) -> None:
    plan = Plan(("robust",), (0.0,), (1,), PLAIN, regions=tuple(RegionKind), files_per_kind=1)
    work = list(tasks(find_sources(folder), plan))
    assert [task.simulation.region for task in work].count(RegionKind.GRID) == 1
    assert len(work) == len(RegionKind)
    assert len({task.source.path for task in work}) == 2
    (foreign,) = [task for task in work if task.simulation.region is RegionKind.FOREIGN_32K]
    assert foreign.source.other is not None
    assert foreign.source.other != foreign.source.path


def test_what_is_too_short_is_said(folder: Path, tmp_path: Path) -> None:
    plan = Plan(("robust",), (0.0,), (1,), PLAIN, regions=(RegionKind.ZERO_64K,))
    list(run_tasks(tasks(find_sources(folder), plan), tmp_path / "kept"))
    notes = skipped(load_records(tmp_path / "kept"))
    assert len(notes) == 2
    assert all(name.endswith("zero64k") and "too few" in note for name, note in notes.items())


def test_a_simulated_folder_has_its_own_regions(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "damaged").mkdir()
    list(simulate([folder / "plain.jpg"], PLAIN, tmp_path / "damaged", (RegionKind.INSERT_1,)))
    plan = Plan(("robust",), (0.0,), (1,), PLAIN, regions=(RegionKind.INSERT_1,))
    scores = []
    for path in (folder / "plain.jpg", tmp_path / "damaged"):
        work = tasks(find_sources(path), replace(plan, regions=plan.regions if path.is_file() else (None,)))
        (records,) = run_tasks(work, tmp_path / f"kept-{path.name}")
        scores += [record.score for record in records]
    assert scores[0] == scores[1] is not None


def test_thumbnails_inside_simulated_files_cannot_be_left_out(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "damaged").mkdir()
    simulation = replace(PLAIN, thumbnails="embedded")
    list(simulate([folder / "plain.jpg"], simulation, tmp_path / "damaged", (RegionKind.INSERT_1,)))
    (source,) = find_sources(tmp_path / "damaged")
    with pytest.raises(UsageError, match="--without-thumbnails"):
        load(source, replace(PLAIN, thumbnails="none"), 0.0)
