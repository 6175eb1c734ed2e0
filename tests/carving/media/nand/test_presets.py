"""Dumps as controllers write them come back byte for byte as long as their code can do it, and are marked beyond."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from carving.evidence import open_evidence
from carving.media.nand.nand_source import NandSource
from carving.media.nand.settings import presets
from carving.source import Run, evidence_runs
from tests.carving.media.nand.encoder import CHIPS, Chip, dump, flip

PAGES = 12


def opened(tmp_path: Path, raw: bytes | bytearray, preset: str) -> NandSource:
    path = tmp_path / "dump.bin"
    path.write_bytes(raw)
    source = open_evidence(path, nand=preset)
    assert isinstance(source, NandSource)
    return source


def content(chip: Chip, pages: int, seed: int = 1) -> bytes:
    return random.Random(seed).randbytes(pages * chip.data)


def message_bits(chip: Chip, sector: int) -> int:
    return 8 * (len(chip.columns(sector)) - -(-chip.parity_bits // 8))


def drawn(generator: random.Random, chip: Chip, sector: int, count: int) -> list[int]:
    """Bits of a code word, of message and parity alike; bits that fill up the parity's last byte are left out."""
    last = 8 * len(chip.columns(sector)) - 8
    whole = [bit for bit in range(message_bits(chip, sector) + chip.parity_bits) if bit < last]
    return generator.sample(whole, count)


def test_every_preset_has_an_encoder() -> None:
    assert set(CHIPS) == set(presets())


@pytest.mark.parametrize("name", [name for name in CHIPS if name != "k9f1g08u0d-yaffs2"])
def test_what_the_code_can_correct_comes_back(tmp_path: Path, name: str) -> None:
    chip = CHIPS[name]
    data = content(chip, PAGES)
    raw = dump(chip, data)
    generator = random.Random(7)
    planted = {}
    for page in range(PAGES):
        for sector in range(chip.data // chip.sector):
            count = (0, chip.strength, max(1, chip.strength - 1))[(page + sector) % 3]
            flip(raw, chip, page, sector, drawn(generator, chip, sector, count))
            planted[page, sector] = count
    source = opened(tmp_path, raw, name)
    assert source.read_at(0, source.size) == data
    counts = source.ecc_map.counts()
    assert counts.uncorrectable == counts.unread == counts.erased == 0
    assert counts.good == sum(count == 0 for count in planted.values())
    assert counts.corrected_bits == sum(planted.values())
    assert counts.most_corrected == chip.strength
    per_page = chip.data // chip.sector
    found = {}
    for run in source.ecc_map.runs(10_000):
        for number in range(run.first, run.first + run.count):
            found[divmod(number, per_page)] = run.bits
    assert found == planted


@pytest.mark.parametrize("name", [name for name in CHIPS if name != "k9f1g08u0d-yaffs2"])
def test_what_is_beyond_the_code_is_marked_and_left_as_it_is(tmp_path: Path, name: str) -> None:
    chip = CHIPS[name]
    data = content(chip, PAGES)
    raw = dump(chip, data)
    generator = random.Random(11)
    damaged = [(page, page % (chip.data // chip.sector)) for page in range(0, PAGES, 2)]
    for page, sector in damaged:
        spread = generator.sample(range(message_bits(chip, sector)), chip.strength + 1)
        flip(raw, chip, page, sector, spread)
    source = opened(tmp_path, raw, name)
    read = source.read_at(0, source.size)
    expected = [Run(page * chip.data + sector * chip.sector, chip.sector) for page, sector in damaged]
    assert source.suspects(0, source.size) == tuple(expected)
    for start in range(0, len(data), chip.sector):
        if Run(start, chip.sector) not in expected:
            assert read[start : start + chip.sector] == data[start : start + chip.sector]
    for run in expected:
        behind = b"".join(raw[part.offset : part.end] for part in evidence_runs(source, run.offset, run.length))
        assert read[run.offset : run.end] == behind
    assert sum(run.length for run in source.uncorrectable_runs(1000)) == len(damaged) * chip.sector


@pytest.mark.parametrize("name", [name for name in CHIPS if name != "k9f1g08u0d-yaffs2"])
def test_every_byte_is_traced_to_its_place_in_the_dump(tmp_path: Path, name: str) -> None:
    chip = CHIPS[name]
    data = content(chip, 3)
    raw = dump(chip, data)
    source = opened(tmp_path, raw, name)
    for offset, length in (
        (0, len(data)),
        (chip.data - 5, 10),
        (chip.sector - 1, 2),
        (chip.data + 1500 % chip.data, 700),
    ):
        runs = evidence_runs(source, offset, length)
        assert b"".join(raw[run.offset : run.end] for run in runs) == data[offset : offset + length]


@pytest.mark.parametrize("name", [name for name in CHIPS if name != "k9f1g08u0d-yaffs2"])
def test_erased_pages_read_as_erased_even_with_a_flip_in_them(tmp_path: Path, name: str) -> None:
    chip = CHIPS[name]
    raw = bytearray(b"\xff" * (3 * (chip.data + chip.spare)))
    flip(raw, chip, 1, 0, [100])
    source = opened(tmp_path, raw, name)
    assert source.read_at(0, source.size) == b"\xff" * source.size
    assert source.ecc_map.counts().erased == source.ecc_map.counts().total
