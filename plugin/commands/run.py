"""`carve-restore run`: the main job, and what `carve-restore EVIDENCE` does."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from plugin.commands.failure import end, report_unforeseen
from plugin.common.redaction import redact_arguments
from plugin.common.settings import DEFAULTS, UNSPECIFIED, CaseDetails, Parameters

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from carving.encryption.credentials import Credential
    from plugin.common.progress import Progress
    from plugin.common.report_model import Report

DEFAULT_OUTPUT: Final = "carve-restore-out"
PROMPT: Final = "-"
MOST_NAMED: Final = 10
"""Failed files that are named on the screen; the report names all."""

_EPILOG: Final = """\b
Examples:
  carve-restore photo.jpg                      one damaged picture
  carve-restore card.dd -o found               an unencrypted image
  carve-restore phone.E01 --key file:mk.bin    an encrypted volume, with its master key
  carve-restore phone.E01 --key - --volume 2   the same inside a partition; asks for the key
  carve-restore disk.dd --password -           a LUKS volume, or one with an Android crypto footer
  carve-restore disk.dd --key 3:file:mk.bin --password 2:-   every volume of a disk, each with what opens it
  carve-restore phone.dd --metadata-key file:dm.bin --fbe-key file:ce.bin   a phone since Android 10, with its keys
  carve-restore chip.bin --nand linux-bch4-2048   a raw NAND dump with its spare bytes
  carve-restore card.dd --map card.map         an image that GNU ddrescue made, with its map

\b
Exit codes:
  0 done                        4 the key does not fit
  1 done, but something failed  5 output not empty, or disk full
  2 usage                       6 stored and computed hash differ
  3 evidence unreadable         130 interrupted; go on with --resume
