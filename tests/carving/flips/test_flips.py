"""Flip models say what bytes would be, had one bit of the evidence been stored differently: held against doing it."""

from __future__ import annotations

import pickle
import random
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from carving.encryption.ciphers import SectorNumbering
from carving.encryption.dmcrypt import DmCryptSource
from carving.encryption.sectors import encrypt_sectors
from carving.evidence import open_evidence
from carving.file_systems.stored_files.file_source import FileSource
from carving.flips.dmcrypt_flips import DmCryptFlips
from carving.flips.model import FlipModel
from carving.flips.of_fragment import flip_model
from carving.flips.plain_flips import PlainFlips
from carving.fragments import Fragment
from carving.jpeg.results import Ending
from carving.source import HOLE_OFFSET, ByteSource, Run, evidence_runs

KEY = bytes.fromhex("000102030405060708090a0b0c0d0e0f")
GAP = 3 * 512
"""Bytes before the volume."""


def content(size: int) -> bytes:
    return random.Random(size).randbytes(size)


def fragment_of(source: ByteSource, offset: int, size: int) -> Fragment:
    data = source.read_at(offset, size)
    return Fragment(
        "decrypted", offset, data, (Run(offset, size),), evidence_runs(source, offset, size), Ending.EOI, None
    )


def encrypted(tmp_path: Path, plain: bytes, sector_size: int) -> Path:
    path = tmp_path / f"{sector_size}.dd"
    path.write_bytes(bytes(GAP) + encrypt_sectors(plain, KEY, 0, SectorNumbering(sector_size)))
    return path


def with_variant(model: FlipModel, data: bytes, unit: int, bit: int, flipped: tuple[int, ...] = ()) -> bytes:
    """`data` with one hypothesis of the model put in place."""
    changed = bytearray(data)
    start, reach = int(model.starts[unit]), int(model.reaches[unit])
    row = model.variants(np.frombuffer(data, dtype=np.uint8), unit, flipped)[bit]
    first, last = max(start, 0), min(start + reach, len(data))
    changed[first:last] = row[first - start : last - start].tobytes()
    return bytes(changed)


def test_plain_bytes_flip_one_bit_each() -> None:
    data = content(40)
    model = PlainFlips(40, (Run(1000, 30), Run(5000, 10)))
    for unit in range(40):
        for bit in range(8):
            expected = bytearray(data)
            expected[unit] ^= 0x80 >> bit
            assert with_variant(model, data, unit, bit) == bytes(expected)
    assert model.place(29, 3) == (1029, 3)
    assert model.place(30, 0) == (5000, 0)


@pytest.mark.parametrize("sector_size", [512, 4096])
@pytest.mark.parametrize("block", ["first of a sector", "inside", "last of a sector", "where the fragment begins"])
def test_every_bit_of_a_block_as_decryption_gives_it(tmp_path: Path, sector_size: int, block: str) -> None:
    plain = content(5 * sector_size)
    path = encrypted(tmp_path, plain, sector_size)
    offset, size = sector_size - 100, 3 * sector_size
    with_flips = path.with_suffix(".flipped")
    source = open_evidence(path, key=KEY, sector_size=sector_size, offset=GAP)
    fragment = fragment_of(source, offset, size)
    model = flip_model(source, fragment)
    place = {
        "first of a sector": 2 * sector_size,
        "inside": 2 * sector_size + 160,
        "last of a sector": 3 * sector_size - 16,
        "where the fragment begins": offset // 16 * 16,
    }[block]
    unit = int(np.searchsorted(model.starts, place - offset))
    assert int(model.starts[unit]) == place - offset
    stored = path.read_bytes()
    for bit in range(128):
        evidence_offset, evidence_bit = model.place(unit, bit)
        assert GAP + place <= evidence_offset < GAP + place + 16
        flipped = bytearray(stored)
        flipped[evidence_offset] ^= 0x80 >> evidence_bit
        with_flips.write_bytes(flipped)
        changed = open_evidence(with_flips, key=KEY, sector_size=sector_size, offset=GAP)
        assert with_variant(model, fragment.data, unit, bit) == changed.read_at(offset, size)
        changed.close()


