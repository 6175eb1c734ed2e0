"""From single results on destroyed regions to one line per dataset, kind of region and method, and one for all."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import fmean, median
from typing import Final

from restore.lab.evaluation.evaluate import EvaluationRecord
from restore.lab.evaluation.judge import Score
from restore.lab.evaluation.region_score import RegionScore
from restore.lab.evaluation.summary import limited_psnr
from restore.lab.simulation.regions import ALL

REGION_HEADINGS: Final = (
    *("region", "method", "files", "recall", "wrong", "median recall", "least", "files ≥ 98 %"),
    *("PSNR Y", "false flips", "falsely whole", "CPU-s", "most"),
)
REGION_OVERVIEW: Final = ("region", "method", "files", "recall", "wrong", "PSNR Y", "CPU-s")
"""The columns that fit a terminal."""
_ENOUGH: Final = 0.98
_WHOLE: Final = frozenset(("intact", "exact"))


@dataclass(frozen=True, slots=True)
class RegionLine:
    """One kind of region, or all, by one method. Shares from 0 to 1, None where there is nothing to share.

    Attributes:
        files: damaged files measured.
        recall, wrong: over all MCUs of these files, as `region_score` says.
        median_recall, least_recall: over files; `enough` is how many files have a recall of 98 % or more.
        psnr_y: dB, mean over files, identical pictures as 100.
        false_flips: flips that were called reversed where none was.
        falsely_whole: files called intact or exact that are not.
        cpu_seconds, most_cpu_seconds: of the method, median and maximum over files.
    """

    dataset: str
    region: str
    method: str
    files: int
    recall: float | None
    wrong: float | None
    median_recall: float | None
    least_recall: float | None
    enough: int
    psnr_y: float
    false_flips: int
    falsely_whole: int
    cpu_seconds: float
    most_cpu_seconds: float


def summarise_regions(records: Iterable[EvaluationRecord]) -> list[RegionLine]:
    """The lines of all records of regions that were measured: kinds in their order, then all, by dataset and method."""
    groups: dict[tuple[str, str, str], list[tuple[EvaluationRecord, Score, RegionScore]]] = {}
    whole: dict[tuple[str, str, str], list[tuple[EvaluationRecord, Score, RegionScore]]] = {}
    for record in records:
        if record.region and record.score is not None and record.score.region is not None:
            entry = (record, record.score, record.score.region)
            groups.setdefault((record.dataset, record.region, record.method), []).append(entry)
            whole.setdefault((record.dataset, ALL, record.method), []).append(entry)
    lines = [_line(*key, members) for key, members in (groups | whole).items()]
    datasets = list(dict.fromkeys(line.dataset for line in lines))
    kinds = [*dict.fromkeys(line.region for line in lines if line.region != ALL), ALL]
    return sorted(lines, key=lambda line: (datasets.index(line.dataset), kinds.index(line.region)))


def _line(
    dataset: str, region: str, method: str, members: Sequence[tuple[EvaluationRecord, Score, RegionScore]]
) -> RegionLine:
    total = RegionScore(
        kept=sum(score.kept for _, _, score in members),
        kept_right=sum(score.kept_right for _, _, score in members),
        called=sum(score.called for _, _, score in members),
        called_wrong=sum(score.called_wrong for _, _, score in members),
    )
    recalls = [score.recall for _, _, score in members if score.recall is not None]
    seconds = [record.seconds if record.cpu_seconds is None else record.cpu_seconds for record, _, _ in members]
    return RegionLine(
        dataset=dataset,
        region=region,
        method=method,
        files=len(members),
        recall=total.recall,
        wrong=total.wrong,
        median_recall=median(recalls) if recalls else None,
        least_recall=min(recalls, default=None),
        enough=sum(recall >= _ENOUGH for recall in recalls),
        psnr_y=fmean(limited_psnr(score.mse_y) for _, score, _ in members),
        false_flips=sum(score.wrong for _, score, _ in members),
        falsely_whole=sum(score.status in _WHOLE and not score.stream_exact for _, score, _ in members),
        cpu_seconds=median(seconds),
        most_cpu_seconds=max(seconds),
    )


def region_cells(line: RegionLine) -> tuple[str, ...]:
    """One line of the table, a cell for each of `REGION_HEADINGS`."""
    return (
        line.region,
        line.method,
        f"{line.files}",
        _percent(line.recall, 2),
        _percent(line.wrong, 3),
        _percent(line.median_recall, 2),
        _percent(line.least_recall, 2),
        f"{line.enough}",
        f"{line.psnr_y:.2f}",
        f"{line.false_flips}",
        f"{line.falsely_whole}",
        f"{line.cpu_seconds:.2f}",
        f"{line.most_cpu_seconds:.2f}",
    )


def region_markdown(lines: Sequence[RegionLine]) -> list[str]:
    """The tables of regions as lines of Markdown, one table per dataset."""
    parts: list[str] = []
    for dataset in dict.fromkeys(line.dataset for line in lines):
        rows = [REGION_HEADINGS, tuple("---" for _ in REGION_HEADINGS)]
        rows += [region_cells(line) for line in lines if line.dataset == dataset]
        parts += [f"## {dataset}, destroyed regions", "", *(f"| {' | '.join(row)} |" for row in rows), ""]
    return parts


def _percent(value: float | None, digits: int) -> str:
    return "–" if value is None else f"{100 * value:.{digits}f} %"
