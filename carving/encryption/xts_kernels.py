"""The whitening values of XTS, block after block: compiled, and only where a volume is encrypted with XTS."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from carving.support.compiled import kernel


@kernel(nogil=True)
def fill_tweaks(first: NDArray[np.uint64], tweaks: NDArray[np.uint64]) -> None:
    """Write the whitening of every block: the sector's encrypted IV times x^j in GF(2^128).

    The field's polynomial is x^128 + x^7 + x^2 + x + 1 (IEEE Std 1619-2007, 5.2).

    Args:
        first: uint64 (sectors, 2), the encrypted IVs, low word first.
        tweaks: uint64 (sectors, blocks, 2), written.
    """
    for sector in range(tweaks.shape[0]):
        low, high = first[sector, 0], first[sector, 1]
        for block in range(tweaks.shape[1]):
            tweaks[sector, block, 0] = low
            tweaks[sector, block, 1] = high
            carry = high >> np.uint64(63)
            high = (high << np.uint64(1)) | (low >> np.uint64(63))
            low = (low << np.uint64(1)) ^ (carry * np.uint64(0x87))
