"""`carve-restore contact-sheet`: a finished run in one picture, and its counts by status."""

from __future__ import annotations

import io
from pathlib import Path

import click

from carving.errors import OutputError, UsageError

_EPILOG = """\b
Examples:
  carve-restore recup_dir.1 -o found
  carve-restore contact-sheet found -o sheet.png
"""


@click.command(epilog=_EPILOG, short_help="Show all pictures of a run on one sheet.")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    required=True,
    metavar="PNG",
    help="The sheet; must not exist yet.",
)
def contact_sheet_command(folder: Path, output: Path) -> None:
    """Draw all files of the finished run in FOLDER on one sheet.

    Each file stands there as an ordinary viewer shows what was carved, and beside it what was made of it. Prints how
    many files ended in which status, as Markdown.
    """
    from plugin.commands.sheet_drawing import counts, draw, read_run
    from plugin.common.output import write_file

    if output.suffix.lower() != ".png":
        raise UsageError(f"{output} would be a PNG file; give it the suffix .png")
    if output.exists():
        raise OutputError(f"{output} exists already; name a file that does not")
    files = read_run(folder)
    buffer = io.BytesIO()
    draw(files).save(buffer, "PNG")
    write_file(output.parent, output.name, buffer.getvalue(), "a contact sheet of a run")
    click.echo(counts(files))
