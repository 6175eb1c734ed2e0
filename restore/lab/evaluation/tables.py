"""Evaluation results as files: table.md, results.json and results.csv, and the cells that a terminal table shows."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from restore.lab.evaluation import judge, region_score
from restore.lab.evaluation.evaluate import EvaluationRecord, Plan
from restore.lab.evaluation.region_summary import region_markdown, summarise_regions
from restore.lab.evaluation.reliability import reliability_markdown, reliability_values
from restore.lab.evaluation.summary import MARGIN_EDGES, Line, limited_psnr, right_by_margin, skipped
from restore.lab.quality import metrics

CONVENTIONS: Final = (
    *metrics.CONVENTIONS,
    *judge.CONVENTIONS,
    *region_score.CONVENTIONS,
    "Rest: PSNR Y over the files whose picture is not identical. s/file: the method alone, warmed up, median.",
)
HEADINGS: Final = (
    *("method", "files", "PSNR Y", "rest", "SSIM Y", "PSNR RGB", "SSIM RGB", "MCUs exact", "SHA-256"),
    *("holes", "hole PSNR", "hit PSNR", "flips reversed/wrong/missed", "movers", "false repairs", "falsely intact"),
    "s/file",
)
OVERVIEW: Final = ("method", "PSNR Y", "SSIM Y", "MCUs exact", "SHA-256", "hole PSNR", "s/file")
"""The columns that fit a terminal."""
_CSV_SCORE: Final = tuple(
    name for name in judge.Score.__dataclass_fields__ if name not in {"margins", "probabilities", "region"}
)
_CSV_REGION: Final = tuple(region_score.RegionScore.__dataclass_fields__)


def cells(line: Line) -> tuple[str, ...]:
    """One line of the table, a cell for each of `HEADINGS`."""
    reports_flips = line.flips_reversed + line.flips_wrong > 0
    flips = f"{line.flips_reversed}/{line.flips_wrong}/{line.flips_missed}" if reports_flips else "–"
    return (
        line.method,
        f"{line.files}" + (f" ({line.unshown} not shown)" if line.unshown else ""),
        _number(line.psnr_y, 2),
        _number(line.psnr_y_rest, 2),
        _number(line.ssim_y, 4),
        _number(line.psnr_rgb, 2),
        _number(line.ssim_rgb, 4),
        _percent(line.mcus_exact),
        _percent(line.streams_exact),
        _percent(line.hole_share),
        _number(line.psnr_hole, 2),
        _number(line.psnr_hit, 2),
        flips,
        f"{line.movers_reversed}/{line.movers}" if reports_flips and line.movers else "–",
        _percent(line.false_repairs),
        _percent(line.falsely_intact),
        _number(line.seconds, 3),
    )


def groups(lines: Sequence[Line]) -> dict[str, list[Line]]:
    """The lines of each table, under its title."""
    tables: dict[str, list[Line]] = {}
    for line in lines:
        tables.setdefault(f"{line.dataset}, BER {line.ber:g}", []).append(line)
    return {f"{title} ({_files(members)})": members for title, members in tables.items()}


def markdown(lines: Sequence[Line], plan: Plan, records: Sequence[EvaluationRecord]) -> str:
    """The whole result as Markdown, with the conventions."""
    parts = ["# Evaluation", "", _settings_sentence(plan), ""]
    for title, members in groups(lines).items():
        rows = [HEADINGS, tuple("---" for _ in HEADINGS), *map(cells, members)]
        parts += [f"## {title}", "", *(f"| {' | '.join(row)} |" for row in rows), ""]
    parts += region_markdown(summarise_regions(records))
    parts += _margins(records)
    parts += reliability_markdown(records)
    missing = skipped(records)
    if missing:
        parts += ["## Not measured", "", *(f"- {name}: {note}" for name, note in missing.items()), ""]
    return "\n".join([*parts, "## Conventions", "", *(f"- {sentence}" for sentence in CONVENTIONS), ""])


def _margins(records: Sequence[EvaluationRecord]) -> list[str]:
    """How often reversed bits were right, by the margin they had, and how often `exact` was."""
    shares = right_by_margin(records)
    if not any(total for _, total in shares):
        return []
    called, wrongly = _called(records, "exact")
    repaired, not_exact = _called(records, "repaired")
    return [
        *("## Reversed bits by margin", "", "| nats, from | reversed | right |", "| --- | --- | --- |"),
        *(f"| {edge:g} | {total} | {right} |" for edge, (right, total) in zip(MARGIN_EDGES, shares, strict=True)),
        *("", f"Called `exact`: {called} files, {wrongly} of them wrongly."),
        *(f"Called `repaired`: {repaired} files, {repaired - not_exact} of them the original all the same.", ""),
    ]


def _called(records: Sequence[EvaluationRecord], status: str) -> tuple[int, int]:
    """How many files were called so, and how many of these streams are not the original."""
    scores = [record.score for record in records if record.score is not None and record.score.status == status]
    return len(scores), sum(not score.stream_exact for score in scores)


def write_tables(folder: Path, lines: Sequence[Line], plan: Plan, records: Sequence[EvaluationRecord]) -> list[Path]:
    """Write table.md, results.json, results.csv, and claims.csv, one row per reversed bit."""
    page = {
        "conventions": CONVENTIONS,
        "settings": plan.settings(),
        "lines": [asdict(line) for line in lines],
        "regions": [asdict(line) for line in summarise_regions(records)],
        "reliability": reliability_values(records),
        "not_measured": skipped(records),
    }
    contents = {
        "table.md": markdown(lines, plan, records),
        "results.json": json.dumps(page, indent=1) + "\n",
        "results.csv": per_file(records),
        "claims.csv": per_claim(records),
    }
    for name, text in contents.items():
        (folder / name).write_text(text, encoding="utf-8")
    return [folder / name for name in contents]


def per_file(records: Sequence[EvaluationRecord]) -> str:
    """One CSV row per result, PSNR in dB (identical pictures as 100) beside the mean squared errors."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(
        (
            *("dataset", "name", "ber", "region", "seed", "method", "seconds", "cpu_seconds", "note"),
            *("psnr_y", "psnr_rgb", "psnr_hole", *_CSV_SCORE, *_CSV_REGION),
        )
    )
    for record in records:
        cpu_seconds = "" if record.cpu_seconds is None else f"{record.cpu_seconds:.4f}"
        row: list[Any] = [record.dataset, record.name, record.ber, record.region, record.seed, record.method]
        row += [f"{record.seconds:.4f}", cpu_seconds, record.note]
        if record.score is not None:
            score = record.score
            hole = None if score.mse_hole is None else limited_psnr(score.mse_hole)
            row += [limited_psnr(score.mse_y), limited_psnr(score.mse_rgb), hole]
            row += [getattr(score, name) for name in _CSV_SCORE]
            row += [None if score.region is None else getattr(score.region, name) for name in _CSV_REGION]
        writer.writerow(row)
    return stream.getvalue()


def per_claim(records: Sequence[EvaluationRecord]) -> str:
    """One CSV row per reversed bit: its margin in nats, empty where it had no rival, its probability as stated, and
    whether it was right."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(("dataset", "name", "ber", "region", "seed", "method", "margin", "probability", "right"))
    for record in records:
        place = (record.dataset, record.name, record.ber, record.region, record.seed, record.method)
        if record.score is not None:
            stated = zip(record.score.margins, record.score.probabilities, strict=False)
            writer.writerows((*place, margin, value, right) for (margin, _), (value, right) in stated)
    return stream.getvalue()


def _settings_sentence(plan: Plan) -> str:
    return "Settings: " + ", ".join(f"{name} {value}" for name, value in plan.settings().items()) + "."


def _files(members: Sequence[Line]) -> str:
    first = members[0]
    return f"{first.files} damaged files, {first.undamaged} of them not hit"


def _number(value: float | None, digits: int) -> str:
    return "–" if value is None else f"{value:.{digits}f}"


def _percent(value: float | None) -> str:
    return "–" if value is None else f"{100 * value:.2f} %"
