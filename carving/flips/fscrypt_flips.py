"""What a flipped bit of the evidence does to a file that fscrypt encrypts, whatever lies below.

The layers below say what a flip makes of the ciphertext: one bit where it is stored as it is, a block of 16 bytes where
dm-crypt lies below. Each changed block of ciphertext is decrypted: under XTS it is redrawn and nothing beside it
changes; under CBC the same bits of the next block in its unit flip as well.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import numpy as np
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import ECB
from numpy.typing import NDArray

from carving.encryption.sector_cipher import BLOCK
from carving.flips.model import Bytes, Combination, FlipModel
from carving.flips.of_fragment import runs_model
from carving.flips.registry import flips_of_layer
from carving.fscrypt.fscrypt_source import FscryptSource, whole_units
from carving.source import HOLE_OFFSET, Run

_BITS: Final = 8 * BLOCK
_MOST_REACH: Final = 3 * BLOCK


@dataclass
class _Blocks:
    """The cipher blocks of a fragment as they are collected; each list has an entry for each stretch."""

    runs: list[Run] = field(default_factory=list)
    starts: list[NDArray[np.int64]] = field(default_factory=list)
    own: list[NDArray[np.bool_]] = field(default_factory=list)
    follows: list[NDArray[np.bool_]] = field(default_factory=list)
    keys: list[NDArray[np.int64]] = field(default_factory=list)
    white: list[Bytes] = field(default_factory=list)


class FscryptFlips:
    """Hypotheses about the evidence behind one fragment; a unit is an AES block of an encrypted file. Holds keys in
    memory, shows them nowhere."""

    bits = _BITS
    encrypted = True

    def __init__(self, source: FscryptSource, runs: tuple[Run, ...]) -> None:
        """Args: the decrypting layer, and the fragment's runs in it, of which some part is encrypted."""
        self._keys: list[tuple[bytes, bool]] = []
        blocks = self._collect(source, runs)
        stretches = tuple(blocks.runs)
        self._stored = np.frombuffer(
            b"".join(source.below.read_at(run.offset, run.length) for run in stretches), dtype=np.uint8
        ).reshape(-1, BLOCK)
        self._white = np.concatenate(blocks.white)
        self._key_of = np.concatenate(blocks.keys)
        self._follows = np.concatenate(blocks.follows)
        self._lower = runs_model(source.below, stretches)
        self._units_below = _units_below(self._lower, len(self._stored))
        usable = np.concatenate(blocks.own) & (self._units_below >= 0).all(axis=1)
        self._blocks = np.flatnonzero(usable)
        starts = np.concatenate(blocks.starts)
        self.starts = starts[self._blocks]
        self.reaches = np.array([self._reach(int(block)) for block in self._blocks], dtype=np.int64)
        self.suspect: NDArray[np.bool_] = np.asarray(self._lower.suspect[self._units_below[self._blocks]].any(axis=1))
        self.combinations = self._combined()

    def variants(self, data: Bytes, unit: int, flipped: tuple[int, ...]) -> Bytes:
        block = int(self._blocks[unit])
        stored, changed = self._ciphertexts(block, flipped)
        change = self._plain_change(block, stored, changed)
        start, reach = int(self.starts[unit]), int(self.reaches[unit])
        inside = slice(max(start, 0), min(start + reach, data.size))
        change[:, reach:] = 0
        change[:, inside.start - start : inside.stop - start] ^= data[inside]
        return change

    def place(self, unit: int, bit: int) -> tuple[int, int]:
        return self._lower.place(*self._below(int(self._blocks[unit]), bit))

    def __repr__(self) -> str:
        return f"FscryptFlips({self.starts.size} blocks)"

    def _collect(self, source: FscryptSource, runs: tuple[Run, ...]) -> _Blocks:
        found = _Blocks()
        size = sum(run.length for run in runs)
        numbers: dict[tuple[bytes, bool], int] = {}
        position = 0
        for run in runs:
            for part, extent in () if run.offset == HOLE_OFFSET else source.found.table.within(run):
                key = source.content_key(extent)
                first = part.offset // BLOCK * BLOCK
                count = -(-(part.end - first) // BLOCK)
                place = first + BLOCK * np.arange(count, dtype=np.int64)
                start = place - run.offset + position
                units = whole_units(part, extent)
                ivs = key.ivs(
                    extent.first + (units.offset - extent.run.offset) // extent.unit, units.length // extent.unit
                )
                white = key.cipher.whitening(extent.unit // BLOCK, ivs).reshape(-1, BLOCK)
                number = numbers.setdefault((key.cipher.block_key, key.cipher.chained), len(numbers))
                found.runs.append(Run(first, count * BLOCK))
                found.starts.append(start)
                # what a block holds of another run than this one stands elsewhere
                found.own.append(
                    ((start >= position) | (position == 0))
                    & ((start + BLOCK <= position + run.length) | (position + run.length == size))
                )
                found.follows.append(
                    ((place + BLOCK - extent.run.offset) % extent.unit != 0) & (place + BLOCK < part.end)
                )
                found.keys.append(np.full(count, number, dtype=np.int64))
                found.white.append(white[(first - units.offset) // BLOCK :][:count])
            position += run.length
        self._keys = list(numbers)
        return found

    def _reach(self, block: int) -> int:
        """Bytes from the block's start on that a flip in it can change."""
        reach = BLOCK
        if self._follows[block]:
            below = self._lower.bits > 8 and int(self._lower.reaches[self._units_below[block, 0]]) > BLOCK
            chained = self._keys[int(self._key_of[block])][1]
            reach += BLOCK * (below + chained if self._follows[block + 1] else below or chained)
        return reach

    def _below(self, block: int, bit: int) -> tuple[int, int]:
        """The unit of the model below and its bit that a hypothesis is."""
        if self._lower.bits == _BITS:
            return int(self._units_below[block, 0]), bit
        return int(self._units_below[block, bit // 8]), bit % 8

    def _ciphertexts(self, block: int, flipped: tuple[int, ...]) -> tuple[Bytes, Bytes]:
        """Two blocks of ciphertext with the flips reversed that are already: uint8 (32,), and what each of the bits
        would make of them: uint8 (128, 32)."""
        now = np.zeros(2 * BLOCK, dtype=np.uint8)
        behind = self._stored[block : block + 2].reshape(-1)
        now[: behind.size] = behind
        if self._lower.bits != _BITS:
            masks = np.zeros((_BITS, 2 * BLOCK), dtype=np.uint8)
            masks[np.arange(_BITS), np.arange(_BITS) // 8] = 128 >> (np.arange(_BITS) % 8)
            for bit in flipped:
                now ^= masks[bit]
            return now, now ^ masks
        unit = int(self._units_below[block, 0])
        whole = self._stored.reshape(-1).copy()
        place = slice(block * BLOCK, block * BLOCK + behind.size)
        done: tuple[int, ...] = ()
        for bit in flipped:
            whole[place] = self._rows_below(whole, unit, done, behind.size)[bit]
            done = (*done, bit)
        rows = np.zeros((_BITS, 2 * BLOCK), dtype=np.uint8)
        now[: behind.size] = whole[place]
        rows[:, : behind.size] = self._rows_below(whole, unit, done, behind.size)
        return now, rows

    def _rows_below(self, whole: Bytes, unit: int, flipped: tuple[int, ...], size: int) -> Bytes:
        """What the layer below would read from a unit's start on, as many bytes as asked for."""
        start, reach = int(self._lower.starts[unit]), int(self._lower.reaches[unit])
        rows = np.repeat(whole[np.newaxis, start : start + size], _BITS, axis=0)
        changed = min(reach, size)
        rows[:, :changed] = self._lower.variants(whole, unit, flipped)[:, :changed]
        return rows

    def _plain_change(self, block: int, stored: Bytes, changed: Bytes) -> Bytes:
        """By which bits the plaintext differs for each row of changed ciphertext: uint8 (128, 48)."""
        out = np.zeros((_BITS, _MOST_REACH), dtype=np.uint8)
        for behind in (0, 1):
            if behind and not self._follows[block]:
                break
            place = slice(behind * BLOCK, (behind + 1) * BLOCK)
            before, rows = stored[place], changed[:, place]
            if behind and (rows == before).all():
                break
            key, chained = self._keys[int(self._key_of[block + behind])]
            white = self._white[block + behind]
            decryptor = Cipher(AES(key), ECB()).decryptor()
            plain = np.frombuffer(decryptor.update((np.vstack([before, rows]) ^ white).tobytes()), dtype=np.uint8)
            blocks = plain.reshape(_BITS + 1, BLOCK)
            out[:, place] ^= blocks[1:] ^ blocks[0]
            if chained and self._follows[block + behind]:
                out[:, (behind + 1) * BLOCK : (behind + 2) * BLOCK] ^= rows ^ before
        return out

    def _combined(self) -> tuple[tuple[Combination, ...], ...]:
        """The combinations of the model below as flips of the units here."""
        own = {int(block): unit for unit, block in enumerate(self._blocks)}
        blocks = {
            int(unit): (block, column) for block, row in enumerate(self._units_below) for column, unit in enumerate(row)
        }
        found: list[tuple[Combination, ...]] = []
        for ways in self._lower.combinations:
            mapped: list[Combination] = []
            for way in ways:
                flips = []
                for unit, bit in way:
                    block, column = blocks.get(unit, (-1, 0))
                    if block in own:
                        flips.append((own[block], bit if self._lower.bits == _BITS else 8 * column + bit))
                mapped.append(tuple(flips))
            found.append(tuple(mapped))
        return tuple(found)


def _units_below(lower: FlipModel, blocks: int) -> NDArray[np.int64]:
    """The units of the model below that make each block, -1 where one is missing: int64 (blocks, 16) where they are
    bytes, (blocks, 1) where they are blocks."""
    size = 1 if lower.bits == 8 else BLOCK
    places = np.full(blocks * BLOCK // size, -1, dtype=np.int64)
    inside = (lower.starts >= 0) & (lower.starts % size == 0)
    index = lower.starts[inside] // size
    fits = index < places.size
    places[index[fits]] = np.flatnonzero(inside)[fits]
    return places.reshape(blocks, BLOCK // size)


@flips_of_layer.register
def flips_of_fscrypt(layer: FscryptSource, runs: tuple[Run, ...]) -> FscryptFlips | None:
    """The model of runs of which some part is encrypted; None where all is as it is stored below."""
    stored = [run for run in runs if run.offset != HOLE_OFFSET]
    if not any(True for run in stored for _ in layer.found.table.within(run)):
        return None
    return FscryptFlips(layer, runs)
