"""Progress for people: a bar for each stage on stderr, and at the end what was found, in plain words."""

from __future__ import annotations

from contextlib import AbstractContextManager
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, ProgressColumn, Task, TaskID, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bars
from rich.table import Table
from rich.text import Text

from plugin.common.progress import Stage, human_size
from plugin.common.report_model import Report
from plugin.report.wording import MEANINGS


class AmountColumn(ProgressColumn):
    """How much is done and how fast, in the stage's unit."""

    def render(self, task: Task) -> Text:
        done, total = task.completed, task.total or 0
        speed = task.finished_speed or task.speed
        if task.description == Stage.RESTORE:
            pace = f", {60 * speed:.0f} a minute" if speed else ""
            return Text(f"{done:.0f} of {total:.0f} pictures{pace}")
        if task.description == Stage.COMPILE:
            return Text(f"{done:.0f} of {total:.0f} steps (first run)")
        rate = f", {human_size(speed)}/s" if speed else ""
        return Text(f"{human_size(done)} of {human_size(total)}{rate}")


class BarProgress(AbstractContextManager["BarProgress"]):
    """A bar for each stage with rate and time to go; where stderr is no terminal, only the last state of each."""

    def __init__(self) -> None:
        self._tasks: dict[Stage, TaskID] = {}
        self._bars = Bars(
            TextColumn("{task.description:<8}"),
            BarColumn(),
            AmountColumn(),
            TimeRemainingColumn(compact=True, elapsed_when_finished=True),
            console=Console(stderr=True),
        )

    def update(self, stage: Stage, done: int, total: int) -> None:
        if stage not in self._tasks:
            self._tasks[stage] = self._bars.add_task(stage.value, total=total)
        self._bars.update(self._tasks[stage], completed=done, total=total)

    def __enter__(self) -> Self:
        self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._bars.stop()


def print_summary(report: Report, folder: str) -> None:
    """Say on stderr what a run found and where it is."""
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    count = len(report.files)
    found = f"{count} picture{'' if count == 1 else 's'}"
    console.print(
        f"{found} found in {human_size(report.scan.scanned_bytes)} scanned ({report.scan.location})", markup=False
    )
    console.print(_table(report))
    for remark in report.notes:
        console.print(f"note: {remark}", markup=False)
    for line in (*_in_words(report), f"report: {folder}/report.html, for programs {folder}/report.json"):
        console.print(line, markup=False)


def _in_words(report: Report) -> tuple[str, ...]:
    """What the numbers mean: flips, generated blocks, and whether the evidence is as it was."""
    said: list[str] = []
    flips = sum(len(entry.bit_flips) for entry in report.files)
    if flips:
        said.append(f"{flips} flipped bit{'' if flips == 1 else 's'} found and reversed, each listed in the report")
    generated = sum(entry.mcus.generated for entry in report.files)
    total = sum(entry.mcus.total for entry in report.files)
    if generated:
        share = 100 * generated / total
        said.append(
            f"{generated} of {total} blocks ({share:.1f} %) are generated: an enhancement, never evidence; "
            "the provenance maps show which"
        )
    if report.evidence.unchanged:
        said.append("the evidence files are as they were: same SHA-256 before and after")
    return tuple(said)


def _table(report: Report) -> Table:
    table = Table(box=None, show_header=False, padding=(0, 2))
    table.add_column(justify="right")
    for status, meaning in MEANINGS.items():
        count = sum(entry.status is status and entry.error is None for entry in report.files)
        if count:
            table.add_row(str(count), status.value, meaning)
    untried = sum(entry.status is None for entry in report.files)
    if untried:
        table.add_row(str(untried), "carved", "restoring was not asked for")
    failed = sum(entry.error is not None for entry in report.files)
    if failed:
        table.add_row(str(failed), "failed", "the tool itself failed on these; the report says how")
    return table
