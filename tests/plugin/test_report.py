"""The report and its schema say the same."""

from __future__ import annotations

import dataclasses
import json
import math
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from carving.errors import CarveRestoreError
from carving.source import Run
from plugin.evidence_files import FileState
from plugin.output import OutputFile
from plugin.report import model
from plugin.report.validation import encode, load_schema, validate
from plugin.settings import CaseDetails, Parameters
from plugin.worker import McuCounts
from restore.provenance import BitFlip, Status

SHA256 = "0" * 64
TIME = "2026-11-22T09:24:31.042Z"


def entry(**changes: Any) -> model.FileEntry:
    found = model.FileEntry(
        layer="decrypted",
        offset=4096,
        size=1000,
        byte_runs=(Run(4096, 1000),),
        evidence_runs=(Run(4096, 1000),),
        ending="eoi",
        status=Status.EXACT,
        carved=OutputFile("carved/0000004096.jpg", SHA256, 1000, "as found"),
        thumbnail=model.ThumbnailFile("thumbnails/0000004096.jpg", SHA256, 10, "as stored", "exif", Run(300, 10)),
        repaired=OutputFile("repaired/0000004096.jpg", SHA256, 1000, "repaired"),
        restored=None,
        provenance=OutputFile("provenance/0000004096.png", SHA256, 99, "map"),
        mcus=McuCounts(20, 19, 1, 0, 0, 0),
        bit_flips=(BitFlip(4500, 3, 21.5, math.inf),),
        opaque_bytes=0,
        notes=("a remark",),
        error=None,
        claim=None,
    )
    return dataclasses.replace(found, **changes)


def report(*files: model.FileEntry, failures: tuple[model.Failure, ...] = ()) -> model.Report:
    return model.Report(
        schema_version=model.SCHEMA_VERSION,
        tool=model.Tool("carve-restore", "0.1.0", {"python": "3.11.7"}),
        started=TIME,
        finished=TIME,
        details=CaseDetails(),
        evidence=model.Evidence(
            paths=("x.E01",),
            size=8192,
            sha256=SHA256,
            md5="0" * 32,
            stored_hashes={"md5": "0" * 32},
            stored_hashes_match=True,
            damaged_runs=(),
            acquisition_errors=(Run(0, 512),),
            files=(FileState("x.E01", 4711, TIME, SHA256),),
            unchanged=True,
        ),
        parameters=Parameters(),
        key=model.Key("0123456789abcdef", "ext superblock"),
        scan=model.Scan("decrypted", "E01 > dm-crypt", 8192, 8192),
        nand=None,
        files=files,
        notes=(),
        failures=failures,
        custody=model.CustodyHead("custody.jsonl", 5, SHA256),
    )


def test_schema_is_one() -> None:
    Draft202012Validator.check_schema(load_schema())


def test_report_fits_and_an_infinite_margin_is_null() -> None:
    text = encode(model.to_json(report(entry())))
    validate(text)
    assert json.loads(text)["files"][0]["bit_flips"] == [
        {"evidence_offset": 4500, "bit": 3, "gain": 21.5, "margin": None}
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
        return own + [found for item in schema.values() for found in objects(item)]

    found = objects(load_schema())
    assert len(found) >= 10
    for schema in found:
        assert schema["additionalProperties"] is False
        assert set(schema["required"]) == set(schema["properties"])


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
