"""What a run knows of bytes that were bad before anybody looked at them, for the report."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from carving.source import ByteSource
from plugin.common.file_digest import digest_of_file
from plugin.common.known_bad_record import MOST_LISTED, KnownBad, known_bad_of_runs
from plugin.common.nand_record import NandRecord
from plugin.common.report_model import Evidence
from plugin.custody.evidence_files import look_at, printable


def with_known_bad_totals(evidence: Evidence, source: ByteSource, nand: NandRecord | None) -> Evidence:
    """The evidence with its bytes that are known to be bad, kind by kind.

    Args:
        evidence: as it was hashed, so that every damaged chunk was met.
        source: the stack over it.
        nand: what became of the code words, where it is raw NAND.
    """
    from carving.media.rescued_source import find_rescued

    rescued = find_rescued(source)
    unread = {} if rescued is None else rescued.rescue_map.unread
    mapped = tuple(
        KnownBad(kind, found.total, found.count, found.first(MOST_LISTED), found.count <= MOST_LISTED)
        for kind, found in unread.items()
    )
    errors = known_bad_of_runs("acquisition error", evidence.acquisition_errors)
    chunks = known_bad_of_runs("damaged chunk", evidence.damaged_runs)
    return replace(evidence, known_bad=(*mapped, *errors, *chunks, *_uncorrectable(nand)))


def rescue_map_record(source: ByteSource) -> dict[str, object] | None:
    """The map that was laid over the evidence, with its SHA-256, for the custody log; None where there is none.

    Raises:
        EvidenceError: it cannot be read again.
    """
    from carving.media.rescued_source import find_rescued

    rescued = find_rescued(source)
    if rescued is None:
        return None
    path = rescued.rescue_map.path
    return {"path": printable(path), "size": look_at(path).size, "sha256": digest_of_file(path).hex}


def rescue_map_remarks(source: ByteSource, files: tuple[Path, ...]) -> tuple[str, ...]:
    """Where the map and the evidence do not fit each other; where no map was given, that one lies beside it."""
    from carving.media.rescue_map import maps_beside
    from carving.media.rescued_source import find_rescued

    rescued = find_rescued(source)
    if rescued is not None:
        return rescued.rescue_map.remarks
    return tuple(
        f"{printable(found)} looks like the map that GNU ddrescue kept of the evidence; it was not used: "
        "with --map FILE what was never read is told from what was"
        for found in maps_beside(files[0])
    )


def _uncorrectable(nand: NandRecord | None) -> tuple[KnownBad, ...]:
    if nand is None or not nand.code_words.uncorrectable:
        return ()
    total = nand.code_words.uncorrectable * nand.page_data // nand.code_words_per_page
    runs = nand.uncorrectable_runs
    count = nand.code_words.uncorrectable
    return (KnownBad("uncorrectable code word", total, count, runs, nand.uncorrectable_runs_complete),)
