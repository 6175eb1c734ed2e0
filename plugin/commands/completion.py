"""`carve-restore completion`: what makes a shell complete commands, options and files."""

from __future__ import annotations

from typing import Final

import click

from plugin.common.versions import DISTRIBUTION

_VARIABLE: Final = "_CARVE_RESTORE_COMPLETE"
_EPILOG: Final = """\b
Examples:
  eval "$(carve-restore completion bash)"                                        for this shell
  carve-restore completion bash > ~/.local/share/bash-completion/completions/carve-restore
  carve-restore completion zsh > ~/.zfunc/_carve-restore
  carve-restore completion fish > ~/.config/fish/completions/carve-restore.fish
"""


@click.command(epilog=_EPILOG, short_help="Print the completion script for a shell.")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion_command(shell: str) -> None:
    """Print the script that makes SHELL complete the commands, options and files of carve-restore."""
    from click.shell_completion import get_completion_class

    completion = get_completion_class(shell)
    assert completion is not None
    click.echo(completion(click.get_current_context().find_root().command, {}, DISTRIBUTION, _VARIABLE).source())
