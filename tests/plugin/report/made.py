"""Report records for tests, with text in them that an attacker would choose."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

from carving.file_systems.structure_flip import StructureFlip
from carving.source import Run
from plugin.common import report_model as model
from plugin.common.allocation_record import AllocatedClaim
from plugin.common.explanation_record import GapRecord, SegmentRecord
from plugin.common.file_state import FileState
from plugin.common.output import OutputFile
from plugin.common.restore_record import McuCounts, Previews
from plugin.common.settings import CaseDetails, Parameters
from restore.explanation import GapKind
from restore.provenance import BitFlip, Status

SHA256 = "0" * 64
TIME = "2026-11-22T09:24:31.042Z"
HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(2)>\x07\"'&"
"""Text that must reach every report as text."""


def entry(**changes: Any) -> model.FileEntry:
    found = model.FileEntry(
        layer="decrypted",
        offset=4096,
        size=1000,
        byte_runs=(Run(4096, 1000),),
        evidence_runs=(Run(4096, 1000),),
        ending="eoi",
        exif={"make": "ACME <script>"},
        status=Status.EXACT,
        carved=OutputFile("carved/0000004096.jpg", SHA256, 1000, "as found"),
        thumbnail=model.ThumbnailFile("thumbnails/0000004096.jpg", SHA256, 10, "as stored", "exif", Run(300, 10)),
        repaired=OutputFile("repaired/0000004096.jpg", SHA256, 1000, "repaired"),
        restored=None,
        provenance=OutputFile("provenance/0000004096.png", SHA256, 99, "map"),
        previews=Previews(found=OutputFile("previews/0000004096.jpg", SHA256, 9, "small")),
        mcus=McuCounts(20, 19, 1, 0, 0, 0),
        bit_flips=(BitFlip(4500, 3, 21.5, math.inf, 0.99995),),
        opaque_bytes=0,
        notes=("a remark",),
        error=None,
        claim=None,
        allocated=AllocatedClaim(f"/DCIM/{HOSTILE}.jpg", 12, 1000, 0, TIME, None, TIME, None),
        exact_probability=0.9961,
    )
    return dataclasses.replace(found, **changes)


SEGMENTS = (
    SegmentRecord(Run(300, 100), 2400, 3197, (Run(4396, 100),), 8, 0, True, (0, 0, 0), 1.0, ("start of the scan",)),
    SegmentRecord(
        Run(600, 300),
        4803,
        7200,
        (Run(4696, 300),),
        9,
        None,
        False,
        (),
        0.62,
        (HOSTILE,),
        OutputFile("segments/0000004096-2.png", SHA256, 77, "the blocks of a segment"),
        OutputFile("previews/0000004096-2-segment.jpg", SHA256, 7, "small"),
    ),
)
GAPS = (
    GapRecord(Run(400, 200), (Run(4496, 200),), GapKind.ZEROS, None),
    GapRecord(Run(900, 0), (), GapKind.MISSING, 3),
)
"""Of which segments and gaps a file of `entry` may consist."""


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
        key=model.Key("0123456789abcdef", "ext superblock", "aes-cbc-essiv:sha256", 512),
        scan=model.ScannedView("decrypted", "E01 > dm-crypt", 8192, 8192),
        plain_scan=model.ScannedView("plain", "E01", 8192, 8192),
        nand=None,
        files=files,
        structure_flips=(StructureFlip(1324, 1, HOSTILE, 0.9999),),
        notes=(),
        failures=failures,
        custody=model.CustodyHead("custody.jsonl", 5, SHA256),
    )
