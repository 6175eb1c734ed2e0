"""From a volume and what the examiner knows, a password or the volume key, to the decrypted volume."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Final

from carving.encryption.android_footer import (
    DEFAULT_PASSWORD,
    AndroidFooter,
    explain_hardware,
    find_footer,
    master_key,
)
from carving.encryption.ciphers import SectorNumbering
from carving.encryption.dmcrypt import DmCryptSource
from carving.encryption.key_check import check_key
from carving.encryption.luks1 import MAGIC, open_luks1, unlock_luks1
from carving.encryption.luks2 import open_luks2, unlock_luks2
from carving.encryption.recognition import recognise
from carving.encryption.unlocked import Unlocked
from carving.errors import EvidenceError, KeyMismatchError, UnsupportedEncryptionError, UsageError
from carving.file_systems.volumes import VolumeSource
from carving.media.raw import RawSource
from carving.source import ByteSource, Run

_LUKS_VERSIONS: Final = {b"\0\1": 1, b"\0\2": 2}


def decrypt_with_password(volume: ByteSource, password: bytes, header_file: Path | None) -> DmCryptSource:
    """Open a LUKS volume or one with an Android crypto footer.

    Args:
        volume: the volume as stored.
        password: what the examiner gave; Android's default password is tried before it.
        header_file: the LUKS header or crypto footer, where it is not in the volume.

    Raises:
        KeyMismatchError: the password is wrong.
        UnsupportedEncryptionError: no password can open this here; the message says why.
        EvidenceError: the header is damaged or cannot be read.
        UsageError: there is neither header nor footer.
    """
    with _Header(volume, header_file) as header:
        if header.luks == 1:
            return _layer(volume, unlock_luks1(header.source, volume.size, password))
        if header.luks == 2:
            return _layer(volume, unlock_luks2(header.source, volume.size, password))
        footer = find_footer(header.source)
    if footer is not None:
        return _with_footer(volume, footer, (DEFAULT_PASSWORD, password))
    found = recognise(volume)
    if found is not None and not found.has_header:
        raise UnsupportedEncryptionError(f"the password cannot be used, for the volume {found.text}")
    where = "the volume" if header_file is None else str(header_file)
    raise UsageError(
        f"a password needs a LUKS header or an Android crypto footer, and there is none in {where}; "
        "--footer names a file that holds one, --offset or --volume says where the volume starts"
    )


def decrypt_with_default_password(volume: ByteSource, header_file: Path | None) -> DmCryptSource | None:
    """Open a volume that Android encrypted with its default password; None where that is not so.

    Whoever names a header file wants it opened, and hears why that cannot be.

    Raises:
        KeyMismatchError: the named footer does not open with the default password.
        UnsupportedEncryptionError: no password can open the named footer here.
        UsageError: the named file holds no footer, or a LUKS header, which has no default password.
        EvidenceError: the named file cannot be read.
    """
    with _Header(volume, header_file) as header:
        footer = None if header.luks else find_footer(header.source)
        if header_file is not None and header.luks:
            raise UsageError(f"the LUKS header in {header_file} opens with --password or --key only")
        if header_file is not None and footer is None:
            raise UsageError(f"{header_file} holds neither a LUKS header nor an Android crypto footer")
    if footer is None:
        return None
    try:
        return _with_footer(volume, footer, (DEFAULT_PASSWORD,))
    except (KeyMismatchError, EvidenceError):
        if header_file is not None:
            raise
        return None


def decrypt_luks_with_key(volume: ByteSource, key: bytes, header_file: Path | None) -> DmCryptSource | None:
    """Open a LUKS volume with its volume key; None where there is no LUKS header.

    Raises:
        KeyMismatchError: the key is not the volume's.
        UnsupportedEncryptionError: what the volume needs is not supported.
        EvidenceError: the header is damaged.
    """
    with _Header(volume, header_file) as header:
        if header.luks == 1:
            return _layer(volume, open_luks1(header.source, volume.size, key))
        if header.luks == 2:
            return _layer(volume, open_luks2(header.source, volume.size, key))
    return None


class _Header:
    """Where header or footer stand: in the volume, or in a file of its own, which is closed at the end."""

    def __init__(self, volume: ByteSource, file: Path | None) -> None:
        self._file = None if file is None else RawSource((file,))
        self.source: ByteSource = volume if self._file is None else self._file
        start = self.source.read_at(0, 8)
        self.luks = _LUKS_VERSIONS.get(start[6:8]) if start.startswith(MAGIC) else None

    def __enter__(self) -> _Header:
        return self

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            self._file.close()


def _with_footer(volume: ByteSource, footer: AndroidFooter, passwords: tuple[bytes, ...]) -> DmCryptSource:
    if footer.hardware_bound:
        raise UnsupportedEncryptionError(explain_hardware(footer))
    spec = footer.spec
    for password in dict.fromkeys(passwords):
        key = master_key(footer, password)
        if key is None:
            continue
        how = "default password" if password == DEFAULT_PASSWORD else "password"
        proof = f"{how}, check in the footer" if footer.proof else None
        size = footer.volume_size if 0 < footer.volume_size <= volume.size else volume.size
        payload, remarks = Run(0, size), footer.remarks
        opened = Unlocked(key, spec, SectorNumbering(), payload, footer.name, proof, remarks)
        layer = _layer(volume, opened)
        if proof is not None:
            return layer
        try:
            told = check_key(layer)
        except KeyMismatchError:
            continue
        return _layer(volume, replace(opened, proof=f"{how}, {told}"))
    if passwords == (DEFAULT_PASSWORD,):
        raise KeyMismatchError(f"the default password does not open the volume with the {footer.name}; give --password")
    raise KeyMismatchError(f"neither the password nor the default one opens the volume with the {footer.name}")


def _layer(volume: ByteSource, opened: Unlocked) -> DmCryptSource:
    payload: ByteSource = volume
    if opened.payload != Run(0, volume.size):
        payload = VolumeSource(volume, opened.payload.offset, opened.payload.length, f"{opened.header} payload")
    proof = None if opened.proof is None else f"{opened.header}: {opened.proof}"
    return DmCryptSource(payload, opened.key, opened.spec, opened.numbering, proof, opened.remarks)
