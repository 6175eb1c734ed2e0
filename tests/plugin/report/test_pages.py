"""The pages as people meet them: in a browser without network, with hostile text, on paper, with many pictures."""

from __future__ import annotations

import dataclasses
import hashlib
import io
import shutil
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from carving.fragments import Claim, Origin
from carving.source import HOLE_OFFSET, Run
from plugin.common.allocation_record import AllocatedClaim, StoredClaim
from plugin.common.output import OutputFile, write_file
from plugin.common.restore_record import Previews
from plugin.report.custody_report import History, Step, file_document, shared_document
from plugin.report.pages import EMBEDDED, file_page, report_page
from restore.provenance import Status
from tests.plugin.report.made import HOSTILE, SHA256, TIME, entry
from tests.plugin.report.page_entries import NOTHING, jpeg, make_report, restored_entry


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the page of three files: one restored, one that failed, one turned by its orientation."""
    files = (
        restored_entry(tmp_path, 1000, Status.RESTORED, {"make": HOSTILE, "taken": "2020:01:01"}),
        entry(
            offset=3000,
            status=Status.UNRECOVERABLE,
            error=HOSTILE,
            carved=OutputFile("carved/x.jpg", SHA256, 9, ""),
            **NOTHING,
        ),
        dataclasses.replace(
            restored_entry(tmp_path, 5000, Status.PARTIAL, {"orientation": "6", "model": "Kamera"}),
            claim=Claim("f0005000.jpg", HOSTILE),
            allocated=AllocatedClaim("DCIM/ferien.jpg", 12, 4000, 0, None, TIME, None, None),
        ),
    )
    (tmp_path / "report.html").write_bytes(report_page(make_report(*files), tmp_path))
    return tmp_path


def centre(page: Page) -> tuple[int, int, int]:
    """The colour in the middle of the picture shown."""
    shot = Image.open(io.BytesIO(page.locator("#turned").screenshot())).convert("RGB")
    part = np.asarray(shot.resize((3, 3), Image.Resampling.BOX))[1, 1]
    return int(part[0]), int(part[1]), int(part[2])


def slide_to(page: Page, value: int) -> None:
    page.locator("#slide").fill(str(value))


def test_gallery_filters_and_search(page: Page, folder: Path) -> None:
    page.goto((folder / "report.html").as_uri())
    assert page.locator(".card").count() == 3
    assert page.locator("#count").text_content() == "3 of 3 shown"
    page.get_by_role("button", name="partial 1").click()
    assert [card.split(":")[0] for card in page.locator(".card b").all_text_contents()] == ["0000001000", "x"]
    page.locator("#search").fill("2020:01")
    assert page.locator(".card b").all_text_contents() == ["0000001000"]
    page.get_by_role("button", name="partial 1").click()
    page.locator("#search").fill("kamera")
    assert page.locator(".card b").all_text_contents() == ["0000005000"]
    page.locator("#search").fill("")
    page.locator("#order").select_option("damage")
    assert page.locator(".card b").first.text_content() in ("0000001000", "0000005000", "x")
    page.screenshot(path=folder / "gallery.png")


def test_folder_and_origin(page: Page, tmp_path: Path) -> None:
    kept = dataclasses.replace(
        restored_entry(tmp_path, 1000, Status.RESTORED, {}),
        byte_runs=(Run(1000, 2000), Run(HOLE_OFFSET, 500), Run(5000, 1500)),
        origin=Origin.FILE_SYSTEM,
        path=f"/DCIM/{HOSTILE[:8]}/100/a.jpg",
        deleted=False,
        stored=StoredClaim(12, 4000, "the runs of inode 12", None, TIME, None, None, ("/b.jpg",), 0),
    )
    gone = dataclasses.replace(
        restored_entry(tmp_path, 9000, Status.RESTORED, {}), origin=Origin.FILE_SYSTEM, path="/c.jpg", deleted=True
    )
    carved = restored_entry(tmp_path, 20000, Status.RESTORED, {})
    made = make_report(kept, gone, carved)
    (tmp_path / "report.html").write_bytes(report_page(made, tmp_path))
    page.goto((tmp_path / "report.html").as_uri())
    names = page.locator(".card b")
    assert names.count() == 3
    folder = page.locator("#folder option")
    assert folder.all_text_contents()[:2] == ["all", "/DCIM (1)"]
    page.locator("#folder").select_option("/DCIM")
    assert names.all_text_contents() == ["0000001000"]
    names.first.click()
    expect(page.locator("#facts")).to_contain_text("hole +500")
    expect(page.locator("#facts")).to_contain_text("/b.jpg")
    page.keyboard.press("Escape")
    page.locator("#folder").select_option("")
    for origin, shown in (("file system", ["0000001000"]), ("deleted", ["0000009000"]), ("carved", ["0000020000"])):
        page.locator("#origin").select_option(origin)
        assert names.all_text_contents() == shown
    begun = {"host": "h", "user": "u", "system": "s", "code_sha256": SHA256, "arguments": []}
    paper = file_page(made, kept, History(begun, {kept.stem: []}), tmp_path).decode()
    assert "a hole, read as zeros (500)" in paper
    assert "the runs of inode 12" in paper


def test_before_and_after_overlay_and_zoom(page: Page, folder: Path) -> None:
    page.goto((folder / "report.html").as_uri())
    page.locator(".card").first.click()
    expect(page.locator("#scale")).to_have_text("full size")
    slide_to(page, 0)
    red, green, _ = centre(page)
    assert (red < 60, green > 200) == (True, True)  # as made
    slide_to(page, 100)
    red, green, _ = centre(page)
    assert (red > 200, green < 60) == (True, True)  # as found
    page.keyboard.press("Escape")
    assert not page.locator("#sheet").is_visible()
    page.locator(".card").first.press("Enter")
    page.keyboard.press("b")
    page.keyboard.press("o")
    assert page.locator(".overlay").is_visible()
    before = page.locator("#turned").bounding_box()
    page.keyboard.press("+")
    after = page.locator("#turned").bounding_box()
    assert before is not None
    assert after is not None
    assert after["width"] > 1.3 * before["width"]
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    assert "0000005000: partial" in (page.locator("#name").text_content() or "")
    expect(page.locator("#scale")).to_have_text("full size")
    turned = page.locator("#turned").bounding_box()
    assert turned is not None
    assert turned["height"] > turned["width"]  # orientation 6 stands on its side
    said = page.locator("#facts").inner_text()
    told = ("f0005000.jpg", "DCIM/ferien.jpg, inode 12", TIME, "not checked")
    for words in (
        "5700",
        "over 99.99 %",
        "87.25 %",
        "end of the picture: 99.61 %",
        "no second candidate",
        "Kamera",
        "Anybody can write them",
        "an enhancement",
        *told,
    ):
        assert words in said
    page.screenshot(path=folder / "sheet.png")


def test_page_alone_shows_its_small_copies(page: Page, folder: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    alone = tmp_path_factory.mktemp("alone") / "report.html"
    shutil.copy(folder / "report.html", alone)
    page.goto(alone.as_uri())
    page.wait_for_function("[...document.querySelectorAll('.card img')].every((image) => image.naturalWidth > 0)")
    page.locator(".card").first.click()
    expect(page.locator("#scale")).to_have_text("small copy")
    slide_to(page, 0)
    assert centre(page)[1] > 200


def test_hostile_text_is_text(page: Page, folder: Path) -> None:
    page.goto((folder / "report.html").as_uri())
    assert page.evaluate("document.scripts.length") == 2
    assert page.locator("img[src='x']").count() == 0
    page.locator(".card").first.click()
    assert page.locator("#facts img[src='x']").count() == 0
    assert "onerror=alert(2)" in page.locator("#facts").inner_text()
    assert "onerror=alert(2)" in page.locator("main").first.inner_text()


def test_map_opens_the_nearest_picture(page: Page, folder: Path) -> None:
    page.goto((folder / "report.html").as_uri())
    box = page.locator("#map").bounding_box()
    assert box is not None
    page.locator("#map").click(position={"x": box["width"] * 5100 / 8192, "y": 20})
    assert "0000005000" in (page.locator("#name").text_content() or "")


def test_repaired_has_its_own_chip_and_no_number_where_none_is_known(page: Page, tmp_path: Path) -> None:
    sure = restored_entry(tmp_path, 1000, Status.REPAIRED, {})
    unsure = dataclasses.replace(restored_entry(tmp_path, 9000, Status.REPAIRED, {}), exact_probability=None)
    restored = restored_entry(tmp_path, 20000, Status.RESTORED, {})
    (tmp_path / "report.html").write_bytes(report_page(make_report(sure, unsure, restored), tmp_path))
    page.goto((tmp_path / "report.html").as_uri())
    chips = page.locator("#filters button")
    assert chips.all_text_contents() == ["repaired 2", "restored 1"]
    colours = [
        card.evaluate("(card) => getComputedStyle(card).borderLeftColor") for card in page.locator(".card").all()
    ]
    assert colours == ["rgb(0, 131, 143)", "rgb(0, 131, 143)", "rgb(249, 168, 37)"]
    for number, said in ((0, True), (1, False)):
        page.locator(".card").nth(number).click()
        assert ("end of the picture: 99.61 %" in page.locator("#facts").inner_text()) is said
        page.keyboard.press("Escape")


def test_five_thousand_pictures(page: Page, tmp_path: Path) -> None:
    preview = write_file(tmp_path, "previews/all.jpg", jpeg((9, 9, 9), (360, 240)) + bytes(9000), "small")
    files = [
        entry(
            offset=number * 4096,
            carved=OutputFile(f"carved/{number * 4096:010d}.jpg", SHA256, 1000, "as found"),
            status=list(Status)[number % 5],
            previews=Previews(found=preview),
            thumbnail=None,
            evidence_runs=(Run(number * 4096, 1000),),
        )
        for number in range(5000)
    ]
    begun = time.monotonic()
    content = report_page(make_report(*files), tmp_path)
    assert time.monotonic() - begun < 60  # a few seconds on a machine that does nothing else
    assert EMBEDDED < len(content) < 2 * EMBEDDED + (10 << 20)
    (tmp_path / "report.html").write_bytes(content)
    begun = time.monotonic()
    page.goto((tmp_path / "report.html").as_uri())
    page.locator(".card").first.click()
    page.keyboard.press("Escape")
    page.get_by_role("button", name="intact 1000").click()
    assert page.locator("#count").text_content() == "4000 of 5000 shown"
    page.locator("#search").fill("0000409600")
    assert page.locator(".card").count() == 0  # that one is intact
    assert time.monotonic() - begun < 60  # a few seconds on a machine that does nothing else
    page.locator("#search").fill("")
    assert page.locator(".card").count() < 500
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    assert page.locator(".card").count() == 4000


def test_print_hides_what_paper_cannot_do(page: Page, folder: Path) -> None:
    page.goto((folder / "report.html").as_uri())
    page.emulate_media(media="print")
    assert not page.locator("#search").is_visible()
    assert page.locator(".card").first.is_visible()
    assert page.pdf()[:5] == b"%PDF-"


def test_custody_report_of_one_file(page: Page, folder: Path) -> None:
    restored = restored_entry(folder, 1000, Status.RESTORED, {"make": HOSTILE})
    made = make_report(restored)
    origin = {"host": "h", "user": "u", "system": "s", "code_sha256": SHA256, "arguments": ["carve-restore", HOSTILE]}
    history = History(origin, {restored.stem: [Step(7, TIME, "carved", SHA256)]})
    shared = shared_document(made, history)
    document = file_document(shared, restored, history)
    assert hashlib.sha256(document).digest() == hashlib.sha256(file_document(shared, restored, history)).digest()
    write_file(folder, "files/0000001000.html", file_page(made, restored, history, folder), "")
    page.goto((folder / "files/0000001000.html").as_uri())
    text = page.locator("body").inner_text()
    for words in (
        "restored: no block is empty",
        "bytes 1000 to 4999",
        "an enhancement",
        "no second candidate",
        "over 99.99 %",
        "87.25 %",
        "end of the picture: 99.61 %",
        SHA256,
        HOSTILE[:20],
    ):
        assert words in text
    assert page.locator("img").count() == 4
    assert page.evaluate("[...document.images].every((image) => image.naturalWidth > 0)")
    page.screenshot(path=folder / "file.png", full_page=True)
    undecided = entry(status=None, **NOTHING)
    alone = file_page(make_report(undecided), undecided, History(origin, {undecided.stem: []}), folder)
    assert b"restoring was not asked for" in alone
