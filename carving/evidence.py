"""Open evidence: from a path and the examiner's settings to the stack of sources that is scanned."""

from __future__ import annotations

import os
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from carving.container_layers import find_files, open_container
from carving.encryption.ciphers import SectorIv, SectorNumbering, parse_cipher
from carving.encryption.credentials import Credential, credentials_of
from carving.errors import EvidenceError, UsageError
from carving.evidence_settings import EvidenceSettings
from carving.media.android_sparse.sparse_header import MAGIC as SPARSE_MAGIC
from carving.media.android_sparse.split_images import SparseFiles, sparse_files
from carving.media.containers import HEAD_BYTES, TAIL_BYTES, container_of
from carving.media.ewf.ewf_source import EwfSource, open_ewf
from carving.media.ewf.libewf_source import LibewfSource, open_libewf
from carving.media.ewf.sections import EVF2_SIGNATURE, EVF_SIGNATURE, unsupported_signature
from carving.media.ewf.segment_names import has_ewf_name
from carving.media.files import check_readable_file, reason
from carving.media.folder import FolderSource, open_folder
from carving.media.raw import RawSource, open_raw
from carving.source import ByteSource

if TYPE_CHECKING:
    from carving.fscrypt.fscrypt_source import OpenedFiles
    from carving.fscrypt.master_keys import MasterKey


def open_evidence(
    path: str | Path,
    *,
    key: bytes | None = None,
    password: bytes | None = None,
    credentials: tuple[Credential, ...] = (),
    footer: Path | None = None,
    cipher: str = "aes-cbc-essiv:sha256",
    sector_size: int = 512,
    iv_sector: SectorIv = "le64",
    iv_offset: int = 0,
    iv_large_sectors: bool = False,
    offset: int = 0,
    length: int | None = None,
    volume: int | None = None,
    nand: str | None = None,
    xor_key: str | Path | None = None,
    rescue_map: str | Path | None = None,
    flips: tuple[tuple[int, int], ...] = (),
    file_keys: tuple[MasterKey, ...] = (),
) -> ByteSource:
    """Open evidence read-only, undo a container or the layout of raw NAND, cut out the volume, and lay decryption over
    it where a key is given.

    Args:
        path: a raw image, a block device, or any piece of a split raw or E01 image.
        key: raw volume key. A LUKS header says how the volume is encrypted, else the settings below do.
        password: opens a LUKS header or an Android crypto footer, which say how the volume is encrypted. Without key
            and password Android's default password is tried where there is a footer; where that does not open the
            volume, it is read as it is stored.
        credentials: in place of both, any number of keys and passwords. Each has to open something. Without a volume,
            offset, length or footer, every volume of a partition table is taken: the source is then the whole medium,
            each volume decrypted at its place that one of them opens (`carving.encryption.disk`).
        footer: a file that holds the footer or LUKS header, where it is not in the volume.
        cipher: dm-crypt cipher specification.
        sector_size: bytes per encrypted sector, 512 or 4096.
        iv_sector: `le64` as dm-crypt writes the sector number, or `be32`.
        iv_offset: added to the sector number, in units of 512 bytes.
        iv_large_sectors: number the sectors in units of `sector_size` instead of 512 bytes.
        offset: byte of the medium at which the volume starts.
        length: bytes of the volume; to the end of the medium where None.
        volume: index of a partition, from 1, in place of `offset` and `length`.
        nand: layout of a raw NAND dump: a preset's name or the path of a TOML file; None where it is none.
        xor_key: file of the static key that a NAND controller scrambled the pages with.
        rescue_map: map file that GNU ddrescue kept of the medium; what it did not read is in `bad_runs`.
        flips: byte and bit (0 = most significant) of the medium that are read the other way round, to see what
            reversing them makes of the layers above.
        file_keys: master keys of file-based encryption (`carving.fscrypt`): the files that they open read decrypted,
            each byte at its place. Each has to open something.

    Raises:
        SegmentMissingError: a segment of a split image is missing.
        EvidenceError: the evidence is not there, a directory, empty, damaged or of an unsupported format.
        RescueMapError: the map file is none, or contradicts itself.
        KeyMismatchError: the password opens nothing, or the key is not that of the LUKS header. Whether any other key
            fits is the question of `carving.encryption.key_check.check_key`.
        UnsupportedEncryptionError: a password was given that nothing here can use; the message says why.
        UsageError: settings that contradict the evidence or each other.
    """
    settings = EvidenceSettings(
        cipher=cipher,
        sector_size=sector_size,
        iv_sector=iv_sector,
        iv_offset=iv_offset,
        iv_large_sectors=iv_large_sectors,
        offset=offset,
        length=length,
        volume=volume,
        footer=None if footer is None else str(footer),
        nand=nand,
        xor_key=None if xor_key is None else str(xor_key),
        map=None if rescue_map is None else str(rescue_map),
    )
    return open_stack(Path(path), settings, credentials or credentials_of(key, password), flips, file_keys)


