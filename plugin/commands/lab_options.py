"""Options that `simulate` and `evaluate` share: how files are stored, damaged, and given thumbnails."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, Literal, TypeVar

import click

from carving.errors import UsageError

if TYPE_CHECKING:
    from restore.lab.simulation.medium import Medium
    from restore.lab.simulation.regions import RegionKind

FunctionT = TypeVar("FunctionT", bound=Callable[..., Any])

_NO_CIPHER: Final = "none"

_MEDIUM: Final = (
    click.option(
        "--cipher",
        metavar="SPEC|none",
        help="How files are encrypted on the medium: by volume (aes-cbc-essiv:sha256) or by file (fscrypt-v2, "
        "fscrypt-lblk64; with +metadata behind it, under metadata encryption); with none, plain bits flip. "
        "aes-cbc-essiv:sha256 if not given, none with --regions.",
    ),
    click.option(
        "--sector-size",
        type=click.Choice(["512", "4096"]),
        default="512",
        show_default=True,
        help="Bytes that are encrypted together; files are padded to whole sectors.",
    ),
    click.option(
        "--iv-sector",
        type=click.Choice(["le64", "be32"]),
        default="le64",
        show_default=True,
        help="How the sector number stands in the IV.",
    ),
    click.option(
        "--spare-headers",
        is_flag=True,
        help="Flip nothing in the AES blocks (the bytes, if plain) that hold a part of the JPEG header.",
    ),
    click.option(
        "--thumbnail-quality",
        type=click.IntRange(1, 100),
        default=85,
        show_default=True,
        help="JPEG quality of thumbnails that are made.",
    ),
)


regions_option: Final = click.option(
    "--regions",
    metavar="KINDS",
    help="Destroy a region of each file, once for each kind: "
    "zero4k, zero16k, zero64k, ffzero4k (1,028 bytes FF, then zeros), rand8k, rand32k (noise), cut32k (missing), "
    "foreign32k (of another photo), insert1, delete5, tail0 (zeros to the end), sectors (four of 512 bytes zeroed), "
    "dup16k (a cluster twice), grid (4 foreign bytes in every 4,096), or all.",
)


def medium_options(function: FunctionT) -> FunctionT:
    """Add the shared options to a command."""
    for option in reversed(_MEDIUM):
        function = option(function)
    return function


def chosen_cipher(cipher: str | None, regions: str | None) -> str:
    """The cipher asked for; where none was, flips fall on an encrypted medium, and regions lie on a plain one."""
    if cipher is not None:
        return cipher
    return "aes-cbc-essiv:sha256" if regions is None else _NO_CIPHER


def region_kinds(regions: str | None) -> tuple[RegionKind | None, ...]:
    """The kinds asked for; one None, for damage by flips alone, where none were.

    Raises:
        UsageError: no such kind.
    """
    from restore.lab.simulation.regions import parse_kinds

    return (None,) if regions is None else parse_kinds(regions)


def make_medium(
    cipher: str, key: bytes, sector_size: str, iv_sector: Literal["le64", "be32"], padding: Literal["zero", "pkcs7"]
) -> Medium:
    """The medium that the options describe.

    Raises:
        UsageError: a cipher that is not supported; settings that contradict each other.
    """
    from carving.encryption.ciphers import DEFAULT_CIPHER, SectorNumbering, parse_cipher
    from carving.fscrypt.master_keys import MasterKey
    from restore.lab.simulation.file_encryption import SCHEMES
    from restore.lab.simulation.medium import Medium

    numbering = SectorNumbering(int(sector_size), iv_sector)
    if cipher.strip().lower() == _NO_CIPHER:
        return Medium(None, numbering, padding)
    for scheme in SCHEMES:
        if cipher.strip().lower() == scheme:
            MasterKey(key).check_size()
            return Medium(key, numbering, padding, scheme)
    spec = parse_cipher(cipher)
    if str(spec) != DEFAULT_CIPHER:
        raise UsageError(f"the lab encrypts with {DEFAULT_CIPHER}, {', '.join(SCHEMES)}, not with {cipher}")
    spec.check_key_size(key)
    return Medium(key, numbering, padding)


def numbers(text: str, kind: Callable[[str], float]) -> tuple[float, ...]:
    """Numbers with commas between them, each once, in their order.

    Raises:
        UsageError: something else.
    """
    try:
        return tuple(dict.fromkeys(kind(part) for part in text.split(",")))
    except ValueError:
        raise UsageError(f"{text!r} is no list of numbers with commas between them") from None
