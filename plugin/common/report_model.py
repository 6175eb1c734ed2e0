"""The evidence report as immutable records; `schema.json` beside this file describes their JSON form field by field."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from functools import cache
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Final

from carving.file_systems.structure_flip import StructureFlip
from carving.fragments import Claim, Origin
from carving.fscrypt.key_use import FileEncryption
from carving.source import HOLE_OFFSET, Run
from carving.transfers.transfer import Transfer
from plugin.common.allocation_record import AllocatedClaim, StoredClaim
from plugin.common.carving_record import UNCHECKED, Carving
from plugin.common.explanation_record import GapRecord, SegmentRecord, segment_files
from plugin.common.file_state import FileState
from plugin.common.known_bad_record import KnownBad
from plugin.common.nand_record import NandRecord
from plugin.common.output import OutputFile
from plugin.common.restore_record import McuCounts, Previews
from plugin.common.settings import CaseDetails, Parameters
from restore.provenance import BitFlip, Status

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

SCHEMA_VERSION: Final = "1"


@dataclass(frozen=True, slots=True)
class Tool:
    """What made the report: name, version, versions of the libraries behind it, SHA-256 of its networks' weights."""

    name: str
    version: str
    libraries: Mapping[str, str]
    weights: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Evidence:
    """The evidence. `size` and all digests are those of its media, such as the disk inside an E01.

    Attributes:
        paths: the file or files, in order.
        size: bytes of the media.
        sha256, md5: computed in this run; None where the evidence could not be read to its end, the second also where
            neither the settings nor the acquisition asked for it.
        stored_hashes: digests the acquisition tool stored, by algorithm.
        stored_hashes_match: whether they equal the computed ones; None where one of the two is not there.
        damaged_runs: stretches that are damaged in the evidence file: some of their bytes are wrong.
        acquisition_errors: stretches that the acquisition tool says it could not read from the device.
        files: the evidence files as they were before the run, each with the digest of the file itself.
        unchanged: whether their digests were the same after the run; None where that could not be told.
        known_bad: bytes of the media that a layer knows to be bad, kind by kind.
    """

    paths: tuple[str, ...]
    size: int
    sha256: str | None
    md5: str | None
    stored_hashes: Mapping[str, str]
    stored_hashes_match: bool | None
    damaged_runs: tuple[Run, ...]
    acquisition_errors: tuple[Run, ...]
    files: tuple[FileState, ...]
    unchanged: bool | None
    known_bad: tuple[KnownBad, ...] = ()


@dataclass(frozen=True, slots=True)
class Key:
    """The key, by a fingerprint that does not give it away, what showed that it fits, and the cipher it belongs to."""

    fingerprint: str
    confirmed_by: str
    cipher: str
    sector_size: int


@dataclass(frozen=True, slots=True)
class VolumeRecord:
    """A volume of a partition table, in bytes of what was scanned, and the key that opened it, if one did."""

    number: int
    offset: int
    length: int
    description: str
    key: Key | None


@dataclass(frozen=True, slots=True)
class ScannedView:
    """What was scanned of one view: its name, the layers down to the evidence, and how many of its bytes."""

    layer: str
    location: str
    size: int
    scanned_bytes: int


@dataclass(frozen=True, slots=True)
class ThumbnailFile:
    """A thumbnail that was written, and where in the carved file its stored bytes are."""

    path: str
    sha256: str
    size: int
    covers: str
    origin: str
    stored: Run


