"""Take over what another carver left: every file of a folder as one fragment, with what the carver said of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from carving.errors import UsageError
from carving.fragments import Claim, Fragment
from carving.media.folder import FolderSource
from carving.selection.listed import ListedFile
from carving.selection.reading import read_list
from carving.selection.taking import LARGEST, make_fragment
from carving.source import Run

_LISTS: Final = {"report.xml": "PhotoRec", "jpeg_carved.txt": "bulk_extractor"}
"""Lists that carvers leave beside or above their files."""
_MOST_CLAIMS: Final = 1_000_000
_MOST_NAMED_RUNS: Final = 8


def take_folder(source: FolderSource, layer: str, leave_out: Callable[[str, str], None]) -> Iterator[Fragment]:
    """Yield every file of the folder as a fragment, whole: where it ends was for the carver to say.

    Args:
        source: the folder.
        layer: name of the view, copied into every fragment.
        leave_out: hears the name of each file that is not taken, and why.

    Raises:
        EvidenceError: a file cannot be read.
    """
    places = _claimed_places(source, leave_out)
    for name, run in source.files():
        if run.length > LARGEST:
            leave_out(name, f"it has over {LARGEST >> 20} MiB; hand it in by itself, as an image")
            continue
        data = source.read_at(run.offset, run.length)
        claim = Claim(name, places.get(name.rpartition("/")[2]))
        yield make_fragment(source, data, (Run(run.offset, run.length),), layer, claim)


def _claimed_places(source: FolderSource, leave_out: Callable[[str, str], None]) -> dict[str, str]:
    """By file name: where the carver says it found each file. A list that cannot be read claims nothing."""
    places: dict[str, str] = {}
    for path in _lists(source):
        carver = _LISTS[path.name]
        try:
            for listed in read_list(path):
                if listed.media_runs and len(places) < _MOST_CLAIMS:
                    places[listed.name.rpartition("/")[2]] = f"{carver}: {_in_words(listed)}"
        except UsageError as error:
            leave_out(path.name, str(error))
    return places


def _lists(source: FolderSource) -> list[Path]:
    """The lists in the folder, in those that hold files, and in the one above (bulk_extractor's lies there)."""
    folders = sorted({path.parent for path in source.paths} | {source.folder, source.folder.parent})
    found = (folder / name for folder in folders for name in _LISTS)
    return [path for path in found if path.is_file() and not path.is_symlink()]


def _in_words(listed: ListedFile) -> str:
    runs = [f"{run.offset} ({run.length} bytes)" for run in listed.media_runs[:_MOST_NAMED_RUNS]]
    more = len(listed.media_runs) - len(runs)
    return "image byte " + ", then ".join(runs) + (f" and {more} more pieces" if more else "")
