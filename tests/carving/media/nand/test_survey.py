"""`nand-info` finds out the layout that a dump was written with, says how sure it is, and claims nothing of a plain
image."""

from __future__ import annotations

import random
import struct
from pathlib import Path

import pytest

from carving.evidence import open_evidence, open_media
from carving.media.nand.layout import NumberedOrder, YaffsOrder
from carving.media.nand.nand_source import NandSource
from carving.media.nand.survey.findings import DumpSurvey
from carving.media.nand.survey.survey import survey
from tests.carving.media.nand.encoder import (
    CHIPS,
    Chip,
    bch_parity,
    dump,
    flip,
    hamming,
    hamming_page,
    lsb_parity,
    reverse,
    sectors,
    trailing,
)


def file_system(size: int, seed: int = 5) -> bytes:
    """Bytes as a volume has them: compressed files, text, zeros, and unused clusters of FF, at multiples of 512."""
    generator = random.Random(seed)
    parts = []
    total = 0
    while total < size:
        kind = generator.random()
        if kind < 0.3:
            part = bytes(generator.choice([512, 2048, 4096]))
        elif kind < 0.7:
            part = generator.randbytes(generator.choice([700, 3000, 20_000]))
        elif kind < 0.9:
            part = b"%d entries in the log of this telephone\n" % generator.randrange(10**6) * 40
        else:
            part = b"\xff" * 4096
        parts.append(part + bytes(-len(part) % 512))
        total += len(parts[-1])
    return b"".join(parts)[:size]


def surveyed(tmp_path: Path, raw: bytes | bytearray) -> DumpSurvey:
    (tmp_path / "dump.bin").write_bytes(raw)
    source = open_media(tmp_path / "dump.bin")
    found = survey(source)
    source.close()
    return found


def reopened(tmp_path: Path, found: DumpSurvey) -> NandSource:
    """The dump under the proposed layout, as a user would try it."""
    assert found.toml is not None
    (tmp_path / "proposed.toml").write_text(found.toml)
    source = open_evidence(tmp_path / "dump.bin", nand=str(tmp_path / "proposed.toml"))
    assert isinstance(source, NandSource)
    return source


def said(found: DumpSurvey) -> str:
    return "\n".join(f"{finding.certainty}: {finding.text}" for finding in found.findings)


