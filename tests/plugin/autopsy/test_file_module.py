"""The file ingest module as Autopsy runs it: files one by one, results when the thread shuts down."""

from __future__ import annotations

import json

from tests.plugin.autopsy.jvm import Outcome

Outcomes = dict[str, Outcome]


def test_damaged_file_gets_a_restored_child(outcomes: Outcomes) -> None:
    outcome = outcomes["files"]
    assert [event["value"] for event in outcome.of("result")] == ["OK"] * 4
    picture, provenance = outcome.of("derived_file")
    assert picture["parent"] == provenance["parent"] == "damaged.jpg"
    assert picture["name"].startswith("restored-")
    item = outcome.one("artifact")
    assert (item["type"], item["on"]) == ("TSK_INTERESTING_ITEM", picture["name"])
    assert [event["name"] for event in outcome.of("scheduled")] == [picture["name"]]
    message = outcome.one("message")
    assert (message["type"], message["subject"]) == ("INFO", "1 of 2 JPEGs are damaged")


def test_batch_was_one_run_on_copies_that_are_gone(outcomes: Outcomes) -> None:
    outcome = outcomes["files"]
    (path,) = outcome.case.glob("ModuleOutput/carve-restore/*/report.json")
    entries = json.loads(path.read_bytes())["files"]
    assert sorted(entry["status"] == "intact" for entry in entries) == [False, True]
    assert list((outcome.case / "Temp").iterdir()) == []
    assert outcome.one("shut down")["alive"] == []
    assert {event["name"] for event in outcome.of("report")} >= {"carve-restore report (JSON)"}


def test_panel_of_files_asks_for_no_key(outcomes: Outcomes) -> None:
    assert [event["key_file"] for event in outcomes["panel"].of("stored")].count(None) == 1
