"""Files of F2FS images: from f2fs-tools, and from kernels where they are there."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import stat
import struct
from itertools import pairwise
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import XTS
from cryptography.hazmat.primitives.hashes import SHA512
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from carving.errors import EvidenceError
from carving.file_systems.f2fs import F2fsFile, F2fsKind, F2fsState, RunKind, is_f2fs, read_f2fs
from carving.source import ByteSource
from tests.carving.file_systems.f2fs.conftest import WHEN
from tests.carving.file_systems.f2fs.images import BLOCK, PatchedSource, Tool, by_path, content, make_image
from tests.carving.memory import MemorySource


def test_every_file_comes_back(phone: bytes, phone_folder: Path) -> None:
    source = MemorySource(phone)
    system = read_f2fs(source)
    found = {os.fsencode(phone_folder) + _raw_path(file.path): file for file in system.files()}
    expected = {os.fsencode(path): path for path in phone_folder.rglob("*")}
    assert found.keys() == expected.keys()
    for name, path in expected.items():
        file = found[name]
        about = path.lstat()
        assert file.mode == about.st_mode
        assert file.state is F2fsState.ALLOCATED
        assert not file.deleted
        assert not file.findings
        assert file.name == os.fsencode(path.name)
        if stat.S_ISREG(about.st_mode):
            assert (file.kind, file.size, file.modified, file.links) == (F2fsKind.REGULAR, about.st_size, WHEN, 1)
            assert content(source, file) == path.read_bytes()
        elif stat.S_ISLNK(about.st_mode):
            assert file.kind is F2fsKind.SYMLINK
            assert content(source, file) == os.fsencode(path.readlink())
        else:
            assert file.kind is F2fsKind.DIRECTORY
    assert system.findings == ()
    assert is_f2fs(source)


def _raw_path(path: str) -> bytes:
    return path.encode().replace(b"\\xff\\xfe", b"\xff\xfe")


def test_inline_content_has_its_place(phone: bytes) -> None:
    source = MemorySource(phone)
    tiny = by_path(source)["/DCIM/tiny é.txt"]
    large = by_path(source)["/DCIM/100MEDIA/deep/large"]
    assert large.inline is None
    if tiny.inline is not None:
        (run,) = tiny.runs
        assert tiny.inline == source.read_at(run.physical or 0, run.length) == b"tiny\n"
        assert tiny.node_offset < (run.physical or 0) < tiny.node_offset + BLOCK


def test_not_at_the_start(phone: bytes) -> None:
    """Behind other bytes, as a volume of a disk; a reader that looks elsewhere finds none."""
    source = MemorySource(bytes(3 * 512) + phone)
    assert is_f2fs(source, 3 * 512)
    assert not is_f2fs(source)
    system = read_f2fs(source, 3 * 512)
    photo = next(file for file in system.files() if file.path.endswith("photo.jpg"))
    assert content(source, photo) == content(MemorySource(phone), by_path(MemorySource(phone))[photo.path])
    with pytest.raises(EvidenceError, match="no F2FS superblock at byte 0"):
        read_f2fs(source)


def test_free_space_is_what_the_checkpoint_counts(phone: bytes) -> None:
    system = read_f2fs(MemorySource(phone))
    in_use = struct.unpack_from("<Q", phone, system.checkpoint.block * BLOCK + 16)[0]
    free = list(system.free_runs())
    assert sum(run.length for run in free) == (system.superblock.main_segments * 512 - in_use) * BLOCK
    taken = {
        place
        for file in system.files()
        for run in file.runs
        if run.physical is not None
        for place in range(run.physical // BLOCK, -(-(run.physical + run.length) // BLOCK))
    }
    assert taken
    assert not any(place * BLOCK in range(run.offset, run.end) for run in free for place in taken)
    assert all(first.end < second.offset for first, second in pairwise(free))


def test_indirect_nodes(tool: Tool, tmp_path: Path) -> None:
    """A file that two direct nodes do not hold: the third to fifth stand behind an indirect one."""
    folder = tmp_path / "folder"
    folder.mkdir()
    numbered = b"".join(struct.pack("<I", number) + bytes(BLOCK - 4) for number in range(923 + 4 * 1018 + 7)) + b"end"
    (folder / "large").write_bytes(numbered)
    source = MemorySource(make_image(tool, tmp_path / "image", folder, mib=100))
    large = by_path(source)["/large"]
    assert large.size == len(numbered)
    assert content(source, large) == numbered


def test_nothing_deleted_on_a_new_image(phone: bytes) -> None:
    assert list(read_f2fs(MemorySource(phone)).deleted()) == []


@pytest.mark.parametrize("features", ["", "extra_attr,quota"])
@pytest.mark.parametrize("option", ["-i", "-g"])
def test_layouts_of_mkfs(tool: Tool, tmp_path: Path, option: str, features: str) -> None:
    """The node bitmap behind the checksum (`-i`), Android's defaults (`-g android`); an empty root has no findings."""
    path = tmp_path / "image"
    path.touch()
    os.truncate(path, 64 << 20)
    given = (option, "android") if option == "-g" else (option,)
    tool("mkfs.f2fs", "-q", "-f", *given, *(("-O", features) if features else ()), str(path))
    system = read_f2fs(MemorySource(path.read_bytes()))
    assert [file.path for file in system.files()] == []
    assert system.checkpoint.sound
    assert list(system.deleted()) == []
    assert sum(run.length for run in system.free_runs()) > 20 << 20
    assert system.findings == ()


