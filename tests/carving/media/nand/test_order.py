"""Pages come out in their logical order, whatever the dump's; nothing of it is lost, and what is missing says so."""

from __future__ import annotations

import random
import struct
from collections.abc import Callable
from pathlib import Path

import pytest

from carving.errors import UsageError
from carving.evidence import open_evidence
from carving.media.nand.nand_source import NandSource
from carving.source import HOLE_OFFSET, Run, evidence_runs
from tests.carving.media.nand.encoder import CHIPS, hamming_page

DATA, SPARE, PER_BLOCK = 512, 16, 4
PAGE = f"page = {{ data = {DATA}, spare = {SPARE}, pages_per_block = {PER_BLOCK} }}\n"

Open = Callable[..., NandSource]


@pytest.fixture
def opened(tmp_path: Path) -> Open:
    """Open raw pages with a layout of one's own."""

    def open_pages(pages: list[bytes], layout: str, behind: bytes = b"") -> NandSource:
        (tmp_path / "dump.bin").write_bytes(b"".join(pages) + behind)
        (tmp_path / "layout.toml").write_text(layout)
        source = open_evidence(tmp_path / "dump.bin", nand=str(tmp_path / "layout.toml"))
        assert isinstance(source, NandSource)
        return source

    return open_pages


def content(page: int) -> bytes:
    return random.Random(page).randbytes(DATA)


def raw(page: int, spare: bytes = b"") -> bytes:
    return content(page) + spare.ljust(SPARE, b"\xff")


def read(source: NandSource) -> list[bytes]:
    data = source.read_at(0, source.size)
    return [data[start : start + DATA] for start in range(0, len(data), DATA)]


def test_pages_without_order_come_as_they_stand(opened: Open) -> None:
    source = opened([raw(page) for page in range(10)], PAGE, behind=b"cut")
    assert read(source) == [content(page) for page in range(10)]
    assert source.live_size == source.size
    assert source.remarks == ("the last 3 bytes of the dump are no whole page and were not read",)


@pytest.mark.parametrize("marked", [0, 1])
def test_bad_blocks_go_to_the_end(opened: Open, marked: int) -> None:
    pages = [raw(page) for page in range(3 * PER_BLOCK)]
    pages[PER_BLOCK + marked] = raw(PER_BLOCK + marked, b"\xff\xff\xff\xff\xff\x00")
    pages[0] = raw(0, b"\xff\xff\xff\xff\xff\xfe")  # one flipped bit is no mark
    source = opened(pages, PAGE + "bad_blocks = { byte = 5, pages = [0, 1] }")
    order = [*range(4), *range(8, 12), *range(4, 8)]
    assert read(source) == [content(page) for page in order]
    assert source.bad_blocks == 1
    assert source.live_size == 8 * DATA
    assert source.remarks == ("1 of 3 blocks are marked bad; they are read behind all others",)


def test_the_mark_can_stand_in_the_last_page(opened: Open) -> None:
    pages = [raw(page) for page in range(2 * PER_BLOCK)]
    pages[PER_BLOCK - 1] = raw(PER_BLOCK - 1, b"\x00")
    source = opened(pages, PAGE + "bad_blocks = { byte = 0, pages = [0, -1] }")
    assert read(source) == [content(page) for page in [*range(4, 8), *range(4)]]


NUMBERED = 'order = { kind = "numbered", offset = 2, width = 2, mask = 0x0fff, byte_order = "big" }'


def numbered(page: int, number: int) -> bytes:
    """A page with a number; the bits that the mask leaves out are set."""
    return raw(page, b"\xff\xff" + struct.pack(">H", 0x7000 | number))


