"""Make the README's picture from a finished run: what a viewer shows, what the tool restores, what each block is.

`python docs/make_triple.py demo-out OFFSET docs/images/triple.png`, where OFFSET names one file of the run's report.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from PIL import Image, ImageDraw, ImageFile, ImageFont

from restore.provenance import COLOURS, Provenance

PANEL_WIDTH = 480
GAP = 8
CAPTION_HEIGHT = 34
INK, PAPER = (33, 33, 33), (255, 255, 255)


def main() -> None:
    """Read the run's report, lay the three pictures side by side, write the result."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path, help="output directory of a run")
    parser.add_argument("offset", type=int, help="offset of the file in the scanned layer")
    parser.add_argument("picture", type=Path, help="PNG to write")
    options = parser.parse_args()
    report = json.loads((options.run / "report.json").read_text(encoding="utf-8"))
    found = [entry for entry in report["files"] if entry["offset"] == options.offset]
    best = found and (found[0]["restored"] or found[0]["repaired"])
    if not best:
        parser.error(f"the report lists no restored or repaired file at offset {options.offset}")
    carved, restored = options.run / found[0]["carved"]["path"], options.run / best["path"]
    ImageFile.LOAD_TRUNCATED_IMAGES = True  # a viewer shows what it can decode
    triple([carved, restored, options.run / "provenance" / f"{restored.stem}.png"]).save(options.picture, optimize=True)


def triple(paths: list[Path]) -> Image.Image:
    """The pictures at `paths` (as found, restored, provenance) side by side, with captions and the legend's colours."""
    captions = ("as found, in a viewer", "restored", "provenance of every block")
    panels = [panel(path, Image.Resampling.NEAREST if index == 2 else None) for index, path in enumerate(paths)]
    height = max(image.height for image in panels)
    size = (3 * PANEL_WIDTH + 2 * GAP, height + 2 * CAPTION_HEIGHT)
    canvas = Image.new("RGB", size, PAPER)
    draw = ImageDraw.Draw(canvas)
    font = ImageFont.load_default(18)
    for index, (image, caption) in enumerate(zip(panels, captions, strict=True)):
        left = index * (PANEL_WIDTH + GAP)
        canvas.paste(image, (left, CAPTION_HEIGHT))
        draw.text((left, 6), caption, INK, font)
    left, top = 2 * (PANEL_WIDTH + GAP), height + CAPTION_HEIGHT + 8
    for kind in Provenance:
        draw.rectangle((left, top, left + 18, top + 18), fill=COLOURS[kind])
        draw.text((left + 23, top), kind.name.lower(), INK, ImageFont.load_default(15))
        left += 96
    return canvas


def panel(path: Path, resample: Image.Resampling | None) -> Image.Image:
    """The picture at `path`, scaled to the width of a panel."""
    with Image.open(path) as image:
        scaled = (PANEL_WIDTH, round(image.height * PANEL_WIDTH / image.width))
        return image.convert("RGB").resize(scaled, resample or Image.Resampling.LANCZOS)


if __name__ == "__main__":
    main()
