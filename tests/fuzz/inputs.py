"""Inputs to begin with: small sound files of every kind, and how to damage them."""

from __future__ import annotations

import base64
import binascii
import io
import lzma
import random
import struct
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np
from PIL import Image

from carving.file_systems.f2fs import read_f2fs
from carving.file_systems.stored_files.ext_geometry import read_geometry
from carving.file_systems.stored_files.ext_reader import ExtReader
from carving.fscrypt.file_names import encrypt_cts
from plugin.common.report_model import to_json
from plugin.custody.custody_log import CustodyLog
from plugin.report.dfxml import dfxml_document
from plugin.report.validation import encode
from tests.carving.conftest import run_tool
from tests.carving.databases.making import database
from tests.carving.encryption.footers import footer
from tests.carving.file_systems.stored_files.journals import descriptor, superblock
from tests.carving.fscrypt.images import EncryptedImage, context_of, encrypted_ext4
from tests.carving.media.android_sparse.writing import SparseFile
from tests.carving.media.archive.writing import DEFLATED, tar_of, zip_of
from tests.carving.media.nand.encoder import CHIPS, dump
from tests.carving.memory import MemorySource
from tests.fuzz.sparse_images import shrink
from tests.plugin.report.made import entry, report

HERE = Path(__file__).resolve().parent
KERNEL_IMAGES = HERE.parent / "carving" / "file_systems" / "f2fs" / "kernel"


def small_jpegs() -> tuple[bytes, ...]:
    """A baseline, a progressive, a gray, a subsampled one with restart markers and one with Exif; 40×24 pixels."""
    pixels = np.random.default_rng(4).integers(0, 256, (6, 10, 3), dtype=np.uint8)
    picture = Image.fromarray(pixels).resize((40, 24), Image.Resampling.BICUBIC)
    exif = Image.Exif()
    exif[0x010F], exif[0x0112] = "Maker", 6
    makings: tuple[tuple[Image.Image, dict[str, Any]], ...] = (
        (picture, {}),
        (picture, {"progressive": True}),
        (picture.convert("L"), {}),
        (picture, {"subsampling": 2, "restart_marker_blocks": 1}),
        (picture, {"exif": exif.tobytes()}),
    )
    made = []
    for image, options in makings:
        buffer = io.BytesIO()
        image.save(buffer, "JPEG", quality=80, **options)
        made.append(buffer.getvalue())
    return tuple(made)


def seeds(name: str) -> list[bytes]:
    """What fuzzing a target begins with."""
    kept = [path.read_bytes() for path in sorted((HERE / "seeds" / name).glob("*"))]
    return [*kept, *_MADE.get(name, list[bytes])()]


def _jpegs() -> list[bytes]:
    return list(small_jpegs())


def _transferred() -> list[bytes]:
    photo = small_jpegs()[0]
    text = "".join(map(chr, photo))
    changed = [photo.replace(b"\n", b"\r\n"), text.encode(), b"\xff\xfe" + text.encode("utf-16-le")]
    return [*changed, base64.encodebytes(photo), photo.hex(" ").encode(), binascii.b2a_qp(photo, istext=False)]


def _footers() -> list[bytes]:
    return [footer(minor, bytes(16), b"password")[:4096] for minor in range(4)]


def _dumps() -> list[bytes]:
    chip = CHIPS["linux-hamming-512"]
    return [bytes(dump(chip, random.Random(2).randbytes(32 * 512)))]


def _sparse_images() -> list[bytes]:
    chance = random.Random(2)
    file = SparseFile(block_size=512, checksum=1).raw(chance.randbytes(1024)).fill(b"abcd", 3).skip(5).crc(7)
    return [file.raw(chance.randbytes(512)).data(), SparseFile(header_size=40, chunk_header_size=16).skip(3).data()]


def _zips() -> list[bytes]:
    files = {f"{number}.jpg": data for number, data in enumerate(small_jpegs())}
    return [zip_of(files), zip_of(files, DEFLATED), zip_of(files, DEFLATED, streamed=True)]


def _tars() -> list[bytes]:
    files = {f"{'long/' * 50}{number}.jpg": data for number, data in enumerate(small_jpegs())}
    sparse = tarfile.TarInfo("sparse.jpg")
    sparse.size, sparse.pax_headers = 1024, {"GNU.sparse.map": "0,512,2048,512", "GNU.sparse.size": "4096"}
    holes = sparse.tobuf(tarfile.PAX_FORMAT) + bytes(1024)
    return [tar_of(files, tarfile.GNU_FORMAT), holes + tar_of(files, tarfile.PAX_FORMAT)]


