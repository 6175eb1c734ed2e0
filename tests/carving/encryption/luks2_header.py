"""Write a LUKS2 header anew with other JSON in it, both copies with right checksums, as a forger would."""

from __future__ import annotations

import hashlib
import json
from typing import Any

_BINARY = 4096
_SIZE = 16 << 10
_CHECKSUM = slice(448, 480)


def json_area(volume: bytes) -> bytes:
    """The JSON text of the first copy."""
    return volume[_BINARY:_SIZE].split(b"\0")[0]


def with_json(volume: bytes, change: dict[str, Any]) -> bytes:
    """The volume with `change` laid over the JSON of its header, object by object."""
    document = _laid_over(json.loads(json_area(volume)), change)
    area = json.dumps(document).encode().ljust(_SIZE - _BINARY, b"\0")
    result = bytearray(volume)
    for start in (0, _SIZE):
        binary = bytearray(volume[start : start + _BINARY])
        binary[448:512] = bytes(64)
        binary[_CHECKSUM] = hashlib.sha256(bytes(binary) + area).digest()
        result[start : start + _SIZE] = binary + area
    return bytes(result)


def _laid_over(value: Any, change: Any) -> Any:
    if not (isinstance(value, dict) and isinstance(change, dict)):
        return change
    return value | {name: _laid_over(value.get(name), item) for name, item in change.items()}
