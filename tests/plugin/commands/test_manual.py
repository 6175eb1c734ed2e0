"""The manual page and shell completion say what the commands say, and programs that read them take them."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from plugin.cli import cli
from plugin.commands.manual_page import manual_page

ROOT = Path(__file__).resolve().parents[3]
RunCommand = Callable[..., subprocess.CompletedProcess[str]]


def rendered(page: str) -> str:
    """The page as man shows it."""
    groff = ["groff", "-man", "-Tascii", "-ww", "-rLL=110n", "-P-cbou"]
    done = subprocess.run(groff, input=page, capture_output=True, text=True, check=True)
    assert done.stderr == ""
    return done.stdout


def test_every_option_is_in_the_manual() -> None:
    shown = rendered(manual_page(cli))
    context = click.Context(cli, info_name="carve-restore")
    for name in cli.list_commands(context):
        command = cli.get_command(context, name)
        assert command is not None
        for parameter in command.params:
            if isinstance(parameter, click.Option) and not parameter.hidden:
                assert parameter.opts[-1] in shown, (name, parameter.opts)
    assert "carve-restore phone.E01 --key file:mk.bin" in shown
    assert "130 interrupted" in shown


def test_roff_requests_in_help_are_text() -> None:
    group = click.Group(help=".SH Not a heading\n\n'quoted\n\n\\fBnot bold\\fR a-b")
    shown = rendered(manual_page(group))
    for text in (".SH Not a heading", "'quoted", r"\fBnot bold\fR a-b"):
        assert text in shown


def test_help_of_the_group_cuts_nothing() -> None:
    shown = CliRunner().invoke(cli, ["--help"]).output
    assert "..." not in shown.partition("Commands:")[2]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts(shell: str) -> None:
    result = CliRunner().invoke(cli, ["completion", shell])
    assert result.exit_code == 0
    assert "_CARVE_RESTORE_COMPLETE" in result.output


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        ("carve-restore ver", "plain,verify"),
        ("carve-restore card.dd --carve", "plain,--carve-only"),
        ("carve-restore card.dd --device c", "plain,cuda"),
        ("carve-restore card", "file,card"),
    ],
)
def test_completion_answers(words: str, wanted: str) -> None:
    program = "from plugin.cli import cli; cli(prog_name='carve-restore', complete_var='_CARVE_RESTORE_COMPLETE')"
    environment = {
        "_CARVE_RESTORE_COMPLETE": "bash_complete",
        "COMP_WORDS": words,
        "COMP_CWORD": str(words.count(" ")),
        "PYTHONPATH": str(ROOT),
    }
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=False)
    assert wanted in done.stdout.splitlines(), done.stderr


def test_manual_command(command: RunCommand) -> None:
    done = command("manual")
    assert done.returncode == 0
    assert done.stdout.startswith('.TH "CARVE-RESTORE" 1')