@pytest.mark.parametrize("name", [name for name in CHIPS if name != "k9f1g08u0d-yaffs2"])
def test_every_preset_is_recognised_under_bit_errors(tmp_path: Path, name: str) -> None:
    chip = CHIPS[name]
    pages = 30
    data = file_system(pages * chip.data)
    raw = dump(chip, data)
    generator = random.Random(6)
    for page in range(pages):
        for sector in range(chip.data // chip.sector):
            flip(raw, chip, page, sector, generator.sample(range(8 * chip.sector), generator.randrange(2)))
    raw += b"\xff" * (10 * (chip.data + chip.spare))
    found = surveyed(tmp_path, raw)
    assert found.preset == name
    assert [finding.certainty for finding in found.findings[:2]] == ["certain", "certain"]
    assert "can be corrected" in found.findings[1].text
    assert reopened(tmp_path, found).read_at(0, len(data)) == data


def odd_trailing(data: bytes) -> bytes:
    placed = [(10 + 30 * index, lsb_parity(part, 12)) for index, part in enumerate(sectors(data, 512))]
    return trailing(data, 128, placed)


def odd_interleaved(data: bytes) -> bytes:
    words = [part + b"\xff\xff" + bch_parity(part, 24, 0x402B) for part in sectors(data, 1024)]
    return (b"\x55" * 6 + b"".join(words)).ljust(8640, b"\xff")


def odd_covered(data: bytes) -> bytes:
    """Metadata in front, under the first code word, as i.MX does it; every byte with its lowest bit first."""
    page = b""
    for index, part in enumerate(sectors(data, 1024)):
        message = (b"\xff" * 8 if index == 0 else b"") + part
        page += message + reverse(bch_parity(reverse(message), 16, 0x402B))
    return page.ljust(4320, b"\xff")


ODD = {
    "trailing": Chip(2048, 128, 512, 12, 156, odd_trailing, lambda _: []),
    "interleaved": Chip(8192, 448, 1024, 24, 336, odd_interleaved, lambda _: []),
    "metadata": Chip(4096, 224, 1024, 16, 224, odd_covered, lambda _: []),
}


@pytest.mark.parametrize("name", ODD)
def test_layouts_that_no_preset_has_are_found_out(tmp_path: Path, name: str) -> None:
    chip = ODD[name]
    data = file_system(20 * chip.data)
    found = surveyed(tmp_path, dump(chip, data))
    assert found.preset is None
    assert [finding.certainty for finding in found.findings[:2]] == ["certain", "certain"]
    source = reopened(tmp_path, found)
    assert source.read_at(0, len(data)) == data
    counts = source.ecc_map.counts()
    assert counts.good + counts.erased == counts.total


def test_yaffs2_tags_are_recognised(tmp_path: Path) -> None:
    pages = [
        hamming_page(
            random.Random(page).randbytes(2048), struct.pack("<IIII", 0x1001, 257 + page // 10, page % 10, 2048)
        )
        for page in range(40)
    ]
    found = surveyed(tmp_path, b"".join(pages))
    assert "certain: YAFFS2 tags at spare byte 2, little-endian, in 100% of the pages" in said(found)
    assert found.preset == "k9f1g08u0d-yaffs2"
    assert isinstance(reopened(tmp_path, found).layout.order, YaffsOrder)


def test_logical_block_numbers_are_recognised(tmp_path: Path) -> None:
    """Without a code; numbers of 16 bits in the spare bytes of 20 blocks in random order."""
    order = random.Random(8).sample(range(20), 20)
    data = [random.Random(page).randbytes(2048) for page in range(20 * 64)]
    raw = b"".join(
        data[number * 64 + page] + (b"\xff" * 6 + struct.pack(">H", number)).ljust(64, b"\xff")
        for number in order
        for page in range(64)
    )
    found = surveyed(tmp_path, raw)
    assert "likely: pages of 2048 + 64 bytes" in said(found)
    assert "no error-correcting code was recognised" in said(found)
    assert "logical block numbers at spare byte" in said(found)
    source = reopened(tmp_path, found)
    assert isinstance(source.layout.order, NumberedOrder)
    assert source.layout.page.pages_per_block == 64
    assert source.read_at(0, source.size) == b"".join(data)


def test_a_static_scrambler_is_named(tmp_path: Path) -> None:
    """Pages of zeros and of files under a key of 16 pages, with the code over the scrambled bytes."""
    chip = CHIPS["linux-bch4-2048"]
    key = random.Random(9).randbytes(16 * 2048)
    data = file_system(300 * 2048, 3)
    data = b"".join(bytes(2048) if page % 3 else part for page, part in enumerate(sectors(data, 2048)))
    stream = (key * 20)[: len(data)]
    scrambled = bytes(a ^ b for a, b in zip(data, stream, strict=True))
    found = surveyed(tmp_path, dump(chip, scrambled))
    assert "a static scrambler" in said(found)
    assert "multiples of 16 pages" in said(found)
    assert "--xor-key" in said(found)


def test_a_scrambler_that_covers_all_is_named(tmp_path: Path) -> None:
    chip = CHIPS["linux-bch4-2048"]
    key = random.Random(10).randbytes(8 * 2112)
    raw = dump(
        chip,
        b"".join(bytes(2048) if page % 3 else part for page, part in enumerate(sectors(file_system(1 << 19), 2048))),
    )
    stream = (key * (len(raw) // len(key) + 1))[: len(raw)]
    found = surveyed(tmp_path, bytes(a ^ b for a, b in zip(raw, stream, strict=True)))
    assert "a guess: pages of 2048 + 64 bytes" in said(found)
    assert "likely: a static scrambler" in said(found)
    assert "multiples of 8 pages" in said(found)


def test_a_plain_image_needs_no_layout(tmp_path: Path) -> None:
    found = surveyed(tmp_path, file_system(1 << 19))
    assert found.toml is None
    assert (
        said(found) == "likely: no page size stands out: a plain image without spare bytes, to be read without --nand"
    )


def test_random_bytes_are_called_neither(tmp_path: Path) -> None:
    found = surveyed(tmp_path, random.Random(11).randbytes(1 << 19))
    assert found.toml is None
    assert said(found).startswith("a guess: no page size stands out, and the bytes look random")


def test_a_dump_of_nothing_and_a_tiny_one(tmp_path: Path) -> None:
    assert surveyed(tmp_path, b"\xff" * 50_000).toml is None
    assert surveyed(tmp_path, b"x").toml is None


def test_a_hamming_code_in_an_odd_place_is_found(tmp_path: Path) -> None:
    data = file_system(20 * 2048, 4)
    raw = b"".join(
        trailing(page, 64, [(5 + 3 * index, hamming(part)) for index, part in enumerate(sectors(page, 256))])
        for page in sectors(data, 2048)
    )
    found = surveyed(tmp_path, raw)
    assert found.preset is None
    assert "certain: Hamming, 1 bit per 256 bytes" in said(found)
    assert reopened(tmp_path, found).read_at(0, len(data)) == data
