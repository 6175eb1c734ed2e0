"""The layout of a raw NAND dump: what the examiner says of it, as plain values that are checked once.

A page is `data` bytes the user stored and `spare` bytes the controller added. Spare bytes are numbered in the order in
which they stand in the page, wherever that is. `carving.media.nand.settings` reads layouts from TOML.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from carving.errors import UsageError

Arrangement = Literal["trailing", "interleaved"]
BitOrder = Literal["msb", "lsb"]
Inversion = Literal["nothing", "parity", "message", "both"]
ByteOrder = Literal["little", "big"]
Unit = Literal["block", "page"]
Interleave = Literal["none", "page", "block"]
DecodingStage = Literal["plain", "scrambled"]

_SMALLEST_PAGE: Final = 128
_LARGEST_PAGE: Final = 1 << 20
_STRONGEST: Final = 250
_MOST_PAGES_PER_BLOCK: Final = 1 << 16


@dataclass(frozen=True, slots=True)
class Page:
    """Geometry of a page, in bytes.

    Attributes:
        data: bytes of user data.
        spare: bytes the controller added.
        sector: bytes of user data that one code word protects.
        arrangement: `trailing`, all data first; or `interleaved`, each sector followed by its share of the spare.
        metadata: interleaved only: spare bytes in front of the first sector.
        share: interleaved only: spare bytes behind each sector; what is left stands at the end of the page.
        marker_swap: whether the byte where the factory marks bad blocks (the first behind `data` bytes) was exchanged
            with the page's first byte, as i.MX controllers do.
        pages_per_block: pages that are erased together.
        start: byte of the dump at which the first page begins.
    """

    data: int
    spare: int
    sector: int
    arrangement: Arrangement = "trailing"
    metadata: int = 0
    share: int = 0
    marker_swap: bool = False
    pages_per_block: int = 64
    start: int = 0

    @property
    def size(self) -> int:
        """Bytes of a page in the dump."""
        return self.data + self.spare

    @property
    def sectors(self) -> int:
        return self.data // self.sector


@dataclass(frozen=True, slots=True)
class BchSettings:
    """A binary BCH code: field GF(2^`field`) with its primitive polynomial, errors corrected per code word, the order
    of bits in a byte, and what was inverted before the parity was computed (message) or stored (parity)."""

    field: int
    polynomial: int
    strength: int
    bits: BitOrder = "msb"
    inverted: Inversion = "nothing"


@dataclass(frozen=True, slots=True)
class HammingSettings:
    """The 22-bit (256-byte sectors) or 24-bit (512) Hamming code of SmartMedia, YAFFS and Linux; `swapped` stores the
    parities of low addresses first, as SmartMedia does."""

    swapped: bool = False


@dataclass(frozen=True, slots=True)
class Ecc:
    """An error-correcting code and where it stands.

    Attributes:
        code: settings of the code.
        positions: for each sector, the spare numbers of its parity bytes.
        covered: for each sector, the first spare number and the count of further bytes the code word protects.
        covered_first: whether those stand before the sector in the code word, rather than behind it.
    """

    code: BchSettings | HammingSettings
    positions: tuple[tuple[int, ...], ...]
    covered: tuple[tuple[int, int], ...]
    covered_first: bool = True


@dataclass(frozen=True, slots=True)
class BadBlocks:
    """A block is bad where the byte `byte` behind the data, in one of `pages` (negative ones count from the end), has
    more than one bit that is 0."""

    byte: int
    pages: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class LinearOrder:
    """Blocks in the order of the dump; bad ones are left out of it where the layout tells them."""


@dataclass(frozen=True, slots=True)
class NumberedOrder:
    """A logical number stands in the spare bytes; of units with the same number the newest counts.

    Attributes:
        unit: whether blocks or pages are numbered.
        offset: spare number of the field's first byte.
        width: bytes of the field, 1 to 8.
        mask: bits that count; the number is shifted down to the lowest of them.
        byte_order: of the field.
        sequence: (spare number, width) of a field that grows with each writing; without one the last in the dump wins.
    """

    unit: Unit
    offset: int
    width: int
    mask: int
    byte_order: ByteOrder = "little"
    sequence: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class YaffsOrder:
    """YAFFS2 packed tags begin at spare number `offset`: the pages are put together to files."""

    offset: int
    byte_order: ByteOrder = "little"


@dataclass(frozen=True, slots=True)
class Dies:
    """Dies that stand one after the other in the dump, in their logical `order`, and what alternates between them."""

    order: tuple[int, ...] = (0,)
    interleave: Interleave = "none"


@dataclass(frozen=True, slots=True)
class Scrambler:
    """A static XOR key, a whole number of pages that repeat from the start of each die.

    It covers whole pages (data and spare) or data alone, by its length. `ecc_over` says whether the code was computed
    over the `plain` bytes or over the `scrambled` ones.
    """

    key: str
    ecc_over: DecodingStage = "plain"


@dataclass(frozen=True, slots=True)
class NandLayout:
    """All that is known of a dump. `name` is the preset's or the file's."""

    name: str
    page: Page
    ecc: Ecc | None = None
    bad_blocks: BadBlocks | None = None
    order: LinearOrder | NumberedOrder | YaffsOrder = LinearOrder()
    dies: Dies = Dies()
    scrambler: Scrambler | None = None

    def __post_init__(self) -> None:
        """Check that the numbers fit each other.

        Raises:
            UsageError: they do not; the message names the setting.
        """
        _check_page(self)
        if self.ecc is not None:
            _check_ecc(self, self.ecc)
        if self.bad_blocks is not None:
            _check_bad_blocks(self, self.bad_blocks)
        _check_order(self)
        _require(self, sorted(self.dies.order) == list(range(len(self.dies.order))), "dies.order must name every die")


def _check_page(layout: NandLayout) -> None:
    page = layout.page
    _require(layout, _SMALLEST_PAGE <= page.data <= _LARGEST_PAGE, "page.data must be 128 bytes to 1 MiB")
    _require(layout, 0 <= page.spare <= _LARGEST_PAGE, "page.spare must not be negative, and at most 1 MiB")
    _require(layout, page.sector > 0 and page.data % page.sector == 0, "page.sector must divide page.data")
    _require(layout, 0 < page.pages_per_block <= _MOST_PAGES_PER_BLOCK, "page.pages_per_block must be 1 to 65536")
    _require(layout, page.start >= 0, "page.start must not be negative")
    _require(layout, page.metadata >= 0 and page.share >= 0, "page.metadata and page.share must not be negative")
    used = page.metadata + page.share * page.sectors
    _require(layout, used <= page.spare, "page.metadata and page.share need more bytes than page.spare has")
    placed = page.metadata or page.share
    _require(layout, page.arrangement == "interleaved" or not placed, "page.metadata and page.share mean nothing here")
    swappable = page.arrangement == "interleaved" and page.metadata > 0
    _require(layout, swappable or not page.marker_swap, "page.marker_swap needs page.metadata")


def _check_ecc(layout: NandLayout, ecc: Ecc) -> None:
    page = layout.page
    _require(layout, len(ecc.positions) == page.sectors, "ecc.positions must name parity bytes for every sector")
    _require(layout, len(ecc.covered) == page.sectors, "ecc.covered must name a stretch for every sector")
    for positions, (first, count) in zip(ecc.positions, ecc.covered, strict=True):
        inside = all(0 <= position < page.spare for position in positions) and len(set(positions)) == len(positions)
        _require(layout, inside and len(positions) > 0, "the parity bytes must be different spare bytes")
        covered = first >= 0 and count >= 0 and first + count <= page.spare
        apart = not set(positions) & set(range(first, first + count))
        _require(layout, covered and apart, "ecc.covered must be spare bytes that hold no parity of their own")
    if isinstance(ecc.code, BchSettings):
        _require(layout, ecc.code.strength <= _STRONGEST, "ecc.strength must be at most 250")
    if isinstance(ecc.code, HammingSettings):
        _require(layout, page.sector in {256, 512}, "the Hamming code needs sectors of 256 or 512 bytes")
        _require(layout, all(len(positions) == 3 for positions in ecc.positions), "the Hamming code has 3 bytes")
        _require(layout, all(count == 0 for _, count in ecc.covered), "the Hamming code covers no spare bytes")


def _check_bad_blocks(layout: NandLayout, bad: BadBlocks) -> None:
    count = layout.page.pages_per_block
    _require(layout, 0 <= bad.byte < layout.page.spare, "bad_blocks.byte must lie within the spare bytes")
    _require(layout, len(bad.pages) > 0, "bad_blocks.pages must name a page")
    _require(layout, all(-count <= page < count for page in bad.pages), "bad_blocks.pages must lie within a block")


def _check_order(layout: NandLayout) -> None:
    order, spare = layout.order, layout.page.spare
    if isinstance(order, NumberedOrder):
        _require(layout, 1 <= order.width <= 8, "order.width must be 1 to 8 bytes")
        _require(layout, 0 <= order.offset <= spare - order.width, "order.offset must lie within the spare bytes")
        _require(layout, 0 < order.mask < 1 << (8 * order.width), "order.mask must fit order.width")
        if order.sequence is not None:
            first, width = order.sequence
            _require(layout, 1 <= width <= 8 and 0 <= first <= spare - width, "order.sequence must lie in the spare")
    elif isinstance(order, YaffsOrder):
        _require(layout, 0 <= order.offset <= spare - 16, "order.offset leaves no room for 16 bytes of tags")


def _require(layout: NandLayout, holds: bool, demand: str) -> None:
    if not holds:
        raise UsageError(f"the NAND layout {layout.name}: {demand}")
