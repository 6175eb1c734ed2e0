"""Evaluation: the same numbers however the work is cut, resumed or spread, and tables and plots that hold them."""

from __future__ import annotations

import json
from collections.abc import Callable, Generator, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from PIL import Image

from carving.errors import UsageError
from restore.lab.evaluation.evaluate import (
    EvaluationRecord,
    Plan,
    Task,
    load_records,
    pending,
    run_task,
    run_tasks,
    tasks,
    wanted_records,
)
from restore.lab.evaluation.judge import Score
from restore.lab.evaluation.methods import METHODS
from restore.lab.evaluation.plots import write_plots
from restore.lab.evaluation.specimens import Source, find_sources, load
from restore.lab.evaluation.summary import MARGIN_EDGES, right_by_margin, skipped, summarise
from restore.lab.evaluation.tables import CONVENTIONS, HEADINGS, cells, write_tables
from restore.lab.simulation.medium import Medium, seeded_key
from restore.lab.simulation.simulate import Simulation, simulate

PLAN = Plan(
    methods=("libjpeg", "robust", "thumbnail"),
    bers=(1e-4, 1e-5),
    seeds=(1, 2),
    simulation=Simulation(0.0, 0, Medium(seeded_key(0)), thumbnails="embedded"),
)


def without_times(records: Iterable[EvaluationRecord]) -> list[EvaluationRecord]:
    return [replace(record, seconds=0.0, cpu_seconds=None) for record in records]


def evaluated(folder: Path, kept: Path, plan: Plan = PLAN) -> list[EvaluationRecord]:
    work = list(tasks(find_sources(folder), plan))
    for _ in run_tasks(pending(work, kept), kept):
        pass
    return wanted_records(work, kept)


def test_results_do_not_depend_on_order_or_interruption(folder: Path, tmp_path: Path) -> None:
    straight = evaluated(folder, tmp_path / "straight")
    assert len(straight) == 2 * 2 * 2 * 3
    work = list(tasks(find_sources(folder), PLAN))
    kept = tmp_path / "interrupted"
    list(run_tasks(reversed(work[3:6]), kept))
    with kept.open("a", encoding="utf-8") as stream:
        stream.write('{"identity": "cut o')
    assert len(pending(work, kept)) == len(work) - 3
    assert without_times(evaluated(folder, kept)) == without_times(straight)
    assert pending(work, kept) == []


def test_a_further_method_is_the_only_work_left(folder: Path, tmp_path: Path) -> None:
    evaluated(folder, tmp_path / "kept", replace(PLAN, methods=("libjpeg",)))
    left = pending(tasks(find_sources(folder), PLAN), tmp_path / "kept")
    assert {task.methods for task in left} == {("robust", "thumbnail")}


def test_other_settings_are_other_results(folder: Path, tmp_path: Path) -> None:
    evaluated(folder, tmp_path / "kept")
    for plan in (replace(PLAN, blur=0.7), replace(PLAN, simulation=replace(PLAN.simulation, spare_headers=True))):
        assert len(pending(tasks(find_sources(folder), plan), tmp_path / "kept")) == 8


def test_methods_that_decode_show_undamaged_pictures_exactly(folder: Path, tmp_path: Path) -> None:
    assert set(METHODS) >= {"libjpeg", "robust", "sca", "thumbnail", "placed", "full"}
    methods = ("libjpeg", "robust", "thumbnail", "placed", "full")
    plan = replace(PLAN, methods=methods, bers=(0.0,), seeds=(1,))
    scores = {(record.name, record.method): record.score for record in evaluated(folder, tmp_path / "kept", plan)}
    for (_, method), score in scores.items():
        assert score is not None
        assert score.undamaged
        assert score.stream_exact
        assert (score.mse_rgb == 0.0) == (method != "thumbnail")
        assert (score.mcus_exact == score.mcus) == (method != "thumbnail")


