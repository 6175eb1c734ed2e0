"""NAND layouts from TOML: a preset of the package by its name, or a file of the examiner's own."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Any, Final, get_args

from carving.errors import UsageError
from carving.media.files import reason
from carving.media.nand.layout import (
    Arrangement,
    BadBlocks,
    BchSettings,
    BitOrder,
    ByteOrder,
    DecodingStage,
    Dies,
    Ecc,
    HammingSettings,
    Interleave,
    Inversion,
    LinearOrder,
    NandLayout,
    NumberedOrder,
    Page,
    Scrambler,
    Unit,
    YaffsOrder,
)

_SECTIONS: Final = frozenset({"description", "page", "ecc", "bad_blocks", "order", "dies", "scrambler"})


def load_layout(name: str) -> NandLayout:
    """The layout that `name` stands for: a preset, or the path of a TOML file.

    Raises:
        UsageError: neither, not TOML, or settings that make no layout; the message names the setting.
    """
    known = presets()
    if name in known:
        return layout_of(name, known[name])
    path = Path(name)
    if path.suffix.lower() != ".toml":
        raise UsageError(f"there is no NAND preset {name}; there are {', '.join(known)}, or name a .toml file")
    try:
        return layout_of(name, tomllib.loads(path.read_text("utf-8")))
    except OSError as error:
        raise UsageError(f"the NAND layout {name} cannot be read: {reason(error)}") from error
    except ValueError as error:  # neither UTF-8 nor TOML
        raise UsageError(f"the NAND layout {name} is not TOML: {error}") from error


def presets() -> dict[str, Mapping[str, Any]]:
    """The presets that ship with the package, as they stand in `presets.toml`."""
    text = resources.files("carving.media.nand").joinpath("presets.toml").read_text("utf-8")
    return tomllib.loads(text)


def layout_of(name: str, document: Mapping[str, Any]) -> NandLayout:
    """A layout from the sections of a TOML document.

    Raises:
        UsageError: a setting is missing, unknown, of the wrong kind, or contradicts another.
    """
    if unknown := sorted(document.keys() - _SECTIONS):
        raise UsageError(f"the NAND layout {name} has unknown settings: {', '.join(unknown)}")
    page = _page(_Section(name, document, "page"))
    return NandLayout(
        name=name,
        page=page,
        ecc=_ecc(_Section(name, document, "ecc"), page) if "ecc" in document else None,
        bad_blocks=_bad_blocks(_Section(name, document, "bad_blocks")) if "bad_blocks" in document else None,
        order=_order(_Section(name, document, "order")) if "order" in document else LinearOrder(),
        dies=_dies(_Section(name, document, "dies")) if "dies" in document else Dies(),
        scrambler=_scrambler(_Section(name, document, "scrambler")) if "scrambler" in document else None,
    )


class _Section:
    """One table of the document; what is asked of it is checked, and what is never asked is unknown."""

    def __init__(self, layout: str, document: Mapping[str, Any], section: str) -> None:
        table = document.get(section, {})
        if not isinstance(table, Mapping):
            raise UsageError(f"the NAND layout {layout}: [{section}] must be a table")
        self._where = f"the NAND layout {layout}: {section}"
        self._left = dict(table)

    def integer(self, key: str, default: int | None = None) -> int:
        value = self._left.pop(key, default)
        if not isinstance(value, int) or isinstance(value, bool):
            raise UsageError(f"{self._where}.{key} must be a whole number")
        return value

    def boolean(self, key: str) -> bool:
        value = self._left.pop(key, False)
        if not isinstance(value, bool):
            raise UsageError(f"{self._where}.{key} must be true or false")
        return value

    def choice(self, key: str, kind: Any, default: str | None = None) -> Any:
        value = self._left.pop(key, default)
        if value not in get_args(kind):
            raise UsageError(f"{self._where}.{key} must be one of {', '.join(get_args(kind))}")
        return value

    def text(self, key: str) -> str:
        value = self._left.pop(key, None)
        if not isinstance(value, str) or not value:
            raise UsageError(f"{self._where}.{key} must be a text")
        return value

    def integers(self, key: str, default: tuple[int, ...] | None = None) -> tuple[int, ...]:
        value = self._left.pop(key, default)
        if not isinstance(value, list | tuple) or not all(type(item) is int for item in value):
            raise UsageError(f"{self._where}.{key} must be a list of whole numbers")
        return tuple(value)

    def lists(self, key: str) -> tuple[tuple[int, ...], ...] | None:
        value = self._left.pop(key, None)
        if value is None:
            return None
        whole = isinstance(value, list) and all(
            isinstance(row, list) and all(type(item) is int for item in row) for row in value
        )
        if not whole:
            raise UsageError(f"{self._where}.{key} must be a list of lists of whole numbers")
        return tuple(tuple(row) for row in value)

    def finish(self) -> None:
        if self._left:
            raise UsageError(f"{self._where} has unknown settings: {', '.join(sorted(self._left))}")


def _page(section: _Section) -> Page:
    data, spare = section.integer("data"), section.integer("spare")
    page = Page(
        data=data,
        spare=spare,
        sector=section.integer("sector", data),
        arrangement=section.choice("arrangement", Arrangement, "trailing"),
        metadata=section.integer("metadata", 0),
        share=section.integer("share", 0),
        marker_swap=section.boolean("marker_swap"),
        pages_per_block=section.integer("pages_per_block", 64),
        start=section.integer("start", 0),
    )
    section.finish()
    if page.sector <= 0 or page.data <= 0:
        raise UsageError("the NAND layout's page.data and page.sector must be positive")
    return page


def _ecc(section: _Section, page: Page) -> Ecc:
    code = section.text("code")
    settings: BchSettings | HammingSettings
    if code == "bch":
        from carving.media.nand.bch import parity_bytes

        settings = BchSettings(
            field=section.integer("field"),
            polynomial=section.integer("polynomial"),
            strength=section.integer("strength"),
            bits=section.choice("bits", BitOrder, "msb"),
            inverted=section.choice("inverted", Inversion, "nothing"),
        )
        width = parity_bytes(settings)
    elif code == "hamming":
        settings, width = HammingSettings(section.boolean("swapped")), 3
    else:
        raise UsageError(f"the NAND layout's ecc.code must be bch or hamming, not {code}")
    positions = section.lists("positions")
    if positions is None:
        stride = section.integer("stride", page.share if page.arrangement == "interleaved" else width)
        first = section.integer("offset") + page.metadata
        positions = tuple(
            tuple(range(first + sector * stride, first + sector * stride + width)) for sector in range(page.sectors)
        )
    elif any(len(row) != width for row in positions):
        raise UsageError(f"the NAND layout's ecc.positions must name {width} bytes for each sector")
    covered = section.lists("covered") or ()
    if any(len(row) != 2 for row in covered):
        raise UsageError("the NAND layout's ecc.covered must give offset and length for each sector")
    stretches = tuple((row[0], row[1]) for row in covered) + ((0, 0),) * (page.sectors - len(covered))
    ecc = Ecc(settings, positions, stretches, covered_first=not section.boolean("covered_behind"))
    section.finish()
    return ecc


def _bad_blocks(section: _Section) -> BadBlocks:
    bad = BadBlocks(section.integer("byte", 0), section.integers("pages", (0, 1)))
    section.finish()
    return bad


def _order(section: _Section) -> LinearOrder | NumberedOrder | YaffsOrder:
    kind = section.text("kind")
    order: LinearOrder | NumberedOrder | YaffsOrder
    if kind == "linear":
        order = LinearOrder()
    elif kind == "yaffs2":
        order = YaffsOrder(section.integer("offset"), section.choice("byte_order", ByteOrder, "little"))
    elif kind == "numbered":
        width = section.integer("width")
        sequence = section.integers("sequence", ())
        if len(sequence) not in {0, 2}:
            raise UsageError("the NAND layout's order.sequence must give offset and width")
        order = NumberedOrder(
            unit=section.choice("unit", Unit, "block"),
            offset=section.integer("offset"),
            width=width,
            mask=section.integer("mask", (1 << (8 * min(max(width, 0), 8))) - 1),
            byte_order=section.choice("byte_order", ByteOrder, "little"),
            sequence=(sequence[0], sequence[1]) if sequence else None,
        )
    else:
        raise UsageError(f"the NAND layout's order.kind must be linear, numbered or yaffs2, not {kind}")
    section.finish()
    return order


def _dies(section: _Section) -> Dies:
    dies = Dies(section.integers("order", (0,)), section.choice("interleave", Interleave, "none"))
    section.finish()
    return dies


def _scrambler(section: _Section) -> Scrambler:
    scrambler = Scrambler(section.text("key"), section.choice("ecc_over", DecodingStage, "plain"))
    section.finish()
    return scrambler
