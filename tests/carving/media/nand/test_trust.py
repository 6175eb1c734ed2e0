"""What error correction knows reaches the flip models: which bytes are right, which are not, and what they may be."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest

from carving.encryption.sectors import encrypt_sectors
from carving.evidence import open_evidence
from carving.flips.model import FlipModel
from carving.flips.of_fragment import flip_model
from carving.fragments import Fragment
from carving.jpeg.results import Ending
from carving.source import ByteSource, Run, evidence_runs
from restore.repair.header.windowed_flips import WindowedFlips
from tests.carving.media.nand.encoder import CHIPS, dump, flip

KEY = bytes(range(16))
CHIP = CHIPS["linux-bch4-2048"]
DAMAGED, LIMIT = 5, 9
"""Sectors with one error more than can be corrected, and with just as many."""
DATA = random.Random(1).randbytes(5 * 2048)


def opened(tmp_path: Path, key: bytes | None) -> tuple[ByteSource, set[tuple[int, int]]]:
    """A dump with a damaged sector, and its flips; read once."""
    raw = dump(CHIP, DATA if key is None else encrypt_sectors(DATA, key, first_sector=0))
    generator = random.Random(2)
    planted = flip(raw, CHIP, *divmod(DAMAGED, 4), generator.sample(range(4096), 5))
    flip(raw, CHIP, *divmod(LIMIT, 4), generator.sample(range(4096), 4))
    flip(raw, CHIP, 3, 0, [77])
    (tmp_path / "chip.bin").write_bytes(raw)
    return open_evidence(tmp_path / "chip.bin", nand="linux-bch4-2048", key=key), set(planted)


def fragment_of(source: ByteSource, offset: int, size: int) -> Fragment:
    data = source.read_at(offset, size)
    runs = (Run(offset, size),)
    return Fragment("plain", offset, data, runs, evidence_runs(source, offset, size), Ending.EOI, None)


def applied(model: FlipModel, data: bytes, flips: tuple[tuple[int, int], ...]) -> bytes:
    raw = np.frombuffer(data, dtype=np.uint8).copy()
    done: dict[int, tuple[int, ...]] = {}
    for unit, bit in flips:
        start = int(model.starts[unit])
        first, last = max(start, 0), min(start + int(model.reaches[unit]), raw.size)
        raw[first:last] = model.variants(raw, unit, done.get(unit, ()))[bit][first - start : last - start]
        done[unit] = (*done.get(unit, ()), bit)
    return raw.tobytes()


@pytest.mark.parametrize("key", [None, KEY], ids=["plain", "encrypted"])
def test_flips_are_looked_for_only_where_the_code_does_not_vouch(tmp_path: Path, key: bytes | None) -> None:
    source, planted = opened(tmp_path, key)
    fragment = fragment_of(source, 700, 7000)
    model = flip_model(source, fragment)
    units = model.starts + 700
    assert set((units // 512).tolist()) == {DAMAGED, LIMIT}
    assert (model.suspect == (units // 512 == DAMAGED)).all()
    (ways,) = model.combinations
    named = [{model.place(unit, bit) for unit, bit in way} for way in ways]
    assert planted in named
    right = ways[named.index(planted)]
    assert applied(model, fragment.data, right) == DATA[700:7700]


def test_a_window_keeps_the_combinations(tmp_path: Path) -> None:
    source, planted = opened(tmp_path, KEY)
    fragment = fragment_of(source, 700, 7000)
    model = flip_model(source, fragment)
    data = np.frombuffer(fragment.data, dtype=np.uint8)
    window = Run(1000, 3000)
    inner = WindowedFlips(model, data[:5000], window)
    (ways,) = inner.combinations
    assert planted in [{inner.place(unit, bit) for unit, bit in way} for way in ways]


def test_a_fragment_that_is_vouched_for_has_no_unit(tmp_path: Path) -> None:
    source, _ = opened(tmp_path, KEY)
    model = flip_model(source, fragment_of(source, 6 * 512, 2 * 512))
    assert model.starts.size == 0
    assert model.combinations == ()


def test_without_a_code_nothing_is_vouched_for(tmp_path: Path) -> None:
    (tmp_path / "chip.bin").write_bytes(bytes(10 * 2112))
    (tmp_path / "chip.toml").write_text("page = { data = 2048, spare = 64 }")
    source = open_evidence(tmp_path / "chip.bin", nand=str(tmp_path / "chip.toml"))
    model = flip_model(source, fragment_of(source, 0, 4096))
    assert model.starts.size == 4096
    assert not model.suspect.any()


def test_holes_have_no_units(tmp_path: Path) -> None:
    """Logical page 1 is missing; bytes around it name their places all the same."""
    pages = [random.Random(page).randbytes(512) + bytes([page, 0]) + b"\xff" * 14 for page in (0, 2)]
    (tmp_path / "chip.bin").write_bytes(b"".join([*pages, b"\xff" * 528 * 2]))
    (tmp_path / "chip.toml").write_text(
        'page = { data = 512, spare = 16 }\norder = { kind = "numbered", unit = "page", offset = 0, width = 2 }\n'
    )
    for key in (None, KEY):
        source = open_evidence(tmp_path / "chip.bin", nand=str(tmp_path / "chip.toml"), key=key)
        fragment = fragment_of(source, 256, 1024)
        model = flip_model(source, fragment)
        width = 1 if key is None else 16
        assert model.starts.size * width == 512
        assert sum(run.length for run in fragment.evidence_runs) == 512
        last = model.starts.size - 1
        assert model.place(last, 0) == (528 + 256 - width, 0)
