"""The log of a training: JSON lines, taken back to the last checkpoint on resuming, and drawn as a picture."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any


def append(path: Path, entry: dict[str, Any]) -> None:
    """Add a line; every entry has a `step`."""
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(entry) + "\n")


def rewind(path: Path, step: int) -> list[dict[str, Any]]:
    """The entries up to a step; later ones, and a line that was cut off, are removed from the file."""
    if not path.exists():
        return []
    lines = path.read_text(encoding="utf-8").splitlines()
    kept = []
    for line in lines:
        try:
            entry: dict[str, Any] = json.loads(line)
        except ValueError:
            continue
        if entry["step"] <= step:
            kept.append(entry)
    if len(kept) < len(lines):
        path.write_text("".join(json.dumps(entry) + "\n" for entry in kept), encoding="utf-8")
    return kept


def write_plot(path: Path, entries: list[dict[str, Any]]) -> None:
    """Draw losses, and the validation beside its baseline, against the step."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9.0, 3.5), layout="constrained")
    losses, quality = figure.subplots(1, 2)
    measures = sorted({name for entry in entries for name in entry} - {"step"})
    for name in measures:
        points = [(entry["step"], entry[name]) for entry in entries if name in entry]
        axis = quality if name in ("psnr", "baseline") else losses
        axis.plot(*zip(*points, strict=True), label=name)
    for axis, title in ((losses, "loss"), (quality, "validation, dB")):
        axis.set(xlabel="step", title=title)
        axis.grid(visible=True, alpha=0.3)
        if axis.lines:
            axis.legend(fontsize="small")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # matplotlib's own use of its libraries
        figure.savefig(path, dpi=100)
