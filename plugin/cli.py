"""The command `carve-restore`: parse, call, print. Nothing heavy is imported before a command runs."""

from __future__ import annotations

import signal
import sys
from functools import partial
from importlib import import_module
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

import click

from carving.errors import CarveRestoreError, InterruptedRunError
from plugin.commands.failure import end, report_unforeseen
from plugin.common.faults import one_line
from plugin.common.versions import DISTRIBUTION

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

DEFAULT_COMMAND: Final = "run"
INTERRUPTED: Final = "interrupted; what was written so far is kept, and --resume goes on with it"
_COMMANDS: Final = MappingProxyType(
    {
        "run": "plugin.commands.run:run_command",
        "nand-info": "plugin.commands.nand_info:nand_info_command",
        "image": "plugin.commands.image:image_command",
        "simulate": "plugin.commands.simulate:simulate_command",
        "evaluate": "plugin.commands.evaluate:evaluate_command",
        "train": "plugin.commands.train:train_command",
        "bench": "plugin.commands.bench:bench_command",
        "autopsy-install": "plugin.commands.autopsy_install:autopsy_install_command",
        "verify": "plugin.commands.verify:verify_command",
        "contact-sheet": "plugin.commands.contact_sheet:contact_sheet_command",
        "manual": "plugin.commands.manual:manual_command",
        "completion": "plugin.commands.completion:completion_command",
    }
)

_EPILOG: Final = """\b
Examples:
  carve-restore card.dd -o found                      an unencrypted image
  carve-restore phone.E01 --key file:mk.bin -o found  an encrypted volume, with its master key
  carve-restore recup_dir.1 -o found                  what PhotoRec left: restore it
  carve-restore verify found --evidence phone.E01     does everything still hold?
  carve-restore image damaged.jpg -o restored.png     one damaged picture, just the picture

All options of the main job: carve-restore run --help
"""


class LazyGroup(click.Group):
    """Commands that are imported when called; `carve-restore EVIDENCE …` is `carve-restore run EVIDENCE …`."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted([*super().list_commands(ctx), *_COMMANDS])

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return super().get_command(ctx, cmd_name)
        module, _, attribute = _COMMANDS[cmd_name].partition(":")
        command = getattr(import_module(module), attribute)
        assert isinstance(command, click.Command)
        return command

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        own = {option for parameter in self.get_params(ctx) for option in parameter.opts}
        if args and args[0] not in _COMMANDS and args[0] not in own:
            args = [DEFAULT_COMMAND, *args]
        return super().parse_args(ctx, args)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Commands and options, or a file, as the first word may be evidence."""
        from click.shell_completion import CompletionItem

        return [*super().shell_complete(ctx, incomplete), CompletionItem(incomplete, type="file")]

    def format_usage(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        formatter.write_usage(ctx.command_path, "EVIDENCE [--key KEY] [-o DIR] [OPTIONS]")
        formatter.write_usage(ctx.command_path, "COMMAND [ARGS]...", prefix="       ")

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except CarveRestoreError as error:
            end([one_line(error)], error.exit_code)
        except (KeyboardInterrupt, click.Abort):
            end([INTERRUPTED], InterruptedRunError.exit_code)


@click.group(
    cls=LazyGroup, epilog=_EPILOG, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110}
)
@click.version_option(package_name=DISTRIBUTION, message="%(package)s %(version)s")
def cli() -> None:
    """Find the JPEGs in a piece of evidence and restore the damaged ones.

    EVIDENCE (raw, split raw, E01, or one damaged .jpg) is decrypted if a key is given, carved, and every picture found
    is restored with a record of what each block of it is. The evidence is never written.
    """


def main() -> None:
    """Entry point of the command."""
    sys.excepthook = partial(report_unforeseen, None)
    for number in (signal.SIGTERM, signal.SIGHUP):  # to be ended by the system is to be interrupted
        signal.signal(number, signal.default_int_handler)
    cli(prog_name=DISTRIBUTION)


if __name__ == "__main__":
    main()
