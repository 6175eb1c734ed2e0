"""No form of a key survives redaction; what only says where a key lies does."""

from __future__ import annotations

import pytest

from plugin.common.redaction import REDACTED, redact_arguments, redact_text

HEX = "8f3ac1d29b7e4405a6d8f01c77b2e953"


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("x.E01", "--key", HEX, "-o", "out"), ("x.E01", "--key", REDACTED, "-o", "out")),
        ((f"--key={HEX}", "x.E01"), (f"--key={REDACTED}", "x.E01")),
        (("--key", "file:mk.bin"), ("--key", "file:mk.bin")),
        (("--key=env:MASTER",), ("--key=env:MASTER",)),
        (("--key", "-"), ("--key", "-")),
        (("--key", "--key"), ("--key", REDACTED)),
        (("x.E01", "--key"), ("x.E01", "--key")),
    ],
)
def test_arguments(arguments: tuple[str, ...], expected: tuple[str, ...]) -> None:
    assert redact_arguments(arguments) == expected


@pytest.mark.parametrize("written", [HEX, HEX.upper(), ":".join(HEX[i : i + 2] for i in range(0, 32, 2))])
def test_text_in_hex(written: str) -> None:
    assert redact_text(f"bad key {written}!", bytes.fromhex(HEX)) == f"bad key {REDACTED}!"


def test_text_as_bytes_literal() -> None:
    key = bytes.fromhex(HEX)
    assert redact_text(f"cannot use {key!r}", key) == f"cannot use {REDACTED}"


def test_text_without_key_is_unchanged() -> None:
    assert redact_text(HEX, None) == HEX
