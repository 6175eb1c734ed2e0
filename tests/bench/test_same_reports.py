"""Two reports are the same exactly when they differ in nothing but what always differs."""

from __future__ import annotations

from typing import Any

from tests.bench.same_reports import differences

REPORT: dict[str, Any] = {
    "started": "2024-01-01T00:00:00.000Z",
    "tool": {"name": "carve-restore", "version": "1", "libraries": {"numpy": "2"}},
    "files": [{"offset": 512, "bit_flips": [{"bit": 3, "margin": None}]}],
}


def test_times_and_versions_make_no_difference() -> None:
    later = REPORT | {"started": "2025", "tool": {"name": "carve-restore", "version": "2", "libraries": {}}}
    assert list(differences(REPORT, later)) == []


def test_every_other_change_is_named_by_its_place() -> None:
    changed = REPORT | {"files": [{"offset": 512, "bit_flips": [{"bit": 4, "margin": None}], "notes": []}]}
    assert list(differences(REPORT, changed)) == [
        ".files[0].bit_flips[0].bit: 3 became 4",
        ".files[0].notes: only after",
    ]
    assert list(differences(REPORT, REPORT | {"files": []})) != []
