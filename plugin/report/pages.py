"""The pages for eyes: `report.html` for the whole run, `files/STEM.html` for one file.

Each is one file that opens offline. All text is escaped by the template engine or reaches the page through JSON and
`textContent`; the content security policy allows only the styles and the script that are named by their digests.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Final

from plugin.common.allocation_record import StoredClaim
from plugin.common.output import OutputFile, output_error
from plugin.common.progress import human_size
from plugin.common.report_model import Evidence, FileEntry, Report, ThumbnailFile, to_json
from plugin.report import wording
from plugin.report.custody_report import History
from restore.provenance import Status

if TYPE_CHECKING:
    from jinja2 import Environment

EMBEDDED: Final = 32 << 20
"""Bytes of pictures that are put into `report.html`; the rest it shows from the files beside it."""
_KINDS: Final = ("carved", "undone", "thumbnail", "repaired", "restored", "provenance")
_NO_MORE: Final = "base-uri 'none'; form-action 'none'"
_CARD: Final = (
    *("layer", "volume", "offset", "size", "byte_runs", "evidence_runs", "ending", "carving"),
    *("exif", "mcus", "exact_probability", "opaque_bytes", "notes", "error", "origin", "deleted", "segments", "gaps"),
)
"""What a card of the gallery takes from the entry as it is."""
_LARGEST_THUMBNAIL: Final = 64 << 10
"""Bytes of a thumbnail that are put into a page."""


def report_page(report: Report, folder: Path) -> bytes:
    """The page of the whole run: gallery, filters, map, and for each file before and after with its provenance.

    Args:
        report: the run's.
        folder: its output, from which the small pictures are taken.
    """
    css, js = _read("report.css"), _read("report.js")
    policy = (
        f"default-src 'none'; script-src '{_source_hash(js)}'; style-src '{_source_hash(css)}'; "
        f"img-src data: 'self' file:; {_NO_MORE}"
    )
    data = {
        "size": report.evidence.size,
        "damaged": [to_json(run) for bad in report.evidence.known_bad for run in bad.runs],
        "statuses": list(_statuses(report)),
        "provenances": list(wording.PROVENANCES.items()),
        "natures": wording.NATURES,
        "claims": wording.CLAIMS,
        "told_by_others": wording.TOLD,
        "exactness": wording.EXACTNESS,
        "segments_said": wording.SEGMENTS,
        "gaps_said": wording.GAPS,
        "gap_kinds": {kind.value: meaning for kind, meaning in wording.GAP_KINDS.items()},
        "files": list(_cards(report, folder)),
    }
    return _render(
        "report.html.j2",
        report=report,
        policy=policy,
        css=css,
        js=js,
        data=_script_safe(data),
        stored=_stored(report.evidence),
        unchanged=_unchanged(report.evidence),
        meanings={status.value: meaning for status, meaning in wording.MEANINGS.items()},
        provenances=wording.PROVENANCES,
        uniqueness=wording.UNIQUENESS,
    )


def file_page(report: Report, entry: FileEntry, history: History, folder: Path) -> bytes:
    """The printable custody report of one file."""
    css = _read("file.css")
    counts = to_json(entry.mcus)
    status, meaning = status_of(entry)
    pictures = [(_data_uri(folder, file), caption) for file, caption in _pictures(entry) if file is not None]
    return _render(
        "file.html.j2",
        report=report,
        entry=entry,
        origin=history.origin,
        steps=history.steps[entry.stem],
        policy=f"default-src 'none'; style-src '{_source_hash(css)}'; img-src data:; {_NO_MORE}",
        css=css,
        status=status,
        meaning=meaning,
        pictures=pictures,
        map_at=len(pictures) if entry.previews.provenance is not None else 0,
        outputs=[(kind, getattr(entry, kind)) for kind in _KINDS if getattr(entry, kind) is not None],
        blocks=[(name, counts[name]) for name in wording.PROVENANCES if counts[name]],
        natures=wording.NATURES,
        provenances=wording.PROVENANCES,
        uniqueness=wording.UNIQUENESS,
        exactness=wording.EXACTNESS,
        claims=wording.CLAIMS,
        told=_told(entry),
        warning=wording.share_of_stored(entry.mcus),
        segments=[(segment, wording.place_of(segment)) for segment in entry.segments],
        segments_said=wording.SEGMENTS,
        strips=list(_strips(entry, folder)),
        gaps=[(gap, wording.GAP_KINDS[gap.kind], wording.lost_in(gap)) for gap in entry.gaps],
        gaps_said=wording.GAPS,
        told_by_others=wording.TOLD,
        stored=_stored(report.evidence),
        unchanged=_unchanged(report.evidence),
    )


def status_of(entry: FileEntry) -> tuple[str, str]:
    """The word for the state of a file, and what it means."""
    if entry.error is not None:
        return wording.FAILED, wording.FAILED_MEANING
    if entry.status is None:
        return wording.CARVED, wording.CARVED_MEANING
    return entry.status.value, wording.MEANINGS[entry.status]


def _statuses(report: Report) -> Iterator[dict[str, object]]:
    """The statuses that occur, from best to worst, with how often."""
    found = [status_of(entry) for entry in report.files]
    order = [*((status.value, meaning) for status, meaning in wording.MEANINGS.items())]
    order += [(wording.CARVED, wording.CARVED_MEANING), (wording.FAILED, wording.FAILED_MEANING)]
    for name, meaning in order:
        if (name, meaning) in found:
            yield {"name": name, "meaning": meaning, "count": found.count((name, meaning))}


def _cards(report: Report, folder: Path) -> Iterator[dict[str, object]]:
    budget = EMBEDDED
    for entry in report.files:
        images: dict[str, str | None] = {}
        previews = entry.previews
        copies = {"found": previews.found, "restored": previews.restored, "provenance": previews.provenance}
        for kind, file in {**copies, "thumbnail": entry.thumbnail}.items():
            if file is None:
                images[kind] = None
            elif file.size > budget or (kind == "thumbnail" and file.size > _LARGEST_THUMBNAIL):
                images[kind] = file.path
            else:
                images[kind] = _data_uri(folder, file)
                budget -= file.size
        strips: list[dict[str, object]] = []
        for number, segment in enumerate(entry.segments, 1):
            if segment.picture is None or segment.preview is None:
                continue
            fits = segment.preview.size <= budget
            budget -= segment.preview.size if fits else 0
            small = _data_uri(folder, segment.preview) if fits else segment.preview.path
            strips.append({"number": number, "small": small, "path": segment.picture.path})
        values = to_json(entry)
        status, _ = status_of(entry)
        yield {
            **{name: values[name] for name in _CARD},
            "stem": entry.stem,
            "told": _told(entry),
            "folder": _folder(entry),
            "status": status,
            "warning": wording.share_of_stored(entry.mcus),
            "flips": values["bit_flips"],
            "output": {kind: values[kind] for kind in _KINDS},
            "images": images,
            "strips": strips,
            "words": " ".join((entry.stem, str(entry.offset), status, *_words(entry))).lower(),
        }


def _strips(entry: FileEntry, folder: Path) -> Iterator[tuple[str, str]]:
    """Pictures of the segments without a place, small, each with what to say below it."""
    for number, segment in enumerate(entry.segments, 1):
        if segment.preview is not None:
            yield _data_uri(folder, segment.preview), f"segment {number}, unplaced: {segment.mcus} blocks (small copy)"


def _folder(entry: FileEntry) -> str | None:
    """The folder that a file system says a file lies in; None where no file system knows the file."""
    return None if entry.path is None else entry.path.rpartition("/")[0] or "/"


def _words(entry: FileEntry) -> Iterator[str]:
    """What of a file is searched beside its place and status."""
    yield from entry.exif.values()
    yield from entry.notes
    yield entry.carving.state
    yield from (value for _, value in _told(entry))


def _told(entry: FileEntry) -> list[tuple[str, str]]:
    """What others say of a file: another tool that pointed it out, the file system that holds it."""
    told: list[tuple[str, str]] = []
    if entry.claim is not None:
        told.append(("named as", " ".join(filter(None, (entry.claim.name, entry.claim.place)))))
    if entry.stored is not None:
        told.extend(_stored_words(entry, entry.stored))
    elif entry.allocated is not None:
        begins = entry.allocated
        told.append(("file system", f"{begins.path}, inode {begins.inode}, {begins.size} bytes"))
        told.append(("begins at its byte", str(begins.position)))
        times = {name: getattr(begins, name) for name in ("created", "modified", "accessed", "changed")}
        told.extend((f"{name} (file system)", time) for name, time in times.items() if time is not None)
    return told


def _stored_words(entry: FileEntry, stored: StoredClaim) -> Iterator[tuple[str, str]]:
    """What a file system says of the file that a picture is."""
    state = "deleted file" if entry.deleted else "file"
    yield state, f"{entry.path}, inode {stored.inode}, {stored.size} bytes"
    yield "read through", stored.structure
    if stored.other_paths:
        yield "also called", ", ".join(stored.other_paths)
    for name in ("created", "modified", "accessed", "changed"):
        time = getattr(stored, name)
        if time is not None:
            yield f"{name} (file system)", time
    if entry.deleted and entry.allocated is not None:
        yield "its first byte is now in", f"{entry.allocated.path}, inode {entry.allocated.inode}"


def _pictures(entry: FileEntry) -> tuple[tuple[OutputFile | ThumbnailFile | None, str], ...]:
    small = entry.thumbnail if entry.thumbnail is not None and entry.thumbnail.size <= _LARGEST_THUMBNAIL else None
    made = "repaired: the named bits reversed" if entry.repaired is not None else "restored: an enhancement"
    made = "undone: as it was before its transfers" if entry.status is Status.EXACT and entry.undone else made
    return (
        (entry.previews.found, "as found, as an ordinary viewer shows it (small copy)"),
        (small, "the thumbnail stored in its header"),
        (entry.previews.restored, f"{made} (small copy)"),
        (
            entry.previews.provenance,
            "provenance: green intact, blue repaired, yellow placed, red generated, black lost",
        ),
    )


def _stored(evidence: Evidence) -> str:
    if not evidence.stored_hashes:
        return "none in this format"
    names = ", ".join(name.upper() for name in evidence.stored_hashes)
    said = {True: "the same as computed", False: "DIFFERENT from the computed ones", None: "not compared"}
    return f"{names}: {said[evidence.stored_hashes_match]}"


def _unchanged(evidence: Evidence) -> str:
    said = {True: "hashed again: unchanged", False: "CHANGED during the run", None: "could not be hashed again"}
    return said[evidence.unchanged]


def _data_uri(folder: Path, file: OutputFile | ThumbnailFile) -> str:
    kind = "png" if file.path.endswith(".png") else "jpeg"
    try:
        content = (folder / file.path).read_bytes()
    except OSError as error:
        raise output_error(folder / file.path, error) from error
    return f"data:image/{kind};base64,{base64.b64encode(content).decode()}"


def _script_safe(data: object) -> str:
    """JSON for a script element: nothing in it can end the element or begin another."""
    text = json.dumps(data, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    return text.replace("<", r"\u003c").replace(">", r"\u003e").replace("&", r"\u0026")


def _source_hash(text: str) -> str:
    """How a content security policy names a style or a script (CSP level 3, 2.3.1)."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


@lru_cache
def _read(name: str) -> str:
    return resources.files("plugin.report").joinpath("templates", name).read_text("utf-8")


@lru_cache
def _environment() -> Environment:
    from jinja2 import Environment, FunctionLoader, StrictUndefined

    environment = Environment(autoescape=True, loader=FunctionLoader(_read), undefined=StrictUndefined)
    environment.filters["size"] = human_size
    environment.filters["number"] = _number
    environment.filters["probability"] = wording.probability
    return environment


def _number(value: float) -> str:
    return "no second candidate" if value == float("inf") else f"{value:.1f}"


def _render(template: str, **values: object) -> bytes:
    return _environment().get_template(template).render(**values).encode("utf-8", "backslashreplace")
