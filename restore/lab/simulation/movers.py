"""The flips of unencrypted media that can be noticed at all: those that move something."""

from __future__ import annotations

import numpy as np

from carving.errors import JpegError
from restore.decoding.decoded import Decoded
from restore.decoding.robust import decode
from restore.lab.simulation.bit_errors import Flip, apply_flips


def movers(original: bytes, flips: tuple[Flip, ...]) -> frozenset[Flip]:
    """The flips of which each alone would move the place of an MCU in the entropy stream, or a DC value.

    The rest change the amplitude of one AC coefficient, or bytes that no picture depends on.

    Args:
        original: the undamaged file, stored unencrypted from offset 0 of the medium on.
        flips: of that medium, inside the file.

    Raises:
        JpegError: `original` is no picture.
    """
    sound = decode(original)
    return frozenset(flip for flip in flips if _moves(sound, apply_flips(original, (flip,))))


def _moves(sound: Decoded, flipped: bytes) -> bool:
    try:
        decoded = decode(flipped)
    except JpegError:
        return True
    if decoded.coefficients.shape != sound.coefficients.shape:
        return True
    still = np.array_equal(decoded.mcus.bit_positions, sound.mcus.bit_positions)
    return not still or not np.array_equal(decoded.coefficients[..., 0], sound.coefficients[..., 0])