def _file_systems() -> list[bytes]:
    """Images that a kernel made, without the content of their files."""
    made = []
    for name in ("unclean", "compress"):
        image = bytearray(lzma.decompress((KERNEL_IMAGES / f"{name}.img.xz").read_bytes()))
        system = read_f2fs(MemorySource(bytes(image)))
        for file in (*system.files(), *system.deleted()):
            for run in file.runs:
                if run.physical is not None and file.kind == "regular file" and file.inline is None:
                    image[run.physical : run.physical + run.length] = bytes(run.length)
        made.append(shrink(bytes(image)))
    return made


def _contexts() -> list[bytes]:
    """Contexts of both versions, and an inode that has one."""
    image, stored = _encrypted_image()
    reader = ExtReader(MemorySource(stored), read_geometry(MemorySource(stored), 0), set())
    inode = reader.data_of(next(iter(image.inodes.values()))) or b""
    return [context_of("v1", "file"), context_of("v2", "file"), inode]


def _encrypted_volumes() -> list[bytes]:
    """An ext4 with encrypted files, without the content of its photos."""
    image, stored = _encrypted_image()
    data = bytearray(stored)
    for run in (run for runs in image.runs.values() for run in runs):
        data[run.offset : run.end] = bytes(run.length)
    return [shrink(bytes(data))]


def _names() -> list[bytes]:
    return [encrypt_cts(b"IMG_0001.jpg".ljust(size, b"\0"), bytes(32), bytes(16)) for size in (16, 32, 48)]


@cache
def _encrypted_image() -> tuple[EncryptedImage, bytes]:
    with tempfile.TemporaryDirectory() as folder:
        image = encrypted_ext4(Path(folder))
        return image, image.data


def _ext_volumes() -> list[bytes]:
    """A file system of 64 KiB with a deleted JPEG, whose inode still leads to it."""
    with tempfile.TemporaryDirectory() as folder:
        content, volume = Path(folder) / "content", Path(folder) / "volume"
        content.mkdir()
        (content / "gone.jpg").write_bytes(small_jpegs()[0])
        options = ("-q", "-t", "ext4", "-b", "1024", "-N", "32", "-O", "^has_journal")
        run_tool("mke2fs", *options, "-d", str(content), str(volume), "64k")
        run_tool("debugfs", "-w", "-R", "rm /gone.jpg", str(volume))
        return [volume.read_bytes()]


def _structures() -> list[bytes]:
    """Small volumes of every kind whose structures are checked, each sound and with flipped bits."""
    commands = (
        ("mke2fs", "-q", "-t", "ext4", "-b", "1024", "-N", "32", "-O", "metadata_csum,^has_journal"),
        ("mkfs.exfat",),
        ("mkfs.vfat", "-F", "16", "-s", "1"),
        ("mkfs.vfat", "-F", "32", "-s", "1"),
    )
    made = []
    with tempfile.TemporaryDirectory() as folder:
        for number, command in enumerate(commands):
            volume = Path(folder) / f"volume{number}"
            volume.write_bytes(bytes((40 if "32" in command else 4) << 20))
            run_tool(*command, str(volume))
            made.append(volume.read_bytes())
    made.append(partition_table(4 << 20))
    return [*map(shrink, made), *(shrink(_with_flips(data)) for data in made), *_file_systems()]


def _with_flips(data: bytes) -> bytes:
    """Data with some bits the other way round in their first blocks."""
    changed = bytearray(data)
    for at in range(1100, 16384, 3000):
        changed[at] ^= 8
    return bytes(changed)


def partition_table(size: int) -> bytes:
    """A GPT with one partition, and its second copy at the end (UEFI specification, section 5.3)."""
    disk, last = bytearray(size), size // 512 - 1
    entries = bytearray(16384)
    entries[:56] = bytes(range(32)) + (64).to_bytes(8, "little") + (last - 64).to_bytes(8, "little") + bytes(8)
    for own, other, table in ((1, last, 2), (last, 1, last - 32)):
        header = bytearray(b"EFI PART\0\0\1\0\x5c\0\0\0").ljust(92, b"\0")
        header[24:92] = struct.pack("<4Q16sQIII", own, other, 34, last - 33, bytes(16), table, 128, 128, crc32(entries))
        header[16:20] = crc32(header).to_bytes(4, "little")
        disk[512 * own : 512 * own + 92] = header
        disk[512 * table : 512 * table + len(entries)] = entries
    disk[446:462] = bytes((0, 0, 2, 0, 0xEE, 0xFF, 0xFF, 0xFF, 1, 0, 0, 0)) + last.to_bytes(4, "little")
    disk[510:512] = b"\x55\xaa"
    return bytes(disk)


