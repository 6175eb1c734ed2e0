"""Options that `simulate` and `evaluate` share: how files are stored, damaged, and given thumbnails."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, Literal, TypeVar

import click

from carving.errors import UsageError

if TYPE_CHECKING:
    from restore.lab.simulation.medium import Medium

FunctionT = TypeVar("FunctionT", bound=Callable[..., Any])

_NO_CIPHER: Final = "none"

_MEDIUM: Final = (
    click.option(
        "--cipher",
        default="aes-cbc-essiv:sha256",
        show_default=True,
        metavar="SPEC|none",
        help="How files are encrypted on the medium; with none, plain bits flip.",
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


def medium_options(function: FunctionT) -> FunctionT:
    """Add the shared options to a command."""
    for option in reversed(_MEDIUM):
        function = option(function)
    return function


def make_medium(
    cipher: str, key: bytes, sector_size: str, iv_sector: Literal["le64", "be32"], padding: Literal["zero", "pkcs7"]
) -> Medium:
    """The medium that the options describe.

    Raises:
        UsageError: a cipher that is not supported; settings that contradict each other.
    """
    from carving.encryption.ciphers import DEFAULT_CIPHER, SectorNumbering, parse_cipher
    from restore.lab.simulation.medium import Medium

    numbering = SectorNumbering(int(sector_size), iv_sector)
    if cipher.strip().lower() == _NO_CIPHER:
        return Medium(None, numbering, padding)
    spec = parse_cipher(cipher)
    if str(spec) != DEFAULT_CIPHER:
        raise UsageError(f"the lab encrypts with {DEFAULT_CIPHER}, not with {cipher}")
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
