"""The content of a file as The Sleuth Kit reads it: the runs of its data streams."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from carving.source import Run
from carving.stored_files.content import Content, Piece, laid_out

if TYPE_CHECKING:
    import pytsk3

MOST_RUNS: Final = 1 << 16
"""Runs of one file that are read; a file of more is left to the carver."""


class TooManyPiecesError(Exception):
    """A file lies in more pieces than are followed; the message says so. It never leaves the floor."""


@dataclass(frozen=True, slots=True)
class Volume:
    """The file system that is read: where it starts in the source, and bytes of its blocks."""

    start: int
    block: int


def data_streams(file: pytsk3.File, volume: Volume) -> Iterator[tuple[str, Content]]:
    """The data streams of a file by name that lie in blocks of their own.

    Raises:
        TooManyPiecesError: a file lies in too many pieces.
        OSError: The Sleuth Kit cannot read the file's attributes.
    """
    import pytsk3

    kinds = {
        int(getattr(pytsk3, f"TSK_FS_ATTR_TYPE_{name}"))
        for name in ("DEFAULT", "NTFS_DATA", "HFS_DATA", "HFS_DEFAULT", "APFS_DATA")
    }
    elsewhere = int(pytsk3.TSK_FS_ATTR_RES) | int(pytsk3.TSK_FS_ATTR_COMP) | int(pytsk3.TSK_FS_ATTR_ENC)
    for attribute in file:
        info = attribute.info
        if int(info.type) not in kinds or int(info.flags) & elsewhere:
            continue
        if runs := laid_out(_pieces(attribute, volume), int(info.size)):
            yield _text(info.name), Content(runs)


def _pieces(attribute: pytsk3.Attribute, volume: Volume) -> list[Piece]:
    """The pieces of an attribute."""
    import pytsk3

    filler, sparse = int(pytsk3.TSK_FS_ATTR_RUN_FLAG_FILLER), int(pytsk3.TSK_FS_ATTR_RUN_FLAG_SPARSE)
    pieces: list[Piece] = []
    for run in attribute:
        if len(pieces) == MOST_RUNS:
            raise TooManyPiecesError(f"a file lies in more than {MOST_RUNS} pieces, which is left to carving")
        if not int(run.flags) & (filler | sparse):
            place = Run(volume.start + int(run.addr) * volume.block, int(run.len) * volume.block)
            pieces.append((int(run.offset) * volume.block, place))
    return pieces


def _text(name: bytes | None) -> str:
    return "" if name is None else name.decode("utf-8", "backslashreplace")
