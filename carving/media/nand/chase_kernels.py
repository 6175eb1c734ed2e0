"""The hot loop of decoding one error beyond the limit: every bit is flipped in turn, and the rest decoded.

After D. Chase, "A class of algorithms for decoding block codes with channel measurement information", 1972. Most trials
end in a locator that has no roots in the field, which its remainder of x^(2^m) - x tells without looking for them.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from carving.media.nand.bch_kernels import find_roots, find_syndromes, locate
from carving.support.compiled import kernel


@kernel
def splits(
    locator: NDArray[np.int32],
    count: int,
    powers: NDArray[np.int32],
    logarithms: NDArray[np.int32],
    rest: NDArray[np.int32],
) -> bool:
    """Whether a polynomial of degree `count` has as many different roots in the field: x^(2^m) = x modulo it.

    Args:
        rest: scratch of at least 2 * count elements.
    """
    order = logarithms.size - 1
    if count == 1:
        return True
    lead = logarithms[locator[count]]
    rest[:] = 0
    rest[1] = 1
    size = order
    while size:  # once for each bit of the field's degree
        size >>= 1
        for index in range(count - 1, -1, -1):
            value = rest[index]
            rest[2 * index] = powers[2 * logarithms[value] % order] if value else 0
            if index:
                rest[2 * index - 1] = 0
        for index in range(2 * count - 2, count - 1, -1):
            if rest[index]:
                factor = logarithms[rest[index]] - lead
                if factor < 0:
                    factor += order
                for lower in range(count):
                    if locator[lower]:
                        rest[index - count + lower] ^= powers[factor + logarithms[locator[lower]]]
                rest[index] = 0
    rest[1] ^= 1
    left = 0
    for index in range(count):
        left |= rest[index]
    return bool(left == 0)


@kernel
def words_beyond(
    remainder: NDArray[np.uint64],
    strength: int,
    degree: int,
    length: int,
    powers: NDArray[np.int32],
    logarithms: NDArray[np.int32],
    found: NDArray[np.int32],
) -> int:
    """The code words at one bit more than can be corrected.

    Args:
        remainder: of the received word, aligned to the left.
        length: bits of a code word.
        found: (most, strength + 1), receives the powers in error of each.

    Returns:
        How many there are, at most as many as `found` has rows.
    """
    order = logarithms.size - 1
    syndromes = np.zeros(2 * strength, dtype=np.int32)
    tried = np.zeros(2 * strength, dtype=np.int32)
    locator = np.zeros(2 * strength + 1, dtype=np.int32)
    previous = np.zeros(2 * strength + 1, dtype=np.int32)
    kept = np.zeros(2 * strength + 1, dtype=np.int32)
    places = np.zeros(2 * strength, dtype=np.int32)
    find_syndromes(remainder, degree, powers, logarithms, syndromes)
    number = 0
    for power in range(length):
        for index in range(tried.size):
            tried[index] = syndromes[index] ^ powers[power * (index + 1) % order]
        if locate(tried, powers, logarithms, locator, previous, kept) != strength:
            continue
        if not splits(locator, strength, powers, logarithms, kept):
            continue
        if not find_roots(locator, strength, length, powers, logarithms, kept, places):
            continue
        if places[0] < power:  # found before, with another of its bits
            continue
        if number == found.shape[0]:
            return number
        found[number, 0] = power
        found[number, 1:] = places[:strength]
        number += 1
    return number
