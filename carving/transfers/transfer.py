"""The ways in which a transfer changes a file, as values."""

from __future__ import annotations

import enum
from dataclasses import dataclass


class TransferKind(enum.StrEnum):
    """What was done to the bytes of a file on its way."""

    LF_TO_CRLF = "LF to CRLF"
    """A line feed became carriage return and line feed, as in a transfer in text mode."""
    CRLF_TO_LF = "CRLF to LF"
    """Carriage returns before line feeds were taken out."""
    UTF8 = "UTF-8"
    """Bytes were read as characters, one each, and written in UTF-8 (RFC 3629)."""
    UTF16 = "UTF-16"
    """The same, written in UTF-16 (RFC 2781)."""
    UTF8_REPLACED = "read as UTF-8"
    """Bytes were read as UTF-8; each that is none became U+FFFD, the replacement character."""
    VALUE_REPLACED = "byte value replaced"
    """Every byte of one value became another."""
    VALUE_REMOVED = "byte value removed"
    """Every byte of one value was taken out."""
    BIT7_STRIPPED = "bit 7 stripped"
    """The highest bit of every byte is gone."""
    BASE64 = "base64"
    """Text in base64 (RFC 4648, 4 and 5)."""
    HEX = "hexadecimal"
    """Text of two hexadecimal digits a byte (RFC 4648, 8)."""
    QUOTED_PRINTABLE = "quoted-printable"
    """Text in which `=FF` stands for a byte (RFC 2045, 6.7)."""


@dataclass(frozen=True, slots=True)
class Transfer:
    """What was done to a file, as its bytes tell.

    Attributes:
        kind: what was done.
        told: the same in plain words, as the end of a sentence that begins with the file.
        lossless: whether undoing it gives every byte as it was.
        undoable: whether it can be undone at all.
        start, end: where in the file the text stands that it concerns.
        insertions: offsets in what undoing gives, in order, in front of which a carriage return belongs after all.
    """

    kind: TransferKind
    told: str
    lossless: bool
    undoable: bool = True
    start: int = 0
    end: int = 0
    insertions: tuple[int, ...] = ()
