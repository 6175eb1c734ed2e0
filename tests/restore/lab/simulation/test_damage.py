"""Damage on a medium: how a flip of the ciphertext spreads, what is spared, and the replay of the paper's files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from carving.carver.carver import carve
from carving.encryption.ciphers import SectorNumbering
from carving.errors import UsageError
from carving.evidence import open_evidence
from carving.jpeg.markers import read_header
from carving.source import Run, layers
from restore.lab.simulation.bit_errors import Flip, apply_flips, differing_bytes
from restore.lab.simulation.damage import DamagedFile, damage, flips_that_matter, picture_end, spared_header
from restore.lab.simulation.medium import PAPER_KEY, PAPER_MEDIUM, Medium, pad, seeded_key
from restore.lab.simulation.replay import replay

MEDIA = [
    Medium(),
    Medium(bytes(range(16))),
    Medium(bytes(range(32)), SectorNumbering(4096, "le64")),
    Medium(PAPER_KEY, SectorNumbering(512, "be32"), "pkcs7"),
]


@pytest.mark.parametrize("medium", MEDIA, ids=["plain", "aes128", "aes256 4k", "paper"])
def test_a_medium_gives_back_what_was_stored(medium: Medium, picture: bytes) -> None:
    stored = medium.store(picture)
    assert len(stored) % (16 if medium.padding == "pkcs7" else medium.numbering.sector_size) == 0
    assert (stored[:64] == picture[:64]) == (medium.key is None)
    assert medium.read(stored)[: len(picture)] == picture


def test_padding_as_on_a_disk_and_as_in_the_paper() -> None:
    assert pad(b"abc", 512, "zero") == b"abc" + bytes(509)
    assert pad(bytes(512), 512, "zero") == bytes(512)
    assert pad(b"abc", 512, "pkcs7") == b"abc" + bytes([13]) * 13
    assert pad(bytes(16), 512, "pkcs7") == bytes(16) + bytes([16]) * 16
    with pytest.raises(UsageError, match="empty"):
        pad(b"", 512, "zero")


def test_one_ciphertext_bit_redraws_its_block_and_flips_one_bit_of_the_next(picture: bytes) -> None:
    medium = Medium(bytes(16))
    stored = medium.store(picture)
    for offset, reach in ((1024 + 40, 32), (1024 + 511, 16)):  # inside a sector, and in its last block
        changed = differing_bytes(medium.store(picture), apply_flips(stored, (Flip(offset, 3),)))
        assert changed.tolist() == [offset]
        after = medium.read(apply_flips(stored, (Flip(offset, 3),)))
        wrong = differing_bytes(medium.read(stored), after)
        block = offset // 16 * 16
        assert block <= wrong[0]
        assert wrong[-1] < block + reach
        if reach == 32:
            assert wrong[-1] == offset + 16
            assert after[offset + 16] ^ picture[offset + 16] == 0x80 >> 3


@pytest.mark.parametrize("medium", MEDIA[:3], ids=["plain", "aes128", "aes256 4k"])
def test_a_spared_header_is_untouched_at_any_rate(medium: Medium, picture: bytes) -> None:
    start = read_header(picture).scan.entropy_start
    spared = spared_header(picture, medium)
    assert spared.offset == 0
    assert start <= spared.length < start + medium.block
    damaged = damage(picture, medium, 0.01, 1, spared)
    assert damaged.jpeg[:start] == picture[:start]
    assert damaged.jpeg[start:] != picture[start:]
    assert min(damaged.flips).offset >= spared.end


def test_damage_is_what_its_flips_say(picture: bytes) -> None:
    medium = Medium(seeded_key(4))
    first, again = (damage(picture, medium, 1e-4, 9, Run(0, 0)) for _ in range(2))
    assert first == again
    assert first.flips
    assert first.stored == apply_flips(medium.store(picture), first.flips)
    assert len(first.jpeg) == len(picture)
    assert damage(picture, medium, 1e-4, 10, Run(0, 0)).flips != first.flips


def test_only_flips_that_reach_the_picture_matter(picture: bytes) -> None:
    medium = Medium(bytes(16))
    end = picture_end(picture + b"trailer" * 9)
    assert end == len(picture)
    last_block = (end - 1) // 16 * 16
    flips = (Flip(5, 0), Flip(last_block + 15, 1), Flip(last_block + 16, 1))
    assert flips_that_matter(flips, medium, end) == flips[:2]


def test_a_damaged_file_can_be_carved_from_its_own_medium(picture: bytes) -> None:
    medium = Medium(seeded_key(1))
    damaged = damage(picture, medium, 1e-5, 3, spared_header(picture, medium))
    seen = DamagedFile("x", damaged.jpeg, damaged.stored, medium, None)
    assert [layer.size for layer in layers(seen.source())] == [len(damaged.stored)] * 2
    (found,) = carve(seen.source())
    assert found.data == damaged.jpeg == seen.fragment().data
    assert medium.key is not None
    assert medium.key.hex() not in repr(seen)


@pytest.mark.parametrize(
    ("name", "flips"), [("berlin_000000_000019_leftImg8bit", 15), ("berlin_000001_000019_leftImg8bit", 8)]
)
def test_the_paper_is_replayed_byte_for_byte(shared_data: Path, tmp_path: Path, name: str, flips: int) -> None:
    original, published = ((shared_data / "two_acir" / kind / f"{name}.jpg").read_bytes() for kind in ("GT", "De"))
    replayed = replay(original, published)
    assert len(replayed.flips) == flips
    assert len({flip.offset // 512 for flip in replayed.flips}) == flips
    flipped = apply_flips(PAPER_MEDIUM.store(original), replayed.flips)
    assert PAPER_MEDIUM.read(flipped)[: len(original)] == published
    (tmp_path / "cipher.dd").write_bytes(flipped)
    source = open_evidence(tmp_path / "cipher.dd", key=PAPER_KEY, iv_sector="be32")
    assert source.read_at(0, len(original)) == published


def test_replay_refuses_files_of_different_length(picture: bytes) -> None:
    with pytest.raises(UsageError, match="bytes"):
        replay(picture, picture[:-1])


def test_replay_of_an_undamaged_file_has_no_flips(picture: bytes) -> None:
    assert replay(picture, picture).flips == ()
    assert np.array_equal(differing_bytes(picture, replay(picture, picture).jpeg), [])
