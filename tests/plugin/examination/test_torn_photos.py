"""Photos of which a stretch is destroyed, through the main job: what the report says of it, and what has no place."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
from PIL import Image

import plugin
from carving.source import Run
from plugin.common.settings import Parameters
from restore.lab.simulation.made_pictures import fractal_picture
from restore.lab.simulation.regions import Edit, RegionKind, apply_edits
from restore.provenance import Status
from tests.plugin.examination.test_pipeline import check_folder

ZEROED = Run(40960, 4096)


def torn_photo(path: Path) -> bytes:
    """A photo of 960×720 without a thumbnail, of which 4 KiB are zeroed, as an imager leaves them."""
    buffer = io.BytesIO()
    pixels = Image.fromarray(fractal_picture(720, 960, seed=11))
    pixels.save(buffer, "JPEG", quality=85, subsampling="4:2:0")
    original = buffer.getvalue()
    assert len(original) > ZEROED.end + 30_000
    damaged, _ = apply_edits(original, RegionKind.ZERO_4K, (Edit(ZEROED, bytes(ZEROED.length)),))
    path.write_bytes(damaged)
    return damaged


def test_a_zeroed_stretch_is_a_gap_and_what_has_no_place_stands_beside(tmp_path: Path) -> None:
    damaged = torn_photo(tmp_path / "photo.dd")
    report = plugin.run(tmp_path / "photo.dd", tmp_path / "out", parameters=Parameters(effort=0))
    document = check_folder(tmp_path / "out", report)
    (file,) = document["files"]
    (gap,) = [gap for gap in file["gaps"] if gap["kind"] == "zeros"]
    assert abs(gap["bytes"]["offset"] - ZEROED.offset) < 100
    assert abs(gap["bytes"]["offset"] + gap["bytes"]["length"] - ZEROED.end) < 200
    first, *behind = file["segments"]
    assert (first["first_mcu"], first["placed"], first["rests_on"]) == (0, True, ["start of the scan"])
    assert sum(segment["stored_bytes"]["length"] for segment in behind) > 0.9 * (len(damaged) - ZEROED.end)
    assert file["evidence_runs"] == [{"offset": 0, "length": len(damaged)}]
    for segment in file["segments"]:
        assert segment["evidence_runs"] == [segment["stored_bytes"]]  # the file begins with the evidence
        assert segment["placed"] == (segment["picture"] is None) == (segment["first_mcu"] is not None)
    placed = sum(segment["mcus"] for segment in file["segments"] if segment["placed"])
    assert file["mcus"]["intact"] + file["mcus"]["placed"] == placed
    unplaced = [segment for segment in behind if not segment["placed"]]
    assert report.files[0].status is (Status.PARTIAL if unplaced else Status.RESTORED)
    for segment in unplaced:
        with Image.open(tmp_path / "out" / segment["picture"]["path"]) as strip:
            assert strip.width == 960
            assert strip.height == 16 * -(-segment["mcus"] // 60)
            assert float(np.asarray(strip.convert("L")).std()) > 5
