"""One picture of a whole run: every file as it was found beside what was made of it, with its status."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from carving.errors import EvidenceError
from plugin.report.wording import CARVED, MEANINGS

if TYPE_CHECKING:
    from PIL.Image import Image

REPORT_NAME: Final = "report.json"
MOST_FILES: Final = 1000
"""Files on one sheet; the counts are those of all."""
_COLUMNS: Final = 6
_CELL: Final = (300, 170)
_PICTURE: Final = (144, 130)
_PAPER: Final = (250, 250, 250)
_INK: Final = (30, 30, 30)
_BLANK: Final = (225, 225, 225)
_COLOURS: Final = {
    "intact": (46, 125, 50),
    "exact": (21, 101, 192),
    "repaired": (0, 131, 143),
    "restored": (249, 168, 37),
    "partial": (198, 40, 40),
    "unrecoverable": (33, 33, 33),
    CARVED: (120, 120, 120),
}


@dataclass(frozen=True, slots=True)
class Shown:
    """What the sheet says of one file: its name, its status, and the pictures as found and as made."""

    name: str
    status: str
    found: Path | None
    made: Path | None


def read_run(folder: Path) -> list[Shown]:
    """The files of a finished run.

    Raises:
        EvidenceError: the folder holds no readable report, or one that names files outside of it.
    """
    path = folder / REPORT_NAME
    try:
        report = json.loads(path.read_bytes())
        return [_shown(entry, folder) for entry in report["files"]]
    except OSError as error:
        raise EvidenceError(f"cannot read {path}: {error.strerror}; name the folder of a finished run") from error
    except (ValueError, KeyError, TypeError) as error:
        raise EvidenceError(f"{path} is not the report of a run; name the folder of a finished run") from error


def counts(files: list[Shown]) -> str:
    """A Markdown table: how many files ended in which status, and what that means."""
    tally = Counter(shown.status for shown in files)
    meanings = {status.value: meaning for status, meaning in MEANINGS.items()} | {CARVED: "nothing was restored"}
    lines = [f"| {status} | {tally[status]} | {meaning} |" for status, meaning in meanings.items() if tally[status]]
    return "\n".join(["| status | files | meaning |", "|---|---|---|", *lines, f"| all | {len(files)} | |"])


def draw(files: list[Shown]) -> Image:
    """The sheet: each file as an ordinary viewer shows it, and to its right what was made of it."""
    from PIL import Image, ImageDraw

    shown = files[:MOST_FILES]
    rows = max(1, -(-len(shown) // _COLUMNS))
    sheet = Image.new("RGB", (_COLUMNS * _CELL[0], rows * _CELL[1]), _PAPER)
    pen = ImageDraw.Draw(sheet)
    for number, entry in enumerate(shown):
        left, top = number % _COLUMNS * _CELL[0], number // _COLUMNS * _CELL[1]
        for place, path in enumerate((entry.found, entry.made)):
            corner = (left + 4 + place * (_PICTURE[0] + 4), top + 4)
            picture = None if path is None else _small(path)
            if picture is None:
                pen.rectangle((*corner, corner[0] + _PICTURE[0], corner[1] + _PICTURE[1]), fill=_BLANK)
            else:
                sheet.paste(picture, corner)
        colour = _COLOURS.get(entry.status, _INK)
        pen.rectangle((left + 4, top + 140, left + 14, top + 150), fill=colour)
        pen.text((left + 18, top + 139), f"{entry.status}  {entry.name}"[:46], fill=_INK)
    return sheet


def _shown(entry: dict[str, Any], folder: Path) -> Shown:
    claim = entry.get("claim")
    name = str(claim["name"]) if claim else Path(entry["carved"]["path"]).name
    printable = "".join(letter if letter.isprintable() and letter.isascii() else "?" for letter in name)
    previews = entry["previews"]
    found = previews["found"] or entry["thumbnail"]
    made = previews["restored"] or previews["found"]
    status = str(entry["status"] or CARVED)
    return Shown(printable, status, _inside(folder, found), _inside(folder, made))


def _inside(folder: Path, file: dict[str, Any] | None) -> Path | None:
    """The path of an output file, if it lies in the folder: a report may have been changed."""
    if file is None:
        return None
    path = (folder / str(file["path"])).resolve()
    if not path.is_relative_to(folder.resolve()):
        raise ValueError("a path leaves the folder")
    return path


def _small(path: Path) -> Image | None:
    """A preview scaled into its cell; None where it cannot be read."""
    from PIL import Image

    try:
        with Image.open(path, formats=("JPEG", "PNG")) as picture:
            picture.draft("RGB", _PICTURE)
            small = picture.convert("RGB")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None
    small.thumbnail(_PICTURE)
    return small
