"""The content of a file as The Sleuth Kit reads it: the runs of its data streams."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Final

from carving.errors import EvidenceError
from carving.file_systems.stored_files.content import Content, Piece, cut, laid_out
from carving.file_systems.stored_files.ext_geometry import read_geometry
from carving.file_systems.stored_files.ext_inline import inline_runs
from carving.file_systems.stored_files.file_source import FileSource
from carving.file_systems.stored_files.lznt1 import holds_compressed_units
from carving.file_systems.stored_files.ntfs_record import DataAttribute, FileTable
from carving.source import ByteSource, Run

if TYPE_CHECKING:
    import pytsk3

MOST_RUNS: Final = 1 << 16
"""Runs of one file that are read; a file of more is left to the carver."""
_SECTOR: Final = 512


class TooManyPiecesError(Exception):
    """A file lies in more pieces than are followed; the message says so. It never leaves the floor."""


@dataclass(frozen=True, slots=True)
class TskVolume:
    """The file system that is read.

    Attributes:
        start: where it starts in the source.
        block: bytes of its blocks.
        table: on NTFS its file table.
        inline: on ext4 what gives the runs of a file whose data lie in its inode.
        before, behind: bytes that stand before and behind each block and are none of it: on YAFFS2 a page's spare ones.
    """

    start: int
    block: int
    table: FileTable | None = None
    inline: Callable[[int], tuple[Run, ...]] | None = None
    before: int = 0
    behind: int = 0

    def pieces(self, run: pytsk3.TSK_FS_ATTR_RUN) -> Iterator[Piece]:
        """Where the blocks of a run that lies on the medium are in the file and in the source."""
        first, address, count = int(run.offset), int(run.addr), int(run.len)
        if not self.before and not self.behind:
            yield first * self.block, Run(self.start + address * self.block, count * self.block)
            return
        stride = self.before + self.block + self.behind
        for index in range(min(count, MOST_RUNS + 1)):
            place = self.start + (address + index) * stride + self.before
            yield (first + index) * self.block, Run(place, self.block)


@dataclass(frozen=True, slots=True)
class Stream:
    """A data stream of a file: its name, empty for the main one; type and number of its attribute; its content."""

    name: str
    identity: str
    content: Content


def volume_of(source: ByteSource, system: pytsk3.FS_Info, start: int) -> TskVolume:
    """The file system that The Sleuth Kit opened at a byte of a source.

    Raises:
        EvidenceError: its first sector cannot be read.
    """
    import pytsk3

    block = int(system.info.block_size)
    around = int(system.info.block_pre_size), int(system.info.block_post_size)
    plain = TskVolume(start, block, before=around[0], behind=around[1])
    if int(system.info.ftype) in {int(getattr(pytsk3, f"TSK_FS_TYPE_EXT{number}")) for number in (2, 3, 4)}:
        try:
            return replace(plain, inline=partial(inline_runs, source, read_geometry(source, start)))
        except EvidenceError:  # said when the journal is read
            return plain
    if int(system.info.ftype) != int(pytsk3.TSK_FS_TYPE_NTFS):
        return plain
    size = source.read_at(start, _SECTOR)[64:65]
    clusters = int.from_bytes(size, "little", signed=True)
    record = clusters * block if clusters > 0 else 1 << -clusters if clusters >= -16 else 0
    try:
        table = next(data_streams(system.open_meta(inode=0), plain), None)
    except OSError:
        return plain
    if table is None or record < _SECTOR or record % _SECTOR:
        return plain
    return TskVolume(start, block, FileTable(FileSource(source, table.content.runs, "MFT"), record))


def data_streams(file: pytsk3.File, volume: TskVolume) -> Iterator[Stream]:
    """The data streams of a file whose place is known.

    Raises:
        TooManyPiecesError: a file lies in too many pieces.
        OSError: The Sleuth Kit cannot read the file's attributes.
        EvidenceError: the file table cannot be read.
    """
    import pytsk3

    kinds = {
        int(getattr(pytsk3, f"TSK_FS_ATTR_TYPE_{name}"))
        for name in ("DEFAULT", "NTFS_DATA", "HFS_DATA", "HFS_DEFAULT", "APFS_DATA")
    }
    encrypted = int(pytsk3.TSK_FS_ATTR_ENC)
    of_record: dict[int, DataAttribute] | None = None
    for attribute in file:
        info = attribute.info
        if int(info.type) not in kinds or int(info.flags) & encrypted:
            continue
        if of_record is None:
            of_record = _of_record(file, volume)
        if volume.inline is not None and int(info.flags) & int(pytsk3.TSK_FS_ATTR_RES):
            runs = volume.inline(int(file.info.meta.addr))
            content = Content(cut(runs, int(info.size))) if runs else None
        else:
            content = _content(attribute, volume, of_record.get(int(info.id)))
        if content is not None:
            named = int(info.type) == int(pytsk3.TSK_FS_ATTR_TYPE_NTFS_DATA)
            yield Stream(_text(info.name) if named else "", f"{int(info.type)}-{int(info.id)}", content)


def _of_record(file: pytsk3.File, volume: TskVolume) -> dict[int, DataAttribute]:
    """On NTFS, what the file's record says of its data attributes, by their number."""
    if volume.table is None or file.info.meta is None:
        return {}
    return {found.number: found for found in volume.table.data_attributes(int(file.info.meta.addr))}


def _content(attribute: pytsk3.Attribute, volume: TskVolume, recorded: DataAttribute | None) -> Content | None:
    """The content of a data attribute; None where it lies in no place that can be told."""
    import pytsk3

    size, flags = int(attribute.info.size), int(attribute.info.flags)
    if size <= 0:
        return None
    if flags & int(pytsk3.TSK_FS_ATTR_RES):
        return None if recorded is None or not recorded.resident else Content(cut(recorded.resident, size))
    written = size if recorded is None else min(size, recorded.initialised)
    runs = laid_out(_pieces(attribute, volume), written)
    runs = laid_out(_placed(runs), size)
    if not flags & int(pytsk3.TSK_FS_ATTR_COMP):
        return Content(runs)
    unit = 0 if recorded is None else recorded.unit * volume.block
    if not unit:
        return None
    return Content(runs, unit=unit if holds_compressed_units(runs, unit) else 0)


def _placed(runs: tuple[Run, ...]) -> Iterator[Piece]:
    """Runs as pieces, each at its place in the file."""
    position = 0
    for run in runs:
        yield position, run
        position += run.length


def _pieces(attribute: pytsk3.Attribute, volume: TskVolume) -> list[Piece]:
    """The pieces of an attribute."""
    import pytsk3

    filler, sparse = int(pytsk3.TSK_FS_ATTR_RUN_FLAG_FILLER), int(pytsk3.TSK_FS_ATTR_RUN_FLAG_SPARSE)
    pieces: list[Piece] = []
    for run in attribute:
        if not int(run.flags) & (filler | sparse):
            pieces += volume.pieces(run)
        if len(pieces) > MOST_RUNS:
            raise TooManyPiecesError(f"a file lies in more than {MOST_RUNS} pieces, which is left to carving")
    return pieces


def _text(name: bytes | None) -> str:
    return "" if name is None else name.decode("utf-8", "backslashreplace")
