"""`carve-restore evaluate`: methods against each other on damaged files whose originals are known."""

from __future__ import annotations

import sys
from collections.abc import Callable, Generator, Iterable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from carving.support.cores import available_cores
from plugin.commands.failure import report_unforeseen
from plugin.commands.lab_options import (
    chosen_cipher,
    make_medium,
    medium_options,
    numbers,
    region_kinds,
    regions_option,
)

if TYPE_CHECKING:
    from restore.lab.evaluation.evaluate import EvaluationRecord, Task
    from restore.lab.evaluation.region_summary import RegionLine
    from restore.lab.evaluation.summary import Line

_EPILOG = """\b
Examples:
  carve-restore evaluate photos/ --ber 1e-5,1e-6 --seeds 1,2,3 -o evaluation
  carve-restore evaluate photos/ --regions all --files-per-kind 10 --methods full --thumbnails own -o regions
  carve-restore evaluate damaged/ --methods robust,full -o evaluation     damaged/ made by simulate
  carve-restore evaluate two_acir/ -o evaluation                              the paper's GT and De folders

\b
DIR receives table.md, results.json, results.csv (one row per file), claims.csv (one per reversed bit), plots as PNG
and SVG, and records.jsonl; the same command again goes on where it was interrupted, and a longer one adds to it. All
conventions stand in table.md, with tables of how often stated probabilities hold.
"""


@click.command(epilog=_EPILOG, short_help="Compare methods on damage whose truth is known.")
@click.argument("datasets", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True))
@click.option("--methods", default="libjpeg,robust,sca,thumbnail,placed,full", show_default=True, metavar="NAMES")
@click.option(
    "--ber", metavar="RATES", help="Bit error rates of pictures damaged here; 1e-5 if not given, 0 with --regions."
)
@regions_option
@click.option(
    "--files-per-kind", type=click.IntRange(min=1), metavar="N", help="Draw N pictures for each kind of region."
)
@click.option(
    "--seeds", default="1", show_default=True, metavar="NUMBERS", help="Each picture is damaged once for each."
)
@click.option("--limit", type=click.IntRange(min=1), metavar="N", help="Only the first N files of each dataset.")
@medium_options
@click.option(
    "--thumbnails",
    type=click.Choice(["own", "none", "embedded", "beside"]),
    default="embedded",
    show_default=True,
    help="What a file without a thumbnail gets: none, one inside it before the damage, or a sound one beside it. With "
    "`none` the thumbnails of the others are taken out.",
)
@click.option(
    "--thumbnail-blur",
    type=click.FloatRange(min=0),
    default=0.0,
    show_default=True,
    metavar="SIGMA",
    help="Blur thumbnails, in their own pixels.",
)
@click.option("--device", type=click.Choice(["auto", "cpu", "cuda"]), default="auto", show_default=True)
@click.option(
    "--sheets",
    type=click.IntRange(min=0),
    default=0,
    show_default=True,
    metavar="N",
    help="Also draw contact sheets of the first N files of each dataset.",
)
@click.option("--jobs", type=click.IntRange(min=1), metavar="N", help="Processes; the number of cores if not given.")
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), required=True, metavar="DIR", help="Folder for the results."
)
@click.option("--quiet", is_flag=True, help="Say nothing but errors.")
def evaluate_command(
    datasets: tuple[Path, ...],
    methods: str,
    ber: str | None,
    regions: str | None,
    files_per_kind: int | None,
    seeds: str,
    limit: int | None,
    cipher: str | None,
    sector_size: str,
    iv_sector: Literal["le64", "be32"],
    spare_headers: bool,
    thumbnail_quality: int,
    thumbnails: Literal["own", "none", "embedded", "beside"],
    thumbnail_blur: float,
    device: str,
    sheets: int,
    jobs: int | None,
    output: Path,
    quiet: bool,
) -> None:
    """Damage the pictures of DATASETS, restore them by each method, and measure against the originals.

    A dataset is a picture, a folder of pictures, a folder that `simulate` wrote (its own damage counts), or one with
    the paper's GT and De folders.
    """
    from plugin.common.output import create, output_error
    from restore.lab.evaluation.evaluate import Plan, tasks, wanted_records
    from restore.lab.evaluation.plots import require_matplotlib, write_plots
    from restore.lab.evaluation.region_summary import summarise_regions
    from restore.lab.evaluation.sheets import write_sheets
    from restore.lab.evaluation.specimens import find_sources
    from restore.lab.evaluation.summary import summarise
    from restore.lab.evaluation.tables import write_tables
    from restore.lab.simulation.medium import seeded_key, seeded_master_key
    from restore.lab.simulation.simulate import Simulation

    sys.excepthook = partial(report_unforeseen, output)
    require_matplotlib()
    seed_numbers = tuple(int(seed) for seed in numbers(seeds, int))
    asked = chosen_cipher(cipher, regions)
    key = seeded_master_key(0) if asked.startswith("fscrypt") else seeded_key(0)
    medium = make_medium(asked, key, sector_size, iv_sector, "zero")
    simulation = Simulation(0.0, 0, medium, spare_headers, thumbnails, thumbnail_quality)
    names = tuple(dict.fromkeys(methods.split(",")))
    rates = numbers(("1e-5" if regions is None else "0") if ber is None else ber, float)
    kinds = region_kinds(regions)
    plan = Plan(names, rates, seed_numbers, simulation, thumbnail_blur, device, kinds, files_per_kind)
    work = list(tasks((source for path in datasets for source in find_sources(path)[:limit]), plan))
    create(output)
    kept = output / "records.jsonl"
    try:
        _run(work, kept, jobs or available_cores(), quiet)
        records = wanted_records(work, kept)
        lines = summarise(records)
        written = [*write_tables(output, lines, plan, records), *write_plots(output, lines, records)]
        written += write_sheets(output, work, sheets)
    except OSError as error:
        raise output_error(output, error) from error
    if not quiet:
        _print_tables(lines)
        _print_regions(summarise_regions(records))
        click.echo(f"{len(records)} results. In {output}: {', '.join(path.name for path in written)}", err=True)