@dataclass(frozen=True, slots=True)
class FileEntry:
    """One carved file and all that was made of it.

    Attributes:
        exif: what the file's own Exif says of it; anybody can write that.
        status: None when nothing was tried (`--carve-only`).
        opaque_bytes: header bytes that no redundancy covers; whether they are as they were, nothing can tell.
        error: the tool's own failure on this file, which then counts as `unrecoverable`.
        claim: what another tool, an archive or a database says of it; None where it was found by searching.
        allocated: what the file system says of the allocated file in which it begins, if it does.
        carving: how sure the carver is of it, and why.
        volume: number of the volume of the partition table in which it begins, if it does.
        origin: whether its bytes were found by what they look like or through a file system.
        path: what the file system calls the file that it is, from its root; None where it knows none.
        deleted: whether the file system counts that file as deleted; None where it knows none.
        stored: what else the file system says of that file.
        segments, gaps: of what its scan consists where some of it is no part of the picture, in the file's order.
        known_bad: stretches of the carved bytes that a layer below could not read or correct.
        transfers: what was done to the file on its way and is undone in `undone`, the last one first.
        undone: the file before its transfers; None where none was undone.
        exact_probability: of the repaired stream, or of what was carved where no damage was found, being the original
            bytes up to EOI; None where nothing can tell, as on evidence that is not encrypted.
    """

    layer: str
    offset: int
    size: int
    byte_runs: tuple[Run, ...]
    evidence_runs: tuple[Run, ...]
    ending: str
    exif: Mapping[str, str]
    status: Status | None
    carved: OutputFile
    thumbnail: ThumbnailFile | None
    repaired: OutputFile | None
    restored: OutputFile | None
    provenance: OutputFile | None
    previews: Previews
    mcus: McuCounts
    bit_flips: tuple[BitFlip, ...]
    opaque_bytes: int
    notes: tuple[str, ...]
    error: str | None
    claim: Claim | None
    allocated: AllocatedClaim | None
    carving: Carving = UNCHECKED
    volume: int | None = None
    origin: Origin = Origin.CARVED
    path: str | None = None
    deleted: bool | None = None
    stored: StoredClaim | None = None
    segments: tuple[SegmentRecord, ...] = ()
    gaps: tuple[GapRecord, ...] = ()
    known_bad: tuple[Run, ...] = ()
    transfers: tuple[Transfer, ...] = ()
    undone: OutputFile | None = None
    exact_probability: float | None = None

    @property
    def files(self) -> tuple[OutputFile | ThumbnailFile, ...]:
        """Every file of the output folder that belongs to it."""
        previews = (self.previews.found, self.previews.restored, self.previews.provenance)
        made = (self.repaired, self.restored, self.provenance, *previews, *segment_files(self.segments))
        files = (self.carved, self.undone, self.thumbnail, *made)
        return tuple(file for file in files if file is not None)

    @property
    def stem(self) -> str:
        """What its files in every folder are called, but for their suffix."""
        return PurePosixPath(self.carved.path).stem


@dataclass(frozen=True, slots=True)
class Failure:
    """Something the run could not do: in which stage, in plain words, and the exit code it leads to."""

    stage: str
    message: str
    exit_code: int


@dataclass(frozen=True, slots=True)
class CustodyHead:
    """How far the custody log had come when this report was written."""

    path: str
    records: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Report:
    """One run. `files` are ordered by layer and offset, `structure_flips` by evidence offset; `key` is the first that
    opened a volume of a disk; `file_encryption` tells of the keys that open files."""

    schema_version: str
    tool: Tool
    started: str
    finished: str
    details: CaseDetails
    evidence: Evidence
    parameters: Parameters
    key: Key | None
    scan: ScannedView
    plain_scan: ScannedView | None
    nand: NandRecord | None
    files: tuple[FileEntry, ...]
    structure_flips: tuple[StructureFlip, ...]
    notes: tuple[str, ...]
    failures: tuple[Failure, ...]
    custody: CustodyHead
    volumes: tuple[VolumeRecord, ...] = ()
    file_encryption: tuple[FileEncryption, ...] = ()

    @property
    def exit_code(self) -> int:
        """The code the command line ends on: the gravest failure's, 1 if a file failed, else 0."""
        failed = any(entry.error is not None for entry in self.files)
        return max([int(failed), *(failure.exit_code for failure in self.failures)])


def to_json(record: DataclassInstance) -> dict[str, object]:
    """A report, or any record of the model, as JSON values."""
    return {name: _plain(getattr(record, name)) for name in _names(type(record))}


@cache
def _names(kind: type[DataclassInstance]) -> tuple[str, ...]:
    return tuple(field.name for field in fields(kind))


def _plain(value: object) -> object:
    """Tuples as lists, a hole as a run without an offset, and no number that JSON lacks: a margin is infinite where the
    search had no second candidate."""
    if value is None or isinstance(value, str | int):
        return value
    if isinstance(value, Run) and value.offset == HOLE_OFFSET:
        return {"offset": None, "length": value.length}
    if is_dataclass(value) and not isinstance(value, type):
        return to_json(value)
    if isinstance(value, Mapping):
        return {str(name): _plain(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
