"""docs/developers.md followed: a toy medium and a toy flip model, and nothing of the packages was changed for them."""

from __future__ import annotations

import io

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

import carving
import restore
from carving.flips.model import Bytes
from carving.flips.trust import physical
from carving.source import BitPlace, clamp
from carving.sources.in_place import LayerInPlace
from restore.decoding.robust import decode
from tests.carving.memory import MemorySource
from tests.restore.repair.scans import photo

PAGE = 4096
RUN = 16


class HalvesSwapped(carving.ByteSource):
    """A medium that stores the two halves of each page in the wrong order."""

    def __init__(self, below: carving.ByteSource) -> None:
        self._below = below

    @property
    def name(self) -> str:
        return "halves swapped"

    @property
    def size(self) -> int:
        return self._below.size // PAGE * PAGE

    @property
    def below(self) -> carving.ByteSource:
        return self._below

    def read_at(self, offset: int, length: int) -> bytes:
        return b"".join(self._below.read_at(run.offset, run.length) for run in self.trace(offset, length))

    def trace(self, offset: int, length: int) -> tuple[carving.Run, ...]:
        wanted = clamp(offset, length, self.size)
        runs = []
        place = wanted.offset
        while place < wanted.end:
            step = min(wanted.end, (place // (PAGE // 2) + 1) * (PAGE // 2)) - place
            runs.append(carving.Run(place ^ (PAGE // 2), step))
            place += step
        return tuple(runs)

    def close(self) -> None:
        self._below.close()


class Differential(LayerInPlace):
    """Differential coding: in every 16 bytes each is stored as what it differs by from the one before it."""

    @property
    def name(self) -> str:
        return "differential"

    def read_at(self, offset: int, length: int) -> bytes:
        wanted = clamp(offset, length, self.size)
        first = wanted.offset // RUN * RUN
        stored = np.frombuffer(self.below.read_at(first, -(-wanted.end // RUN) * RUN - first), dtype=np.uint8)
        plain = np.bitwise_xor.accumulate(np.pad(stored, (0, -stored.size % RUN)).reshape(-1, RUN), axis=1)
        return plain.tobytes()[wanted.offset - first : wanted.end - first]


def stored_differentially(data: bytes) -> bytes:
    plain = np.frombuffer(data + bytes(-len(data) % RUN), dtype=np.uint8).reshape(-1, RUN)
    return (plain ^ np.pad(plain[:, :-1], ((0, 0), (1, 0)))).tobytes()


class DifferentialFlips:
    """A stored bit that is wrong makes the same bit of all later bytes of its 16 wrong; a unit is one byte."""

    bits = 8
    encrypted = False

    def __init__(self, layer: Differential, runs: tuple[carving.Run, ...]) -> None:
        offsets = np.concatenate([np.arange(run.offset, run.end) for run in runs])
        self.starts: NDArray[np.int64] = np.arange(offsets.size)
        self.reaches: NDArray[np.int64] = RUN - offsets % RUN
        self.suspect: NDArray[np.bool_] = np.zeros(offsets.size, dtype=np.bool_)
        self.combinations: tuple[tuple[tuple[tuple[int, int], ...], ...], ...] = ()
        self._places = np.concatenate([physical(layer.below, run.offset, run.length) for run in runs])

    def variants(self, data: Bytes, unit: int, flipped: tuple[int, ...]) -> Bytes:
        del flipped
        reach = int(self.reaches[unit])
        changed = np.zeros((8, RUN), dtype=np.uint8)
        inside = data[unit : unit + reach]
        changed[:, : inside.size] = inside ^ (128 >> np.arange(8))[:, np.newaxis]
        return changed

    def place(self, unit: int, bit: int) -> BitPlace:
        return int(self._places[unit]), bit


@carving.flips_of_layer.register
def flips_of_differential(layer: Differential, runs: tuple[carving.Run, ...]) -> DifferentialFlips:
    return DifferentialFlips(layer, runs)


def swapped(data: bytes) -> bytes:
    pages = np.frombuffer(data + bytes(-len(data) % PAGE), dtype=np.uint8).reshape(-1, 2, PAGE // 2)
    return pages[:, ::-1].tobytes()


def test_a_toy_medium_is_carved_and_every_byte_is_traced() -> None:
    evidence = swapped(bytes(PAGE) + photo())
    source = HalvesSwapped(MemorySource(evidence))
    (fragment,) = carving.carve(source)
    assert (fragment.offset, fragment.data) == (PAGE, photo())
    assert b"".join(evidence[run.offset : run.end] for run in fragment.evidence_runs) == photo()


@pytest.mark.parametrize("share", [0.3, 0.6])
def test_a_toy_flip_model_is_found_by_its_layer_and_reverses_a_flip(share: float) -> None:
    stored = bytearray(stored_differentially(bytes(PAGE) + photo()))
    offset = PAGE + RUN * int(share * len(photo()) / RUN) + 3
    stored[offset] ^= 0x10
    evidence = swapped(bytes(stored))
    source = Differential(HalvesSwapped(MemorySource(evidence)))
    (fragment,) = carving.carve(source)
    assert fragment.data != photo()
    model = carving.flip_model(source, fragment)
    assert isinstance(model, DifferentialFlips)
    unit = offset - PAGE
    restored = np.frombuffer(fragment.data, dtype=np.uint8).copy()
    restored[unit : unit + RUN - 3] = model.variants(restored, unit, ())[3, : RUN - 3]
    assert restored.tobytes() == photo()
    result = restore.restore(fragment, model)
    assert [(flip.evidence_offset, flip.bit) for flip in result.bit_flips] == [(offset ^ (PAGE // 2), 3)]
    assert result.pixels is not None
    assert np.array_equal(result.pixels, np.asarray(Image.open(io.BytesIO(photo()))))
    assert not decode(photo()).events
