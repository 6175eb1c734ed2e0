"""`carve-restore nand-info`: propose the layout of a raw NAND dump."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path

import click

from plugin.commands.failure import report_unforeseen

_EPILOG = """\b
Examples:
  carve-restore nand-info chip.bin
  carve-restore nand-info chip.bin > chip.toml && carve-restore chip.bin --nand chip.toml

\b
Exit codes:
  0 a layout is proposed, or the dump is said to need none
  1 nothing was recognised      2 usage      3 the dump cannot be read
"""


@click.command(epilog=_EPILOG, short_help="Propose the layout of a raw NAND dump.")
@click.argument("dump", type=click.Path(path_type=Path))
def nand_info_command(dump: Path) -> None:
    """Look at DUMP and propose how it is laid out, and say how sure that is.

    What is printed is a layout file for `--nand`; the findings stand in its comments. The dump is only read, a sample
    of 24 MiB at most.
    """
    sys.excepthook = partial(report_unforeseen, None)
    from contextlib import closing

    from carving.evidence import open_media
    from carving.media.nand.survey.survey import survey

    with closing(open_media(dump)) as source:
        found = survey(source)
    for finding in found.findings:
        click.echo(f"# {finding.certainty}: {finding.text}")
    if found.preset is not None:
        click.echo(f"# the same as --nand {found.preset}")
    if found.toml is not None:
        click.echo(found.toml, nl=False)
    if found.toml is None and all(finding.certainty == "a guess" for finding in found.findings):
        raise SystemExit(1)
