"""Take the listed files out of a source: fragments that were pointed out instead of searched for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Final

from carving.file_systems.inodes import FileSystem, Locator, NotThereError
from carving.file_systems.stored_files.content import cut
from carving.file_systems.stored_files.file_source import FileSource
from carving.fragments import Claim, Fragment
from carving.jpeg.header_walk import walk_header
from carving.jpeg.picture_walk import check_picture, sound_header
from carving.jpeg.results import Ending
from carving.jpeg.thumbnails import extract_thumbnail
from carving.selection.listed import ListedFile
from carving.source import HOLE_OFFSET, ByteSource, Run, clamp, evidence_runs, merge
from carving.transfers.undoing import undo_transfers
from carving.transfers.wording import notes_of

LARGEST: Final = 64 << 20
"""Bytes taken of one file at most."""
SOI: Final = b"\xff\xd8"
_EOI: Final = b"\xff\xd9"


def take_listed(
    source: ByteSource, listed: Iterable[ListedFile], layer: str, leave_out: Callable[[str, str], None]
) -> Iterator[Fragment]:
    """Yield the JPEGs among the listed files, in the order of the list.

    A file is one if it begins with SOI, or if its name says so: a damaged one may begin with anything.

    Args:
        source: the layer that is examined.
        listed: what a list names.
        layer: name of the view, copied into every fragment.
        leave_out: hears the name of each file that is not taken, and why.

    Raises:
        EvidenceError: the source cannot be read, or the list gives addresses and there is no file system.
    """
    places = _Places(source)
    taken: set[int] = set()
    for file in listed:
        try:
            runs = places.of(file)
            file_bytes = FileSource(source, runs)
            data = file_bytes.read_at(0, file_bytes.size)
        except NotThereError as error:
            leave_out(file.name, str(error))
            continue
        if not (data.startswith(SOI) or (file.is_named_jpeg and data)):
            leave_out(file.name, "it is no JPEG")
        elif runs[0].offset in taken:
            leave_out(file.name, "another listed file begins at the same byte")
        else:
            taken.add(runs[0].offset)
            yield make_fragment(source, data, runs, layer, Claim(file.name, None))


def make_fragment(
    source: ByteSource, data: bytes, runs: tuple[Run, ...], layer: str, claim: Claim | None = None
) -> Fragment:
    """A fragment of exactly these bytes, which lie in `runs`, holes among them; nothing is cut off behind the
    picture."""
    stored = [run for run in runs if run.offset != HOLE_OFFSET]
    lower = merge(tuple(low for run in stored for low in evidence_runs(source, run.offset, run.length)))
    return fragment_of(data, runs, lower, layer, claim)


def fragment_of(
    data: bytes, runs: tuple[Run, ...], evidence: tuple[Run, ...], layer: str, claim: Claim | None = None
) -> Fragment:
    """The same, where it is known which runs of the evidence the bytes are.

    What transfers have done to a damaged file is undone where it then decodes better; the bytes and their runs stay as
    they were found, and notes say so.
    """
    undone = undo_transfers(data)
    before = data if undone is None else undone.data
    walk = walk_header(before)
    return Fragment(
        layer=layer,
        offset=next(run.offset for run in runs if run.offset != HOLE_OFFSET),
        data=data,
        byte_runs=runs,
        evidence_runs=evidence,
        ending=Ending.EOI if before.rstrip(b"\0").endswith(_EOI) else Ending.TRUNCATED,
        thumbnail=extract_thumbnail(before, walk.segments),
        check=check_picture(before, sound_header(before, walk)),
        claim=claim,
        notes=() if undone is None else notes_of(data, undone),
        transfers=() if undone is None else undone.transfers,
    )


class _Places:
    """Where listed files lie in a source, by whichever of their places can be told there."""

    def __init__(self, source: ByteSource) -> None:
        self._source = source
        self._locator: Locator | None = None
        self._start = _start_in_media(source)

    def of(self, file: ListedFile) -> tuple[Run, ...]:
        """Its runs in the source.

        Raises:
            NotThereError: it has none there.
            EvidenceError: there is no file system to ask.
        """
        runs = self._named(file)
        if file.size is not None:
            runs = cut(runs, file.size)
        runs = cut(runs, LARGEST)
        if not runs:
            raise NotThereError("the list does not say where it lies")
        if any(run.offset != HOLE_OFFSET and clamp(run.offset, run.length, self._source.size) != run for run in runs):
            raise NotThereError(f"it would lie outside the {self._source.size} bytes that are examined")
        return merge(runs)

    def _named(self, file: ListedFile) -> tuple[Run, ...]:
        if file.media_runs and self._start is not None:
            start = self._start
            return tuple(
                run if run.offset == HOLE_OFFSET else Run(run.offset - start, run.length) for run in file.media_runs
            )
        if file.volume_runs:
            return file.volume_runs
        if file.media_runs:
            raise NotThereError("its place in the medium is told, and what is examined has its bytes in another order")
        if file.address is None:
            return ()
        if self._locator is None:
            self._locator = FileSystem(self._source)
        return self._locator.runs(file.address)


def _start_in_media(source: ByteSource) -> int | None:
    """Byte of the medium at which the source begins; None where its bytes do not follow those of the medium one to one.

    Partitions and decryption keep the order of the bytes, so that a place in the medium is one in the source.
    """
    runs = evidence_runs(source, 0, source.size)
    return runs[0].offset if len(runs) == 1 and runs[0].length == source.size else None
