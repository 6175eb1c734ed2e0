"""Open the volumes of a disk with whatever of the given keys and passwords opens them."""

from __future__ import annotations

from carving.encryption import unlocking
from carving.encryption.android_footer import find_footer
from carving.encryption.ciphers import METADATA_CIPHER, METADATA_NUMBERING, CipherSpec, SectorNumbering
from carving.encryption.credentials import Credential
from carving.encryption.disk import DiskSource
from carving.encryption.dmcrypt import DmCryptSource
from carving.encryption.key_check import check_key
from carving.encryption.luks1 import MAGIC as LUKS_MAGIC
from carving.errors import CarveRestoreError, EvidenceError, KeyMismatchError, UsageError
from carving.file_systems.magic import file_system
from carving.file_systems.volumes import Volume, VolumeSource, list_volumes
from carving.source import ByteSource


def unlock_disk(
    medium: ByteSource,
    credentials: tuple[Credential, ...],
    spec: CipherSpec,
    numbering: SectorNumbering,
    table: ByteSource | None = None,
) -> DiskSource | None:
    """The disk with every volume decrypted that one of the credentials opens; None where there is no partition table,
    or the medium as a whole is one volume.

    A volume with a LUKS header or a crypto footer is asked with all of them, one that shows neither those nor a file
    system with the keys, and any with those that name it. Android's default password is tried where there is a footer.

    Args:
        medium: the disk.
        credentials: at least one.
        spec, numbering: how a volume is encrypted that has no header.
        table: the disk with its partition table made good; the medium itself where None.

    Raises:
        KeyMismatchError: one of the credentials opens nothing; the message says which, and why.
        UsageError: one names a volume that is not there.
        EvidenceError: the medium cannot be read.
    """
    volumes = _volumes(medium, table)
    if not volumes:
        return None
    numbers = {volume.index for volume in volumes}
    for credential in credentials:
        if credential.volume is not None and credential.volume not in numbers:
            raise UsageError(no_such_volume(credential, f"the volumes are {', '.join(map(_told, volumes))}"))
    opened: dict[int, DmCryptSource] = {}
    used: set[int] = set()
    reasons: list[str] = []
    for volume in volumes:
        part = VolumeSource(medium, volume.offset, volume.length, f"volume {volume.index}")
        for index, credential in enumerate(credentials):
            if not credential.is_for(volume.index):
                continue
            try:
                found = _open(part, credential, spec, numbering)
            except CarveRestoreError as error:
                reasons.append(f"volume {volume.index}: {error}")
                continue
            if found is not None:
                used.add(index)
                opened.setdefault(volume.index, found)
        if volume.index not in opened and (found := _by_default(part)) is not None:
            opened[volume.index] = found
    idle = [credential.told for index, credential in enumerate(credentials) if index not in used]
    if idle:
        why = "; ".join(dict.fromkeys(reasons)) or "none of them is encrypted in a way that it could open"
        raise KeyMismatchError(
            f"{', '.join(idle)} opened none of the volumes {', '.join(map(_told, volumes))}: {why}; "
            "--volume takes one volume alone"
        )
    return DiskSource(medium, volumes, opened)


def no_such_volume(credential: Credential, there: str) -> str:
    """What is said of a credential that names a volume which is not looked at; `there` says what is."""
    return (
        f"{credential.told} is for volume {credential.volume}, but {there}; "
        "a password that begins with a number and a colon is given as file:PATH, env:NAME or -"
    )


def _volumes(medium: ByteSource, table: ByteSource | None) -> tuple[Volume, ...]:
    """The volumes of a disk; none where the medium is a volume by itself, whose boot sector may look like a table."""
    if medium.read_at(0, len(LUKS_MAGIC)) == LUKS_MAGIC:
        return ()
    whole = file_system(medium)
    return list_volumes(medium, table) if whole is None or "partition table" in whole else ()


def _open(
    part: VolumeSource, credential: Credential, spec: CipherSpec, numbering: SectorNumbering
) -> DmCryptSource | None:
    """The volume as a credential opens it; None where there is nothing to open.

    Raises:
        CarveRestoreError: there is, and it does not.
    """
    has_header = part.read_at(0, len(LUKS_MAGIC)) == LUKS_MAGIC
    if credential.password is not None:
        if not has_header and find_footer(part) is None and credential.volume is None:
            return None
        return unlocking.decrypt_with_password(part, credential.password, None)
    assert credential.key is not None
    if has_header:
        return None if credential.is_metadata_key else unlocking.decrypt_luks_with_key(part, credential.key, None)
    if credential.spec is not None:
        return DmCryptSource(part, credential.key, credential.spec, credential.numbering or numbering)
    if credential.volume is None and file_system(part) is not None:
        return None
    if credential.is_metadata_key:
        spec, numbering = METADATA_CIPHER, METADATA_NUMBERING
    decrypted = DmCryptSource(part, credential.key, spec, numbering)
    check_key(decrypted)
    return decrypted


def _by_default(part: VolumeSource) -> DmCryptSource | None:
    try:
        return unlocking.decrypt_with_default_password(part, None)
    except EvidenceError:  # said when it is scanned
        return None


def _told(volume: Volume) -> str:
    return f"{volume.index} ({volume.description})"
