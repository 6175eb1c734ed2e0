"""`carve-restore manual`: the manual page, for `man`."""

from __future__ import annotations

import click

_EPILOG = """\b
Examples:
  carve-restore manual | man -l -
  carve-restore manual > ~/.local/share/man/man1/carve-restore.1
"""


@click.command(epilog=_EPILOG, short_help="Print the manual page.")
def manual_command() -> None:
    """Print the manual page of all commands, in the format of man."""
    from plugin.commands.manual_page import manual_page

    group = click.get_current_context().find_root().command
    assert isinstance(group, click.Group)
    click.echo(manual_page(group), nl=False)
