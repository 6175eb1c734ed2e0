"""The two ingest modules as Autopsy runs them: the data source's, and the one that gets files one by one and has its
results when the thread shuts down. One file, since all scenarios come from one run of the virtual machine."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from plugin.common.versions import tool_version
from tests.plugin.autopsy.jvm import Outcome

Outcomes = dict[str, Outcome]


def report(outcome: Outcome) -> dict[str, Any]:
    """The one report of a case."""
    (path,) = outcome.case.glob("ModuleOutput/carve-restore/*/report.json")
    document: dict[str, Any] = json.loads(path.read_bytes())
    return document


def test_loader_finds_the_factories(outcomes: Outcomes) -> None:
    found = outcomes["factories"].of("factory")
    assert {event["name"] for event in found if event["data_source"]} == {"carve-restore"}
    assert len({event["name"] for event in found}) == len(found)
    assert {event["version"] for event in found} == {tool_version()}
    assert all(event["panel"] for event in found)


def test_bytes_of_the_image_become_carved_files(outcomes: Outcomes) -> None:
    outcome = outcomes["plain"]
    assert outcome.one("result")["value"] == "OK"
    entries = report(outcome)["files"]
    carved = outcome.of("carved_file")
    assert len(carved) == len(entries) == 2
    for event, entry in zip(carved, entries, strict=True):
        assert event["sha256"] == entry["carved"]["sha256"]
        assert event["runs"] == [value for run in entry["evidence_runs"] for value in (run["offset"], run["length"])]


def test_restored_picture_is_a_child_of_its_damaged_original(outcomes: Outcomes) -> None:
    outcome = outcomes["plain"]
    entry = report(outcome)["files"][1]
    assert entry["status"] in ("restored", "partial")
    picture, provenance = outcome.of("derived_file")
    assert picture["parent_id"] == provenance["parent_id"] == outcome.of("carved_file")[1]["id"]
    assert picture["sha256"] == entry["restored"]["sha256"]
    assert provenance["sha256"] == entry["provenance"]["sha256"]
    assert picture["tool"] == f"carve-restore {tool_version()}"
    scheduled = [event["name"] for event in outcome.of("scheduled")]
    assert scheduled == [*(event["name"] for event in outcome.of("carved_file")), picture["name"]]


def test_item_says_what_is_generated(outcomes: Outcomes) -> None:
    outcome = outcomes["plain"]
    entry = report(outcome)["files"][1]
    item = outcome.one("artifact")
    assert (item["type"], item["on"]) == ("TSK_INTERESTING_ITEM", outcome.of("derived_file")[0]["name"])
    generated, total = entry["mcus"]["generated"], entry["mcus"]["total"]
    if generated:
        assert item["justification"].startswith(f"{generated} of {total} (")
        assert "never evidence" in item["justification"]
        assert item["score"] == "UNKNOWN"
    else:
        assert item["justification"].startswith("No block is generated.")
        assert item["score"] == "LIKELY_NOTABLE"
    assert entry["restored"]["sha256"] in item["TSK_COMMENT"]


def test_decrypted_bytes_become_derived_files(outcomes: Outcomes, photos: tuple[bytes, ...]) -> None:
    outcome = outcomes["encrypted"]
    assert outcome.one("result")["value"] == "OK"
    assert outcome.of("carved_file") == []
    derived = {event["name"]: event for event in outcome.of("derived_file")}
    damaged, sound = derived["carved-0000004096.jpg"], derived["carved-0000065536.jpg"]
    assert damaged["parent"] == sound["parent"] == "phone.E01"
    assert sound["sha256"] == hashlib.sha256(photos[1]).hexdigest()
    repaired = derived["repaired-0000004096.jpg"]
    assert repaired["parent_id"] == damaged["id"]
    assert repaired["sha256"] == hashlib.sha256(photos[0]).hexdigest()
    item = outcome.one("artifact")
    assert item["conclusion"].startswith(("exact: all damage reversed", "repaired: all visible damage reversed"))
    assert item["justification"].startswith("No block is generated.")
    assert "1 flips" in item["justification"]


def test_reports_join_the_case(outcomes: Outcomes) -> None:
    names = {Path(event["path"]).name for event in outcomes["plain"].of("report")}
    assert {"report.json", "custody.jsonl"} <= names
    details = report(outcomes["plain"])["details"]
    assert (details["examiner"], details["case"]) == ("E. Xaminer", "2026-17")
    message = outcomes["plain"].one("message")
    assert (message["type"], message["subject"]) == ("INFO", "2 JPEGs found")
    assert "1 intact: no damage found" in message["details"]


def test_progress_reaches_the_bar(outcomes: Outcomes) -> None:
    outcome = outcomes["plain"]
    assert outcome.one("bar")["units"] == 1000
    texts = [event["text"] for event in outcome.of("progress")]
    assert "hashing the evidence" in texts
    assert "restoring: 2 of 2 pictures" in texts
    assert texts[-1] == "adding results to the case"
    assert max(event["units"] for event in outcome.of("step")) == 1000


def test_cancelled_within_two_seconds_and_nothing_left_running(outcomes: Outcomes) -> None:
    outcome = outcomes["cancelled"]
    result = outcome.one("result")
    assert (result["value"], result["alive"]) == ("OK", [])
    assert result["processes"] >= 3  # the version asked for, the run itself, and a worker at least
    assert outcome.one("cancelled")["milliseconds"] < 2000
    assert outcome.of("carved_file") == outcome.of("report") == []
    assert outcome.one("message")["subject"].startswith("cancelled")


def test_key_that_does_not_fit_is_an_error(outcomes: Outcomes) -> None:
    outcome = outcomes["wrong key"]
    assert outcome.one("result")["value"] == "ERROR"
    message = outcome.one("message")
    assert message["type"] == "ERROR"
    assert "does not fit" in message["details"]


def test_altered_evidence_is_marked_and_an_error(outcomes: Outcomes) -> None:
    outcome = outcomes["altered"]
    assert outcome.one("result")["value"] == "ERROR"
    item = outcome.one("artifact")
    assert (item["type"], item["on"], item["score"]) == ("TSK_VERIFICATION_FAILED", "altered.E01", "NOTABLE")
    assert [event["type"] for event in outcome.of("message")] == ["WARNING", "ERROR"]


def test_source_that_is_no_image_is_left_alone(outcomes: Outcomes) -> None:
    outcome = outcomes["logical files"]
    assert outcome.one("result")["value"] == "OK"
    assert "no disk image" in outcome.one("message")["subject"]


def test_settings_that_cannot_be_are_refused_before_the_work(outcomes: Outcomes) -> None:
    assert "kein Schlüssel cannot be read" in outcomes["no such key"].one("refused")["text"]
    typed = outcomes["key typed"].one("refused")["text"]
    assert "--key cannot stand" in typed
    assert "00ff" not in typed
    assert "/no/such/program does not start" in outcomes["no such program"].one("refused")["text"]


def test_panel_keeps_the_path_of_the_key_only(outcomes: Outcomes, evidence: Path) -> None:
    stored = outcomes["panel"].of("stored")
    assert stored
    assert {event["key_file"] for event in stored} == {str(evidence / "master.key"), None}
    assert any("carve-restore" in event["text"] for event in outcomes["panel"].of("field"))


def test_key_is_nowhere_in_the_case(outcomes: Outcomes, key: bytes) -> None:
    for path in outcomes["encrypted"].case.rglob("*"):
        if path.is_file():
            assert key.hex().encode() not in path.read_bytes()
            assert key not in path.read_bytes()


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