def _journals() -> list[bytes]:
    made = []
    for features in (0, 0x12):
        blocks = [superblock(8, features), descriptor(3, [7, 9], features), bytes(1024), bytes(1024)]
        made.append(b"".join(blocks).ljust(8192, b"\0"))
    return made


def _records() -> list[bytes]:
    """The first records of a file table."""
    with tempfile.TemporaryDirectory() as folder:
        volume = Path(folder) / "volume"
        volume.write_bytes(bytes(2 << 20))
        run_tool("mkntfs", "-F", "-q", "-s", "512", "-p", "0", "-H", "0", "-S", "0", str(volume))
        data = volume.read_bytes()
        start = data.index(b"FILE0")
        return [data[start : start + 8192]]


def _packed() -> list[bytes]:
    return [b"\x03\xb0\x02a\xff\x0f\x00\x00", b"\x02\x30abc"]


def _databases() -> list[bytes]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "chat.db"
        pictures = list(small_jpegs()[:2])
        return [
            database(path, pictures, page_size=512),
            database(path, pictures, then=("DELETE FROM letters WHERE pic IS NULL", "DROP TABLE letters")),
        ]


def _maps() -> list[bytes]:
    head = b"# Mapfile. Created by GNU ddrescue version 1.27\n0x00000200     ?               1\n"
    return [head + b"0x0 0x200 +\n0x200 0x400 -\n0x600 0xFFA00 ?\n", head + b"0 512 *\n0512 512 /\n"]


def _lists() -> list[bytes]:
    return [dfxml_document(report(entry()), {})]


def _reports() -> list[bytes]:
    return [encode(to_json(report(entry())))]


def _logs() -> list[bytes]:
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "log"
        with CustodyLog(log) as custody:
            for number in range(3):
                custody.record("something", number=number, text="some text")
        return [log.read_bytes()]


_MADE: dict[str, Callable[[], list[bytes]]] = {
    **dict.fromkeys(("jpeg_header", "jpeg_carve", "jpeg_decode", "jpeg_restore", "jpeg_preview"), _jpegs),
    "transferred": _transferred,
    "android_sparse": _sparse_images,
    "zip_archive": _zips,
    "tar_archive": _tars,
    "android_footer": _footers,
    "f2fs": _file_systems,
    "structures": _structures,
    "nand": _dumps,
    "ext": _ext_volumes,
    "ext_journal": _journals,
    "fscrypt_context": _contexts,
    "fscrypt_ext": _encrypted_volumes,
    "fscrypt_names": _names,
    "ntfs_record": _records,
    "lznt1": _packed,
    "sqlite": _databases,
    "rescue_map": _maps,
    "file_list": _lists,
    "report_json": _reports,
    "custody_log": _logs,
}


def finds(name: str) -> list[bytes]:
    """Inputs that once brought a target down."""
    return [path.read_bytes() for path in sorted((HERE / "finds" / name).glob("*"))]


def damaged(origins: list[bytes], count: int, seed: int) -> Iterator[bytes]:
    """Mutations of the origins: flipped bits, extreme numbers, cut, doubled and mixed stretches."""
    chance = random.Random(seed)
    for _ in range(count):
        data = bytearray(chance.choice(origins))
        for _ in range(chance.randint(1, 6)):
            _damage(data, chance, origins)
        yield bytes(data)


def _damage(data: bytearray, chance: random.Random, origins: list[bytes]) -> None:
    place = chance.randrange(len(data)) if data else 0
    length = min(chance.choice((1, 2, 4, 8, 64, 512)), len(data) - place)
    match chance.randrange(7):
        case 0 if data:
            data[place] ^= 1 << chance.randrange(8)
        case 1:
            data[place : place + length] = chance.randbytes(length)
        case 2:
            data[place : place + length] = chance.choice((b"\0", b"\xff", b"\x7f", b"\x80")) * length
        case 3:
            del data[place : place + length]
        case 4:
            data[place:place] = data[place : place + length]
        case 5:
            other = chance.choice(origins)
            start = chance.randrange(len(other)) if other else 0
            data[place : place + length] = other[start : start + length]
        case _:
            del data[place:]
