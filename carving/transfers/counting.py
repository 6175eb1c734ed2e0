"""Which transfer a file went through, told by how often its byte values stand alone and side by side.

Compressed data hold every value about equally often, and each behind any other: what never occurs, or never alone, was
done to them.
"""

from __future__ import annotations

import codecs
from typing import Final

import numpy as np
from numpy.typing import NDArray

from carving.transfers.characters import UTF8_REPLACEMENT, bytes_of_utf8, bytes_of_utf16
from carving.transfers.text import find_base64, find_hex, find_quoted, has_hard_ends
from carving.transfers.transfer import Transfer, TransferKind

_FEWEST_ENDS: Final = 16
"""Line feeds without which line ends say nothing."""
_MOST_BARE: Final = 0.02
"""Share of line feeds without a carriage return that flips and damage may leave."""
_FEWEST_PAIRS: Final = 6.0
"""Pairs CR LF to be expected without which their absence says nothing: e⁻⁶ is 0.25 %."""
_SAMPLE: Final = 1 << 22
"""Bytes of a file in which values are counted."""
_FEWEST_BYTES: Final = 1 << 14
"""Bytes of a file without which a value that is missing says nothing: 64 times is a value to be expected."""
_FEWEST: Final = 48.0
"""How often a value is to be expected at least that its absence tells something."""
_SURPLUS: Final = 0.6
"""Share of the missing bytes by which another value stands too often that they were replaced by."""
_REPLACED: Final = 0.05
"""Share of a file that is U+FFFD in UTF-8 where random bytes were read as UTF-8; nearly half of those are none."""
_SHORTEST: Final = 64
_HEAD_UTF8: Final = ("\u00ff\u00d8\u00ff".encode(), UTF8_REPLACEMENT * 2)
_HEADS: Final = (
    *_HEAD_UTF8,
    codecs.BOM_UTF16_LE + "\u00ff\u00d8\u00ff".encode("utf-16-le"),
    codecs.BOM_UTF16_BE + "\u00ff\u00d8\u00ff".encode("utf-16-be"),
    b"\x7f\x58\x7f",  # without bit 7
)


def recognise(data: bytes) -> Transfer | None:
    """The transfer that a damaged file went through; None where its bytes tell of none."""
    if len(data) < _SHORTEST:
        return None
    return _text(data) or _characters(data) or _counted(data)


def begins_as_transferred(head: bytes) -> bool:
    """Whether a file with that beginning may be a JPEG that a transfer has changed: it no longer begins as one."""
    return head.removeprefix(codecs.BOM_UTF8).startswith(_HEADS) or any(
        found(head) is not None for found in (find_base64, find_hex, find_quoted)
    )


def _text(data: bytes) -> Transfer | None:
    for find, kind, told in (
        (find_base64, TransferKind.BASE64, "holds its bytes as base64 text"),
        (find_hex, TransferKind.HEX, "holds its bytes as hexadecimal digits"),
        (find_quoted, TransferKind.QUOTED_PRINTABLE, "holds its bytes as quoted-printable text"),
    ):
        place = find(data)
        if place is not None:
            quoted = kind is TransferKind.QUOTED_PRINTABLE and has_hard_ends(data[place[0] :])
            return Transfer(kind, told, lossless=not quoted, start=place[0], end=place[1])
    return None


def _characters(data: bytes) -> Transfer | None:
    if data.removeprefix(codecs.BOM_UTF8).startswith(_HEAD_UTF8[0]) and bytes_of_utf8(data) is not None:
        told = "was read as Latin-1 or Windows-1252 text and written as UTF-8 (C3 BF C3 98 in place of FF D8)"
        return Transfer(TransferKind.UTF8, told, lossless=True)
    if bytes_of_utf16(data) is not None:
        told = "was read as text of one byte a character and written as UTF-16"
        return Transfer(TransferKind.UTF16, told, lossless=True)
    lost = data.count(UTF8_REPLACEMENT)
    if 3 * lost > _REPLACED * len(data):
        told = (
            f"was read as UTF-8, and {lost} of its bytes, those that are none, became EF BF BD (U+FFFD): "
            "they are lost, and nothing brings them back"
        )
        return Transfer(TransferKind.UTF8_REPLACED, told, lossless=False, undoable=False)
    return None


def _counted(data: bytes) -> Transfer | None:
    sample = np.frombuffer(data[:_SAMPLE], dtype=np.uint8)
    counts = np.bincount(sample, minlength=256)
    if data.isascii():
        told = "has lost the highest bit of every byte, as a channel of seven bits takes it: that is lost for good"
        return Transfer(TransferKind.BIT7_STRIPPED, told, lossless=False, undoable=False)
    return _line_ends(data) or _values(sample, counts) or _missing_pairs(data)


def _line_ends(data: bytes) -> Transfer | None:
    ends, pairs = data.count(b"\n"), data.count(b"\r\n")
    if ends < _FEWEST_ENDS or ends - pairs > _MOST_BARE * ends:
        return None
    told = f"went through a transfer in text mode: before {'each' if pairs == ends else f'{pairs}'} of its {ends} line "
    told += "feeds stands a carriage return (LF became CR LF)"
    # A converter without exceptions makes CR CR LF of CR LF; one that spares CR LF leaves no trace of which it was.
    return Transfer(TransferKind.LF_TO_CRLF, told, lossless=pairs == ends and b"\r\r\n" in data)


def _values(sample: NDArray[np.uint8], counts: NDArray[np.int64]) -> Transfer | None:
    if sample.size < _FEWEST_BYTES:
        return None
    usual = _usual_counts(sample)
    missing = np.flatnonzero((counts == 0) & (usual >= _FEWEST))
    if missing.size != 1:
        return None
    value = int(missing[0])
    surplus = counts - usual
    surplus[[0x00, 0xFF]] = 0.0  # marker and stuffing bytes stand more often than by chance
    partner = int(np.argmax(surplus))
    if surplus[partner] < _SURPLUS * usual[value]:
        told = f"holds no byte {value:02X} at all: a transfer has taken them out, about {usual[value]:.0f} of them"
        return Transfer(TransferKind.VALUE_REMOVED, told, lossless=False, undoable=False)
    told = (
        f"holds no byte {value:02X} at all, and about {surplus[partner]:.0f} of {partner:02X} too many: "
        f"a transfer has replaced every {value:02X} by {partner:02X}, and which they were is lost"
    )
    return Transfer(TransferKind.VALUE_REPLACED, told, lossless=False, undoable=False)


def _usual_counts(sample: NDArray[np.uint8]) -> NDArray[np.float64]:
    """How often each byte value is to be expected: as often as the same eight bits stand across two bytes, for codes
    of variable length keep to no byte."""
    stored = sample.astype(np.uint16)
    pairs = stored[:-1] << 8 | stored[1:]
    shifted = [np.bincount((pairs >> shift) & 0xFF, minlength=256) for shift in range(1, 8)]
    usual: NDArray[np.float64] = np.mean(shifted, axis=0)
    return usual


def _missing_pairs(data: bytes) -> Transfer | None:
    expected = data.count(b"\r") * data.count(b"\n") / len(data)
    if expected < _FEWEST_PAIRS or b"\r\n" in data:
        return None
    told = (
        "seems to have gone through a transfer in text mode: nowhere in it a carriage return stands before a line "
        f"feed, which chance alone would put in about {expected:.0f} places (CR LF became LF)"
    )
    return Transfer(TransferKind.CRLF_TO_LF, told, lossless=False)
