"""Encryption that a volume shows of itself, said in plain words: a key that is missing is better named than guessed.

Sources: Linux `Documentation/filesystems/fscrypt.rst`, `fs/ext4/ext4.h` and `include/linux/f2fs_fs.h` for the feature
bits; Microsoft's BitLocker signature as libbde documents it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from carving.encryption.android_footer import explain_hardware, find_footer
from carving.encryption.luks1 import MAGIC
from carving.errors import EvidenceError
from carving.file_systems.magic import file_system
from carving.file_systems.stored_files.ext_superblock import PRIMARY_OFFSET, read_ext_superblock
from carving.source import ByteSource

_EXT_INCOMPAT: Final = 0x60
_EXT_ENCRYPT: Final = 0x10000
_F2FS_MAGIC: Final = bytes.fromhex("1020f5f2")
_F2FS_FEATURES: Final = 0x884
_F2FS_ENCRYPT: Final = 0x1
_BITLOCKER: Final = b"-FVE-FS-"
_WINDOW: Final = 4096
_WINDOWS: Final = 64
_FEWEST_WINDOWS: Final = 32
_RANDOM_ENTROPY: Final = (7.94, 7.97)
"""Bits per byte: of 4096 random bytes the observed entropy is 7.954 with a deviation of 0.002."""
_RANDOM_SHARE: Final = 0.97


@dataclass(frozen=True, slots=True)
class Encryption:
    """What was recognised, worded to follow "the evidence", and whether there is a header a password might open."""

    text: str
    has_header: bool


def recognise(volume: ByteSource) -> Encryption | None:
    """Name the encryption of a volume; None where nothing speaks of any.

    Raises:
        EvidenceError: the volume cannot be read.
    """
    start = volume.read_at(0, 512)
    if start.startswith(MAGIC):
        version = int.from_bytes(start[6:8], "big")
        return Encryption(f"is a LUKS{version} volume: its password opens it with --password", has_header=True)
    if start[3:11] == _BITLOCKER:
        return Encryption("is a BitLocker volume, which is not supported", has_header=False)
    if footer := find_footer(volume):
        if footer.hardware_bound:
            return Encryption(f"is encrypted: {explain_hardware(footer)}", has_header=True)
        text = f"has an {footer.name}: the phone's password opens the volume with --password; the default one does not"
        return Encryption(text, has_header=True)
    if _has_file_based_encryption(volume):
        text = (
            "has a file system with file-based encryption (fscrypt), as Android 7 and later use: its encrypted files "
            "open with their master keys (--fbe-key); what lies in plaintext is found"
        )
        return Encryption(text, has_header=False)
    if file_system(volume) is None and _is_random(volume):
        text = (
            "holds nothing but random-looking bytes, and neither a header nor a footer: encrypted with a key that is "
            "not in the image. Android's metadata encryption (dm-default-key) looks like this and opens with its key "
            "(--metadata-key), a dm-crypt volume with its master key (--key); VeraCrypt's volumes are not supported"
        )
        return Encryption(text, has_header=False)
    return None


def recognise_parts(
    medium: ByteSource, opened: frozenset[int] = frozenset(), table: ByteSource | None = None
) -> tuple[str, ...]:
    """What encryption a medium shows: of the whole, or of each partition where there are partitions.

    Args:
        medium: as stored.
        opened: numbers of the partitions that are decrypted, of which nothing is said; if there are any, nothing that
            was given opens the others.
        table: the medium with its partition table made good; the medium itself where None.
    """
    from carving.file_systems.volumes import VolumeSource, list_volumes

    try:
        found = None if opened else recognise(medium)
        if found is not None:
            return (f"the evidence {found.text}",)
        texts = []
        for volume in list_volumes(medium, table):
            if volume.index in opened:
                continue
            part = VolumeSource(medium, volume.offset, volume.length, f"volume {volume.index}")
            if found := recognise(part):
                unopened = "; nothing that was given opens it" if opened else ""
                texts.append(f"volume {volume.index} ({volume.description}) {found.text}{unopened}")
        return tuple(texts)
    except EvidenceError:  # said by whoever has to read it
        return ()


def _has_file_based_encryption(volume: ByteSource) -> bool:
    if read_ext_superblock(volume, PRIMARY_OFFSET):
        features = volume.read_at(PRIMARY_OFFSET + _EXT_INCOMPAT, 4)
        return bool(int.from_bytes(features, "little") & _EXT_ENCRYPT)
    if volume.read_at(1024, 4) == _F2FS_MAGIC:
        features = volume.read_at(1024 + _F2FS_FEATURES, 4)
        return bool(int.from_bytes(features, "little") & _F2FS_ENCRYPT)
    return False


def _is_random(volume: ByteSource) -> bool:
    """Whether nearly all of an even sample that is not blank looks like noise; compressed data rarely look so even."""
    seen = random = 0
    for index in range(_WINDOWS):
        data = volume.read_at(volume.size // _WINDOWS * index // 512 * 512, _WINDOW)
        if len(data) < _WINDOW or len(set(data[:64])) == 1:
            continue
        seen += 1
        counts = np.bincount(np.frombuffer(data, dtype=np.uint8), minlength=256)
        shares = counts[counts > 0] / len(data)
        random += bool(_RANDOM_ENTROPY[0] < -(shares * np.log2(shares)).sum() < _RANDOM_ENTROPY[1])
    return seen >= _FEWEST_WINDOWS and random >= _RANDOM_SHARE * seen
