"""From a fragment to its entry in the report: first as carved, then as restored."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

from carving.fragments import Fragment
from carving.jpeg.exif_claims import exif_claims
from carving.jpeg.header_walk import walk_header
from carving.jpeg.results import Thumbnail
from carving.transfers.undoing import undo_all
from plugin.common.allocation_record import AllocatedClaim
from plugin.common.carving_record import carving_of
from plugin.common.output import OutputFile, write_file
from plugin.common.report_model import FileEntry, ThumbnailFile, to_json
from plugin.common.restore_record import NO_PREVIEWS, McuCounts, RestoreRecord
from plugin.custody.custody_log import CustodyLog, LogEvent, file_written
from plugin.examination.allocation_survey import printable, stored_claim
from plugin.examination.fragment_record import fragment_to_json
from plugin.workers.stored_checksum import notes_as_found
from restore.provenance import Status

_UNDONE = "the file before the transfers that the report names, made of the carved bytes alone"


def store_fragment(
    fragment: Fragment,
    stem: str,
    folder: Path,
    custody: CustodyLog,
    allocated: AllocatedClaim | None,
    originals: dict[str, str],
    volume: int | None = None,
) -> FileEntry:
    """Write what was carved, as it was found, with its thumbnail, and record both in the custody log.

    `allocated` is what a file system says of the file it begins in; `originals` holds the path of the
    first file with each SHA-256, and learns of this one; `volume` is the number of the volume it lies in.

    Raises:
        OutputError: a file cannot be written.
    """
    covers = f"the bytes as found at offset {fragment.offset} of the {fragment.layer} layer, never altered"
    carved = write_file(folder, f"carved/{stem}.jpg", fragment.data, covers)
    events = [file_written(carved)]
    before = undo_all(fragment.data, fragment.transfers)
    undone = None
    if fragment.transfers:
        undone = write_file(folder, f"undone/{stem}.jpg", before, _UNDONE)
        events.append(file_written(undone))
    first = originals.setdefault(carved.sha256, carved.path)
    thumbnail = None
    if fragment.thumbnail is not None:
        written = _write_thumbnail(fragment.thumbnail, stem, folder)
        events.append(file_written(written))
        thumbnail = ThumbnailFile(
            written.path,
            written.sha256,
            written.size,
            written.covers,
            fragment.thumbnail.origin.value,
            fragment.thumbnail.run,
        )
    entry = FileEntry(
        layer=fragment.layer,
        offset=fragment.offset,
        size=len(fragment.data),
        byte_runs=fragment.byte_runs,
        evidence_runs=fragment.evidence_runs,
        ending=fragment.ending.value,
        exif=exif_claims(before, walk_header(before).segments),
        status=None,
        carved=carved,
        thumbnail=thumbnail,
        repaired=None,
        restored=None,
        provenance=None,
        previews=NO_PREVIEWS,
        mcus=McuCounts(),
        bit_flips=(),
        opaque_bytes=0,
        notes=(*notes_as_found(fragment), *fragment.notes, *_said_of_bad_bytes(fragment)),
        error=None,
        claim=fragment.claim,
        allocated=allocated,
        volume=volume,
        carving=carving_of(fragment, None if first == carved.path else first),
        origin=fragment.origin,
        path=_path(fragment, allocated),
        deleted=_deleted(fragment, allocated),
        stored=stored_claim(fragment.record),
        known_bad=fragment.known_bad,
        transfers=fragment.transfers,
        undone=undone,
    )
    carving = {"stem": stem, "entry": to_json(entry), "fragment": fragment_to_json(fragment)}
    custody.record_together([*events, ("carved", carving)])
    return entry


def _said_of_bad_bytes(fragment: Fragment) -> tuple[str, ...]:
    """That bytes of it are known to be bad, in words."""
    bad = fragment.known_bad
    if not bad:
        return ()
    places = "one place" if len(bad) == 1 else f"{len(bad)} places"
    count = sum(run.length for run in bad)
    return (f"{count} of its bytes, in {places}, are known to be bad: they were never read, or could not be corrected",)


def _path(fragment: Fragment, allocated: AllocatedClaim | None) -> str | None:
    """What a file system calls the file that a fragment is, rather than one that it lies in."""
    if fragment.record is not None:
        return printable(fragment.record.path)
    return allocated.path if allocated is not None and allocated.position == 0 else None


def _deleted(fragment: Fragment, allocated: AllocatedClaim | None) -> bool | None:
    if fragment.record is not None:
        return fragment.record.deleted
    return False if allocated is not None and allocated.position == 0 else None


def with_restoration(entry: FileEntry, stem: str, record: RestoreRecord, custody: CustodyLog) -> FileEntry:
    """The entry with what restoring made of it, recorded in the custody log: files, flips, and that it is done."""
    restored = replace(
        entry,
        status=record.status,
        mcus=record.mcus,
        bit_flips=record.bit_flips,
        opaque_bytes=record.opaque_bytes,
        exact_probability=record.exact_probability,
        repaired=record.repaired,
        restored=record.restored,
        provenance=record.provenance,
        previews=record.previews,
        segments=record.segments,
        gaps=record.gaps,
        notes=(*entry.notes, *record.notes),
    )
    place: dict[str, object] = {"stem": stem, "layer": entry.layer, "offset": entry.offset}
    flips: list[LogEvent] = [("flip_reversed", place | to_json(flip)) for flip in record.bit_flips]
    written = [file_written(file) for file in record.files]
    custody.record_together([*flips, *written, ("restored", {"stem": stem, "entry": to_json(restored)})])
    return restored


def with_error(entry: FileEntry, stem: str, message: str, custody: CustodyLog) -> FileEntry:
    """The entry of a file on which the tool itself failed."""
    failed = replace(entry, status=Status.UNRECOVERABLE, error=message)
    custody.record("restore_failed", stem=stem, entry=to_json(failed))
    return failed


def _write_thumbnail(thumbnail: Thumbnail, stem: str, folder: Path) -> OutputFile:
    if thumbnail.is_jpeg:
        covers = "the thumbnail's bytes as stored in the carved file"
        return write_file(folder, f"thumbnails/{stem}.jpg", thumbnail.data, covers)
    from PIL import Image

    buffer = io.BytesIO()
    with Image.open(io.BytesIO(thumbnail.data), formats=("PPM",)) as picture:
        picture.save(buffer, "PNG")
    covers = "a PNG of the pixels of the uncompressed thumbnail in the carved file"
    return write_file(folder, f"thumbnails/{stem}.png", buffer.getvalue(), covers)
