"""What the report says of carved files: state, confidence, duplicates."""

from __future__ import annotations

import json
from pathlib import Path

from plugin.common.settings import Parameters
from plugin.examination.pipeline import run
from tests.carving.memory import camera_jpeg, jpeg

CLUSTER = 4096


def test_every_file_has_a_state_a_confidence_and_its_double(tmp_path: Path) -> None:
    whole, split, cut = camera_jpeg(1), jpeg(2, 960, 720), jpeg(3, 960, 720)
    half = len(split) // 2 // CLUSTER * CLUSTER
    pieces = [whole, split[:half], bytes(CLUSTER), split[half:], whole, cut[: 10 * CLUSTER], bytes(CLUSTER)]
    medium = b"".join(piece + bytes(-len(piece) % CLUSTER) for piece in pieces)
    (tmp_path / "card.dd").write_bytes(medium)

    run(tmp_path / "card.dd", tmp_path / "out", parameters=Parameters(carve_only=True))

    files = json.loads((tmp_path / "out" / "report.json").read_text())["files"]
    states = [entry["carving"]["state"].split()[0] for entry in files]
    assert states == ["whole:", "whole,", "whole:", "cut"]
    assert [entry["carving"]["duplicate_of"] for entry in files] == [None, None, files[0]["carved"]["path"], None]
    confidences = [entry["carving"]["confidence"] for entry in files]
    assert confidences[0] > confidences[1] > confidences[3] > 0
    assert files[3]["carving"]["sound_mcus"] < files[3]["carving"]["mcus"]
    assert (tmp_path / "out" / files[1]["carved"]["path"]).read_bytes() == split
