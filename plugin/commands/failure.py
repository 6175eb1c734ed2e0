"""How the command line ends when something went wrong: one line per failure on stderr, and the exit code for it."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import NoReturn

import click

from plugin.common.faults import keep_traceback


def end(messages: Iterable[str], exit_code: int) -> NoReturn:
    """Say `carve-restore: error: …` for each message and end the command with the exit code."""
    for message in messages:
        click.echo(f"carve-restore: error: {message}", err=True)
    raise click.exceptions.Exit(exit_code)


def report_unforeseen(
    output: Path | None, kind: type[BaseException], error: BaseException, traceback: TracebackType | None
) -> None:
    """An exception hook: a short message, and the traceback in a log.

    The log goes into the output folder once the run has begun to use it, else into the system's temporary folder: a
    folder that stays empty can serve the next try.
    """
    if output is not None and output.is_dir() and next(output.iterdir(), None) is not None:
        folder = output
    else:
        folder = Path(tempfile.mkdtemp(prefix="carve-restore-"))
    log = keep_traceback(folder, "running", error.with_traceback(traceback), None)
    click.echo(f"carve-restore: error: an unforeseen {kind.__name__}; its traceback is in {log}", err=True)
