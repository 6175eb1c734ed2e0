"""`carve-restore bench`: the tool's speeds beside those of others, in one run on this machine."""

from __future__ import annotations

from pathlib import Path

import click

_EPILOG = """\b
Examples:
  carve-restore bench                       on pictures made at run time
  carve-restore bench photo.jpg --rounds 9  decoding of this file
"""


@click.command(epilog=_EPILOG, short_help="Time this tool beside others.")
@click.argument("files", nargs=-1, type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option(
    "--rounds", type=click.IntRange(min=2), default=15, show_default=True, metavar="N", help="Measured runs of each."
)
def bench_command(files: tuple[Path, ...], rounds: int) -> None:
    """Time decoding, self-compensation and decryption against Pillow, plain Python and the obvious loop.

    Prints Markdown. Contestants take turns; whoever is faster is named, and whether the project's target is met.
    """
    from restore.lab.simulation.originals import read_file
    from restore.lab.speed.bench import benchmark, markdown

    pictures = [(path.name, read_file(path)) for path in files]
    click.echo(markdown(list(benchmark(pictures, rounds))), nl=False)
