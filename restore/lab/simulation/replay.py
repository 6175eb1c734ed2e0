"""Replay of the damage in the paper's own data (W. Liu et al., "Bitstream-Corrupted JPEG Images are Restorable", 2023).

The data set gives undamaged files (GT) and the same files after encryption, bit errors and decryption (De). CBC with a
known key and IV is one to one, so encrypting De again yields the damaged ciphertext itself, and its difference from the
ciphertext of GT is the list of flips. The two ciphertexts share their PKCS#7 padding, which the data set never damages.
"""

from __future__ import annotations

from carving.errors import UsageError
from carving.source import Run
from restore.lab.simulation.bit_errors import apply_flips, differing_bits
from restore.lab.simulation.damage import Damage
from restore.lab.simulation.medium import PAPER_MEDIUM, Medium

PAPER_BER = 1e-5


def replay(original: bytes, damaged: bytes, medium: Medium = PAPER_MEDIUM) -> Damage:
    """Derive the flips of the medium that turn one file into the other, and inflict them.

    Args:
        original: the undamaged file.
        damaged: the same file after damage to its ciphertext, equally long.
        medium: how both were stored.

    Raises:
        UsageError: the lengths differ, or these flips do not lead from one to the other.
    """
    if len(original) != len(damaged):
        raise UsageError(f"the damaged file has {len(damaged)} bytes, the original {len(original)}")
    stored = medium.store(original)
    flips = differing_bits(stored, medium.store(damaged))
    flipped = apply_flips(stored, flips)
    if medium.read(flipped)[: len(original)] != damaged:
        raise UsageError("no flips of the ciphertext lead from the original to the damaged file")
    return Damage(flipped, damaged, flips, Run(0, 0))
