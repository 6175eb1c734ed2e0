"""A transfer undone: what a file was before, as far as that can be had, and whether that decodes better."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from carving.jpeg.header_walk import walk_header
from carving.jpeg.picture_walk import check_picture, find_picture_end, sound_header
from carving.jpeg.results import Check, Ending
from carving.transfers.characters import bytes_of_utf8, bytes_of_utf16
from carving.transfers.counting import recognise
from carving.transfers.text import from_base64, from_hex, from_quoted
from carving.transfers.transfer import Transfer, TransferKind

_MOST_ROUNDS: Final = 3
"""Transfers one after the other that are undone."""

Merit = tuple[bool, bool, float]
"""How well a file decodes: has a sound header, is whole, share of its MCUs that decode before the first flaw."""


@dataclass(frozen=True, eq=False, slots=True)
class Undone:
    """A file as it was before its transfers.

    Attributes:
        data: its bytes with them undone; as found where none was.
        transfers: those that were undone, the last one first.
        remaining: one that was recognised in `data` and not undone; None where there is none.
    """

    data: bytes
    transfers: tuple[Transfer, ...]
    remaining: Transfer | None

    @property
    def lossless(self) -> bool:
        """Whether the bytes are those of the file before its transfers, each of them."""
        return self.remaining is None and all(transfer.lossless for transfer in self.transfers)


def undo(data: bytes, transfer: Transfer) -> bytes:
    """The bytes before a transfer that `recognise` told of.

    Raises:
        ValueError: it cannot be undone.
    """
    text = data[transfer.start : transfer.end]
    if transfer.kind is TransferKind.BASE64:
        return from_base64(text)
    if transfer.kind is TransferKind.HEX:
        return from_hex(text)
    if transfer.kind is TransferKind.QUOTED_PRINTABLE:
        return from_quoted(text)
    if transfer.kind is TransferKind.LF_TO_CRLF:
        return with_returns(data.replace(b"\r\n", b"\n"), transfer.insertions)
    if transfer.kind is TransferKind.CRLF_TO_LF:
        return with_returns(data, transfer.insertions)
    read = {TransferKind.UTF8: bytes_of_utf8, TransferKind.UTF16: bytes_of_utf16}.get(transfer.kind)
    before = None if read is None else read(data)
    if before is None:
        raise ValueError(f"{transfer.kind} cannot be undone here")
    return before


def undo_all(data: bytes, transfers: tuple[Transfer, ...]) -> bytes:
    """The bytes before all of them, the last one first."""
    for transfer in transfers:
        data = undo(data, transfer)
    return data


def undo_transfers(data: bytes) -> Undone | None:
    """Recognise what transfers have done to a damaged file, and undo what then decodes better.

    None for a file that decodes to its end, and for one in which nothing is recognised.
    """
    found = data
    merit = merit_of(data)
    if merit[1]:
        return None
    steps: list[Transfer] = []
    remaining = None
    for _ in range(_MOST_ROUNDS):
        transfer = recognise(found)
        if transfer is None:
            break
        remaining = transfer
        if not transfer.undoable:
            break
        before, better = _undone(found, transfer)
        reached = merit_of(before)
        # Text is no JPEG, whatever comes of it: another transfer may be found below.
        if reached <= merit and transfer.kind not in _TEXTS and not (better.insertions and reached == merit):
            break
        steps.append(better)
        found, merit, remaining = before, reached, None
        if merit[1]:
            break
    if not steps and remaining is None:
        return None
    return Undone(found, tuple(steps), remaining)


_TEXTS: Final = (TransferKind.BASE64, TransferKind.HEX, TransferKind.QUOTED_PRINTABLE)


def merit_of(data: bytes) -> Merit:
    """How well a file decodes."""
    walk = walk_header(data)
    header = sound_header(data, walk)
    if header is None:
        return False, False, 0.0
    check = check_picture(data, header)
    if check is None:
        return True, find_picture_end(data, walk).ending is Ending.EOI, 0.0
    return True, check.whole, check.sound / max(1, check.mcus)


def check_of(data: bytes) -> Check | None:
    """What decoding a file's scan to its first flaw gives."""
    return check_picture(data, sound_header(data, walk_header(data)))


def with_returns(data: bytes, places: tuple[int, ...]) -> bytes:
    """Bytes with a carriage return put in before each of the places, which are in order."""
    parts, last = [], 0
    for place in places:
        parts += [data[last:place], b"\r"]
        last = place
    return b"".join((*parts, data[last:]))


def _undone(data: bytes, transfer: Transfer) -> tuple[bytes, Transfer]:
    """The bytes before a transfer, and the transfer with the places that decoding tells."""
    before = undo(data, transfer)
    if transfer.lossless or transfer.kind not in (TransferKind.LF_TO_CRLF, TransferKind.CRLF_TO_LF):
        return before, transfer
    from carving.transfers.returns import find_returns

    places = find_returns(before)
    return with_returns(before, places), replace(transfer, insertions=places)
