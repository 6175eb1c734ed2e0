"""What is fuzzed: every parser of bytes that come from evidence, or from a folder that somebody hands over.

A target takes bytes and returns; the errors that the parser's contract names are part of a normal life, anything else
that escapes is a find.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path

from carving.carver.carver import carve
from carving.databases.sqlite_pages import ReadingBudget
from carving.databases.sqlite_pictures import open_database, pictures_in
from carving.encryption.android_footer import find_footer, read_footer
from carving.encryption.luks1 import read_luks1
from carving.encryption.luks2_header import read_luks2
from carving.encryption.recognition import recognise
from carving.errors import CarveRestoreError
from carving.evidence import open_media
from carving.file_systems.f2fs import is_f2fs, read_f2fs
from carving.file_systems.stored_files.ext_deleted import read_deleted
from carving.file_systems.stored_files.ext_journal import read_journal
from carving.file_systems.stored_files.ext_names import OldNames
from carving.file_systems.stored_files.file_source import FileSource
from carving.file_systems.stored_files.lznt1 import decompress
from carving.file_systems.stored_files.ntfs_record import FileTable
from carving.file_systems.structures.correction import correct_file_system
from carving.file_systems.structures.reversal import CorrectedSource
from carving.file_systems.structures.sound_table import with_sound_table
from carving.file_systems.volumes import list_volumes, open_volume
from carving.flips.plain_flips import PlainFlips
from carving.fscrypt.contexts import EncryptionContext, FscryptFlag, parse_context
from carving.fscrypt.finding.ext_contexts import read_ext_context
from carving.fscrypt.finding.key_matching import match_keys
from carving.fscrypt.finding.opening import encrypted_volumes, layer_over
from carving.fscrypt.keyring import FileIdentity, Keyring
from carving.fscrypt.master_keys import MasterKey
from carving.jpeg.exif_claims import exif_claims
from carving.jpeg.exif_dimensions import contradiction_of, exif_dimensions
from carving.jpeg.header_walk import walk_header
from carving.jpeg.markers import read_header
from carving.jpeg.thumbnails import extract_thumbnail
from carving.media.android_sparse.sparse_source import AndroidSparseSource
from carving.media.archive.archive_source import ArchiveSource
from carving.media.archive.tar_entries import open_tar
from carving.media.archive.zip_entries import open_zip
from carving.media.nand.nand_source import open_nand
from carving.media.rescue_map import read_rescue_map
from carving.selection.archives import take_archive
from carving.selection.reading import read_list
from carving.source import Run
from carving.transfers.undoing import undo_all, undo_transfers
from plugin.common.record_reading import from_json
from plugin.common.report_model import Report
from plugin.custody.sshsig import unarmour
from plugin.workers.previews import as_viewers_show
from restore.decoding.opening import open_header
from restore.decoding.robust import decode
from restore.restoration import restore
from tests.carving.fscrypt.images import MASTER_1, MASTER_2
from tests.carving.memory import MemorySource
from tests.fuzz.sparse_images import grow
from tests.plugin.custody.chain_check import verify_chain

Target = Callable[[bytes], object]

MOST_PIXELS = 1 << 20
"""Larger pictures are left to the tests of speed: here they would only make every input slow."""
_SCRATCH = Path(tempfile.gettempdir())
_NAND = "linux-hamming-512"


def jpeg_header(data: bytes) -> None:
    """Everything that reads marker segments: walk, header, thumbnail, Exif."""
    segments = walk_header(data).segments
    extract_thumbnail(data, segments)
    exif_claims(data, segments)
    dimensions = exif_dimensions(data, segments)
    contradiction_of(dimensions, read_header(data).frame)


def jpeg_carve(data: bytes) -> None:
    """The carver on bytes as a medium."""
    for fragment in carve(MemorySource(data)):
        assert 0 < len(fragment.data) <= len(data)


def jpeg_decode(data: bytes) -> None:
    """The robust decoder, sequential and progressive."""
    if _is_small(data):
        decode(data)


def jpeg_restore(data: bytes) -> None:
    """All of restoring, with a little search for flipped bits."""
    if _is_small(data):
        restore(data, PlainFlips(len(data), (Run(0, len(data)),)), effort=1)


def jpeg_preview(data: bytes) -> None:
    """The small copy of a file as an ordinary viewer shows it."""
    if _is_small(data):
        as_viewers_show(data)


def transferred(data: bytes) -> None:
    """A file that a transfer has changed: what is recognised, and what undoing it gives, twice the same."""
    undone = undo_transfers(data)
    if undone is not None:
        assert undo_all(data, undone.transfers) == undone.data


def ewf(data: bytes) -> None:
    """A medium in a file, E01 where it begins as one; every byte of it is read."""
    _read_media(data, "fuzz.E01")


def raw_media(data: bytes) -> None:
    """A medium in a file with a name that says nothing: raw, or a container that is refused."""
    _read_media(data, "fuzz.dd")


def android_sparse(data: bytes) -> None:
    """A sparse image: its chunks, its checksums, and the first bytes of what it expands to."""
    medium = MemorySource(data)
    with closing(AndroidSparseSource(medium, "fuzz")) as source:
        source.wrong_checksums(medium, lambda: None)
        assert len(source.read_at(0, 4 << 20)) == min(source.size, 4 << 20)
        assert sum(run.length for run in source.trace(0, 4 << 20)) == min(source.size, 4 << 20)


def zip_archive(data: bytes) -> None:
    """The JPEGs of a ZIP archive, each read where it is said to lie."""
    _read_archive(open_zip(MemorySource(data), "fuzz"))


def tar_archive(data: bytes) -> None:
    """The same of a TAR archive."""
    _read_archive(open_tar(MemorySource(data), "fuzz"))


def volumes(data: bytes) -> None:
    """Partition tables, and the file systems behind them as far as telling encryption goes."""
    source = MemorySource(data)
    recognise(source)
    table = with_sound_table(source)
    for volume in list_volumes(source, table)[:4]:
        recognise(open_volume(source, volume.index, table))


def luks1(data: bytes) -> None:
    """The header of a LUKS1 volume."""
    read_luks1(MemorySource(data))


def luks2(data: bytes) -> None:
    """The headers of a LUKS2 volume, and the JSON in them."""
    read_luks2(MemorySource(data))


def android_footer(data: bytes) -> None:
    """Android's crypto footer, by itself and at the end of a volume."""
    read_footer(data)
    find_footer(MemorySource(data))