"""


@click.command(epilog=_EPILOG, short_help="Carve and restore: the main job, which needs no command.")
@click.argument("evidence", type=click.Path(path_type=Path))
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    default=DEFAULT_OUTPUT,
    show_default=True,
    metavar="DIR",
    help="Folder for all results; must be absent or empty, but with --resume.",
)
@click.option(
    "--resume",
    is_flag=True,
    help="Go on with the run that was cut short in DIR; begin one where there is none.",
)
@click.option(
    "--key",
    "keys",
    multiple=True,
    metavar="[N:]KEY",
    help="Master key of an encrypted volume: hex, file:PATH (hex or raw bytes), env:NAME, or - to be asked; N: before "
    "it says that it is for volume N alone. Repeatable.",
)
@click.option(
    "--metadata-key",
    "metadata_keys",
    multiple=True,
    metavar="[N:]KEY",
    help="Key of a volume under Android's metadata encryption (dm-default-key: aes-xts-plain64, sectors of 4096 "
    "bytes); given as --key is. Repeatable.",
)
@click.option(
    "--fbe-key",
    "fbe_keys",
    multiple=True,
    metavar="[DESCRIPTOR:]KEY",
    help="Master key of file-based encryption (fscrypt on ext4 or F2FS), raw as the kernel gets it: hex, file:PATH, "
    "env:NAME, or - to be asked. Repeatable.",
)
@click.option(
    "--password",
    "passwords",
    multiple=True,
    metavar="[N:]PASSWORD",
    help="Password of a LUKS volume or Android crypto footer: itself, file:PATH, env:NAME, or - to be asked; N: before "
    "it says that it is for volume N alone. Repeatable.",
)
@click.option(
    "--footer",
    type=click.Path(),
    metavar="FILE",
    help="File that holds the Android crypto footer or LUKS header, where it is not in the volume.",
)
@click.option(
    "--cipher",
    default=DEFAULTS.cipher,
    show_default=True,
    metavar="SPEC",
    help="Cipher of the volume, as dm-crypt writes it: aes-cbc-essiv:sha256, aes-cbc-plain64, aes-xts-plain64, ...",
)
@click.option(
    "--sector-size",
    type=click.Choice(["512", "4096"]),
    callback=lambda _context, _option, value: int(value),
    default="512",
    show_default=True,
    help="Bytes that are encrypted together.",
)
@click.option(
    "--iv-sector",
    type=click.Choice(["le64", "be32"]),
    default=DEFAULTS.iv_sector,
    show_default=True,
    help="How the sector number stands in the IV; dm-crypt is le64.",
)
@click.option(
    "--iv-offset",
    type=click.IntRange(min=0),
    default=0,
    show_default=True,
    metavar="N",
    help="Added to the sector number of the IV.",
)
@click.option(
    "--iv-large-sectors", is_flag=True, help="With 4096-byte sectors, count those in the IV instead of 512-byte units."
)
@click.option(
    "--offset",
    type=click.IntRange(min=0),
    default=0,
    show_default=True,
    metavar="BYTES",
    help="Where the volume starts.",
)
@click.option("--length", type=click.IntRange(min=1), metavar="BYTES", help="How long it is; to the end if not given.")
@click.option(
    "--volume", type=click.IntRange(min=1), metavar="N", help="Take partition N instead of --offset and --length."
)
@click.option(
    "--nand",
    metavar="PRESET|TOML",
    help="EVIDENCE is a raw NAND dump of this layout; `carve-restore nand-info DUMP` proposes one.",
)
@click.option("--xor-key", metavar="PATH", help="File of the static key that the NAND controller scrambled pages with.")
@click.option(
    "--map",
    type=click.Path(),
    metavar="FILE",
    help="Map file that GNU ddrescue kept of EVIDENCE: which of its bytes were never read.",
)
@click.option(
    "--reference",
    multiple=True,
    type=click.Path(),
    metavar="PHOTO",
    help="A photo of the same camera, which lends tables, dimensions and width to data whose header is lost, encrypted "
    "or another file's. Repeatable.",
)
@click.option(
    "--only",
    metavar="LIST",
    help="Take the JPEGs that LIST names instead of searching: DFXML, PhotoRec's report.xml, a body file of The Sleuth "
    "Kit, or bulk_extractor's jpeg_carved.txt.",
)
@click.option(
    "--scan",
    type=click.Choice(["all", "files", "unallocated"]),
    default=DEFAULTS.scan,
    show_default=True,
    help="What to look through: every byte of the volume, file systems first; only what its file systems hold, deleted "
    "files among them; or only the bytes that no file of theirs occupies.",
)
@click.option(
    "--jobs",
    type=click.IntRange(min=1),
    metavar="N",
    help="Processes that restore side by side; the number of cores if not given.",
)
@click.option(
    "--cluster", metavar="ADDRESS", help="Restore on the workers of this Dask scheduler, such as tcp://host:8786."
)
@click.option(
    "--device",
    type=click.Choice(["auto", "cpu", "cuda"]),
    default=DEFAULTS.device,
    show_default=True,
    help="Where the network computes that fills what is lost; auto takes a GPU where there is one.",
)
@click.option(
    "--effort",
    type=click.IntRange(0, 3),
    default=DEFAULTS.effort,
    show_default=True,
    help="Work spent on reversing flipped bits; 0 reverses none.",
)
@click.option("--carve-only", is_flag=True, help="Carve and report, restore nothing.")
@click.option("--md5", is_flag=True, help="Compute the MD5 of the evidence, too, to compare it with an older record.")
@click.option("--examiner", default=UNSPECIFIED, metavar="TEXT", help="Examiner, for the record.")
@click.option("--case", "case_number", default=UNSPECIFIED, metavar="TEXT", help="Case number, for the record.")
@click.option("--exhibit", default=UNSPECIFIED, metavar="TEXT", help="Exhibit number, for the record.")
@click.option(
    "--sign-key",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Sign the custody log with this Ed25519 private key (OpenSSH or PEM).",
)
@click.option("--quiet", is_flag=True, help="Say nothing but errors.")
@click.option("--json-progress", is_flag=True, help="Write progress as JSON lines to stdout.")
def run_command(
    evidence: Path,
    output: Path,
    resume: bool,
    keys: tuple[str, ...],
    metadata_keys: tuple[str, ...],
    fbe_keys: tuple[str, ...],
    passwords: tuple[str, ...],
    jobs: int | None,
    cluster: str | None,
    examiner: str,
    case_number: str,
    exhibit: str,
    sign_key: Path | None,
    quiet: bool,
    json_progress: bool,
    **settings: Any,
) -> None:
    """Find the JPEGs in EVIDENCE and restore the damaged ones.

    EVIDENCE is a raw image, the first file of a split one, an E01, one damaged .jpg, or a folder of JPEGs that another
    carver left. It is only read. DIR receives
    what was carved, untouched; the restored pictures, each with a map of what every block of it is; report.json and a
    custody log.
    """
    parameters = Parameters(**settings)  # every other option is called as the setting that it gives
    given_keys = tuple(_key(key) for key in keys)
    given_metadata_keys = tuple(_key(key, "Metadata key (hex)") for key in metadata_keys)
    given_fbe_keys = tuple(_ask("Master key of files (hex)") if key == PROMPT else key for key in fbe_keys)
    given_passwords = tuple(_password(password) for password in passwords)
    signer = None
    if sign_key is not None:
        from plugin.custody.signature import load_signer

        signer = load_signer(sign_key, _ask_for_passphrase)
    sys.excepthook = partial(report_unforeseen, output)

    from plugin.examination.journal import Journal, read_journal
    from plugin.examination.pipeline import run, sign_log

    journal = read_journal(output) if resume else Journal(output)
    if journal.finished:
        if signer is not None and not journal.signed:
            sign_log(signer, output)
        if not quiet:
            click.echo(f"the run in {output} is finished; nothing is left to do", err=True)
        return
    with _progress(quiet, json_progress) as progress:
        report = run(
            evidence,
            output,
            key=given_keys,
            password=given_passwords,
            metadata_key=given_metadata_keys,
            fbe_key=given_fbe_keys,
            parameters=parameters,
            details=CaseDetails(examiner, case_number, exhibit),
            jobs=jobs,
            cluster=cluster,
            arguments=redact_arguments(sys.argv),
            progress=progress,
            signer=signer,
            journal=journal,
        )
    if not quiet:
        from plugin.commands.bars import print_summary

        print_summary(report, str(output))
    if report.exit_code:
        end(_complaints(report), report.exit_code)


def _complaints(report: Report) -> list[str]:
    failed = [f"the file at offset {entry.offset}: {entry.error}" for entry in report.files if entry.error]
    more = [f"and {len(failed) - MOST_NAMED} more files, all named in the report"] if len(failed) > MOST_NAMED else []
    return [*(failure.message for failure in report.failures), *failed[:MOST_NAMED], *more]


def _key(value: str, asked: str = "Master key (hex)") -> str:
    """A key as it was given, or, where that is `-`, as the examiner answers."""
    from plugin.examination.opening import split_volume

    volume, text = split_volume(value)
    return f"{volume}{_ask(_of_volume(asked, volume))}" if text == PROMPT else value


def _password(value: str) -> str | Credential:
    """A password as it was given, or, where that is `-`, what the examiner answers, as it is."""
    from carving.encryption.credentials import Credential
    from plugin.examination.opening import split_volume

    volume, text = split_volume(value)
    if text != PROMPT:
        return value
    answer = _ask(_of_volume("Password", volume))
    return Credential(password=answer.encode(), volume=int(volume[:-1]) if volume else None)


def _of_volume(what: str, volume: str) -> str:
    return f"{what} of volume {volume[:-1]}" if volume else what


def _ask(what: str) -> str:
    if sys.stdin.isatty():
        answer: str = click.prompt(what, hide_input=True, err=True)
        return answer
    return sys.stdin.readline().rstrip("\r\n")


def _ask_for_passphrase() -> str:
    answer: str = click.prompt("Passphrase of the signing key", hide_input=True, err=True)
    return answer


def _progress(quiet: bool, json_progress: bool) -> AbstractContextManager[Progress]:
    from plugin.common.progress import JsonProgress, SilentProgress

    if json_progress:
        return JsonProgress(sys.stdout)
    if quiet:
        return SilentProgress()
    from plugin.commands.bars import BarProgress

    return BarProgress()
