"""Take over what another carver left: every file of a folder as one fragment, with what the carver said of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from carving.carver.donors import Families
from carving.errors import UsageError
from carving.fragments import Claim, Fragment
from carving.jpeg.markers import read_header
from carving.media.folder import FolderSource, is_named_jpeg
from carving.selection.listed import ListedFile
from carving.selection.lost_headers import has_lost_header, lend_header
from carving.selection.reading import read_list
from carving.selection.taking import LARGEST, SOI, make_fragment
from carving.source import Run

_LISTS: Final = {"report.xml": "PhotoRec", "jpeg_carved.txt": "bulk_extractor"}
"""Lists that carvers leave beside or above their files."""
_MOST_CLAIMS: Final = 1_000_000
_MOST_NAMED_RUNS: Final = 8
_UNREAD: Final = "it does not begin as a JPEG, and holds no rest of one that another file's tables read"


def take_folder(
    source: FolderSource, layer: str, leave_out: Callable[[str, str], None], families: Families | None = None
) -> Iterator[Fragment]:
    """Yield every file of the folder as a fragment, whole: where it ends was for the carver to say.

    Files whose header is lost, as those are that ransomware has encrypted in part, come last: the whole ones lend
    theirs.

    Args:
        source: the folder.
        layer: name of the view, copied into every fragment.
        leave_out: hears the name of each file that is not taken, and why.
        families: photos from elsewhere that can lend their header.

    Raises:
        EvidenceError: a file cannot be read.
    """
    places = _claimed_places(source, leave_out)
    families = Families() if families is None else families
    headerless: list[tuple[str, Run]] = []

    def claim_of(name: str) -> Claim:
        return Claim(name, places.get(name.rpartition("/")[2]))

    for name, run in source.files():
        if run.length > LARGEST:
            leave_out(name, f"it has over {LARGEST >> 20} MiB; hand it in by itself, as an image")
            continue
        fragment = make_fragment(source, source.read_at(run.offset, run.length), (run,), layer, claim_of(name))
        if fragment.check is None and not fragment.transfers and has_lost_header(fragment.data):
            headerless.append((name, run))
            continue
        if fragment.check is not None and fragment.check.whole and not fragment.transfers:
            families.note(fragment.data, read_header(fragment.data), run.offset, f"the file {name}")
        yield lend_header(fragment, families) or fragment
    for name, run in headerless:
        fragment = make_fragment(source, source.read_at(run.offset, run.length), (run,), layer, claim_of(name))
        read = lend_header(fragment, families)
        if read is not None or is_named_jpeg(name) or fragment.data.startswith(SOI):
            yield read or fragment
        else:
            leave_out(name, _UNREAD)


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
