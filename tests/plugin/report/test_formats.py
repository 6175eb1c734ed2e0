"""DFXML and CASE: valid where their keepers' own checkers look, and readable for importers."""

from __future__ import annotations

import dataclasses
import json
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from carving.fragments import Origin
from carving.source import HOLE_OFFSET, Run
from plugin.common.allocation_record import StoredClaim
from plugin.common.output import OutputFile
from plugin.common.record_reading import from_json
from plugin.common.report_model import CustodyHead, FileEntry, Report, to_json
from plugin.common.settings import CaseDetails, Parameters
from plugin.report.case import case_document
from plugin.report.dfxml import DFXML, OWN, dfxml_document
from plugin.report.validation import encode, validate
from restore.provenance import Status
from tests.plugin.report.made import GAPS, HOSTILE, SEGMENTS, SHA256, TIME, entry, report

ORIGIN = {"host": "h", "user": "u", "arguments": ["carve-restore", HOSTILE, "\udcff"]}


def full_report(**changes: Any) -> Report:
    """Everything a report can hold: fragments, a restored file, a failed one, hostile names."""
    fragmented = entry(
        offset=8192,
        carved=OutputFile("carved/0000008192.jpg", SHA256, 1000, HOSTILE),
        byte_runs=(Run(8192, 600), Run(9216, 400)),
        evidence_runs=(Run(8192, 600), Run(9216, 400)),
        repaired=None,
        restored=OutputFile("restored/0000008192.png", SHA256, 5000, "the best picture"),
        error=HOSTILE,
    )
    stored = entry(
        offset=16384,
        carved=OutputFile("carved/0000016384.jpg", SHA256, 1000, "as found"),
        byte_runs=(Run(16384, 500), Run(HOLE_OFFSET, 100), Run(32768, 400)),
        evidence_runs=(Run(20480, 500), Run(36864, 400)),
        allocated=None,
        origin=Origin.FILE_SYSTEM,
        path=f"/DCIM/{HOSTILE}.jpg",
        deleted=True,
        stored=StoredClaim(12, 1000, "inode 12", None, TIME, None, TIME, ("/other.jpg",), 0),
    )
    made = report(entry(), fragmented, stored)
    return dataclasses.replace(made, **({"details": CaseDetails(HOSTILE, "17/26", "A1")} | changes))


def torn_report() -> Report:
    """A file of which stretches are no part of the picture."""
    return report(entry(repaired=None, status=Status.PARTIAL, segments=SEGMENTS, gaps=GAPS))


def test_dfxml_fits_the_schema(shared_data: Path) -> None:
    from lxml import etree

    schema = etree.XMLSchema(etree.parse(shared_data / "schemas" / "dfxml.xsd"))
    for made in (full_report(), torn_report(), report()):
        document = etree.fromstring(dfxml_document(made, ORIGIN))
        assert schema.validate(document), schema.error_log


def test_dfxml_says_what_importers_read() -> None:
    root = ET.fromstring(dfxml_document(full_report(), ORIGIN))
    names = [element.text for element in root.iter(f"{{{DFXML}}}filename")]
    hostile = HOSTILE.replace("\x07", "�")
    assert names == [
        "carved/0000004096.jpg",
        "carved/0000008192.jpg",
        "carved/0000016384.jpg",
        f"/DCIM/{hostile}.jpg",
    ]
    (kept,) = (item for item in root.iter(f"{{{DFXML}}}fileobject") if len(item.findall(f"{{{DFXML}}}filename")) > 1)
    assert kept.findtext(f"{{{DFXML}}}alloc") == "0"
    assert kept.findtext(f"{{{DFXML}}}inode") == "12"
    assert [dict(run.attrib) for run in kept.iter(f"{{{DFXML}}}byte_run")] == [
        {"file_offset": "0", "img_offset": "20480", "len": "500"},
        {"file_offset": "500", "fill": "0", "len": "100"},
        {"file_offset": "600", "img_offset": "36864", "len": "400"},
    ]
    sizes = [element.text for element in root.iter(f"{{{DFXML}}}filesize")]
    assert sizes == ["1000"] * 3
    runs = [
        (run.get("file_offset"), run.get("img_offset"), run.get("len")) for run in root.iter(f"{{{DFXML}}}byte_run")
    ]
    assert runs[:3] == [("0", "4096", "1000"), ("0", "8192", "600"), ("600", "9216", "400")]
    flips = [dict(flip.attrib) for flip in root.iter(f"{{{OWN}}}bit_flip")]
    assert flips[0] == {"img_offset": "4500", "bit": "3", "probability": "0.99995"}
    assert root.findtext(f".//{{{OWN}}}exact_probability") == "0.9961"
    command = root.find(f".//{{{DFXML}}}command_line")
    assert command is not None
    assert command.text == f"carve-restore {HOSTILE} �".replace("\x07", "�")


