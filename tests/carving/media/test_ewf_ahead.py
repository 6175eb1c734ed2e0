"""Chunks that are decoded ahead of a scan: the same bytes, the same damage, and no more held than a batch."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from carving.errors import EvidenceError
from carving.media.ewf import decoding_pool, ewf_source
from carving.media.ewf.chunks import Chunk, StoredBytes, decode_chunk
from carving.media.ewf.decoding_pool import DecodingPool
from carving.media.ewf.ewf_source import open_ewf
from carving.source import Run

Acquire = Callable[..., Path]


@pytest.fixture(autouse=True)
def _three_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decoding_pool, "available_cores", lambda: 3)


def test_a_scan_and_jumps_within_it(acquire: Acquire, medium: bytes) -> None:
    source = open_ewf(acquire("-c", "fast", "-b", "16"), cache_bytes=1 << 20)
    step = 1 << 20
    for offset in (0, step, 512, 2 * step + 3, step, 3 * step, 0):
        assert source.read_at(offset, step) == medium[offset : offset + step]
        assert source.read_at(offset + 700, 900) == medium[offset + 700 : offset + 1600]
    source.close()
    assert source.read_at(5, step) == medium[5 : step + 5]


def test_damage_is_listed_once_it_is_read_not_when_it_was_looked_at(acquire: Acquire, medium: bytes) -> None:
    path = acquire("-c", "none")
    image = bytearray(path.read_bytes())
    place = image.index(medium[2 << 20 : (2 << 20) + 4096])
    image[place] ^= 1
    path.write_bytes(image)
    source = open_ewf(path)
    source.read_at(0, 2 << 20)
    assert not source.damaged
    source.read_at(2 << 20, 1 << 20)
    assert source.damaged == (Run(2 << 20, 32768),)


def test_work_is_spread_and_what_is_not_wanted_any_more_forgotten() -> None:
    threads: set[str] = set()
    count = threading.Barrier(3, timeout=30)

    def decode(number: int) -> Chunk:
        if number in (0, 20, 40):
            count.wait()  # passes when three threads are at work
        threads.add(threading.current_thread().name)
        return Chunk(bytes([number]), sound=True)

    pool = DecodingPool(decode)
    assert {number: chunk.data[0] for number, chunk in pool.chunks(range(60)).items()} == {n: n for n in range(60)}
    assert len(threads) == 3
    pool.go_ahead(range(100, 110))
    pool.go_ahead(range(105, 130))
    assert set(pool._ahead) == set(range(105, 130))
    assert pool.chunks([107, 3])[107].data == bytes([107])
    pool.close()


def test_chunks_are_inflated_on_all_cores(acquire: Acquire, medium: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """Inflating goes on only once three threads are at it, which one after the other never are."""
    together = threading.Barrier(3, timeout=30)
    met = threading.Event()

    def inflate(stored: StoredBytes, size: int) -> Chunk:
        if not met.is_set():
            together.wait()
            met.set()
        return decode_chunk(stored, size)

    monkeypatch.setattr(ewf_source, "decode_chunk", inflate)
    source = open_ewf(acquire("-c", "fast", "-b", "16"))
    assert source.read_at(0, 1 << 20) == medium[: 1 << 20]
    assert met.is_set()
    source.close()


def test_an_error_reaches_who_reads() -> None:
    def decode(number: int) -> Chunk:
        raise EvidenceError(f"chunk {number} cannot be read")

    pool = DecodingPool(decode)
    pool.go_ahead(range(4))
    with pytest.raises(EvidenceError, match="chunk 2 cannot be read"):
        pool.chunks([2])
    pool.close()
