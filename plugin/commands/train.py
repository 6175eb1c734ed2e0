"""`carve-restore train`: train a network, in slots of any length."""

from __future__ import annotations

import re
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from carving.errors import UsageError
from plugin.commands.failure import report_unforeseen

if TYPE_CHECKING:
    from restore.gca.training.processes import Processes

_EPILOG: Final = """\b
Examples:
  carve-restore train photos/ --recipe restorer --time-limit 9m -o training
  carve-restore train --recipe restorer --time-limit 9m --resume training
  torchrun --nproc-per-node 4 -m plugin train --recipe restorer --resume training

\b
DIR receives training-set.npz (the pictures, damaged, in one file), checkpoint/, log.jsonl, progress.png and the
weights that did best on the pictures held out. Every file stays under 16 MiB. The same command with --resume goes on
where the last slot ended, as if it had not.
"""
_UNITS: Final = {"": 1.0, "s": 1.0, "m": 60.0, "h": 3600.0}
_WITHOUT_LIMIT: Final = float("inf")


@click.command(epilog=_EPILOG, short_help="Train the networks that fill in lost blocks.")
@click.argument("pictures", nargs=-1, type=click.Path(path_type=Path, exists=True))
@click.option("--recipe", type=click.Choice(["restorer", "paper"]), default="restorer", show_default=True)
@click.option("-o", "--output", type=click.Path(path_type=Path), metavar="DIR", help="Folder of a new training.")
@click.option(
    "--resume",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    metavar="DIR",
    help="Folder of a training to go on with.",
)
@click.option("--time-limit", metavar="TIME", help="End after so long, as 540, 9m or 2h; without it, at the last step.")
@click.option("--steps", type=click.IntRange(min=1), metavar="N", help="Steps of the whole training.")
@click.option("--batch", type=click.IntRange(min=1), metavar="N", help="Pictures in a step, over all processes.")
@click.option("--size", metavar="NAME", help="restorer: small or large; paper: 512, 1024 or 2048 pixels, or tiny.")
@click.option("--seed", type=int, default=1, show_default=True, metavar="N", help="All random numbers follow from it.")
@click.option("--device", type=click.Choice(["auto", "cpu", "cuda"]), default="auto", show_default=True)
@click.option("--quiet", is_flag=True, help="Say nothing but errors.")
def train_command(
    pictures: tuple[Path, ...],
    recipe: str,
    output: Path | None,
    resume: Path | None,
    time_limit: str | None,
    steps: int | None,
    batch: int | None,
    size: str | None,
    seed: int,
    device: str,
    quiet: bool,
) -> None:
    """Train a network on PICTURES (files or folders) that are damaged as evidence is, or go on with a training.

    Recipe `restorer` is the network that fills what is lost; `paper` is that of W. Liu et al., CVPR 2023.
    """
    seconds = _WITHOUT_LIMIT if time_limit is None else parse_time(time_limit)
    asked = {name: value for name, value in (("steps", steps), ("batch", batch), ("size", size)) if value is not None}
    folder = output or resume
    if folder is None or (output is not None and resume is not None):
        raise UsageError("name a new folder with -o or the folder of a training with --resume, one of them")
    if (resume is None) != bool(pictures):
        raise UsageError("a new training needs pictures; a resumed one has them already")
    sys.excepthook = partial(report_unforeseen, folder)

    from restore.gca.training.processes import join
    from restore.lab.evaluation.plots import require_matplotlib

    require_matplotlib()
    processes = join(device)
    try:
        if resume is None:
            _begin(folder, pictures, recipe, {"seed": seed, **asked}, processes, quiet=quiet)
        _go_on(folder, recipe, {"seed": seed, **asked}, seconds, processes, quiet=quiet)
    finally:
        processes.leave()


def parse_time(text: str) -> float:
    """Seconds of `540`, `540s`, `9m` or `2h`.

    Raises:
        UsageError: something else.
    """
    match = re.fullmatch(r"(\d+(?:\.\d+)?)([smh]?)", text.strip())
    if match is None:
        raise UsageError(f"{text!r} is no time; write 540, 9m or 2h")
    return float(match[1]) * _UNITS[match[2]]


def _begin(
    folder: Path, pictures: tuple[Path, ...], recipe: str, asked: dict[str, Any], processes: Processes, *, quiet: bool
) -> None:
    """Make the folder and the training set."""
    from plugin.common.output import create, require_vacant
    from restore.gca.training.training import TRAINING_SET
    from restore.lab.recipes import find_recipe
    from restore.lab.simulation.originals import pictures_in

    if processes.leads:
        require_vacant(folder)
        paths = [path for argument in pictures for path in pictures_in(argument)]
        create(folder)

        def say(done: int, room: int) -> None:
            if not quiet:
                click.echo(f"\rtraining set: {done >> 10} of at most {room >> 10} KiB", nl=False, err=True)

        find_recipe(recipe).pack(paths, folder / TRAINING_SET, asked, say)
        if not quiet:
            click.echo(err=True)
    processes.agreed(True)


def _go_on(
    folder: Path, recipe: str, asked: dict[str, Any], seconds: float, processes: Processes, *, quiet: bool
) -> None:
    """Train; a checkpoint's settings hold, but for the number of steps."""
    from plugin.common.output import output_error
    from restore.gca.training.training import saved_facts, train
    from restore.lab.recipes import find_recipe

    facts = saved_facts(folder)
    settings = asked
    if facts is not None:
        if facts["recipe"] != recipe:
            raise UsageError(f"{folder} holds a training of recipe {facts['recipe']}, not {recipe}")
        settings = {**facts["settings"], **({"steps": asked["steps"]} if "steps" in asked else {})}
    training = find_recipe(recipe).open(folder, settings, processes)

    def say(step: int, steps: int, remark: str) -> None:
        if not quiet:
            click.echo(f"step {step} of {steps}: {remark}", err=True)

    try:
        train(folder, training, seconds, processes, say)
    except OSError as error:
        raise output_error(folder, error) from error
