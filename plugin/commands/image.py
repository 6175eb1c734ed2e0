"""`carve-restore image`: one damaged JPEG in, one picture out."""

from __future__ import annotations

import sys
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from carving.errors import EvidenceError, OutputError, UsageError
from carving.media.containers import HEAD_BYTES, TAIL_BYTES, container_of
from carving.source import Run
from plugin.commands.failure import end, report_unforeseen

if TYPE_CHECKING:
    from carving.fragments import Fragment
    from restore.result import Restoration

LARGEST_FILE: Final = 1 << 29
"""Bytes of a single file that is read whole; what is larger is an image for `run`."""

_EPILOG: Final = """\b
Examples:
  carve-restore image damaged.jpg -o restored.png
  carve-restore image damaged.jpg -o restored.png --provenance map.png
  carve-restore image encrypted.jpg.locked -o restored.png --reference other.jpg

\b
Colours of the map:
  green  decoded as stored              red    generated: an enhancement, never evidence
  blue   bit flips reversed             black  lost
  amber  position or DC corrected

\b
Exit codes:
  0 done      1 no picture could be made; the message says why      2 usage
  3 the file cannot be read                                         5 output exists, or disk full
"""


@click.command(epilog=_EPILOG, short_help="Restore one JPEG file.")
@click.argument("damaged", type=click.Path(path_type=Path))
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    required=True,
    metavar="PNG",
    help="The restored picture; must not exist yet.",
)
@click.option(
    "--provenance",
    type=click.Path(path_type=Path),
    metavar="PNG",
    help="Also write a map that tells for each block what it is.",
)
@click.option(
    "--device",
    type=click.Choice(["auto", "cpu", "cuda"]),
    default="auto",
    show_default=True,
    help="Where the network computes that fills what is lost.",
)
@click.option(
    "--reference",
    multiple=True,
    type=click.Path(),
    metavar="PHOTO",
    help="A photo of the same camera, which lends tables, dimensions and width where the header of DAMAGED is lost, "
    "encrypted or another file's. Repeatable.",
)
@click.option("--quiet", is_flag=True, help="Say nothing but errors.")
def image_command(
    damaged: Path, output: Path, provenance: Path | None, device: str, reference: tuple[str, ...], quiet: bool
) -> None:
    """Restore one JPEG file: a full-size picture of whatever is left in DAMAGED.

    The file is only read. What is left of the picture depends on the damage; the map and the message say it. Flipped
    bits are taken to be those of the file itself; for damage under encryption take `carve-restore run` with the key.
    """
    sys.excepthook = partial(report_unforeseen, None)
    for path, suffix in ((output, ".png"), (provenance, ".png")):
        if path is not None and path.suffix.lower() != suffix:
            raise UsageError(f"{path} would be a PNG file; give it the suffix {suffix}")
    for path in (output, provenance):
        if path is not None and path.exists():
            raise OutputError(f"{path} exists already; name a file that does not")
    fragment = _fragment(damaged, reference)

    from plugin.commands.warming import compile_kernels

    compile_kernels(quiet=quiet)
    restoration = _restore(fragment, device)
    if restoration.pixels is None:
        end([f"{damaged}: {'; '.join((*restoration.notes, *_advice(fragment)))}"], 1)
    _write(restoration, output, provenance)
    if not quiet:
        _describe(restoration, output)


def _restore(fragment: Fragment, device: str) -> Restoration:
    """The best picture of a file: with its transfers undone, by the header lent to it, or as it is."""
    from carving.flips.plain_flips import PlainFlips
    from restore.restoration import restore

    model = PlainFlips(len(fragment.data), fragment.byte_runs)
    restoration = restore(fragment, model, device=device)
    return replace(restoration, notes=(*fragment.notes, *restoration.notes))


def _advice(fragment: Fragment) -> tuple[str, ...]:
    """What may help with a file that is no JPEG, but may hold the rest of one."""
    from carving.carver.stored_rest import find_rest

    rest = None if fragment.transfers else find_rest(fragment.data)
    if rest is None:
        return ()
    return (f"its {rest.length} bytes from byte {rest.offset} may be the rest of one: --reference lends a header",)


def _fragment(path: Path, reference: tuple[str, ...]) -> Fragment:
    """The file as a fragment, read with the header of a reference photo where it needs one."""
    from carving.selection.lost_headers import lend_header
    from carving.selection.references import read_references
    from carving.selection.taking import fragment_of

    data = _read(path)
    families = read_references(reference)
    run = (Run(0, len(data)),)
    fragment = fragment_of(data, run, run, "plain")
    return (lend_header(fragment, families) if reference else None) or fragment


def _read(path: Path) -> bytes:
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise EvidenceError(f"{path} has over {LARGEST_FILE >> 20} MiB; take `carve-restore run` for images")
        data = path.read_bytes()
    except OSError as error:
        raise EvidenceError(f"cannot read {path}: {error.strerror or type(error).__name__}") from error
    if container := container_of(data[:HEAD_BYTES], data[-TAIL_BYTES:]):
        raise EvidenceError(f"{path} is no JPEG ({container.name}); {container.advice}")
    return data


def _write(restoration: Restoration, output: Path, provenance: Path | None) -> None:
    from plugin.common.output import write_file
    from plugin.workers.worker import encode_png
    from restore.provenance import picture

    assert restoration.pixels is not None
    write_file(output.parent, output.name, encode_png(restoration.pixels), "the best picture")
    if provenance is not None and restoration.provenance is not None:
        height, width = restoration.pixels.shape[:2]
        colours = picture(restoration.provenance, *restoration.mcu_size)[:height, :width]
        write_file(provenance.parent, provenance.name, encode_png(colours), "the provenance map")


def _describe(restoration: Restoration, output: Path) -> None:
    from plugin.report.wording import EXACTNESS, MEANINGS, probability
    from restore.provenance import counts

    click.echo(f"{restoration.status}: {MEANINGS[restoration.status]}", err=True)
    if restoration.exact_probability is not None:
        click.echo(f"{EXACTNESS}: {probability(restoration.exact_probability)}", err=True)
    if restoration.provenance is not None:
        tally = counts(restoration.provenance)
        parts = [f"{number} {name}" for name, number in tally.items() if number and name != "total"]
        click.echo(f"of {tally['total']} blocks (MCUs): {', '.join(parts)}", err=True)
    if restoration.bit_flips:
        least = probability(min(flip.probability for flip in restoration.bit_flips))
        click.echo(f"{len(restoration.bit_flips)} bit flips reversed; the least sure has probability {least}", err=True)
    for gap in restoration.gaps:
        where = f"between bytes {gap.first_byte - 1} and {gap.first_byte}"
        if gap.end_byte > gap.first_byte:
            where = f"in bytes {gap.first_byte} to {gap.end_byte - 1}"
        lost = "" if gap.mcus is None else f", where {max(0, gap.mcus)} blocks of the picture are lost"
        click.echo(f"gap: {gap.kind} {where}{lost}", err=True)
    for segment in restoration.segments:
        if segment.first_mcu is None:
            first, last = segment.first_bit >> 3, (segment.end_bit - 1) >> 3
            click.echo(
                f"unplaced: {segment.mcus} blocks in bytes {first} to {last} decode, where is not sure", err=True
            )
    for note in restoration.notes:
        click.echo(f"note: {note}", err=True)
    click.echo(f"picture: {output}", err=True)
