"""The manual page, made of what the commands say of themselves, so that it is never behind them.

The format is that of man(7): groff's `an` macros.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from typing import Final

import click

from plugin.common.versions import DISTRIBUTION, tool_version

_HEADING: Final = re.compile(r"^([A-Z][\w ]*):$")


def manual_page(group: click.Group) -> str:
    """The page for a group and all its commands, in roff."""
    context = click.Context(group, info_name=DISTRIBUTION)
    lines = [
        f'.TH "{DISTRIBUTION.upper()}" 1 "" "{DISTRIBUTION} {_escape(tool_version())}" "User Commands"',
        ".SH NAME",
        f"{_escape(DISTRIBUTION)} \\- find the JPEGs in a piece of evidence and restore the damaged ones",
        ".SH SYNOPSIS",
        f".B {_escape(DISTRIBUTION)}",
        r"\fIEVIDENCE\fR [\fB\-\-key\fR \fIKEY\fR] [\fB\-o\fR \fIDIR\fR] [\fIOPTIONS\fR]",
        ".br",
        f".B {_escape(DISTRIBUTION)}",
        r"\fICOMMAND\fR [\fIARGS\fR]...",
        ".SH DESCRIPTION",
        *_paragraphs(inspect.cleandoc(group.help or "")),
        ".SH COMMANDS",
    ]
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        lines += _command(name, command, click.Context(command, info_name=name, parent=context))
    lines += [".SH SEE ALSO", r".BR photorec (8), " + r".BR fls (1), " + r".BR cryptsetup (8)"]
    return "\n".join(lines) + "\n"


def _command(name: str, command: click.Command, context: click.Context) -> Iterator[str]:
    usage = " ".join(command.collect_usage_pieces(context))
    yield f'.SS "{_escape(name)} {_escape(usage)}"'
    yield from _paragraphs(inspect.cleandoc(command.help or ""))
    for parameter in command.get_params(context):
        record = parameter.get_help_record(context)
        if record is not None and isinstance(parameter, click.Option):
            option, said = record
            yield ".TP"
            yield rf"\fB{_escape(option)}\fR"
            yield _escape(said)
    if command.epilog:
        yield from _paragraphs(inspect.cleandoc(command.epilog))


def _paragraphs(text: str) -> Iterator[str]:
    """Paragraphs; one that begins with a backspace, as Click writes it, keeps its lines."""
    for paragraph in text.split("\n\n"):
        lines = paragraph.splitlines()
        if lines and lines[0].strip() == "\b":
            yield from _kept(lines[1:])
        else:
            yield ".PP"
            yield _escape(" ".join(line.strip() for line in lines))


def _kept(lines: list[str]) -> Iterator[str]:
    heading = _HEADING.match(lines[0]) if lines else None
    yield ".PP"
    if heading is not None:
        yield rf"\fI{_escape(heading[1])}\fR"
        lines = lines[1:]
    yield ".nf"
    yield from (_escape(line) for line in lines)
    yield ".fi"


def _escape(text: str) -> str:
    """Text as roff takes it: no escapes, no requests, hyphens that can be copied."""
    text = text.replace("\\", r"\e").replace("-", r"\-")
    return rf"\&{text}" if text.startswith((".", "'")) else text
