"""Contact sheets show every method beside the original, and say how near it came."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from restore.lab.evaluation.evaluate import Plan, tasks
from restore.lab.evaluation.sheets import PANEL_WIDTH, Panel, panels, sheet, write_sheets
from restore.lab.evaluation.specimens import find_sources
from restore.lab.simulation.medium import Medium, seeded_key
from restore.lab.simulation.simulate import Simulation


def test_a_sheet_for_each_dataset_and_rate(folder: Path, tmp_path: Path) -> None:
    simulation = Simulation(0.0, 0, Medium(seeded_key(0)), spare_headers=True, thumbnails="embedded")
    plan = Plan(("robust", "placed"), (1e-4, 1e-5), (1,), simulation)
    work = list(tasks(find_sources(folder), plan))
    written = write_sheets(tmp_path, work, 1)
    assert [path.name for path in written] == ["sheet-pictures-0.0001.png", "sheet-pictures-1e-05.png"]
    assert write_sheets(tmp_path, work, 0) == []
    row = panels(work[0])
    assert [panel.caption.split()[0] for panel in row] == ["plain", "libjpeg", "robust", "placed"]
    with Image.open(written[0]) as drawn:
        assert drawn.width > 4 * PANEL_WIDTH
        original = np.asarray(drawn.convert("RGB"))[:200, :PANEL_WIDTH].astype(int)
    expected = np.asarray(Image.fromarray(row[0].pixels).resize((PANEL_WIDTH, 240), Image.Resampling.LANCZOS))
    assert np.array_equal(original, expected[:200])


def test_rows_of_different_shapes_fit() -> None:
    wide, high = np.zeros((10, 40, 3), dtype=np.uint8), np.zeros((40, 10, 3), dtype=np.uint8)
    drawn = sheet([[Panel(wide, "wide"), Panel(high, "high")], [Panel(wide, "again")]])
    assert drawn.size[0] == 2 * PANEL_WIDTH + 6
    assert drawn.size[1] > 4 * PANEL_WIDTH