def test_simulated_folders_give_the_same_scores_as_damage_on_the_fly(folder: Path, tmp_path: Path) -> None:
    simulation = replace(PLAN.simulation, ber=1e-4, seed=1)
    (tmp_path / "damaged").mkdir()
    list(simulate(sorted(folder.iterdir()), simulation, tmp_path / "damaged"))
    plan = replace(PLAN, bers=(1e-4,), seeds=(1,))
    on_the_fly = evaluated(folder, tmp_path / "a", plan)
    written = evaluated(tmp_path / "damaged", tmp_path / "b", replace(plan, bers=(1e-6,), seeds=(5, 6)))
    assert [(record.name, record.score) for record in written] == [(record.name, record.score) for record in on_the_fly]
    assert {(record.ber, record.seed) for record in written} == {(1e-4, 1)}


def test_the_papers_files_are_recognised_and_have_their_truth(shared_data: Path) -> None:
    sources = find_sources(shared_data / "two_acir")
    assert {source.kind for source in sources} == {"replay"}
    (specimen, _) = (load(source, PLAN.simulation, 0.0) for source in sources)
    assert (specimen.ber, len(specimen.flips)) == (1e-5, 15)
    assert specimen.damaged.thumbnail is not None
    assert specimen.damaged.jpeg == (shared_data / "two_acir" / "De" / sources[0].path.name).read_bytes()


def test_a_changed_original_is_noticed(folder: Path, tmp_path: Path, picture: bytes) -> None:
    (tmp_path / "damaged").mkdir()
    list(simulate([folder / "plain.jpg"], Simulation(1e-5, 1), tmp_path / "damaged"))
    (folder / "plain.jpg").write_bytes(picture + b"more")
    (source,) = find_sources(tmp_path / "damaged")
    with pytest.raises(UsageError, match="no longer the file"):
        load(source, PLAN.simulation, 0.0)


def test_blur_reaches_the_guide_and_nothing_else(folder: Path) -> None:
    source = Source("picture", "test", folder / "plain.jpg")
    sharp, blurred = (load(source, replace(PLAN.simulation, ber=0.0), blur) for blur in (0.0, 1.2))
    assert sharp.damaged.jpeg == blurred.damaged.jpeg
    assert sharp.damaged.thumbnail is not None
    assert blurred.damaged.thumbnail is not None
    assert blurred.damaged.thumbnail.data.startswith(b"P6")