def test_blocks_go_where_their_number_says_and_the_last_version_wins(opened: Open) -> None:
    numbers = [2, 0, 2, 0xFFF, 3]  # no block is number 1; one has none; the second number 2 is newer
    pages = [numbered(block * PER_BLOCK + page, number) for block, number in enumerate(numbers) for page in range(4)]
    source = opened(pages, PAGE + NUMBERED)
    found = read(source)
    expected = [1, None, 2, 4, 0, 3]  # blocks; behind the live ones the old and the unnumbered one
    for place, block in enumerate(expected):
        for page in range(PER_BLOCK):
            wanted = b"\xff" * DATA if block is None else content(block * PER_BLOCK + page)
            assert found[place * PER_BLOCK + page] == wanted
    assert source.live_size == 4 * PER_BLOCK * DATA
    assert set(source.remarks) == {
        "1 blocks hold older versions of a logical number",
        "1 logical blocks are in no part of the dump and read as FF",
    }
    gap = Run(PER_BLOCK * DATA, PER_BLOCK * DATA)
    assert {run.offset for run in source.trace(gap.offset, gap.length)} == {HOLE_OFFSET}
    assert evidence_runs(source, gap.offset - 10, gap.length + 20) == (
        Run((2 * PER_BLOCK) * 528 - SPARE - 10, 10),
        Run(2 * PER_BLOCK * 528, 10),
    )


def test_a_sequence_number_tells_the_newest(opened: Open) -> None:
    layout = 'order = { kind = "numbered", unit = "page", offset = 0, width = 2, sequence = [4, 4] }'
    pages = [
        raw(index, struct.pack("<HHI", number, 0, sequence))
        for index, (number, sequence) in enumerate([(0, 9), (1, 3), (0, 8), (1, 4)])
    ]
    source = opened(pages, PAGE + layout)
    assert read(source) == [content(page) for page in (0, 3, 1, 2)]


def test_one_flipped_spare_byte_moves_no_block(opened: Open) -> None:
    pages = [numbered(block * PER_BLOCK + page, 1 - block) for block in range(2) for page in range(PER_BLOCK)]
    pages[0] = numbered(0, 0x123)
    source = opened(pages, PAGE + NUMBERED)
    assert read(source) == [content(page) for page in [*range(4, 8), *range(4)]]


def test_a_number_that_lies_makes_no_giant(opened: Open) -> None:
    pages = [numbered(page, 0xABC if page < PER_BLOCK else 0) for page in range(2 * PER_BLOCK)]
    source = opened(pages, PAGE + NUMBERED)
    assert source.size == 2 * PER_BLOCK * DATA
    assert "1 blocks carry a logical number larger than the dump could hold" in source.remarks


@pytest.mark.parametrize(
    ("interleave", "order"),
    [
        ("none", [8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7]),
        ("page", [8, 0, 9, 1, 10, 2, 11, 3, 12, 4, 13, 5, 14, 6, 15, 7]),
        ("block", [8, 9, 10, 11, 0, 1, 2, 3, 12, 13, 14, 15, 4, 5, 6, 7]),
    ],
)
def test_dies_are_put_together(opened: Open, interleave: str, order: list[int]) -> None:
    pages = [raw(page) for page in range(16)]
    source = opened(pages, PAGE + f'dies = {{ order = [1, 0], interleave = "{interleave}" }}')
    assert read(source) == [content(page) for page in order]


def tagged(page: int, sequence: int, number: int, chunk: int, in_use: int = 2048) -> bytes:
    """A page of 2048+64 with YAFFS2 tags and Hamming parities."""
    data = random.Random(page).randbytes(2048)
    return hamming_page(data, struct.pack("<IIII", sequence, number, chunk, in_use))


