"""A proposed layout as the TOML that `--nand` reads."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from carving.media.nand.layout import BchSettings
from carving.media.nand.survey.codes import CodeGuess
from carving.media.nand.survey.geometry import PageGeometry

_PER_BLOCK: Final = {512: 32, 1024: 64, 2048: 64, 4096: 64, 8192: 128, 16384: 256}
"""Usual pages per block by bytes of data."""


def document_of(geometry: PageGeometry, code: CodeGuess | None) -> dict[str, Any]:
    """The tables of a layout file for a geometry and a code."""
    page: dict[str, Any] = {"data": geometry.data, "spare": geometry.spare}
    document: dict[str, Any] = {"page": page}
    if code is not None:
        page["sector"] = code.sector
        if code.arrangement == "interleaved":
            page |= {"arrangement": "interleaved", "metadata": code.metadata, "share": code.share}
        document["ecc"] = _ecc(code)
    page["pages_per_block"] = _PER_BLOCK[geometry.data]
    return document


def _ecc(code: CodeGuess) -> dict[str, Any]:
    if not isinstance(code.settings, BchSettings):
        table: dict[str, Any] = {"code": "hamming"}
        if code.settings.swapped:
            table["swapped"] = True
        positions = code.positions or ()
        return table | {"positions": [list(row) for row in positions]}
    table = {
        "code": "bch",
        "field": code.settings.field,
        "polynomial": code.settings.polynomial,
        "strength": code.settings.strength,
        "offset": code.offset,
    }
    if code.arrangement == "trailing":
        table["stride"] = code.stride
    if code.settings.bits != "msb":
        table["bits"] = code.settings.bits
    if code.settings.inverted != "nothing":
        table["inverted"] = code.settings.inverted
    if code.covered:
        table["covered"] = [[0, code.metadata]]
    return table


def render(document: Mapping[str, Mapping[str, Any]]) -> str:
    """TOML text of a layout: one inline table a line."""
    return "".join(f"{name} = {_value(table)}\n" for name, table in document.items())


def _value(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{key} = {_keyed(key, item)}" for key, item in value.items()) + " }"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_value, value)) + "]"
    if isinstance(value, bool):
        return str(value).lower()
    return f'"{value}"' if isinstance(value, str) else str(value)


def _keyed(key: str, value: Any) -> str:
    return f"{value:#x}" if key in {"polynomial", "mask"} else _value(value)
