"""LUKS2 headers: the binary part, its JSON area, and what of it is needed to open the volume.

Source: M. Broz, "LUKS2 On-Disk Format Specification" 1.1.4. There are two copies, each with a checksum; binary numbers
are big-endian, and numbers of 64 bits stand in the JSON as strings.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from carving.encryption.key_derivation import check_hash
from carving.encryption.luks1 import MAGIC
from carving.errors import EvidenceError
from carving.source import ByteSource

_SECOND_MAGIC: Final = b"SKUL\xba\xbe"
_BINARY: Final = struct.Struct(">6sHQQ48s32s64s40s48sQ184s64s")
_BINARY_SIZE: Final = 4096
_CHECKSUM: Final = slice(448, 512)
_SIZES: Final = tuple(1 << power for power in range(14, 23))
"""Sizes that a header, binary part and JSON, may have; the second copy begins where the first one ends."""

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Luks2Metadata:
    """The JSON objects of a header, by their names in the specification."""

    keyslots: Json
    segments: Json
    digests: Json
    requirements: tuple[str, ...]


def read_luks2(header: ByteSource) -> Luks2Metadata:
    """Read the first copy whose checksum is right.

    Raises:
        EvidenceError: no copy is whole.
    """
    for offset in (0, *_SIZES):
        text = _json_area(header, offset)
        if text is None:
            continue
        try:
            return _metadata(json.loads(text))
        except (ValueError, TypeError, AttributeError, RecursionError):
            continue
    raise EvidenceError("neither copy of the LUKS2 header is whole")


def _json_area(header: ByteSource, offset: int) -> bytes | None:
    """The JSON text of the copy at `offset`, or None where it is damaged or there is none."""
    binary = header.read_at(offset, _BINARY_SIZE)
    if len(binary) < _BINARY_SIZE or binary[:8] != (_SECOND_MAGIC if offset else MAGIC) + b"\0\2":
        return None
    _, _, size, _, _, algorithm, _, _, _, place, _, _ = _BINARY.unpack_from(binary)
    if size not in _SIZES or place != offset:
        return None
    area = header.read_at(offset + _BINARY_SIZE, size - _BINARY_SIZE)
    name = algorithm.split(b"\0")[0].decode("ascii", "replace")
    check_hash(name)
    blank = binary[: _CHECKSUM.start] + bytes(64) + binary[_CHECKSUM.stop :]
    computed = hashlib.new(name, blank + area, usedforsecurity=False).digest()
    if not hmac.compare_digest(computed, binary[_CHECKSUM][: len(computed)]):
        return None
    return area.split(b"\0")[0]


def _metadata(document: Any) -> Luks2Metadata:
    config = document.get("config", {})
    mandatory = config.get("requirements", {}).get("mandatory", [])
    keyslots, segments, digests = (document[name] for name in ("keyslots", "segments", "digests"))
    for part in (keyslots, segments, digests):
        if not isinstance(part, dict) or not all(isinstance(item, dict) for item in part.values()):
            raise TypeError
    return Luks2Metadata(keyslots, segments, digests, tuple(str(name) for name in mandatory))
