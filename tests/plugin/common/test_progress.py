"""Progress as JSON lines: thinned out, in order, and each stage ends on its last state."""

from __future__ import annotations

import io
import json

import pytest

from plugin.common.progress import JsonProgress, Stage, human_size


def test_lines_are_thinned_and_end_on_the_last_state() -> None:
    stream = io.StringIO()
    with JsonProgress(stream) as progress:
        for done in range(1, 1001):
            progress.update(Stage.HASH, done, 1000)
        for done in range(1, 500):
            progress.update(Stage.SCAN, done, 1000)
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    hashed = [line["done"] for line in lines if line["stage"] == "hash"]
    scanned = [line["done"] for line in lines if line["stage"] == "scan"]
    assert len(lines) < 100
    assert hashed == sorted(hashed)
    assert hashed[-1] == 1000
    assert scanned[-1] == 499
    assert {line["total"] for line in lines} == {1000}


@pytest.mark.parametrize(
    ("size", "text"), [(0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (4_370_432, "4.4 MB"), (2.5e13, "25.0 TB")]
)
def test_sizes_for_people(size: float, text: str) -> None:
    assert human_size(size) == text