def open_stack(
    path: Path,
    settings: EvidenceSettings,
    credentials: tuple[Credential, ...] = (),
    flips: tuple[tuple[int, int], ...] = (),
    file_keys: tuple[MasterKey, ...] | OpenedFiles = (),
) -> ByteSource:
    """As `open_evidence`, with the settings as one; `file_keys` may be what keys opened in the same stack before."""
    with ExitStack() as undo:
        source = _open_volume(path, settings, credentials, flips, bool(file_keys))
        undo.callback(source.close)
        if file_keys:
            source = _with_files(source, file_keys)
        undo.pop_all()
        return source


def _with_files(source: ByteSource, keys: tuple[MasterKey, ...] | OpenedFiles) -> ByteSource:
    """The layer over a volume or disk that decrypts files."""
    from carving.fscrypt.finding.opening import decrypt_files
    from carving.fscrypt.fscrypt_source import FscryptSource

    return decrypt_files(source, keys) if isinstance(keys, tuple) else FscryptSource(source, keys.keyring, keys.found)


def _open_volume(
    path: Path,
    settings: EvidenceSettings,
    credentials: tuple[Credential, ...],
    flips: tuple[tuple[int, int], ...],
    has_file_keys: bool,
) -> ByteSource:
    """The stack up to volume or disk."""
    offset, length, volume = settings.offset, settings.length, settings.volume
    if volume is not None and (offset or length is not None):
        raise UsageError("either a volume or an offset and length can be given, not both")
    if settings.xor_key is not None and settings.nand is None:
        raise UsageError("an XOR key means nothing without a NAND layout")
    with ExitStack() as undo:
        source: ByteSource = open_media(path)
        undo.callback(source.close)
        if settings.map is not None:
            source = _rescued(source, path, Path(settings.map))
        if flips:
            from carving.sources.flipped import FlippedSource

            source = FlippedSource(source, flips)
        source = open_container(source, path) if settings.nand is None else source
        if find_files(source):
            if any((settings.nand, credentials, volume, offset, length, has_file_keys)):
                raise UsageError(
                    f"{path} is a folder or an archive of JPEGs: "
                    "NAND layout, key, password, volume, offset and length mean nothing there"
                )
            undo.pop_all()
            return source
        if settings.nand is not None:
            from carving.media.nand.nand_source import open_nand

            source = open_nand(source, settings.nand, None if settings.xor_key is None else Path(settings.xor_key))
        spec = parse_cipher(settings.cipher)
        numbering = SectorNumbering(
            settings.sector_size, settings.iv_sector, settings.iv_offset, settings.iv_large_sectors
        )
        footer = None if settings.footer is None else Path(settings.footer)
        if credentials and footer is None and volume is None and not offset and length is None:
            from carving.encryption.disk_unlocking import unlock_disk
            from carving.file_systems.structures.sound_table import with_sound_table

            disk = unlock_disk(source, credentials, spec, numbering, with_sound_table(source))
            if disk is not None:
                undo.pop_all()
                return disk
        if volume is not None:
            from carving.file_systems.structures.sound_table import with_sound_table
            from carving.file_systems.volumes import open_volume

            source = open_volume(source, volume, with_sound_table(source))
        elif offset or length is not None:
            from carving.file_systems.volumes import VolumeSource

            rest = source.size - offset if length is None else length
            source = VolumeSource(source, offset, rest, f"volume at byte {offset}")
        from carving.encryption.volume_unlocking import decrypt_with_any

        source = decrypt_with_any(source, volume, credentials, footer, spec, numbering)
        undo.pop_all()
        return source


def _rescued(medium: ByteSource, path: Path, rescue_map: Path) -> ByteSource:
    """The medium with its map laid over it.

    Raises:
        RescueMapError: the map cannot be used.
        UsageError: a folder has none.
    """
    from carving.media.rescued_source import open_rescued

    if isinstance(medium, FolderSource):
        raise UsageError(f"{path} is a folder; a map of GNU ddrescue is of an image, so --map means nothing there")
    return open_rescued(medium, rescue_map)


def open_media(path: Path) -> RawSource | EwfSource | LibewfSource:
    """Open the bottom layer alone: the medium inside E01 or Ex01 files, raw bytes, or the JPEGs of a folder.

    Raises:
        SegmentMissingError: a segment is missing.
        EvidenceError: as for `open_evidence`.
    """
    try:
        if path.is_dir():
            return open_folder(path)
        check_readable_file(path)
        with path.open("rb") as stream:
            head = stream.read(HEAD_BYTES)
            stream.seek(-min(TAIL_BYTES, stream.seek(0, os.SEEK_END)), os.SEEK_END)
            tail = stream.read(TAIL_BYTES)
    except OSError as error:
        raise EvidenceError(f"the evidence {path} cannot be read: {reason(error)}") from error
    if not head:
        raise EvidenceError(f"the evidence {path} is empty")
    if head.startswith(EVF2_SIGNATURE):
        return open_libewf(path)
    if unsupported := unsupported_signature(head[:8]):
        raise EvidenceError(
            f"{path} is an {unsupported} file, which is not supported; `ewfexport -f files` writes out its files, and "
            "their folder can be given"
        )
    if container := container_of(head, tail):
        raise EvidenceError(f"{path} is of a format that is not supported ({container.name}); {container.advice}")
    if head.startswith(EVF_SIGNATURE) or has_ewf_name(path):
        return open_ewf(path)
    return SparseFiles(sparse_files(path)) if head.startswith(SPARSE_MAGIC) else open_raw(path)
