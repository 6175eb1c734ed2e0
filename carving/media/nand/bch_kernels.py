"""The hot loops of BCH decoding: remainder, syndromes, error locator (Berlekamp-Massey), and its roots (Chien)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from carving.support.compiled import kernel


@kernel
def divide(
    message: NDArray[np.uint8], bits: NDArray[np.uint8], remainders: NDArray[np.uint64], rest: NDArray[np.uint64]
) -> None:
    """Remainder of a message by the generator polynomial, aligned to the left, into `rest`; four bytes at a time."""
    words = rest.size
    rest[:] = np.uint64(0)
    whole = message.size - message.size % 4
    for index in range(0, whole, 4):
        top = rest[0]
        first = np.int64(top >> np.uint64(56)) ^ np.int64(bits[message[index]])
        second = np.int64((top >> np.uint64(48)) & np.uint64(255)) ^ np.int64(bits[message[index + 1]])
        third = np.int64((top >> np.uint64(40)) & np.uint64(255)) ^ np.int64(bits[message[index + 2]])
        fourth = np.int64((top >> np.uint64(32)) & np.uint64(255)) ^ np.int64(bits[message[index + 3]])
        for word in range(words):
            low = rest[word + 1] >> np.uint64(32) if word + 1 < words else np.uint64(0)
            rest[word] = (
                ((rest[word] << np.uint64(32)) | low)
                ^ remainders[3, first, word]
                ^ remainders[2, second, word]
                ^ remainders[1, third, word]
                ^ remainders[0, fourth, word]
            )
    for index in range(whole, message.size):
        row = np.int64(rest[0] >> np.uint64(56)) ^ np.int64(bits[message[index]])
        for word in range(words):
            low = rest[word + 1] >> np.uint64(56) if word + 1 < words else np.uint64(0)
            rest[word] = ((rest[word] << np.uint64(8)) | low) ^ remainders[0, row, word]


@kernel
def encode(
    messages: NDArray[np.uint8],
    bits: NDArray[np.uint8],
    remainders: NDArray[np.uint64],
    parities: NDArray[np.uint64],
) -> None:
    """Parity of each message, aligned to the left."""
    for word in range(messages.shape[0]):
        divide(messages[word], bits, remainders, parities[word])


@kernel
def add_parity(
    parity: NDArray[np.uint8], bits: NDArray[np.uint8], mask: NDArray[np.uint8], degree: int, rest: NDArray[np.uint64]
) -> bool:
    """Add the stored parity to a remainder in place; whether anything is left."""
    left = np.uint64(0)
    for index in range(parity.size):
        byte = np.uint64(bits[parity[index]] ^ mask[index])
        rest[index >> 3] ^= byte << np.uint64(56 - 8 * (index & 7))
    unused = np.uint64(64 * rest.size - degree)
    last = rest.size - 1
    rest[last] = (rest[last] >> unused) << unused
    for word in range(rest.size):
        left |= rest[word]
    return bool(left != np.uint64(0))


@kernel
def find_syndromes(
    rest: NDArray[np.uint64],
    degree: int,
    powers: NDArray[np.int32],
    logarithms: NDArray[np.int32],
    syndromes: NDArray[np.int32],
) -> None:
    """The values of a remainder at the first powers of the field's generator: syndromes[i] at power i + 1."""
    order = logarithms.size - 1
    syndromes[:] = 0
    for place in range(degree):
        if (rest[place >> 6] >> np.uint64(63 - (place & 63))) & np.uint64(1):
            power = (degree - 1 - place) % order
            step = 2 * power % order
            for index in range(0, syndromes.size, 2):
                syndromes[index] ^= powers[power]
                power += step
                if power >= order:
                    power -= order
    for index in range(1, syndromes.size, 2):
        half = syndromes[index >> 1]
        syndromes[index] = powers[2 * logarithms[half] % order] if half else 0


