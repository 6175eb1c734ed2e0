"""Open one volume with whichever of several keys and passwords opens it."""

from __future__ import annotations

from pathlib import Path

from carving.encryption import unlocking
from carving.encryption.ciphers import METADATA_CIPHER, METADATA_NUMBERING, CipherSpec, SectorNumbering
from carving.encryption.credentials import Credential
from carving.encryption.disk_unlocking import no_such_volume
from carving.encryption.dmcrypt import DmCryptSource
from carving.encryption.key_check import check_key
from carving.errors import KeyMismatchError, UsageError
from carving.source import ByteSource


def decrypt_with_any(
    volume: ByteSource,
    number: int | None,
    credentials: tuple[Credential, ...],
    footer: Path | None,
    spec: CipherSpec,
    numbering: SectorNumbering,
) -> ByteSource:
    """The volume with decryption over it, where there is what opens it.

    A single key is not tried on a volume without a header: whether it fits is for `check_key` to say.

    Args:
        volume: as stored.
        number: which volume of the medium it is; None where that was not asked for.
        credentials: what was given; without any, Android's default password is tried.
        footer: the file of a header that is not in the volume.
        spec, numbering: how it is encrypted where no header says so.

    Raises:
        KeyMismatchError: one of the credentials opens nothing.
        UsageError: one is for another volume, or there is nothing that a password could open.
        EvidenceError: a header is damaged, or asks for what is not supported.
    """
    if not credentials:
        return unlocking.decrypt_with_default_password(volume, footer) or volume
    for credential in credentials:
        if credential.volume not in (None, number):
            there = "there is no partition table" if number is None else f"only volume {number} is looked at"
            raise UsageError(no_such_volume(credential, there))
    if len(credentials) == 1:
        return _decrypt(volume, credentials[0], footer, spec, numbering)
    opened: ByteSource | None = None
    for credential in credentials:
        try:
            found = _decrypt(volume, credential, footer, spec, numbering)
            if found.proof is None:
                check_key(found)
        except (KeyMismatchError, UsageError) as error:
            raise KeyMismatchError(f"{credential.told} does not open the volume: {error}") from error
        opened = found if opened is None else opened
    assert opened is not None
    return opened


def _decrypt(
    volume: ByteSource, credential: Credential, footer: Path | None, spec: CipherSpec, numbering: SectorNumbering
) -> DmCryptSource:
    if credential.password is not None:
        return unlocking.decrypt_with_password(volume, credential.password, footer)
    assert credential.key is not None
    if credential.is_metadata_key:
        return DmCryptSource(volume, credential.key, METADATA_CIPHER, METADATA_NUMBERING)
    opened = unlocking.decrypt_luks_with_key(volume, credential.key, footer)
    return opened or DmCryptSource(volume, credential.key, credential.spec or spec, credential.numbering or numbering)
