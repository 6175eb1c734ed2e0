"""Segments and gaps on the pages."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from playwright.sync_api import Page, expect

from plugin.common.output import write_file
from plugin.common.report_model import FileEntry
from plugin.common.restore_record import McuCounts
from plugin.report.custody_report import History
from plugin.report.pages import file_page, report_page
from restore.provenance import Status
from tests.plugin.report.made import GAPS, HOSTILE, SEGMENTS, SHA256
from tests.plugin.report.page_entries import jpeg, make_report, png, restored_entry


def torn_entry(folder: Path) -> FileEntry:
    """A file of two segments, of which the second has no place, and of which most was generated."""
    placed, unplaced = SEGMENTS
    strip = dataclasses.replace(
        unplaced,
        picture=write_file(folder, "segments/0000001000-2.png", png((90, 90, 200), (640, 16)), "the blocks"),
        preview=write_file(folder, "previews/0000001000-2-segment.jpg", jpeg((90, 90, 200), (360, 9)), "small"),
    )
    whole = restored_entry(folder, 1000, Status.RESTORED, {})
    return dataclasses.replace(whole, segments=(placed, strip), gaps=GAPS, mcus=McuCounts(48, 4, 0, 4, 40, 0))


def test_segments_without_a_place_are_shown_beside_the_picture(page: Page, tmp_path: Path) -> None:
    torn = torn_entry(tmp_path)
    (tmp_path / "report.html").write_bytes(report_page(make_report(torn), tmp_path))
    page.goto((tmp_path / "report.html").as_uri())
    page.locator(".card").click()
    facts = page.locator("#facts")
    text = facts.inner_text()
    for words in (
        "only 17 % of it is stored",
        "Stored segments: 2",
        "from block 1 on",
        "unplaced",
        "600 +300",
        "4696 +300",
        "start of the scan",
        HOSTILE[:20],
        "Gaps: 2",
        "zeros, as an imager",
        "bytes are missing",
        "segment 2, unplaced: 9 blocks",
    ):
        assert words in text
    strip = facts.locator(".strip img")
    assert strip.count() == 1
    expect(strip).to_have_js_property("naturalWidth", 360)
    assert facts.locator(".strip a").get_attribute("href") == "segments/0000001000-2.png"
    assert {file.path for file in torn.files} >= {
        "segments/0000001000-2.png",
        "previews/0000001000-2-segment.jpg",
    }


def test_the_custody_page_lists_segments_and_gaps(page: Page, tmp_path: Path) -> None:
    torn = torn_entry(tmp_path)
    origin = {"host": "h", "user": "u", "system": "s", "code_sha256": SHA256, "arguments": ["carve-restore"]}
    content = file_page(make_report(torn), torn, History(origin, {torn.stem: []}), tmp_path)
    write_file(tmp_path, "files/0000001000.html", content, "")
    page.goto((tmp_path / "files/0000001000.html").as_uri())
    text = page.locator("body").inner_text()
    assert "only 17 % of it is stored" in text
    assert "Stored segments: 2" in text
    assert "unplaced: segments/0000001000-2.png" in text
    assert "missing: bytes are missing: what is before and behind touch" in text
    assert "0.6200" in text
    assert page.locator("img").count() == 5
    assert page.evaluate("[...document.images].every((image) => image.naturalWidth > 0)")