def test_case_conforms(tmp_path: Path) -> None:
    """With the checker of the CASE community, on a full report and on one that found nothing."""
    makings = {
        "full": full_report(),
        "bare": dataclasses.replace(report(), custody=CustodyHead("log", 5, "1" * 64)),
        "carved": full_report(parameters=Parameters(carve_only=True), custody=CustodyHead("log", 5, "2" * 64)),
    }
    for name, made in makings.items():
        (tmp_path / f"{name}.jsonld").write_bytes(case_document(made))
    checker = Path(sys.executable).with_name("case_validate")
    done = subprocess.run([checker, *tmp_path.iterdir()], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_case_has_one_action_per_step_and_the_same_graph_for_the_same_report() -> None:
    made = full_report()
    graph = json.loads(case_document(made))["@graph"]
    actions = [node for node in graph if node["@type"] == "case-investigation:InvestigativeAction"]
    records = {node["@id"] for node in graph if node["@type"] == "case-investigation:ProvenanceRecord"}
    assert len(actions) == len(records) == 4  # hashed, decrypted, carved, restored
    for before, after in pairwise(actions):
        given = {item["@id"] for item in before["uco-action:result"]} - records
        assert {item["@id"] for item in after["uco-action:object"]} <= given
    assert case_document(made) == case_document(full_report())


@pytest.mark.parametrize("number", [0, 1])
def test_identifiers_are_unique(number: int) -> None:
    graph = json.loads(case_document([full_report(), report(entry())][number]))["@graph"]

    def named(node: object) -> list[str]:
        if isinstance(node, list):
            return [name for item in node for name in named(item)]
        if not isinstance(node, dict):
            return []
        own = [node["@id"]] if "@type" in node and "@id" in node else []
        return own + [name for item in node.values() for name in named(item)]

    names = named(graph)
    assert len(names) == len(set(names)) > 10


def test_dfxml_tells_segments_and_gaps() -> None:
    root = ET.fromstring(dfxml_document(torn_report(), ORIGIN))
    (torn,) = root.iter(f"{{{DFXML}}}fileobject")
    placed, unplaced = torn.iter(f"{{{OWN}}}segment")
    assert (placed.attrib["first_mcu"], "first_mcu" in unplaced.attrib) == ("0", False)
    (run,) = unplaced.iter(f"{{{OWN}}}evidence_run")
    assert run.attrib == {"img_offset": "4696", "len": "300"}
    assert [(gap.attrib["kind"], gap.attrib["file_offset"]) for gap in torn.iter(f"{{{OWN}}}gap")] == [
        ("zeros", "400"),
        ("missing", "900"),
    ]


def test_segments_and_gaps_fit_the_schema_and_are_read_back() -> None:
    text = encode(to_json(torn_report()))
    validate(text)
    torn = json.loads(text)["files"][-1]
    assert [segment["placed"] for segment in torn["segments"]] == [True, False]
    assert [gap["kind"] for gap in torn["gaps"]] == ["zeros", "missing"]
    assert from_json(FileEntry, torn).segments == SEGMENTS
    assert from_json(FileEntry, torn).gaps == GAPS
