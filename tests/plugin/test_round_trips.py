"""What is written comes back as it was, whatever it says: reports, fragments, custody logs, signatures, redaction."""

from __future__ import annotations

import dataclasses
import json
import math
import tempfile
from pathlib import Path
from xml.etree import ElementTree as ET

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from carving.fragments import Claim, Fragment
from carving.jpeg.results import Ending, Thumbnail, ThumbnailOrigin
from carving.source import Run
from plugin.common import report_model as model
from plugin.common.record_reading import from_json
from plugin.common.redaction import REDACTED, redact_arguments, redact_text
from plugin.common.restore_record import McuCounts
from plugin.common.settings import CaseDetails
from plugin.custody.chain import read_records
from plugin.custody.custody_log import CustodyLog
from plugin.custody.sshsig import armour, unarmour
from plugin.examination.entries import store_fragment
from plugin.examination.fragment_record import fragment_from_json, fragment_to_json
from plugin.report.case import case_document
from plugin.report.dfxml import DFXML, dfxml_document
from plugin.report.pages import report_page
from plugin.report.validation import encode, validate
from restore.provenance import EXACT_FROM, BitFlip, Status
from tests.plugin.report.made import entry, report

QUICK = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
TEXT = st.text(max_size=40)
NUMBERS = st.integers(0, 1 << 62)
RUNS = st.lists(st.builds(Run, NUMBERS, NUMBERS), max_size=3).map(tuple)
FLIPS = st.builds(
    BitFlip,
    NUMBERS,
    st.integers(0, 7),
    st.floats(-1e9, 1e9),
    st.floats(0, 1e9) | st.just(math.inf),
    st.floats(0, 1),
)
ENTRIES = st.builds(
    entry,
    offset=NUMBERS,
    size=NUMBERS,
    byte_runs=RUNS,
    evidence_runs=RUNS,
    exif=st.dictionaries(TEXT, TEXT, max_size=3),
    status=st.sampled_from(Status) | st.none(),
    mcus=st.builds(McuCounts, *[NUMBERS] * 6),
    bit_flips=st.lists(FLIPS, max_size=3).map(tuple),
    notes=st.lists(TEXT, max_size=2).map(tuple),
    error=TEXT | st.none(),
    claim=st.builds(Claim, TEXT, TEXT | st.none()) | st.none(),
    exact_probability=st.floats(EXACT_FROM, 1),
    previews=st.just(entry().previews.__class__()),
    thumbnail=st.none(),
)
REPORTS = st.builds(
    lambda entries, texts: dataclasses.replace(
        report(*entries), details=CaseDetails(*texts[:3]), notes=tuple(texts[3:])
    ),
    st.lists(ENTRIES, max_size=3),
    st.lists(TEXT, min_size=4, max_size=4),
)


@QUICK
@given(REPORTS)
def test_reports(made: model.Report) -> None:
    text = encode(model.to_json(made))
    validate(text)
    assert from_json(model.Report, json.loads(text)) == made


@QUICK
@given(REPORTS)
def test_every_format_takes_every_text(made: model.Report) -> None:
    files = len(list(ET.fromstring(dfxml_document(made, {})).iter(f"{{{DFXML}}}fileobject")))
    assert files == len(made.files)
    assert len(json.loads(case_document(made))["@graph"]) > 3
    page = report_page(made, Path()).decode()
    assert page.count("<script") == page.count("</script>") == 2
    begin = page.index('id="data">') + len('id="data">')
    shown = json.loads(page[begin : page.index("</script>", begin)])
    assert [file["offset"] for file in shown["files"]] == [file.offset for file in made.files]


@QUICK
@given(st.lists(st.tuples(TEXT, st.dictionaries(TEXT, TEXT | st.integers() | st.none(), max_size=3)), max_size=6))
def test_custody_logs(events: list[tuple[str, dict[str, object]]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "log"
        with CustodyLog(path) as custody:
            custody.record_together(events)
            head = custody.head
        records = list(read_records(path))
    assert [(record.event, record.details) for record in records] == events
    assert not records or records[-1].head == head


@QUICK
@given(
    st.binary(max_size=100),
    st.sampled_from(("decrypted", "plain")),
    NUMBERS,
    RUNS,
    st.sampled_from(Ending),
    st.builds(Claim, TEXT, TEXT | st.none()) | st.none(),
    st.sampled_from((None, b"\xff\xd8 a thumbnail", b"P6\n2 1\n255\nabcdef")),
)
def test_fragments(
    data: bytes,
    layer: str,
    offset: int,
    runs: tuple[Run, ...],
    ending: Ending,
    claim: Claim | None,
    small: bytes | None,
) -> None:
    thumbnail = None if small is None else Thumbnail(small, ThumbnailOrigin.JFIF, Run(3, 5))
    fragment = Fragment(layer, offset, data, runs, runs, ending, thumbnail, claim=claim)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with CustodyLog(folder / "log") as custody:
            stored = store_fragment(fragment, "stem", folder, custody, None, {})
        kept = json.loads(json.dumps(fragment_to_json(fragment)))
        assert fragment_from_json(kept, stored, folder) == fragment
        assert {path.parent for path in folder.rglob("*.*")} <= {folder / "carved", folder / "thumbnails"}


@QUICK
@given(st.binary(min_size=32, max_size=32), st.binary(min_size=64, max_size=64))
def test_signatures(public: bytes, signature: bytes) -> None:
    assert unarmour(armour(public, signature)) == (public, signature)


@QUICK
@given(st.binary(min_size=16, max_size=32), TEXT, st.sampled_from(("{}", "--key={}", "x{}y")), st.booleans())
def test_no_key_is_left_in_a_text(key: bytes, text: str, form: str, upper: bool) -> None:
    spelled = key.hex().upper() if upper else key.hex()
    assert key.hex() not in redact_text(text + form.format(spelled) + text, key).lower()
    for arguments in (["--key", spelled], [f"--key={spelled}"], ["a.dd", "--key", spelled, "-o", "x"]):
        redacted = " ".join(redact_arguments(arguments))
        assert spelled not in redacted
        assert REDACTED in redacted
