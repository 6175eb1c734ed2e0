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
    from carving.fscrypt.fscrypt_source import OpenedFiles
    from carving.fscrypt.key_use import FileEncryption
    from carving.fscrypt.master_keys import MasterKey
    from plugin.common.report_model import Key

One = str | bytes | Credential
Given = One | Sequence[One] | None
"""Keys or passwords as a caller gives them: one, several, or none."""
GivenFileKeys = str | bytes | Sequence[str | bytes]
"""Master keys of file-based encryption as a caller gives them."""
_FOR_VOLUME: Final = re.compile(r"(\d{1,4}):(.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Secrets:
    """What opens encrypted volumes: keys and passwords, or nothing. Shown and written nowhere."""

    credentials: tuple[Credential, ...] = ()
    file_keys: tuple[MasterKey, ...] | OpenedFiles = ()


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

    return open_stack(evidence, parameters, secrets.credentials, flips, secrets.file_keys)


def read_secrets(keys: Given, passwords: Given, metadata_keys: Given = None, file_keys: GivenFileKeys = ()) -> Secrets:
    """Keys and passwords as bytes: as given, or from `file:PATH` or `env:NAME`, or a key in hex and a password itself.

    Text may begin with the number of a volume and a colon, such as `2:file:PATH`; it is for that volume alone.

    Args:
        keys, passwords: of volumes.
        metadata_keys: keys of volumes under Android's metadata encryption.
        file_keys: master keys of file-based encryption, each perhaps behind the descriptor that files name it by in
            hex, and a colon.

    Raises:
        UsageError: a key is none of these.
    """
    from carving.encryption.keys import parse_key, parse_password

    credentials: list[Credential] = []
    for option, given in (
        ("key", _several(keys)),
        ("metadata key", _several(metadata_keys)),
        ("password", _several(passwords)),
    ):
        for number, value in enumerate(given, start=1):
            told = f"the {option}" if len(given) == 1 else f"{option} {number} of {len(given)}"
            if isinstance(value, Credential):
                credentials.append(replace(value, told=told))
                continue
            volume, text = _for_volume(value)
            if option != "password":
                metadata = option != "key"
                key = parse_key(text, "--metadata-key" if metadata else "--key") if isinstance(text, str) else text
                credentials.append(Credential(key=key, told=told, volume=volume, is_metadata_key=metadata))
            else:
                password = parse_password(text) if isinstance(text, str) else text
                credentials.append(Credential(password=password, told=told, volume=volume))
    return Secrets(tuple(credentials), read_file_keys(file_keys))


def read_file_keys(given: GivenFileKeys) -> tuple[MasterKey, ...]:
    """Master keys of file-based encryption: bytes, or text as for `read_secrets`.

    Raises:
        UsageError: one is none.
    """
    if not given:
        return ()
    from carving.fscrypt.master_keys import MasterKey, parse_master_key

    values = (given,) if isinstance(given, str | bytes) else tuple(given)
    found = []
    for number, value in enumerate(values, start=1):
        told = "the file-based key" if len(values) == 1 else f"file-based key {number} of {len(values)}"
        found.append(MasterKey(value, told) if isinstance(value, bytes) else parse_master_key(value, told))
    return tuple(found)


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
    from carving.fscrypt.fscrypt_source import find_fscrypt

    disk = find_disk(source)
    if disk is not None:
        stored = tuple(Part(part.run, part.volume) for part in disk.parts if part.decrypted is not None)
        return View("decrypted", source, disk.parts), View("plain", disk.below, stored)
    decryption = find_decryption(source)
    if decryption is None:  # what is not encrypted reads the same in both, so one is enough
        return (View("plain" if find_fscrypt(source) is None else "decrypted", source),)
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
    from carving.fscrypt.fscrypt_source import find_fscrypt

    files = find_fscrypt(source)
    on_disk = find_disk(source) is not None
    opened = tuple(
        Credential(key=one.volume_key, volume=volume, spec=one.spec if on_disk else None, numbering=one.numbering)
        for volume, one in decryptions(source)
    )
    if not on_disk and opened:
        ((_, one),) = decryptions(source)
        parameters = replace(parameters, cipher=str(one.spec))
    return Secrets(opened, () if files is None else files.opened), parameters


def volume_keys(source: ByteSource) -> tuple[bytes, ...]:
    """The keys of a decrypted stack, to keep them out of logs."""
    from carving.encryption.disk import decryptions
    from carving.fscrypt.fscrypt_source import find_fscrypt

    files = find_fscrypt(source)
    own = tuple(decryption.volume_key for _, decryption in decryptions(source))
    return own if files is None else (*own, *files.master_keys)


def file_encryption(source: ByteSource) -> tuple[FileEncryption, ...]:
    """The policies of encrypted files in a stack, each with the key that opens it."""
    from carving.fscrypt.fscrypt_source import find_fscrypt

    files = find_fscrypt(source)
    return () if files is None else files.found.policies