def test_what_cannot_be_measured_is_named(tmp_path: Path) -> None:
    (tmp_path / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0 no picture")
    plan = replace(PLAN, simulation=replace(PLAN.simulation, thumbnails="own"), methods=("robust",))
    (task, *_) = tasks(find_sources(tmp_path / "broken.jpg"), plan)
    (record,) = run_task(task)
    assert record.score is None
    assert "broken/broken" in skipped([record])
    assert summarise([record]) == []


def test_unknown_methods_and_empty_folders_are_refused(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no method magic"):
        list(tasks(find_sources(folder), replace(PLAN, methods=("magic",))))
    (tmp_path / "empty").mkdir()
    with pytest.raises(UsageError, match="holds no picture"):
        find_sources(tmp_path / "empty")


def a_score(**changes: object) -> Score:
    fields: dict[str, Any] = dict.fromkeys(Score.__dataclass_fields__, 0) | {
        "region": None,
        "shown": True, "status": "shown", "mcus": 100, "mse_y": 100.0, "mse_rgb": 100.0, "ssim_y": 0.5,
        "mse_hole": None, "mse_hit": None, "picture_exact": False, "margins": (),
        "probabilities": (), "exact_probability": None,
    }  # fmt: skip
    return Score(**(fields | changes))


def test_a_line_of_the_table_by_hand(folder: Path, tmp_path: Path) -> None:
    scores = [
        a_score(mse_y=0.0, picture_exact=True, mcus_exact=100, stream_exact=True, reversed=3),
        a_score(
            mse_y=65.025,
            mcus_exact=50,
            claimed_mcus=40,
            claimed_wrong=10,
            hole_mcus=50,
            mse_hole=650.25,
            wrong=1,
            missed=2,
        ),
    ]
    records = [
        EvaluationRecord(f"i{n}", "set", f"f{n}", 1e-5, 1, "m", float(n), score) for n, score in enumerate(scores)
    ]
    (line,) = summarise(records)
    assert line.psnr_y == pytest.approx((100 + 30) / 2)
    assert line.psnr_y_rest == pytest.approx(30.0)
    assert (line.mcus_exact, line.streams_exact, line.hole_share) == (0.75, 0.5, 0.25)
    assert line.psnr_hole == pytest.approx(20.0)
    assert line.false_repairs == line.falsely_intact == 0.25
    assert line.seconds == 0.5
    row = dict(zip(HEADINGS, cells(line), strict=True))
    assert row["flips reversed/wrong/missed"] == "3/1/2"
    assert row["PSNR Y"] == "65.00"


def test_reversed_bits_are_counted_by_their_margin(tmp_path: Path) -> None:
    scores = [
        a_score(margins=((2.0, False), (19.9, True), (20.0, True)), status="exact", stream_exact=True),
        a_score(margins=((None, True), (25.0, False)), status="exact", stream_exact=False),
    ]
    records = [EvaluationRecord(f"i{n}", "set", f"f{n}", 1e-5, 1, "m", 1.0, score) for n, score in enumerate(scores)]
    shares = dict(zip(MARGIN_EDGES, right_by_margin(records), strict=True))
    assert (shares[0.0], shares[15.0], shares[20.0], shares[100.0]) == ((0, 1), (1, 1), (1, 2), (1, 1))
    assert sum(total for _, total in shares.values()) == 5
    write_tables(tmp_path, summarise(records), PLAN, records)
    write_plots(tmp_path, summarise(records), records)
    text = (tmp_path / "table.md").read_text("utf-8")
    assert "| 20 | 2 | 1 |" in text
    assert "Called `exact`: 2 files, 1 of them wrongly." in text
    assert "Called `repaired`: 0 files, 0 of them the original all the same." in text
    assert "Reliability" not in text
    assert ET.parse(tmp_path / "margins.svg").getroot().tag.endswith("svg")


def test_tables_and_plots(folder: Path, tmp_path: Path) -> None:
    records = evaluated(folder, tmp_path / "kept")
    lines = summarise(records)
    assert [(line.ber, line.method) for line in lines[:3]] == [(1e-4, name) for name in PLAN.methods]
    written = [*write_tables(tmp_path, lines, PLAN, records), *write_plots(tmp_path, lines, records)]
    assert all(path.stat().st_size > 200 for path in written if path.name != "claims.csv")
    text = (tmp_path / "table.md").read_text("utf-8")
    assert all(sentence in text for sentence in CONVENTIONS)
    assert "## pictures, BER 1e-05" in text
    page = json.loads((tmp_path / "results.json").read_text("utf-8"))
    assert len(page["lines"]) == 6
    assert len((tmp_path / "results.csv").read_text("utf-8").splitlines()) == 1 + len(records)
    with Image.open(tmp_path / "psnr-against-ber.png") as plot:
        assert plot.width > 400
    assert ET.parse(tmp_path / "distribution.svg").getroot().tag.endswith("svg")


def test_a_task_that_fails_ends_the_run_and_keeps_the_rest(folder: Path, tmp_path: Path) -> None:
    work = list(tasks(find_sources(folder), replace(PLAN, bers=(1e-5,), seeds=(1,), methods=("robust",))))

    def runner(
        function: Callable[[Task], list[EvaluationRecord]], work: Iterable[Task]
    ) -> Generator[tuple[Task, list[EvaluationRecord] | BaseException], None, None]:
        first, second = work
        yield first, function(first)
        yield second, MemoryError()

    with pytest.raises(MemoryError):
        list(run_tasks(work, tmp_path / "kept", runner))
    assert len(load_records(tmp_path / "kept")) == 1
