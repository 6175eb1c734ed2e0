"""Flips under the decrypted volumes of a disk: each is that of the decryption over its own stretch."""

from __future__ import annotations

from carving.encryption.disk import DiskSource
from carving.flips.dmcrypt_flips import DmCryptFlips
from carving.flips.registry import flips_of_layer
from carving.source import Run


@flips_of_layer.register
def flips_of_disk(layer: DiskSource, runs: tuple[Run, ...]) -> DmCryptFlips | None:
    """The model of runs of a disk; None where they are not decrypted as a whole."""
    decrypted = layer.decryption_of(runs)
    return None if decrypted is None else DmCryptFlips(*decrypted)
