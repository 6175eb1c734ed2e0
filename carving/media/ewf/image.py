"""Open an EWF image: find its segments, walk their sections, check that every chunk of the medium is described."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from carving.errors import EvidenceError, SegmentMissingError
from carving.media.ewf.chunk_tables import ChunkTable, pair_tables
from carving.media.ewf.sections import (
    MediaGeometry,
    Section,
    SegmentEnding,
    check_file_header,
    read_acquisition_errors,
    read_digests,
    read_geometry,
    read_sections,
)
from carving.media.ewf.segment_names import SegmentNames
from carving.media.files import OrderedFiles
from carving.source import Run


@dataclass(frozen=True)
class EwfImage:
    """What is known of an image after opening it, before any chunk is read.

    Attributes:
        files: the segment files in order.
        geometry: size of the medium and of its chunks.
        tables: the chunk tables in order; together they describe every chunk.
        boundaries: for each segment, int64 (n,) sorted ends of its sections in bytes.
        digests: stored digests of the medium as hex, by `md5` and `sha1`.
        acquisition_errors: media ranges in bytes that the acquisition could not read.
        remarks: oddities of the storage, in plain words.
    """

    files: OrderedFiles
    geometry: MediaGeometry
    tables: tuple[ChunkTable, ...]
    boundaries: tuple[NDArray[np.int64], ...]
    digests: dict[str, str]
    acquisition_errors: tuple[Run, ...]
    remarks: tuple[str, ...]


def read_image(path: Path) -> EwfImage:
    """Open the image that `path` is a segment of.

    Raises:
        SegmentMissingError: a segment is not there; the message names it.
        EvidenceError: a segment is unreadable, empty, truncated or damaged where the whole depends on it.
    """
    files, chains, ending = _read_segments(path)
    sections = tuple(section for chain in chains for section in chain)
    geometry = _geometry(files, sections)
    tables: tuple[ChunkTable, ...] = ()
    for chain in chains:
        first_chunk = tables[-1].first_chunk + tables[-1].count if tables else 0
        tables += pair_tables(files, chain, first_chunk)
    remarks = _check_chunk_count(files, geometry, sum(table.count for table in tables), ending)
    digests: dict[str, str] = {}
    errors: tuple[Run, ...] = ()
    broken: tuple[str, ...] = ()
    for section in sections:
        if section.kind in ("hash", "digest"):
            stored = read_digests(files, section)
            digests |= stored or {}
            if stored is None:
                path = files.paths[section.segment]
                place = f"the {section.kind} section at byte {section.offset} of {path}"
                broken += (f"{place} is damaged (wrong checksum); the digest that was stored there is not compared",)
        elif section.kind == "error2":
            errors += read_acquisition_errors(files, section, geometry)
    boundaries = tuple(
        np.array(sorted({section.end for section in chain} | {files.sizes[index]}), dtype=np.int64)
        for index, chain in enumerate(chains)
    )
    return EwfImage(files, geometry, tables, boundaries, digests, errors, (*remarks, *broken))


def _read_segments(path: Path) -> tuple[OrderedFiles, tuple[tuple[Section, ...], ...], SegmentEnding]:
    """Follow the segments from the first as long as each one says that another comes."""
    names = SegmentNames(path)
    paths: list[Path] = []
    chains: list[tuple[Section, ...]] = []
    ending = SegmentEnding.NEXT
    while ending is SegmentEnding.NEXT:
        number = len(paths) + 1
        found = names.find(number)
        if found is None:
            raise SegmentMissingError(f"segment {number} of the E01 image is missing: {names.expected(number)}")
        paths.append(found)
        one = OrderedFiles((found,))
        try:
            if one.sizes[0] == 0:
                raise EvidenceError(f"the evidence {found} is empty")
            check_file_header(one.read(0, 0, 13), found, number)
            chain, ending = read_sections(one, 0)
        finally:
            one.close()
        chains.append(tuple(Section(entry.kind, number - 1, entry.offset, entry.end) for entry in chain))
    return OrderedFiles(tuple(paths)), tuple(chains), ending


def _geometry(files: OrderedFiles, sections: tuple[Section, ...]) -> MediaGeometry:
    """The geometry of the first volume, disk or data section that is whole; the later ones must not contradict it."""
    geometry: MediaGeometry | None = None
    for section in sections:
        if section.kind not in ("volume", "disk", "data"):
            continue
        found = read_geometry(files, section)
        if geometry is None:
            geometry = found
        elif found is not None and _contradict(found.set_identifier, geometry.set_identifier):
            raise EvidenceError(f"{files.paths[section.segment]} belongs to another acquisition than {files.paths[0]}")
    if geometry is None:
        raise EvidenceError(f"{files.paths[0]} has no undamaged volume section, so the size of the medium is unknown")
    return geometry


def _contradict(first: bytes, second: bytes) -> bool:
    """Whether two set identifiers differ; many writers leave them zero."""
    return any(first) and any(second) and first != second


def _check_chunk_count(
    files: OrderedFiles, geometry: MediaGeometry, described: int, ending: SegmentEnding
) -> tuple[str, ...]:
    """Compare the number of chunks in the tables with that of the volume section; say what is odd."""
    last = files.paths[-1]
    needed = -(-geometry.media_size // geometry.chunk_size)
    if described < needed:
        why = f"{last} is truncated" if ending is SegmentEnding.CUT else f"the tables up to {last} are incomplete"
        raise EvidenceError(f"{why}: {described} of {needed} chunks of the medium are described")
    remarks = []
    if ending is SegmentEnding.CUT:
        remarks.append(f"{last} ends without its end marker; stored digests may be missing, all chunks are described")
    if described != geometry.chunk_count:
        remarks.append(f"the volume section promises {geometry.chunk_count} chunks, the tables describe {described}")
    return tuple(remarks)
