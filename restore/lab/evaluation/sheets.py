"""Contact sheets: the original, what a viewer shows, and what each method makes of it, side by side with PSNR in Y.

In the manner of figures 8 to 12 of W. Liu et al., "Bitstream-Corrupted JPEG Images are Restorable", CVPR 2023.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from carving.errors import JpegError
from restore.decoding.robust import decode
from restore.lab.evaluation.evaluate import Task
from restore.lab.evaluation.judge import fitted
from restore.lab.evaluation.methods import METHODS, find_method
from restore.lab.evaluation.specimens import load
from restore.lab.quality import metrics

PANEL_WIDTH: Final = 320
"""Pixels; heights follow from the pictures' shapes."""

_GAP: Final = 6
_CAPTION: Final = 22
_INK, _PAPER = (33, 33, 33), (255, 255, 255)
_VIEWER: Final = "libjpeg"

Pixels = NDArray[np.uint8]


@dataclass(frozen=True, eq=False, slots=True)
class Panel:
    """One picture of a sheet, uint8 (height, width, 3), and what stands below it."""

    pixels: Pixels
    caption: str


def write_sheets(folder: Path, tasks: Iterable[Task], count: int) -> list[Path]:
    """Write `sheet-DATASET-BER.png` with one row for each of the first `count` damaged files of each dataset and rate;
    `sheet-DATASET-REGION.png` where a region was destroyed.

    Raises:
        UsageError: a source cannot be read; there is no such method.
    """
    groups: dict[tuple[str, str], list[Task]] = {}
    for task in tasks:
        occasion = f"{task.simulation.ber:g}" if task.simulation.region is None else str(task.simulation.region)
        groups.setdefault((task.source.dataset, occasion), []).append(task)
    written = []
    for (dataset, occasion), members in groups.items():
        rows = [row for row in map(panels, members[:count]) if row]
        if rows:
            written.append(folder / f"sheet-{dataset}-{occasion}.png")
            sheet(rows).save(written[-1])
    return written


def panels(task: Task) -> list[Panel]:
    """One row: the original, what a viewer shows of the damaged file, and each method; nothing if it is no picture."""
    try:
        specimen = load(task.source, task.simulation, task.blur)
        truth = decode(specimen.original).pixels
    except JpegError:
        return []
    row = [Panel(truth, f"{task.source.path.name.partition('.')[0]}")]
    for name in dict.fromkeys((_VIEWER, *task.methods)):
        pixels = fitted(find_method(name)(specimen.damaged, task.device).pixels, *truth.shape[:2])
        error = float(metrics.squared_error(metrics.luma(truth), metrics.luma(pixels)).mean())
        row.append(Panel(pixels, f"{name}  {metrics.psnr(error):.2f} dB"))
    return row


def sheet(rows: list[list[Panel]]) -> Image.Image:
    """Rows of panels of one width on white, captions below."""
    scaled = [[_scaled(panel) for panel in row] for row in rows]
    heights = [max(picture.height for picture in row) + _CAPTION for row in scaled]
    width = max(map(len, rows)) * (PANEL_WIDTH + _GAP) - _GAP
    canvas = Image.new("RGB", (width, sum(heights) + _GAP * (len(rows) - 1)), _PAPER)
    draw = ImageDraw.Draw(canvas)
    font = ImageFont.load_default(14)
    top = 0
    for row, pictures, height in zip(rows, scaled, heights, strict=True):
        for left, panel, picture in zip(_places(), row, pictures, strict=False):
            canvas.paste(picture, (left, top))
            draw.text((left, top + height - _CAPTION + 2), panel.caption, _INK, font)
        top += height + _GAP
    return canvas


def _places() -> Iterator[int]:
    return iter(range(0, (len(METHODS) + 2) * (PANEL_WIDTH + _GAP), PANEL_WIDTH + _GAP))


def _scaled(panel: Panel) -> Image.Image:
    height, width = panel.pixels.shape[:2]
    size = PANEL_WIDTH, max(1, round(height * PANEL_WIDTH / width))
    return Image.fromarray(panel.pixels).resize(size, Image.Resampling.LANCZOS)