def f2fs(data: bytes) -> None:
    """A file system of F2FS: all its files, what is deleted in it, and its free space."""
    source = grow(data)
    is_f2fs(source)
    system = read_f2fs(source)
    for file in (*system.files(), *system.deleted()):
        place = 0
        for run in file.runs:
            assert run.logical == place
            assert run.length > 0
            place += run.length
        assert 0 <= file.overwritten <= place <= file.size
    for free in system.free_runs():
        assert 0 <= free.offset < free.end <= source.size


def structures(data: bytes) -> None:
    """The checksums and copies of whatever begins there, and the bits that are reversed by them."""
    below = grow(data)
    source = CorrectedSource(below)
    remarks = correct_file_system(source, 0)
    changed = source.read_at(0, source.size) != below.read_at(0, below.size)
    assert remarks or not (changed or source.flips)
    assert all(0 <= flip.evidence_offset < below.size and 0.99 <= flip.probability < 1 for flip in source.flips)
    assert len({(flip.evidence_offset, flip.bit) for flip in source.flips}) == len(source.flips)


def ext(data: bytes) -> None:
    """Deleted files of an ext file system: inode tables, orphan list, journal."""
    read_deleted(MemorySource(data), 0, {}, lambda _: None)


def fscrypt_context(data: bytes) -> None:
    """The extended attributes of an inode of ext4, in it and in a block, and a context by itself."""
    read_ext_context(data[:256], lambda _: iter((data[256:],)))
    context = parse_context(data)
    if context is not None:
        Keyring((MasterKey(MASTER_2),)).content_key(FileIdentity(context, 12, bytes(16)))
        assert context.told


def fscrypt_ext(data: bytes) -> None:
    """Encrypted files of an ext file system, and the layer that decrypts them."""
    source = grow(data)
    volumes = tuple(encrypted_volumes(source))
    matched = match_keys(volumes, (MasterKey(MASTER_2), MasterKey(MASTER_1)))
    layer = layer_over(source, volumes, matched)
    assert len(layer.read_at(0, layer.size)) == layer.size


