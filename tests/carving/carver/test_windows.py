"""Looking ahead in several threads changes nothing of what is found, and stops when nobody wants more."""

from __future__ import annotations

import threading
from collections.abc import Generator

import numpy as np
import pytest

from carving.carver.carver import carve
from carving.errors import EvidenceError
from restore.lab.simulation.made_pictures import coded_at, fractal_picture
from restore.lab.simulation.medium import MemorySource

CLUSTER = 4096


def padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % CLUSTER)


@pytest.fixture(scope="module")
def medium() -> bytes:
    """Whole files, some longer than a window, one in two pieces, one cut off, noise and blank stretches."""
    noise = np.random.default_rng(3)
    pictures = [coded_at(fractal_picture(240, 320, seed), 1.5) for seed in range(7)]
    parts = [padded(pictures[0]), noise.bytes(9 * CLUSTER), padded(pictures[1]), padded(pictures[2]), bytes(1 << 18)]
    cut = len(pictures[3]) // 2 // CLUSTER * CLUSTER
    parts += [pictures[3][:cut], noise.bytes(3 * CLUSTER), padded(pictures[3][cut:]), bytes(1 << 17)]
    parts += [pictures[4][: 2 * CLUSTER], noise.bytes(11 * CLUSTER), padded(pictures[5]), padded(pictures[6])]
    return b"".join(parts)


@pytest.mark.parametrize("window", [8192, 1 << 16, 1 << 24])
@pytest.mark.parametrize("threads", [2, 5])
def test_threads_find_what_one_finds(medium: bytes, window: int, threads: int) -> None:
    alone = list(carve(MemorySource(medium), window=window))
    assert len(alone) == 7
    assert sum(len(fragment.byte_runs) == 2 for fragment in alone) == 1
    assert list(carve(MemorySource(medium), window=window, threads=threads)) == alone


def test_no_thread_outlives_a_search_that_is_given_up(medium: bytes) -> None:
    before = threading.active_count()
    found = carve(MemorySource(medium), window=8192, threads=3)
    assert isinstance(found, Generator)
    next(found)
    assert threading.active_count() > before
    found.close()
    assert threading.active_count() == before


class Torn(MemorySource):
    """A medium that cannot be read behind its middle."""

    def read_at(self, offset: int, length: int) -> bytes:
        if offset + length > self.size // 2:
            raise EvidenceError("the medium is torn")
        return super().read_at(offset, length)


def test_what_lies_before_an_unreadable_place_is_found_first(medium: bytes) -> None:
    found = carve(Torn(medium), window=8192, max_file_size=1 << 16, threads=3)
    assert next(found).offset == 0
    with pytest.raises(EvidenceError, match="torn"):
        list(found)
