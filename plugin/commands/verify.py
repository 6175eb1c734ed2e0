"""`carve-restore verify`: does everything that a run left still hold."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import click

from carving.errors import UsageError

_EPILOG: Final = """\b
Examples:
  carve-restore verify case-17                          log, files and report
  carve-restore verify case-17 --evidence phone.E01     and that they are of this evidence
  carve-restore verify case-17 --public-key anna.pub    and that Anna signed the log

\b
Exit codes:
  0 all of it holds    3 something cannot be read    6 something does not hold; it is named
"""


@click.command(epilog=_EPILOG, short_help="Check that everything a run left still holds.")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option(
    "--evidence",
    type=click.Path(path_type=Path),
    metavar="PATH",
    help="Hash this evidence, and read every carved file from it again.",
)
@click.option(
    "--key",
    "keys",
    multiple=True,
    metavar="KEY",
    help="Key of the run, to read again what was carved decrypted; given as for `run`.",
)
@click.option(
    "--password", "passwords", multiple=True, metavar="PASSWORD", help="The same with the password of the run."
)
@click.option("--metadata-key", "metadata_keys", multiple=True, metavar="KEY", help="The same with --metadata-key.")
@click.option("--fbe-key", "fbe_keys", multiple=True, metavar="KEY", help="The same with --fbe-key.")
@click.option(
    "--reader",
    type=click.Choice(["own", "pyewf"]),
    default="own",
    show_default=True,
    help="With pyewf, an E01 is also hashed as libewf reads it: a second opinion.",
)
@click.option(
    "--public-key",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="The log must be signed with the private half of this Ed25519 key (OpenSSH or PEM).",
)
@click.option("--quiet", is_flag=True, help="Say nothing but what does not hold.")
def verify_command(
    folder: Path,
    evidence: Path | None,
    keys: tuple[str, ...],
    passwords: tuple[str, ...],
    metadata_keys: tuple[str, ...],
    fbe_keys: tuple[str, ...],
    reader: str,
    public_key: Path | None,
    quiet: bool,
) -> None:
    """Recompute everything that a finished run left in DIR, and name the first thing that does not hold.

    Every record of the custody log is linked to the one before, every file has the digest that the log gives, there are
    no other files, the report says what the log says, and the signature is that of the log.
    """
    from plugin.custody.signature import load_public_key
    from plugin.verify.verification import verify_folder

    def say(line: str) -> None:
        if not quiet:
            click.echo(line)

    if reader != "own" and evidence is None:
        raise UsageError("--reader means nothing without --evidence")
    report = verify_folder(folder, None if public_key is None else load_public_key(public_key), say)
    if evidence is not None:
        from plugin.examination.opening import read_secrets
        from plugin.verify.verification_of_evidence import check_by_libewf, verify_evidence

        secrets = read_secrets(keys, passwords, metadata_keys, fbe_keys)
        if reader == "pyewf":
            check_by_libewf(evidence, report, say)
        verify_evidence(evidence, secrets, report, say, lambda _done, _total: None)
    say("all of it holds")