def fscrypt_names(data: bytes) -> None:
    """Names of encrypted folders."""
    for flags in (0, 8, 16):
        context = EncryptionContext(2, 1, 4, FscryptFlag(flags), 0, MasterKey(MASTER_2).identifier, bytes(16))
        name = Keyring((MasterKey(MASTER_2),)).name(data, FileIdentity(context, 12, bytes(16)))
        assert name is None or len(name) <= len(data)


def ext_journal(data: bytes) -> None:
    """A journal of ext3 or ext4, and the directory blocks in it."""
    journal = read_journal(MemorySource(data), 1024)
    OldNames(journal, lambda _: None).read(list(journal.copies))


def ntfs_record(data: bytes) -> None:
    """Records of an NTFS file table."""
    table = FileTable(FileSource(MemorySource(data), (Run(0, len(data)),)), 1024)
    for inode in range(len(data) // 1024 + 1):
        table.name(inode)
        for _ in table.data_attributes(inode):
            pass


def lznt1(data: bytes) -> None:
    """Data that NTFS has compressed."""
    assert len(decompress(data, 65536)) == 65536


def nand(data: bytes) -> None:
    """A dump of small pages with Hamming codes: pages, order, and all bytes of the logical space."""
    with closing(open_nand(MemorySource(data), _NAND)) as source:
        source.read_at(0, source.size)


def sqlite(data: bytes) -> None:
    """A database: its tables, its free pages, and where the pictures in them lie."""
    source = MemorySource(data)
    pages = open_database(source, 0, ReadingBudget(1 << 30))
    for found in () if pages is None else pictures_in(pages):
        assert 0 < sum(run.length for run in found.runs) <= found.size
        assert all(0 <= run.offset <= run.end <= len(data) for run in found.runs)


def rescue_map(data: bytes) -> None:
    """A map file of GNU ddrescue."""
    path = _SCRATCH / "fuzz.map"
    path.write_bytes(data)
    found = read_rescue_map(path, 1 << 20)
    assert sum(kind.total for kind in found.unread.values()) <= 1 << 20


def file_list(data: bytes) -> None:
    """The lists of files that other tools write: DFXML, body files, feature files."""
    path = _SCRATCH / "fuzz-list"
    path.write_bytes(data)
    for _ in read_list(path):
        pass


def custody_log(data: bytes) -> None:
    """A custody log from an unknown hand."""
    path = _SCRATCH / "fuzz-custody.jsonl"
    path.write_bytes(data)
    verify_chain(path)


def report_json(data: bytes) -> None:
    """A report from an unknown hand, and a signature."""
    for reader in (lambda: from_json(Report, json.loads(data)), lambda: unarmour(data)):
        with suppress(ValueError, RecursionError):
            reader()


TARGETS: dict[str, Target] = {
    target.__name__: target
    for target in (
        *(jpeg_header, jpeg_carve, jpeg_decode, jpeg_restore, jpeg_preview, transferred),
        *(ewf, raw_media, android_sparse, zip_archive, tar_archive, volumes, luks1, luks2, android_footer, f2fs, nand),
        *(structures, ext, fscrypt_context, fscrypt_ext, fscrypt_names, ext_journal, ntfs_record, lznt1, sqlite),
        *(rescue_map, file_list, custody_log, report_json),
    )
}


def survive(name: str, data: bytes) -> None:
    """Run a target; errors of the one error tree are answers, everything else is raised."""
    with suppress(CarveRestoreError):
        TARGETS[name](data)


def _is_small(data: bytes) -> bool:
    try:
        frame = open_header(data)[0].frame
    except CarveRestoreError:
        return True  # the decoder will say the same
    return frame.width * frame.height <= MOST_PIXELS


def _read_archive(source: ArchiveSource) -> None:
    for fragment in take_archive(source, "plain", lambda *_: None):
        (run,) = fragment.byte_runs
        assert source.read_at(run.offset, run.length) == fragment.data
        assert sum(part.length for part in source.trace(run.offset, run.length)) == run.length


def _read_media(data: bytes, name: str) -> None:
    path = _SCRATCH / name
    path.write_bytes(data)
    with closing(open_media(path)) as source:
        for position in range(0, min(source.size, 4 << 20), 1 << 20):
            source.read_at(position, 1 << 20)
