"""Bytes that were read as characters and written in another character set, and back.

Of Windows-1252 the five bytes without a character are read as control characters, as web browsers do (WHATWG Encoding
Standard, index windows-1252).
"""

from __future__ import annotations

import codecs
from typing import Final

REPLACEMENT: Final = "�"
"""What decoders write for a byte that is no character."""
UTF8_REPLACEMENT: Final = REPLACEMENT.encode()
_MARKS: Final = ((codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))


def _byte_of() -> dict[int, int]:
    table = {value: value for value in range(256)}
    for value in range(0x80, 0xA0):
        character = bytes((value,)).decode("cp1252", "replace")
        if character != REPLACEMENT:
            table[ord(character)] = value
    return table


_BYTE_OF: Final = _byte_of()
"""The byte that each character stands for, in Latin-1 or Windows-1252."""


def bytes_of_utf8(data: bytes) -> bytes | None:
    """The bytes whose characters a text in UTF-8 holds; None where it holds others, or is no UTF-8.

    A last character that is cut off is left out.
    """
    return _bytes_of(data.removeprefix(codecs.BOM_UTF8), "utf-8")


def bytes_of_utf16(data: bytes) -> bytes | None:
    """The same of a text in UTF-16 with a byte order mark."""
    for mark, name in _MARKS:
        if data.startswith(mark):
            return _bytes_of(data.removeprefix(mark), name)
    return None


def _bytes_of(data: bytes, name: str) -> bytes | None:
    try:
        text = codecs.getincrementaldecoder(name)().decode(data)
    except UnicodeDecodeError:
        return None
    try:
        return text.translate(_BYTE_OF).encode("latin-1")
    except UnicodeEncodeError:
        return None
