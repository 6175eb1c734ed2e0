"""A browser without network, in which pages must not complain."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, sync_playwright


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        # In a container there is no user namespace for the sandbox, and the pages are our own.
        found = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        yield found
        found.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page that must not complain, ask for anything on the network, or open a dialog of its own."""
    opened = browser.new_page(viewport={"width": 1300, "height": 900}, offline=True)
    complaints: list[str] = []
    opened.on(
        "console", lambda message: complaints.append(message.text) if message.type in ("error", "warning") else None
    )
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    opened.on("dialog", lambda dialog: complaints.append(f"dialog: {dialog.message}"))
    opened.on("request", lambda request: complaints.append(request.url) if request.url.startswith("http") else None)
    yield opened
    opened.close()
    missing = [text for text in complaints if "ERR_FILE_NOT_FOUND" not in text]
    assert missing == []