@kernel
def locate(
    syndromes: NDArray[np.int32],
    powers: NDArray[np.int32],
    logarithms: NDArray[np.int32],
    locator: NDArray[np.int32],
    previous: NDArray[np.int32],
    kept: NDArray[np.int32],
) -> int:
    """The error locator polynomial by Berlekamp-Massey, lowest power first; its degree, -1 where there is none.

    Args:
        syndromes: two for every error that can be corrected.
        locator: receives the polynomial; `previous` and `kept` are scratch, all at least syndromes.size + 1 long.
    """
    order = logarithms.size - 1
    strength = syndromes.size // 2
    locator[:] = 0
    previous[:] = 0
    locator[0] = previous[0] = 1
    length = 0
    shift = 1
    before = 1
    for step in range(syndromes.size):
        discrepancy = syndromes[step]
        for index in range(1, length + 1):
            if locator[index] and syndromes[step - index]:
                discrepancy ^= powers[logarithms[locator[index]] + logarithms[syndromes[step - index]]]
        if discrepancy == 0:
            shift += 1
            continue
        factor = (logarithms[discrepancy] + order - logarithms[before]) % order
        longer = 2 * length <= step
        if longer:
            kept[:] = locator
        for index in range(locator.size - shift):
            if previous[index]:
                locator[index + shift] ^= powers[logarithms[previous[index]] + factor]
        if longer:
            length = step + 1 - length
            previous[:] = kept
            before = discrepancy
            shift = 1
        else:
            shift += 1
        if length > strength:
            return -1
    return length if locator[length] else -1


@kernel
def find_roots(
    locator: NDArray[np.int32],
    count: int,
    length: int,
    powers: NDArray[np.int32],
    logarithms: NDArray[np.int32],
    terms: NDArray[np.int32],
    places: NDArray[np.int32],
) -> bool:
    """The powers of the code word's first `length` that are in error, into `places`; whether there are `count`.

    Args:
        locator: error locator polynomial of degree `count`.
        terms: scratch, as long as `locator`.
    """
    order = logarithms.size - 1
    if count == 1:
        places[0] = logarithms[locator[1]]
        return bool(places[0] < length)
    for index in range(1, count + 1):
        terms[index] = logarithms[locator[index]]
    found = 0
    left = logarithms[locator[count]]  # the sum of all powers in error, modulo the order
    for power in range(length):
        value = locator[0]
        for index in range(1, count + 1):
            if terms[index] >= 0:
                value ^= powers[terms[index]]
                terms[index] -= index
                if terms[index] < 0:
                    terms[index] += order
        if value == 0:
            places[found] = power
            left -= power
            found += 1
            if found == count - 1:  # the last one follows from the others
                last = left % order
                places[found] = last
                return bool(power < last < length)
    return False


@kernel(nogil=True)
def correct(
    messages: NDArray[np.uint8],
    parities: NDArray[np.uint8],
    bits: NDArray[np.uint8],
    mask: NDArray[np.uint8],
    remainders: NDArray[np.uint64],
    powers: NDArray[np.int32],
    logarithms: NDArray[np.int32],
    strength: int,
    degree: int,
    counts: NDArray[np.int16],
) -> None:
    """Correct code words in place; the arguments are the fields of `carving.media.nand.bch.BchCode`.

    Args:
        messages: (words, message bytes).
        parities: (words, parity bytes).
        counts: receives the bits corrected in each, -1 where there are too many.
    """
    rest = np.zeros(remainders.shape[2], dtype=np.uint64)
    syndromes = np.zeros(2 * strength, dtype=np.int32)
    locator = np.zeros(2 * strength + 1, dtype=np.int32)
    previous = np.zeros(2 * strength + 1, dtype=np.int32)
    kept = np.zeros(2 * strength + 1, dtype=np.int32)
    places = np.zeros(2 * strength, dtype=np.int32)
    length = 8 * messages.shape[1] + degree
    for word in range(messages.shape[0]):
        divide(messages[word], bits, remainders, rest)
        if not add_parity(parities[word], bits, mask, degree, rest):
            counts[word] = 0
            continue
        find_syndromes(rest, degree, powers, logarithms, syndromes)
        count = locate(syndromes, powers, logarithms, locator, previous, kept)
        if count <= 0 or not find_roots(locator, count, length, powers, logarithms, kept, places):
            counts[word] = -1
            continue
        for index in range(count):
            place = length - 1 - places[index]
            flip = bits[128 >> (place & 7)]
            if place < 8 * messages.shape[1]:
                messages[word, place >> 3] ^= flip
            else:
                parities[word, (place >> 3) - messages.shape[1]] ^= flip
        counts[word] = count