def test_yaffs2_files_come_out_in_one_piece(tmp_path: Path) -> None:
    """Two files written in turns, one page of the first replaced later, blocks in any order in the dump."""
    pages = [b"\xff" * 2112 for _ in range(3 * 64)]
    first_block, second_block, third_block = 64, 128, 0  # places in the dump, by age
    written = [(257, 0), (257, 1), (258, 0), (258, 1), (257, 2), (258, 2), (258, 3), (257, 3)]
    for place, (number, chunk) in enumerate(written):
        pages[first_block + place] = tagged(first_block + place, 0x1001, number, chunk)
    pages[second_block] = tagged(second_block, 0x1002, 257, 2)
    pages[second_block + 1] = tagged(second_block + 1, 0x1002, 258, 0x80000000)  # a new header with the extra bit
    pages[third_block] = tagged(third_block, 0x1003, 257, 5)  # chunk 4 is missing
    path = tmp_path / "mtd.bin"
    path.write_bytes(b"".join(pages))
    source = open_evidence(path, nand="k9f1g08u0d-yaffs2")
    assert isinstance(source, NandSource)
    data = source.read_at(0, source.size)
    expected = [
        *(first_block, first_block + 1, second_block, first_block + 7, None, third_block),
        *(second_block + 1, first_block + 3, first_block + 5, first_block + 6),
    ]
    for place, page in enumerate(expected):
        wanted = b"\xff" * 2048 if page is None else random.Random(page).randbytes(2048)
        assert data[place * 2048 : (place + 1) * 2048] == wanted, place
    assert source.live_size == len(expected) * 2048
    assert source.size == source.live_size + (len(pages) - len(expected) + 1) * 2048
    assert source.remarks == (
        "2 YAFFS2 objects; files stand one after the other, each in one piece",
        "2 pages hold older versions of a chunk",
        "1 pages of files are missing; 1 of them read as FF in their place",
    )


def test_yaffs2_tags_that_lie_make_no_giant(tmp_path: Path) -> None:
    pages = [tagged(page, 0x1001, 300 + page, 63) for page in range(64)]
    path = tmp_path / "mtd.bin"
    path.write_bytes(b"".join(pages))
    source = open_evidence(path, nand="k9f1g08u0d-yaffs2")
    assert source.size == 64 * 2048


@pytest.mark.parametrize("covers", ["data", "page"])
@pytest.mark.parametrize("ecc_over", ["plain", "scrambled"])
def test_a_scrambler_is_undone(tmp_path: Path, covers: str, ecc_over: str) -> None:
    chip = CHIPS["linux-bch4-2048"]
    width = 2112 if covers == "page" else 2048
    key = random.Random(3).randbytes(3 * width)
    (tmp_path / "key.bin").write_bytes(key)
    data = [random.Random(page).randbytes(2048) for page in range(7)]
    pages = []
    for number, plain in enumerate(data):
        part = key[number % 3 * width : (number % 3 + 1) * width].ljust(2112, b"\0")
        page = chip.page(plain if ecc_over == "plain" else bytes(a ^ b for a, b in zip(plain, part, strict=False)))
        scrambled = bytes(a ^ b for a, b in zip(page, part, strict=True))
        pages.append(bytearray(scrambled if ecc_over == "plain" else page))
        pages[-1][100 + number] ^= 4
    pages.append(bytearray(b"\xff" * 2112))  # controllers leave erased pages alone
    (tmp_path / "dump.bin").write_bytes(b"".join(pages))
    layout = "\n".join(
        [
            "page = { data = 2048, spare = 64, sector = 512 }",
            'ecc = { code = "bch", field = 13, polynomial = 0x201b, strength = 4, offset = 36, inverted = "both" }',
            f'scrambler = {{ key = "key.bin", ecc_over = "{ecc_over}" }}',
        ]
    )
    (tmp_path / "layout.toml").write_text(layout)
    source = open_evidence(tmp_path / "dump.bin", nand=str(tmp_path / "layout.toml"))
    assert source.read_at(0, source.size) == b"".join(data) + b"\xff" * 2048
    assert isinstance(source, NandSource)
    assert (source.ecc_map.counts().corrected_bits, source.ecc_map.counts().uncorrectable) == (7, 0)


def test_a_key_that_fits_no_page_is_refused(tmp_path: Path) -> None:
    (tmp_path / "key.bin").write_bytes(bytes(1000))
    (tmp_path / "dump.bin").write_bytes(bytes(2112))
    with pytest.raises(UsageError, match="the XOR key has 1000 bytes"):
        open_evidence(tmp_path / "dump.bin", nand="linux-bch4-2048", xor_key=tmp_path / "key.bin")
    with pytest.raises(UsageError, match="cannot be read"):
        open_evidence(tmp_path / "dump.bin", nand="linux-bch4-2048", xor_key=tmp_path / "none.bin")
    with pytest.raises(UsageError, match="nothing without a NAND layout"):
        open_evidence(tmp_path / "dump.bin", xor_key=tmp_path / "key.bin")
