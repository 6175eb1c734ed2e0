"""Plots of an evaluation, as PNG and SVG: PSNR against the bit error rate, its distribution over the files, how often
reversed bits were right by the margin they had and by the probability stated of them, and how much of a picture is
shown beside a destroyed region."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from carving.errors import UsageError
from restore.lab.evaluation.evaluate import EvaluationRecord
from restore.lab.evaluation.region_summary import RegionLine, summarise_regions
from restore.lab.evaluation.reliability import bins, stated_of_files, stated_of_flips
from restore.lab.evaluation.summary import MARGIN_EDGES, PSNR_LIMIT, Line, limited_psnr, right_by_margin

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_SUFFIXES: Final = ("png", "svg")


def require_matplotlib() -> None:
    """Make sure, before hours of work, that plots can be drawn.

    Raises:
        UsageError: matplotlib is not installed.
    """
    if find_spec("matplotlib") is None:
        raise UsageError("evaluate draws plots with matplotlib: pip install 'carve-restore[lab]'")


def write_plots(folder: Path, lines: Sequence[Line], records: Sequence[EvaluationRecord]) -> list[Path]:
    """Draw `psnr-against-ber` and `distribution` into a folder, `margins` where bits were reversed, `reliability` where
    probabilities were stated, and `regions` where regions were destroyed, one panel per dataset.

    Raises:
        UsageError: matplotlib is not installed.
    """
    require_matplotlib()
    from matplotlib import rc_context

    figures = {"psnr-against-ber": against_ber(lines)} if lines else {}
    figures["distribution"] = distribution(records)
    region_lines = summarise_regions(records)
    if region_lines:
        figures["regions"] = recall_by_kind(region_lines)
    if any(record.score is not None and record.score.margins for record in records):
        figures["margins"] = margins(records)
    if stated_of_flips(records) or stated_of_files(records):
        figures["reliability"] = reliability(records)
    written = []
    for stem, figure in figures.items():
        for suffix in _SUFFIXES:
            path = folder / f"{stem}.{suffix}"
            with warnings.catch_warnings(), rc_context({"svg.hashsalt": stem}):
                warnings.simplefilter("ignore", DeprecationWarning)  # matplotlib's own use of its libraries
                figure.savefig(path, metadata={"Date": None} if suffix == "svg" else None, dpi=120)
            written.append(path)
    return written


def against_ber(lines: Sequence[Line]) -> Figure:
    """Mean PSNR in Y of each method against the bit error rate."""
    datasets = list(dict.fromkeys(line.dataset for line in lines))
    figure, axes = _panels(datasets)
    for dataset, axis in zip(datasets, axes, strict=True):
        for method in dict.fromkeys(line.method for line in lines):
            points = sorted(
                (line.ber, line.psnr_y) for line in lines if (line.dataset, line.method) == (dataset, method)
            )
            axis.plot([ber for ber, _ in points], [value for _, value in points], marker="o", label=method)
        axis.set(xscale="log", xlabel="bit error rate", title=dataset)
    return _finished(figure, axes)


def distribution(records: Sequence[EvaluationRecord]) -> Figure:
    """Share of files whose PSNR in Y is at most so many dB, over all rates and seeds."""
    datasets = list(dict.fromkeys(record.dataset for record in records))
    figure, axes = _panels(datasets)
    for dataset, axis in zip(datasets, axes, strict=True):
        for method in dict.fromkeys(record.method for record in records):
            values = sorted(
                limited_psnr(record.score.mse_y)
                for record in records
                if record.score is not None and (record.dataset, record.method) == (dataset, method)
            )
            shares = [index / len(values) for index in range(len(values) + 1)]
            axis.step([*values[:1], *values], shares, where="post", label=method)
        axis.set(xlabel=f"PSNR in Y, dB ({PSNR_LIMIT:g}: identical)", title=dataset)
    return _finished(figure, axes, "share of files")


def margins(records: Sequence[EvaluationRecord]) -> Figure:
    """Share of reversed bits that were right, by their margin, with how many there were; the last bin is open."""
    datasets = list(dict.fromkeys(record.dataset for record in records))
    figure, axes = _panels(datasets)
    for dataset, axis in zip(datasets, axes, strict=True):
        shares = right_by_margin([record for record in records if record.dataset == dataset])
        axis.bar(range(len(shares)), [right / max(total, 1) for right, total in shares])
        for place, (right, total) in enumerate(shares):
            axis.annotate(f"{right}/{total}", (place, 0.5), rotation=90, ha="center", va="center", fontsize="small")
        axis.set_xticks(range(len(shares)), [f"{edge:g}–" for edge in MARGIN_EDGES])
        axis.set(xlabel="margin over the best rival, nats", title=dataset)
    return _finished(figure, axes, "share of reversed bits that were right")


def reliability(records: Sequence[EvaluationRecord]) -> Figure:
    """Share of reversed bits, and of files, that were right, beside the mean probability that was stated of them."""
    datasets = list(dict.fromkeys(record.dataset for record in records))
    titles = [f"{dataset}: {what}" for dataset in datasets for what in ("flips", "files")]
    figure, axes = _panels(titles)
    for title, axis in zip(titles, axes, strict=True):
        dataset, _, what = title.rpartition(": ")
        chosen = [record for record in records if record.dataset == dataset]
        counted = bins(stated_of_flips(chosen) if what == "flips" else stated_of_files(chosen))
        axis.bar(range(len(counted)), [entry.share_right or 0.0 for entry in counted], label="right")
        stated = [(place, entry.stated) for place, entry in enumerate(counted) if entry.stated is not None]
        axis.plot([place for place, _ in stated], [value for _, value in stated], "kD", label="mean stated")
        for place, entry in enumerate(counted):
            said = f"{entry.right}/{entry.number}"
            axis.annotate(said, (place, 0.5), rotation=90, ha="center", va="center", fontsize="small")
        axis.set_xticks(range(len(counted)), [f"{entry.low:g}–" for entry in counted])
        axis.set(ylim=(0, 1.05), xlabel="stated probability", title=title)
    return _finished(figure, axes, "share that was right")


def recall_by_kind(lines: Sequence[RegionLine]) -> Figure:
    """Recall of each method by kind of region, a bar each, with the wrong share of what it calls stored written in."""
    datasets = list(dict.fromkeys(line.dataset for line in lines))
    figure, axes = _panels(datasets)
    for dataset, axis in zip(datasets, axes, strict=True):
        members = [line for line in lines if line.dataset == dataset]
        kinds = list(dict.fromkeys(line.region for line in members))
        methods = list(dict.fromkeys(line.method for line in members))
        height = 0.8 / len(methods)
        for number, method in enumerate(methods):
            chosen = [line for line in members if line.method == method]
            places = [kinds.index(line.region) - 0.4 + (number + 0.5) * height for line in chosen]
            axis.barh(places, [line.recall or 0.0 for line in chosen], height, label=method)
            for place, line in zip(places, chosen, strict=True):
                wrong = "" if line.wrong is None else f"{100 * line.wrong:.2f} % wrong"
                axis.annotate(wrong, (0.02, place), va="center", fontsize=min(8.0, 24 * height))
        axis.set_yticks(range(len(kinds)), kinds)
        axis.set(xlim=(0, 1), xlabel="recall: share of the kept MCUs that are shown right", title=dataset)
        axis.invert_yaxis()
    figure.set_figheight(max(4.0, 0.35 * len({line.region for line in lines}) + 1.5))
    return _finished(figure, axes, "region")


def _panels(titles: Sequence[str]) -> tuple[Figure, list[Any]]:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(5.0 * max(1, len(titles)), 4.0), layout="constrained")
    panels = figure.subplots(1, max(1, len(titles)), squeeze=False, sharey=True)
    return figure, list(panels[0][: len(titles)])


def _finished(figure: Figure, axes: list[Any], height: str = "PSNR in Y, dB") -> Figure:
    for axis in axes:
        axis.grid(visible=True, alpha=0.3)
    if axes:
        axes[0].set_ylabel(height)
        if axes[0].get_legend_handles_labels()[0]:
            axes[0].legend(fontsize="small")
    return figure