def test_photos_of_a_kernel(shared_data: Path) -> None:
    """Five photos in many pieces, one of them sparse, and two deleted ones, by their SHA-256."""
    folder = shared_data / "forensic" / "fs"
    source = MemorySource(gzip.decompress((folder / "f2fs.img.gz").read_bytes()))
    system = read_f2fs(source)
    listed = json.loads((folder / "fs.json").read_text())["files"]
    expected = {"/" + entry["name"]: entry for entry in listed}
    found = {file.path: file for file in system.files() if file.path in expected}
    assert found.keys() == {path for path, entry in expected.items() if not entry["deleted"]}
    deleted = {file.path: file for file in system.deleted() if file.path in expected and file.preferred}
    assert deleted.keys() == expected.keys() - found.keys()
    for path, file in (found | deleted).items():
        assert hashlib.sha256(content(source, file)).hexdigest() == expected[path]["sha256"]
        assert bool(file.bytes_of(RunKind.HOLE)) == expected[path]["sparse"]
        assert len(file.runs) >= 5
    assert all(file.state is F2fsState.DELETED and not file.overwritten for file in deleted.values())
    assert system.findings == ()


def test_encrypted_files_of_a_kernel(shared_data: Path) -> None:
    """Runs, context and inode are what opens the photos of per-file keys, the deleted one too."""
    folder = shared_data / "forensic" / "fbe"
    about = json.loads((folder / "fbe.json").read_text())
    source = MemorySource(gzip.decompress((folder / "f2fs-fbe.img.gz").read_bytes()))
    system = read_f2fs(source)
    key, listed = bytes.fromhex(about["master_key_v2"]), about["files"]
    hashes = {entry["sha256"] for entry in listed if entry["path"].startswith("/v2/")}
    files = [file for file in system.files() if file.encrypted and file.kind is F2fsKind.REGULAR]
    assert len(files) == 9
    assert {_decrypted(source, file, key) for file in files if _per_file_key(file)} == hashes
    (gone,) = (file for file in system.deleted() if file.kind is F2fsKind.REGULAR)
    assert (gone.encrypted, gone.state) == (True, F2fsState.DELETED)
    assert _decrypted(source, gone, key) in hashes
    plain = by_path(source)["/media/0/DCIM/plain-0.jpg"]
    assert (plain.encrypted, plain.context) == (False, None)


def _per_file_key(file: F2fsFile) -> bool:
    return file.context is not None and file.context[0] == 2 and file.context[3] == 3


def _decrypted(source: ByteSource, file: F2fsFile, master_key: bytes) -> str:
    """SHA-256 of a file under a v2 policy with keys by file (Linux `Documentation/filesystems/fscrypt.rst`)."""
    assert file.context is not None
    key = HKDF(SHA512(), 64, None, b"fscrypt\0\x02" + file.context[24:40]).derive(master_key)
    data = bytearray()
    for run in file.runs:
        assert run.physical is not None
        assert run.logical % BLOCK == 0
        for start in range(0, run.length, BLOCK):
            tweak = ((run.logical + start) // BLOCK).to_bytes(16, "little")
            data += Cipher(AES(key), XTS(tweak)).decryptor().update(source.read_at(run.physical + start, BLOCK))
    return hashlib.sha256(data[: file.size]).hexdigest()


def test_patches_are_read() -> None:
    """The source that the tests of damage use."""
    source = PatchedSource(bytes(10), {2: b"ab"})
    source.patch(3, b"c")
    source.flip(9, 7)
    assert source.read_at(0, 10) == b"\0\0ac\0\0\0\0\0\x80"
    assert source.read_at(3, 2) == b"c\0"
