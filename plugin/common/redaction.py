"""Keep key material out of everything that is written: argument lists, messages, tracebacks."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

SECRET_OPTIONS: Final = ("--key", "--password", "--fbe-key", "--metadata-key")
"""Options whose value is a secret."""
REDACTED: Final = "[redacted]"
_REFERENCES: Final = ("file:", "env:")
_VOLUME: Final = re.compile(r"(?:\d{1,4}|[0-9A-Fa-f]{16}|[0-9A-Fa-f]{32}):")


def redact_arguments(arguments: Sequence[str]) -> tuple[str, ...]:
    """The arguments with the value of every secret option replaced.

    A value that only says where the secret is (`file:PATH`, `env:NAME`, `-`) is kept: it belongs into the record.
    """
    redacted: list[str] = []
    expects_secret = False
    for argument in arguments:
        option, equals, value = argument.partition("=")
        if expects_secret:
            redacted.append(_redact_value(argument))
            expects_secret = False
        elif option in SECRET_OPTIONS and equals:
            redacted.append(f"{option}={_redact_value(value)}")
        else:
            expects_secret = argument in SECRET_OPTIONS
            redacted.append(argument)
    return tuple(redacted)


def redact_text(text: str, *keys: bytes | None) -> str:
    """`text` without the keys, should one have slipped in as hex (any case, spaced or not) or as a bytes literal."""
    for key in keys:
        if key:
            spaced_hex = r"[\s:]?".join(f"{byte:02x}" for byte in key)
            text = re.sub(spaced_hex, REDACTED, text, flags=re.IGNORECASE)
            text = text.replace(repr(key), REDACTED)
    return text


def _redact_value(value: str) -> str:
    volume = _VOLUME.match(value)
    prefix = "" if volume is None else volume[0]
    given = value[len(prefix) :]
    return value if given == "-" or given.startswith(_REFERENCES) else f"{prefix}{REDACTED}"
