"""From the settings of a run to the layers it scans, the same way for the run itself and for who checks it later."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from carving.errors import UsageError
from carving.source import ByteSource
from plugin.common.settings import Parameters

if TYPE_CHECKING:
    from plugin.common.report_model import Key


@dataclass(frozen=True, slots=True)
class Secrets:
    """What opens an encrypted volume: its master key or a password, or neither. Shown and written nowhere."""

    key: bytes | None = field(default=None, repr=False)
    password: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class View:
    """A way to look at the evidence: its stack of layers, called `decrypted` or `plain`."""

    layer: str
    source: ByteSource


def open_layers(
    evidence: Path, secrets: Secrets, parameters: Parameters, flips: tuple[tuple[int, int], ...] = ()
) -> ByteSource:
    """The stack that is scanned, from the evidence up to decryption where there is what opens it.

    Args:
        evidence: where it lies.
        secrets: what opens it.
        parameters: of the run.
        flips: bits of the evidence that are read the other way round (`carving.evidence.open_stack`).

    Raises:
        EvidenceError: the evidence cannot be opened.
        KeyMismatchError: the password is wrong.
        UsageError: settings that contradict it.
    """
    from carving.evidence import open_stack

    return open_stack(evidence, parameters, secrets.key, secrets.password, flips)


def read_secrets(key: str | bytes | None, password: str | bytes | None) -> Secrets:
    """Key and password as bytes: as given, or from `file:PATH` or `env:NAME`, or a key in hex and a password itself.

    Raises:
        UsageError: the key is none of these, or both are given.
    """
    from carving.encryption.keys import parse_key, parse_password

    if key is not None and password is not None:
        raise UsageError("--key and --password: one of them opens the volume, so give one")
    return Secrets(
        parse_key(key) if isinstance(key, str) else key,
        parse_password(password) if isinstance(password, str) else password,
    )


def views(source: ByteSource) -> tuple[View, ...]:
    """What is scanned: the stack as decrypted, and beside it the same bytes as they are stored."""
    from carving.encryption.dmcrypt import find_decryption

    decryption = find_decryption(source)
    if decryption is None:
        return (View("plain", source),)
    return View("decrypted", source), View("plain", decryption.below)


def confirm_key(source: ByteSource) -> Key | None:
    """The key of a decrypted stack, and what shows that it fits; None where nothing is decrypted.

    Raises:
        KeyMismatchError: it does not fit.
        EvidenceError: the evidence cannot be read.
    """
    from carving.encryption.dmcrypt import find_decryption
    from carving.encryption.key_check import check_key
    from plugin.common.report_model import Key

    decryption = find_decryption(source)
    if decryption is None:
        return None
    told = decryption.proof or check_key(source)
    return Key(decryption.key_fingerprint, told, str(decryption.spec), decryption.numbering.sector_size)


def reopening(source: ByteSource, parameters: Parameters) -> tuple[Secrets, Parameters]:
    """What opens the same stack in another process without deriving the key from a password again."""
    from carving.encryption.dmcrypt import find_decryption

    decryption = find_decryption(source)
    if decryption is None:
        return Secrets(), parameters
    return Secrets(decryption.volume_key), replace(parameters, cipher=str(decryption.spec))


def volume_key(source: ByteSource) -> bytes | None:
    """The key of a decrypted stack, to keep it out of logs."""
    from carving.encryption.dmcrypt import find_decryption

    decryption = find_decryption(source)
    return None if decryption is None else decryption.volume_key
