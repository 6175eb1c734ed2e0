"""Text that stands for bytes: base64 (RFC 4648), hexadecimal digits, quoted-printable (RFC 2045, 6.7), with whatever
stands around it, such as the head of a mail or `data:image/jpeg;base64,`."""

from __future__ import annotations

import base64
import quopri
import re
from typing import Final

_BASE64: Final = re.compile(rb"/9j/[A-Za-z0-9+/\s\\]+={0,2}|_9j_[A-Za-z0-9_\-\s\\]+={0,2}")
"""From the four letters on that FF D8 FF becomes, standard or URL-safe; a line end may be as in JSON. One set of
characters, not alternatives: those would be remembered one by one."""
_HEX: Final = re.compile(rb"(?i)(?:0x|\\x)?ff[\s,:]*(?:0x|\\x)?d8[\s,:]*(?:0x|\\x)?ff[0-9a-fx\s,:\\]+")
_HARD_END: Final = re.compile(rb"[^=\r\n][ \t]*\r?\n")
_QUOTED: Final = re.compile(rb"(?i)=FF=D8=FF")
_BETWEEN: Final = re.compile(rb"\s|\\[rn]")
_NO_LETTER: Final = re.compile(rb"[^A-Za-z0-9+/]")
_NO_DIGIT: Final = re.compile(rb"(?i)0x|[^0-9a-f]")
_SHORTEST: Final = 64
_LOOK: Final = 1 << 16
"""Bytes in front of the text that are passed over at most."""
_SAMPLE: Final = 4096
_MOST_BINARY: Final = 0.02


def find_base64(data: bytes) -> tuple[int, int] | None:
    """Where the base64 of a JPEG stands in a file, None where none does."""
    return _find(_BASE64, data)


def find_hex(data: bytes) -> tuple[int, int] | None:
    """Where the hexadecimal digits of a JPEG stand in a file, None where none do."""
    return _find(_HEX, data)


def find_quoted(data: bytes) -> tuple[int, int] | None:
    """Where a JPEG in quoted-printable stands in a file, None where none does."""
    if not _is_text(data):
        return None
    found = _QUOTED.search(data, 0, _LOOK)
    return None if found is None else (found.start(), len(data))


def has_hard_ends(text: bytes) -> bool:
    """Whether quoted-printable text has line ends of its own: whether they were LF or CR LF is lost."""
    return _HARD_END.search(text) is not None


def from_base64(text: bytes) -> bytes:
    """The bytes of a base64 text, standard or URL-safe; what is missing of the last four letters is left out."""
    letters = _NO_LETTER.sub(b"", _BETWEEN.sub(b"", text).translate(bytes.maketrans(b"-_", b"+/")))
    letters = letters[:-1] if len(letters) % 4 == 1 else letters
    return base64.b64decode(letters + b"=" * (-len(letters) % 4))


def from_hex(text: bytes) -> bytes:
    """The bytes of hexadecimal digits; an odd one at the end is left out."""
    digits = _NO_DIGIT.sub(b"", text)
    return bytes.fromhex(digits[: len(digits) // 2 * 2].decode("ascii"))


def from_quoted(text: bytes) -> bytes:
    """The bytes of quoted-printable text."""
    return quopri.decodestring(text)


def _find(pattern: re.Pattern[bytes], data: bytes) -> tuple[int, int] | None:
    if not _is_text(data):
        return None
    start = pattern.search(data, 0, _LOOK)
    whole = None if start is None else pattern.match(data, start.start())
    if whole is None or whole.end() - whole.start() < _SHORTEST:
        return None
    return whole.start(), whole.end()


def _is_text(data: bytes) -> bool:
    """Whether a file begins as text does: hardly a byte that is none."""
    sample = data[:_SAMPLE]
    odd = sum(byte >= 0x80 or (byte < 0x20 and byte not in b"\t\r\n\f") for byte in sample)
    return bool(sample) and odd <= _MOST_BINARY * len(sample)
