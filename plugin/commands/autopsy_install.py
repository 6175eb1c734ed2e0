"""`carve-restore autopsy-install`: put the Autopsy modules in place."""

from __future__ import annotations

from pathlib import Path

import click

_EPILOG = """\b
Examples:
  carve-restore autopsy-install                              into this user's Autopsy
  carve-restore autopsy-install --into /path/python_modules  the folder that Tools > Python Plugins opens

Start Autopsy anew afterwards; `carve-restore` then stands among the ingest modules.
"""


@click.command(epilog=_EPILOG, short_help="Put the ingest modules into Autopsy.")
@click.option(
    "--into",
    type=click.Path(path_type=Path),
    metavar="PYTHON_MODULES",
    help="Autopsy's folder of Python plugins; looked for in this user's home if not given.",
)
@click.option(
    "--command",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    metavar="PROGRAM",
    help="The carve-restore that the modules run; this one if not given.",
)
def autopsy_install_command(into: Path | None, command: Path | None) -> None:
    """Put the carve-restore ingest modules into Autopsy (4.21 or newer).

    They run this installed program as a process of its own; nothing else is needed. An earlier version of them is
    replaced.
    """
    from plugin.autopsy.installing import find_command, find_python_modules, install

    folder = install(into or find_python_modules(), command.absolute() if command else find_command())
    click.echo(f"The modules are in {folder}. Start Autopsy anew to see them.", err=True)
    if not str(folder).isascii():
        click.echo(
            "note: that path is not plain ASCII, and Jython inside Autopsy may load nothing from it; should the "
            "modules not appear, start Autopsy with --userdir and a path in plain letters, and install there",
            err=True,
        )
