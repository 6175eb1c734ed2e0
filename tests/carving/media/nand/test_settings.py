"""Layout files: presets hold, and every mistake is refused with a message that names it."""

from __future__ import annotations

from pathlib import Path

import pytest

from carving.errors import UsageError
from carving.media.nand.layout import YaffsOrder
from carving.media.nand.settings import load_layout, presets

PAGE = "page = { data = 2048, spare = 64, sector = 512 }\n"
BCH = 'ecc = { code = "bch", field = 13, polynomial = 0x201b, strength = 4, '


@pytest.mark.parametrize("name", presets())
def test_presets_are_layouts(name: str) -> None:
    layout = load_layout(name)
    assert layout.ecc is not None
    assert len(layout.ecc.positions) == layout.page.sectors
    assert isinstance(layout.order, YaffsOrder) == name.endswith("yaffs2")


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "page.data must be a whole number"),
        ("page = 3", r"\[page\] must be a table"),
        ("page = {", "not TOML"),
        ('page = { data = "2048", spare = 64 }', "page.data must be a whole number"),
        ("page = { data = 2048, spare = 64, sector = 500 }", "page.sector must divide page.data"),
        ("page = { data = 2048, spare = -1 }", "page.spare"),
        ("page = { data = 1, spare = 0 }", "page.data must be 128"),
        ("page = { data = 2048, spare = 64, sector = 0 }", "must be positive"),
        ("page = { data = 2048, spare = 64, colour = 1 }", "page has unknown settings: colour"),
        ("page = { data = 2048, spare = 64, metadata = 4 }", "mean nothing here"),
        ("page = { data = 2048, spare = 64, marker_swap = true }", "marker_swap needs"),
        ("page = { data = 2048, spare = 64, pages_per_block = 0 }", "pages_per_block"),
        (PAGE + "cover = 1", "unknown settings: cover"),
        (PAGE + 'ecc = { code = "ldpc" }', "bch or hamming"),
        (PAGE + BCH + "offset = 60 }", "must be different spare bytes"),
        (PAGE + BCH + "positions = [[1, 2]] }", "must name 7 bytes"),
        (PAGE + BCH + 'offset = 0, bits = "left" }', "ecc.bits must be one of msb, lsb"),
        (PAGE + BCH + "offset = 0, covered = [[0, 4]] }", "hold no parity of their own"),
        ("page = { data = 2048, spare = 64, sector = 1024 }\necc = { code = 'hamming', offset = 0 }", "256 or 512"),
        (PAGE + 'order = { kind = "numbered", offset = 63, width = 2 }', "order.offset must lie within"),
        (PAGE + 'order = { kind = "numbered", offset = 0, width = 2, mask = 0x10000 }', "order.mask must fit"),
        (PAGE + 'order = { kind = "numbered", offset = 0, width = 99 }', "order.width must be 1 to 8"),
        (PAGE + 'order = { kind = "yaffs2", offset = 50 }', "leaves no room"),
        (PAGE + "dies = { order = [0, 0] }", "dies.order must name every die"),
        (PAGE + "bad_blocks = { byte = 64 }", "bad_blocks.byte"),
        (PAGE + "bad_blocks = { byte = 0, pages = [64] }", "bad_blocks.pages must lie within a block"),
        (PAGE + 'scrambler = { key = "" }', "scrambler.key must be a text"),
    ],
)
def test_mistakes_are_named(tmp_path: Path, text: str, complaint: str) -> None:
    path = tmp_path / "layout.toml"
    path.write_text(text)
    with pytest.raises(UsageError, match=complaint):
        load_layout(str(path))


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "layout.toml"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UsageError, match="not TOML"):
        load_layout(str(path))
