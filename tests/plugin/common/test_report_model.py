"""The report and its schema say the same."""

from __future__ import annotations

import json
from typing import Any

import pytest
from jsonschema_rs import meta

from carving.errors import CarveRestoreError
from carving.transfers.transfer import Transfer, TransferKind
from plugin.common import report_model as model
from plugin.common.record_reading import from_json
from plugin.common.restore_record import McuCounts
from plugin.report.validation import encode, load_schema, validate
from restore.provenance import Status
from tests.plugin.report.made import entry, report


def test_schema_is_one() -> None:
    meta.validate(load_schema())


def test_report_fits_and_an_infinite_margin_is_null() -> None:
    text = encode(model.to_json(report(entry())))
    validate(text)
    assert json.loads(text)["files"][0]["bit_flips"] == [
        {"evidence_offset": 4500, "bit": 3, "gain": 21.5, "margin": None, "probability": 0.99995}
    ]


def test_report_with_nothing_in_it_fits() -> None:
    validate(encode(model.to_json(report())))
    bare = entry(status=None, thumbnail=None, repaired=None, provenance=None, mcus=McuCounts(), bit_flips=(), notes=())
    validate(encode(model.to_json(report(bare))))


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("unheard_of",), 1),
        (("files", 0, "unheard_of"), 1),
        (("files", 0, "status"), "fine"),
        (("files", 0, "layer"), "cipher"),
        (("files", 0, "offset"), -1),
        (("files", 0, "carved"), None),
        (("files", 0, "carved", "sha256"), "abc"),
        (("files", 0, "carved", "path"), "/etc/passwd"),
        (("files", 0, "bit_flips", 0, "bit"), 8),
        (("files", 0, "bit_flips", 0, "probability"), 1.01),
        (("files", 0, "bit_flips", 0, "probability"), None),
        (("files", 0, "exact_probability"), 0.9949),  # too little for what it is called
        (("files", 0, "exact_probability"), None),
        (("files", 0, "mcus", "total"), None),
        (("started",), "yesterday"),
        (("evidence", "paths"), []),
        (("key", "fingerprint"), "8f3ac1d29b7e4405a6d8f01c77b2e953"),
    ],
)
def test_wrong_values_are_refused(path: tuple[str | int, ...], value: object) -> None:
    document: Any = model.to_json(report(entry()))
    target = document
    for step in path[:-1]:
        target = target[step]
    target[path[-1]] = value
    with pytest.raises(CarveRestoreError, match="schema"):
        validate(json.dumps(document).encode())


def test_every_object_is_closed_and_needs_all_its_fields() -> None:
    def objects(schema: object) -> list[dict[str, Any]]:
        if isinstance(schema, list):
            return [found for item in schema for found in objects(item)]
        if not isinstance(schema, dict):
            return []
        own = [schema] if "properties" in schema else []
        parts = (item for name, item in schema.items() if name not in ("if", "then"))  # conditions add no fields
        return own + [found for item in parts for found in objects(item)]

    found = objects(load_schema())
    assert len(found) >= 10
    for schema in found:
        assert schema["additionalProperties"] is False
        assert set(schema["required"]) == set(schema["properties"])


def test_less_than_certain_is_repaired_and_what_was_transferred_needs_no_number() -> None:
    validate(encode(model.to_json(report(entry(status=Status.REPAIRED, exact_probability=0.42)))))
    validate(encode(model.to_json(report(entry(status=Status.REPAIRED, exact_probability=None)))))
    transferred = entry(
        exact_probability=None, transfers=(Transfer(next(iter(TransferKind)), "was changed", lossless=True),)
    )
    validate(encode(model.to_json(report(transferred))))


@pytest.mark.parametrize(
    ("failures", "error", "code"),
    [
        ((), None, 0),
        ((), "died", 1),
        ((model.Failure("scan", "gone", 3),), "died", 3),
        ((model.Failure("scan", "gone", 3), model.Failure("hash", "differs", 6)), None, 6),
    ],
)
def test_exit_code_is_the_gravest(failures: tuple[model.Failure, ...], error: str | None, code: int) -> None:
    assert report(entry(error=error), failures=failures).exit_code == code


def test_report_comes_back_from_its_json() -> None:
    made = report(entry(), entry(offset=9000, status=None, notes=()), failures=(model.Failure("scan", "gone", 3),))
    assert from_json(model.Report, json.loads(encode(model.to_json(made)))) == made


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("files", 0, "status"), "fine"),
        (("files", 0, "offset"), True),
        (("files", 0, "offset"), "4096"),
        (("files", 0, "byte_runs"), {}),
        (("files", 0, "carved"), None),
        (("files", 0, "exif"), []),
        (("files", 0, "bit_flips", 0, "gain"), "much"),
        (("scan",), None),
        (("parameters", "iv_sector"), "le32"),
    ],
)
def test_values_of_another_kind_are_not_read(path: tuple[str | int, ...], value: object) -> None:
    document: Any = model.to_json(report(entry()))
    target = document
    for step in path[:-1]:
        target = target[step]
    target[path[-1]] = value
    with pytest.raises(ValueError, match=r"Report\."):
        from_json(model.Report, document)
