"""The report's JSON text, and its check against the JSON Schema (draft 2020-12) that ships beside it."""

from __future__ import annotations

import json
from importlib import resources
from typing import Any, Final

from carving.errors import CarveRestoreError

REPORT_NAME: Final = "report.json"


def load_schema() -> dict[str, Any]:
    """The JSON Schema of `report.json`."""
    schema: dict[str, Any] = json.loads(resources.files("plugin.report").joinpath("schema.json").read_text("utf-8"))
    return schema


def encode(document: dict[str, object]) -> bytes:
    """A report as it stands in the file: UTF-8, two spaces of indent, keys in the order of the model.

    A byte of the command line that is no UTF-8 becomes the JSON escape of the lone surrogate Python keeps it as.
    """
    text = json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    return text.encode("utf-8", "backslashreplace")


def validate(text: bytes) -> None:
    """Check a report as written.

    Raises:
        CarveRestoreError: it is not what its schema promises; the message names the first such place.
    """
    from jsonschema_rs import Draft202012Validator

    for error in Draft202012Validator(load_schema()).iter_errors(json.loads(text)):
        place = "".join(f".{step}" if isinstance(step, str) else f"[{step}]" for step in error.instance_path)
        raise CarveRestoreError(f"report.json does not fit its schema at ${place}: {error.message}")