def _run(work: list[Task], kept: Path, jobs: int, quiet: bool) -> None:
    from rich.console import Console
    from rich.progress import Progress

    from restore.lab.evaluation.evaluate import pending, run_tasks

    left = pending(work, kept)
    with Progress(console=Console(stderr=True), disable=quiet) as progress:
        bar = progress.add_task("evaluate", total=len(work), completed=len(work) - len(left))
        for _ in run_tasks(left, kept, partial(_in_processes, jobs)):
            progress.advance(bar)


def _in_processes(
    jobs: int, function: Callable[[Task], list[EvaluationRecord]], work: Iterable[Task]
) -> Generator[tuple[Task, list[EvaluationRecord] | BaseException], None, None]:
    from plugin.workers.executors import run_bounded

    return run_bounded(function, work, jobs=jobs)


def _print_tables(lines: list[Line]) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table

    from restore.lab.evaluation.tables import HEADINGS, OVERVIEW, cells, groups

    console = Console()
    for title, members in groups(lines).items():
        table = Table(title=title, title_justify="left", box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1))
        for heading in OVERVIEW:
            table.add_column(heading, justify="left" if heading == OVERVIEW[0] else "right", no_wrap=True)
        for line in members:
            row = dict(zip(HEADINGS, cells(line), strict=True))
            table.add_row(*(row[heading] for heading in OVERVIEW))
        console.print(table)


def _print_regions(lines: list[RegionLine]) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table

    from restore.lab.evaluation.region_summary import REGION_HEADINGS, REGION_OVERVIEW, region_cells

    console = Console()
    for dataset in dict.fromkeys(line.dataset for line in lines):
        title = f"{dataset}, destroyed regions"
        table = Table(title=title, title_justify="left", box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1))
        for heading in REGION_OVERVIEW:
            table.add_column(heading, justify="left" if heading in REGION_OVERVIEW[:2] else "right", no_wrap=True)
        for line in lines:
            if line.dataset == dataset:
                row = dict(zip(REGION_HEADINGS, region_cells(line), strict=True))
                table.add_row(*(row[heading] for heading in REGION_OVERVIEW))
        console.print(table)
