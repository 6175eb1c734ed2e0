"""`carve-restore simulate`: damage files as a storage medium would, and write down the truth."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path
from typing import Literal

import click

from carving.errors import UsageError
from plugin.commands.failure import report_unforeseen
from plugin.commands.lab_options import chosen_cipher, make_medium, medium_options, region_kinds, regions_option

_EPILOG = """\b
Examples:
  carve-restore simulate photo.jpg --ber 1e-5 --seed 1 -o damaged
  carve-restore simulate photos/ --ber 1e-4 --seed 7 --embed-thumbnails --spare-headers -o damaged
  carve-restore simulate photos/ --ber 1e-6 --seed 1 --cipher none -o damaged
  carve-restore simulate photos/ --ber 1e-6 --seed 1 --cipher fscrypt-v2+metadata -o damaged
  carve-restore simulate photos/ --regions zero4k,cut32k --seed 1 -o damaged

\b
For each picture, DIR receives
  NAME.jpg          the damaged file
  NAME.dd           the damaged medium: carve-restore NAME.dd --key KEY (of a file under fscrypt, its blocks alone)
  NAME.truth.json   every flipped bit, every region, the key, and the digests of the original
  originals/        the undamaged files, where they were coded or given a thumbnail first
"""


@click.command(epilog=_EPILOG, short_help="Damage photos as worn flash does, for the lab.")
@click.argument("images", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True))
@click.option("--ber", type=click.FloatRange(0, 1), metavar="RATE", help="Bit error rate, such as 1e-5.")
@regions_option
@click.option("--seed", type=int, required=True, metavar="N", help="All random numbers follow from it.")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    default="carve-restore-simulated",
    show_default=True,
    metavar="DIR",
    help="Folder for the results; must be absent or empty.",
)
@click.option("--key", metavar="KEY", help="Volume key as for `run`; follows from the seed if not given.")
@medium_options
@click.option(
    "--padding",
    type=click.Choice(["zero", "pkcs7"]),
    default="zero",
    show_default=True,
    help="Zeros to whole sectors as on a disk, or PKCS#7 to whole AES blocks as in the paper's data.",
)
@click.option("--embed-thumbnails", is_flag=True, help="Give files without a thumbnail one, in an Exif segment.")
@click.option("--without-thumbnails", is_flag=True, help="Take the thumbnails out of files that have one.")
@click.option("--quiet", is_flag=True, help="Say nothing but errors.")
def simulate_command(
    images: tuple[Path, ...],
    ber: float | None,
    regions: str | None,
    seed: int,
    output: Path,
    key: str | None,
    cipher: str | None,
    sector_size: str,
    iv_sector: Literal["le64", "be32"],
    spare_headers: bool,
    thumbnail_quality: int,
    padding: Literal["zero", "pkcs7"],
    embed_thumbnails: bool,
    without_thumbnails: bool,
    quiet: bool,
) -> None:
    """Encrypt IMAGES (files or folders), flip random bits of the ciphertext, decrypt; or destroy regions of them.

    Each file is a volume of its own that starts at sector 0. Every bit flips with the same probability, independently;
    which ones do follows from the seed, the rate and the file's content. Pictures that are no JPEG are coded as one
    first (quality 75, 4:2:0). With `--regions` each is damaged once for every kind, somewhere in its entropy-coded
    data as the seed and its content have it; on an encrypted medium zeros, FF and noise lie in the ciphertext.
    """
    from carving.encryption.keys import parse_key
    from plugin.common.output import create, output_error, require_vacant
    from restore.lab.simulation.medium import seeded_key, seeded_master_key
    from restore.lab.simulation.originals import pictures_in
    from restore.lab.simulation.simulate import Simulation, simulate

    sys.excepthook = partial(report_unforeseen, output)
    if ber is None and regions is None:
        raise UsageError("simulate damages by --ber, by --regions, or by both: give one of them")
    kinds = region_kinds(regions)
    asked = chosen_cipher(cipher, regions)
    seeded = seeded_master_key(seed) if asked.startswith("fscrypt") else seeded_key(seed)
    medium = make_medium(
        asked,
        seeded if key is None else parse_key(key),
        sector_size,
        iv_sector,
        padding,
    )
    if embed_thumbnails and without_thumbnails:
        raise UsageError("--embed-thumbnails and --without-thumbnails contradict each other")
    policy: Literal["own", "none", "embedded"] = "embedded" if embed_thumbnails else "own"
    if without_thumbnails:
        policy = "none"
    simulation = Simulation(ber or 0.0, seed, medium, spare_headers, policy, thumbnail_quality)
    paths = [picture for path in images for picture in pictures_in(path)]
    require_vacant(output)
    create(output)
    files = flips = lost = 0
    try:
        for truth in simulate(paths, simulation, output, kinds):
            files += 1
            flips += len(truth.flips)
            lost += len(truth.regions)
    except OSError as error:
        raise output_error(output, error) from error
    if not quiet:
        left_out = len(paths) * len(kinds) - files
        click.echo(f"{files} files with {_damage(ber, flips, regions, lost)} in {output}", err=True)
        if left_out:
            click.echo(f"{left_out} left out: less entropy-coded data than twice the region's length", err=True)


def _damage(ber: float | None, flips: int, regions: str | None, lost: int) -> str:
    flipped, destroyed = f"{flips} flipped bits", f"{lost} destroyed stretches"
    if regions is None:
        return flipped
    return destroyed if ber is None else f"{flipped} and {destroyed}"
