"""From JSON values back to the records of the report model: for `--resume` and for `verify`."""

from __future__ import annotations

import enum
import math
import types
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any, Literal, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from carving.source import HOLE_OFFSET, Run

RecordT = TypeVar("RecordT")


def from_json(kind: type[RecordT], value: object) -> RecordT:
    """The inverse of `plugin.common.report_model.to_json` for a dataclass of the model.

    Raises:
        ValueError: `value` is not what `to_json` writes for a `kind`; the message names the field.
    """
    return cast(RecordT, _read(kind, value, kind.__name__))


def fields_from_json(kind: type, values: Mapping[str, object]) -> dict[str, Any]:
    """Some fields of a dataclass, by name: what `to_json` wrote for them, as the dataclass holds them.

    Raises:
        ValueError: one is not a field, or not what `to_json` writes for it.
    """
    hints = get_type_hints(kind)
    unknown = values.keys() - hints.keys()
    _expect(not unknown, sorted(unknown), kind.__name__)
    return {name: _read(hints[name], value, f"{kind.__name__}.{name}") for name, value in values.items()}


def _read(kind: Any, value: Any, where: str) -> object:
    origin = get_origin(kind)
    if origin in (Union, types.UnionType):
        return _read_optional(kind, value, where)
    if origin is Literal:
        return _expect(value in get_args(kind), value, where)
    if origin is tuple:
        _expect(isinstance(value, list), value, where)
        return tuple(_read(get_args(kind)[0], item, f"{where}[{index}]") for index, item in enumerate(value))
    if origin is Mapping:
        _expect(isinstance(value, dict), value, where)
        return {name: _read(get_args(kind)[1], item, f"{where}.{name}") for name, item in value.items()}
    if is_dataclass(kind):
        return _read_record(kind, value, where)
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        return kind(_expect(value in set(kind), value, where))
    if kind is float:
        number = math.inf if value is None else value  # JSON has no infinity: see `to_json`
        return float(_expect(isinstance(number, int | float), number, where))
    return _expect(type(value) is kind, value, where)


def _read_optional(kind: Any, value: Any, where: str) -> object:
    if value is None and type(None) in get_args(kind):
        return None
    (present,) = (option for option in get_args(kind) if option is not type(None))
    return _read(present, value, where)


def _read_record(kind: Any, value: Any, where: str) -> object:
    _expect(isinstance(value, dict) and set(value) == {item.name for item in fields(kind)}, value, where)
    if kind is Run and value["offset"] is None:  # a hole: see `to_json`
        value = {**value, "offset": HOLE_OFFSET}
    hints = get_type_hints(kind)
    return kind(**{name: _read(hints[name], item, f"{where}.{name}") for name, item in value.items()})


def _expect(holds: bool, value: Any, where: str) -> Any:
    if not holds:
        raise ValueError(f"{where} cannot be {str(value)[:80]!r}")
    return value
