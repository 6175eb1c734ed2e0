"""Flips under dm-crypt: a ciphertext bit redraws its own 16-byte block, and under CBC flips one bit of the next block.

CBC: P[b] = D(C[b]) ^ C[b-1] within a sector, so with bit j of C[b] flipped P[b] becomes D(C[b] ^ e_j) ^ C[b-1] and
P[b+1] changes by e_j; the last block of a sector has no next one, and the first block's IV is computed, never stored.
XTS: P[b] = D(C[b] ^ T[b]) ^ T[b], and no other block changes; ECB the same with T = 0. Prior art for trying the bits of
known-key CBC: Mirza, Osman, Zantout and El-Sayed, "Correcting noisy ciphers in CBC mode", 2011.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import ECB
from numpy.typing import NDArray

from carving.encryption.dmcrypt import DmCryptSource
from carving.encryption.sector_cipher import BLOCK
from carving.flips.model import Bytes, combine
from carving.flips.registry import flips_of_layer
from carving.flips.trust import physical, trust_in
from carving.source import HOLE_OFFSET, BitPlace, Run

_BITS: Final = 8 * BLOCK


def _single_bits() -> Bytes:
    masks = np.zeros((_BITS, BLOCK), dtype=np.uint8)
    masks[np.arange(_BITS), np.arange(_BITS) // 8] = 128 >> (np.arange(_BITS) % 8)
    return masks


_MASKS: Final = _single_bits()


class DmCryptFlips:
    """Hypotheses about the ciphertext of one fragment; a unit is an AES block. Holds the key in memory, shows it
    nowhere."""

    bits = _BITS
    encrypted = True

    def __init__(self, source: DmCryptSource, runs: tuple[Run, ...]) -> None:
        """Args: the decrypting layer, and the fragment's runs in it, of which one at least is no hole."""
        self._key = source.block_key
        cipher = source.cipher
        sector_size = source.numbering.sector_size
        starts: list[NDArray[np.int64]] = []
        reaches: list[NDArray[np.int64]] = []
        inputs: list[Bytes] = []
        places: list[NDArray[np.int64]] = []
        suspects: list[NDArray[np.bool_]] = []
        vouched: list[NDArray[np.bool_]] = []
        own: list[NDArray[np.bool_]] = []
        alternatives: list[tuple[tuple[BitPlace, ...], ...]] = []
        position = 0
        size = sum(run.length for run in runs)
        for run in runs:
            if run.offset == HOLE_OFFSET:
                position += run.length
                continue
            first, last = run.offset // BLOCK, -(-run.end // BLOCK)
            stored = source.below.read_at(first * BLOCK, (last - first) * BLOCK)
            last = first + len(stored) // BLOCK
            blocks = np.arange(first, last, dtype=np.int64)
            chained = ((blocks + 1) * BLOCK % sector_size != 0) & (blocks + 1 < last) & cipher.chained
            start = blocks * BLOCK - run.offset + position
            reach = np.where(chained, 2 * BLOCK, BLOCK)
            starts.append(start)
            reaches.append(reach)
            # what a block holds of another run than this one stands elsewhere
            own.append(
                ((start >= position) | (position == 0))
                & ((start + reach <= position + run.length) | (position + run.length == size))
            )
            ciphertext = np.frombuffer(stored, dtype=np.uint8)[: blocks.size * BLOCK].reshape(-1, BLOCK)
            inputs.append(ciphertext ^ cipher.whitening(first, blocks.size))
            places.append(physical(source.below, first * BLOCK, blocks.size * BLOCK).reshape(-1, BLOCK))
            trust = trust_in(source.below, (Run(first * BLOCK, blocks.size * BLOCK),))
            suspects.append(np.asarray(trust.suspect.reshape(-1, BLOCK).any(axis=1)))
            vouched.append(np.asarray(trust.vouched.reshape(-1, BLOCK).all(axis=1)))
            alternatives += trust.alternatives
            position += run.length
        every_place = np.concatenate(places)
        # nothing flips in a hole, nor where the medium vouches for the bytes
        units = np.flatnonzero((every_place >= 0).all(axis=1) & ~np.concatenate(vouched) & np.concatenate(own))
        self.starts = np.concatenate(starts)[units]
        self.reaches = np.concatenate(reaches)[units]
        self.suspect = np.concatenate(suspects)[units]
        self._places = every_place[units]
        self._inputs = np.concatenate(inputs)[units]
        by_place = {
            int(offset): (int(unit), 8 * byte)
            for unit in np.flatnonzero(self.suspect)
            for byte, offset in enumerate(self._places[unit])
        }
        self.combinations = combine(tuple(alternatives), by_place)

    def variants(self, data: Bytes, unit: int, flipped: tuple[int, ...]) -> Bytes:
        stored = self._inputs[unit].copy()
        for bit in flipped:
            stored ^= _MASKS[bit]
        decryptor = Cipher(AES(self._key), ECB()).decryptor()
        plain = np.frombuffer(decryptor.update(np.vstack([stored, stored ^ _MASKS]).tobytes()), dtype=np.uint8)
        change = plain.reshape(_BITS + 1, BLOCK)
        start, reach = int(self.starts[unit]), int(self.reaches[unit])
        out = np.zeros((_BITS, 2 * BLOCK), dtype=np.uint8)
        out[:, :BLOCK] = change[1:] ^ change[0]
        if reach > BLOCK:
            out[:, BLOCK:] = _MASKS
        inside = slice(max(start, 0), min(start + reach, data.size))
        out[:, inside.start - start : inside.stop - start] ^= data[inside]
        return out

    def place(self, unit: int, bit: int) -> tuple[int, int]:
        return int(self._places[unit, bit // 8]), bit % 8

    def __repr__(self) -> str:
        return f"DmCryptFlips({self.starts.size} blocks)"


@flips_of_layer.register
def flips_of_dmcrypt(layer: DmCryptSource, runs: tuple[Run, ...]) -> DmCryptFlips:
    """The model of runs of a dm-crypt volume."""
    return DmCryptFlips(layer, runs)
