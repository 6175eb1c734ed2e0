"""From the settings of a run to the layers it scans, the same way for the run itself and for who checks it later."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from carving.encryption.credentials import Credential
from carving.source import ByteSource
from plugin.common.settings import Parameters

if TYPE_CHECKING:
    from carving.encryption.disk import Part
    from plugin.common.report_model import Key

One = str | bytes | Credential
Given = One | Sequence[One] | None
"""Keys or passwords as a caller gives them: one, several, or none."""
_FOR_VOLUME: Final = re.compile(r"(\d{1,4}):(.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Secrets:
    """What opens encrypted volumes: keys and passwords, or nothing. Shown and written nowhere."""

    credentials: tuple[Credential, ...] = ()


@dataclass(frozen=True, slots=True)
class View:
    """A way to look at the evidence: its stack of layers, called `decrypted` or `plain`.

    `parts` are the stretches of it that are searched, each by itself; all of it in one where there are none.
    """

    layer: str
    source: ByteSource
    parts: tuple[Part, ...] = ()


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
        KeyMismatchError: a password is wrong, or one of several secrets opens nothing.
        UsageError: settings that contradict it.
    """
    from carving.evidence import open_stack

    return open_stack(evidence, parameters, secrets.credentials, flips)


def read_secrets(keys: Given, passwords: Given) -> Secrets:
    """Keys and passwords as bytes: as given, or from `file:PATH` or `env:NAME`, or a key in hex and a password itself.

    Text may begin with the number of a volume and a colon, such as `2:file:PATH`; it is for that volume alone.

    Raises:
        UsageError: a key is none of these.
    """
    from carving.encryption.keys import parse_key, parse_password

    credentials: list[Credential] = []
    for option, given in (("key", _several(keys)), ("password", _several(passwords))):
        for number, value in enumerate(given, start=1):
            told = f"the {option}" if len(given) == 1 else f"{option} {number} of {len(given)}"
            if isinstance(value, Credential):
                credentials.append(replace(value, told=told))
                continue
            volume, text = _for_volume(value)
            if option == "key":
                key = parse_key(text) if isinstance(text, str) else text
                credentials.append(Credential(key=key, told=told, volume=volume))
            else:
                password = parse_password(text) if isinstance(text, str) else text
                credentials.append(Credential(password=password, told=told, volume=volume))
    return Secrets(tuple(credentials))


def split_volume(text: str) -> tuple[str, str]:
    """The number of a volume with its colon, if text begins with one, and the rest."""
    found = _FOR_VOLUME.fullmatch(text)
    return ("", text) if found is None else (f"{found[1]}:", found[2])


def _several(given: Given) -> tuple[One, ...]:
    if given is None:
        return ()
    return (given,) if isinstance(given, One) else tuple(given)


def _for_volume(value: str | bytes) -> tuple[int | None, str | bytes]:
    if isinstance(value, bytes):
        return None, value
    number, text = split_volume(value)
    return (int(number[:-1]) if number else None), text


def views(source: ByteSource) -> tuple[View, ...]:
    """What is scanned: the stack as decrypted, and beside it the same bytes as they are stored."""
    from carving.encryption.disk import Part, find_disk
    from carving.encryption.dmcrypt import find_decryption

    disk = find_disk(source)
    if disk is not None:
        stored = tuple(Part(part.run, part.volume) for part in disk.parts if part.decrypted is not None)
        return View("decrypted", source, disk.parts), View("plain", disk.below, stored)
    decryption = find_decryption(source)
    if decryption is None:
        return (View("plain", source),)
    return View("decrypted", source), View("plain", decryption.below)


def confirm_keys(source: ByteSource) -> tuple[tuple[int | None, Key], ...]:
    """The keys of a decrypted stack, each with its volume where a disk has several, and what shows that they fit.

    Raises:
        KeyMismatchError: one does not fit.
        EvidenceError: the evidence cannot be read.
    """
    from carving.encryption.disk import decryptions
    from carving.encryption.key_check import check_key
    from plugin.common.report_model import Key

    return tuple(
        (
            volume,
            Key(
                decryption.key_fingerprint,
                decryption.proof or check_key(decryption),
                str(decryption.spec),
                decryption.numbering.sector_size,
            ),
        )
        for volume, decryption in decryptions(source)
    )


def reopening(source: ByteSource, parameters: Parameters) -> tuple[Secrets, Parameters]:
    """What opens the same stack in another process without deriving the key from a password again."""
    from carving.encryption.disk import decryptions, find_disk

    opened = decryptions(source)
    if find_disk(source) is None:
        cipher = parameters.cipher if not opened else str(opened[0][1].spec)
        return Secrets(tuple(Credential(key=one.volume_key) for _, one in opened)), replace(parameters, cipher=cipher)
    return (
        Secrets(tuple(Credential(key=one.volume_key, volume=volume, spec=one.spec) for volume, one in opened)),
        parameters,
    )


def volume_keys(source: ByteSource) -> tuple[bytes, ...]:
    """The keys of a decrypted stack, to keep them out of logs."""
    from carving.encryption.disk import decryptions

    return tuple(decryption.volume_key for _, decryption in decryptions(source))
