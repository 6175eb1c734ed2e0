"""The Hamming code of SmartMedia, YAFFS and Linux: one bit in 256 or 512 bytes is corrected, two are noticed.

Layout of the three parity bytes as Linux' documentation of its software ECC gives it (`mtd/nand_ecc`): a pair of
parities for each bit of the address, low address bits first, then for each bit of the place in the byte; all inverted.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from carving.media.nand.layout import HammingSettings

Bytes = NDArray[np.uint8]

_PARITY: Final = np.array([byte.bit_count() & 1 for byte in range(256)], dtype=np.uint32)
_EVEN_COLUMNS: Final = (0x55, 0x33, 0x0F)
"""Bits of a byte whose place has bit 0, 1, 2 unset."""


class HammingCode:
    """The code for sectors of 256 or 512 bytes."""

    strength = 1

    def __init__(self, settings: HammingSettings, message: int) -> None:
        """Args: its settings, and 256 or 512."""
        self.message = message
        self.parity = 3
        self._settings = settings
        self._address_bits = message.bit_length() - 1

    def encode(self, messages: Bytes) -> Bytes:
        """The parities of messages, uint8 (words, message), as they are stored: uint8 (words, 3)."""
        return self._bytes(self._computed(messages))

    def correct(self, messages: Bytes, parities: Bytes) -> NDArray[np.int16]:
        """Correct sectors in place.

        Args:
            messages: uint8 (words, message); parities: uint8 (words, 3).

        Returns:
            int16 (words,): bits corrected, 0 or 1, and -1 where there are more.
        """
        difference = self._computed(messages) ^ self._stored(parities)
        pairs = self._address_bits + 3
        even = np.zeros_like(difference)
        odd = np.zeros_like(difference)
        for pair in range(pairs):
            even |= ((difference >> (2 * pair)) & 1) << pair
            odd |= ((difference >> (2 * pair + 1)) & 1) << pair
        counts = np.full(messages.shape[0], -1, dtype=np.int16)
        counts[difference == 0] = 0
        single = np.flatnonzero((even ^ odd) == (1 << pairs) - 1)  # of each pair one parity is wrong
        address = odd[single] & (self.message - 1)
        messages[single, address] ^= (1 << (odd[single] >> self._address_bits)).astype(np.uint8)
        counts[single] = 1
        in_parity = (difference != 0) & ((difference & (difference - 1)) == 0)
        parities[in_parity] = self._bytes(self._computed(messages[in_parity]))
        counts[in_parity] = 1
        return counts

    def _computed(self, messages: Bytes) -> NDArray[np.uint32]:
        """Parities as bits: 2 · i for the addresses with bit i unset, 2 · i + 1 with it set; columns above them."""
        found = np.zeros(messages.shape[0], dtype=np.uint32)
        odd = np.zeros((self._address_bits, messages.shape[0]), dtype=np.uint32)
        folded = messages
        for bit in reversed(range(self._address_bits)):  # each address bit halves what is left to look at
            low, high = np.split(folded, 2, axis=1)
            odd[bit] = _PARITY[np.bitwise_xor.reduce(high, axis=1)]
            folded = low ^ high
        whole = folded[:, 0]
        total = _PARITY[whole]
        for bit in range(self._address_bits):
            found |= (total ^ odd[bit]) << np.uint32(2 * bit) | odd[bit] << np.uint32(2 * bit + 1)
        for bit, mask in enumerate(_EVEN_COLUMNS, self._address_bits):
            even = _PARITY[whole & np.uint8(mask)]
            found |= even << np.uint32(2 * bit) | (total ^ even) << np.uint32(2 * bit + 1)
        return found

    def _stored(self, parities: Bytes) -> NDArray[np.uint32]:
        first, second, third = (~parities).astype(np.uint32).T
        low, high = (first, second) if self._settings.swapped else (second, first)
        found: NDArray[np.uint32] = low | high << np.uint32(8) | third >> np.uint32(2) << np.uint32(16)
        if self.message == 512:  # one more pair of addresses stands in the two bits that 256 bytes leave unused
            found = low | high << np.uint32(8) | (third & 3) << np.uint32(16) | third >> np.uint32(2) << np.uint32(18)
        return found

    def _bytes(self, found: NDArray[np.uint32]) -> Bytes:
        """The stored form of parities."""
        low, high = found & 0xFF, found >> 8 & 0xFF
        last = (found >> 16 & 3) | found >> 18 << 2 if self.message == 512 else found >> 16 << 2
        order = (low, high, last) if self._settings.swapped else (high, low, last)
        return (~np.stack(order, axis=1)).astype(np.uint8)