@pytest.mark.parametrize("cipher", ["aes-xts-plain64", "aes-ecb", "aes-cbc-plain64"])
def test_bits_under_other_ciphers(tmp_path: Path, cipher: str) -> None:
    plain, key = content(4096), KEY * 2
    path = tmp_path / "volume.dd"
    path.write_bytes(encrypt_sectors(plain, key, cipher=cipher))
    source = open_evidence(path, key=key, cipher=cipher)
    fragment = fragment_of(source, 700, 2000)
    model = flip_model(source, fragment)
    assert set(model.reaches.tolist()) == ({16, 32} if "cbc" in cipher else {16})
    stored = path.read_bytes()
    for unit in (0, 1, 20, 30, len(model.starts) - 1):
        for bit in (0, 77, 127):
            evidence_offset, evidence_bit = model.place(unit, bit)
            flipped = bytearray(stored)
            flipped[evidence_offset] ^= 0x80 >> evidence_bit
            path.with_suffix(".flipped").write_bytes(flipped)
            changed = open_evidence(path.with_suffix(".flipped"), key=key, cipher=cipher)
            assert with_variant(model, fragment.data, unit, bit) == changed.read_at(700, 2000)
            changed.close()


def test_a_second_flip_of_the_same_block(tmp_path: Path) -> None:
    plain = content(2048)
    source = open_evidence(encrypted(tmp_path, plain, 512), key=KEY, offset=GAP)
    model = flip_model(source, fragment_of(source, 0, 2048))
    once = with_variant(model, plain, 70, 17)
    both = with_variant(model, once, 70, 90, flipped=(17,))
    assert both != once
    assert with_variant(model, with_variant(model, both, 70, 17, flipped=(17, 90)), 70, 90, flipped=(90,)) == plain


def test_the_last_block_of_a_volume_reaches_no_further(tmp_path: Path) -> None:
    source = open_evidence(encrypted(tmp_path, content(1024), 512), key=KEY, offset=GAP)
    model = flip_model(source, fragment_of(source, 100, 924))
    assert int(model.reaches[-1]) == 16
    assert model.reaches.tolist().count(16) == 2  # and the last of the sector before it


def test_places_through_an_e01(tmp_path: Path, acquire: Callable[..., Path], medium: bytes) -> None:
    image = acquire("-c", "deflate:fast")
    source = open_evidence(image)
    model = flip_model(source, fragment_of(source, 70_000, 500))
    assert isinstance(model, PlainFlips)
    assert model.place(13, 6) == (70_013, 6)
    volume = open_evidence(image, key=KEY, offset=4096)
    model = flip_model(volume, fragment_of(volume, 1000, 500))
    assert model.place(0, 0) == (4096 + 992, 0)
    assert model.place(2, 127) == (4096 + 992 + 47, 7)
    assert len(medium) == source.size


def test_a_model_crosses_to_a_worker_and_shows_no_key(tmp_path: Path) -> None:
    plain = content(2048)
    source = open_evidence(encrypted(tmp_path, plain, 512), key=KEY, offset=GAP)
    assert isinstance(source, DmCryptSource)
    model = flip_model(source, fragment_of(source, 0, 2048))
    assert isinstance(model, DmCryptFlips)
    there = pickle.loads(pickle.dumps(model))
    assert with_variant(there, plain, 5, 5) == with_variant(model, plain, 5, 5)
    assert KEY.hex() not in repr(model)
    assert repr(KEY) not in repr(model)


@pytest.mark.parametrize("sector_size", [512, 4096])
def test_a_file_in_many_pieces(tmp_path: Path, sector_size: int) -> None:
    """A hypothesis is what decrypting the flipped bit gives; none reaches into the next piece, none is in a hole."""
    plain = content(64 << 10)
    path = encrypted(tmp_path, plain, sector_size)
    stored = path.read_bytes()
    runs = (
        *(Run(8192, 4096), Run(HOLE_OFFSET, 4096), Run(4096, 4096), Run(20480, 1024), Run(40960, 100)),
        *(Run(45056, 2), Run(49152, 700)),
    )
    with closing(open_evidence(path, key=KEY, sector_size=sector_size, offset=GAP)) as source:
        file = FileSource(source, runs)
        data = file.read_at(0, file.size)
        fragment = replace(fragment_of(source, 8192, 10), data=data, byte_runs=runs)
        model = flip_model(source, fragment)
    assert not any(4096 <= start < 8192 for start in model.starts)
    ends = np.cumsum([run.length for run in runs])
    for end in ends[:-1]:
        crossing = (model.starts < end) & (model.starts + model.reaches > end)
        assert not crossing.any()
    chance = random.Random(sector_size)
    for unit in [*chance.sample(range(model.starts.size), 40), 0, model.starts.size - 1]:
        bit = chance.randrange(128)
        offset, place = model.place(unit, bit)
        flipped = bytearray(stored)
        flipped[offset] ^= 0x80 >> place
        other = tmp_path / "flipped.dd"
        other.write_bytes(flipped)
        with closing(open_evidence(other, key=KEY, sector_size=sector_size, offset=GAP)) as changed:
            assert with_variant(model, data, unit, bit) == FileSource(changed, runs).read_at(0, len(data))
