"""Encrypted files of an ext4 that mke2fs made and the reference encrypted: found, opened, named, and counted."""

from __future__ import annotations

import hashlib
import struct
from pathlib import Path

import numpy as np
import pytest

from carving.errors import KeyMismatchError, UsageError
from carving.evidence import open_evidence
from carving.file_systems.allocation import Allocation
from carving.file_systems.stored_files.ext_geometry import read_geometry
from carving.file_systems.stored_files.ext_reader import ExtReader
from carving.file_systems.stored_files.file_source import FileSource
from carving.file_systems.walking.allocation_walk import read_allocation
from carving.fscrypt.finding.ext_contexts import read_ext_context
from carving.fscrypt.finding.opening import decrypt_files, encrypted_volumes
from carving.fscrypt.fscrypt_source import FscryptSource
from carving.fscrypt.master_keys import MasterKey
from carving.source import ByteSource, Run, evidence_runs
from tests.carving.fscrypt.images import (
    DESCRIPTOR,
    MASTER_1,
    MASTER_2,
    POLICIES,
    EncryptedImage,
    encrypted_ext4,
    name_in,
)
from tests.carving.memory import MemorySource

_FREE = 4 << 20
"""Where the image of 8 MiB has nothing but free blocks."""
KEYS = (MasterKey(MASTER_2, "key 1 of 2"), MasterKey(MASTER_1, "key 2 of 2", DESCRIPTOR))


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> EncryptedImage:
    return encrypted_ext4(tmp_path_factory.mktemp("fbe"))


@pytest.fixture(scope="module")
def layer(image: EncryptedImage) -> FscryptSource:
    return decrypt_files(MemorySource(image.data), KEYS)


def contents(source: ByteSource, found: Allocation) -> dict[str, bytes]:
    """The files that begin as JPEGs, by their paths."""
    read: dict[str, bytes] = {}
    for file in (*found.stored(), *found.deleted):
        if file.content.begins_as_jpeg:
            content = FileSource(source, file.content.runs)
            read[file.record.path] = content.read_at(0, content.size)
    return read


def test_every_photo_comes_out_under_its_own_path(image: EncryptedImage, layer: FscryptSource) -> None:
    assert contents(layer, read_allocation(layer)) == image.photos


def test_the_stack_opens_by_its_keys(image: EncryptedImage) -> None:
    with_keys = open_evidence(image.path, file_keys=KEYS)
    place = image.places[f"/v2/{name_in('v2')}"]
    assert with_keys.read_at(place, 3) == b"\xff\xd8\xff"
    assert evidence_runs(with_keys, place, 5000) == (Run(place, 5000),)
    with_keys.close()
    as_stored = open_evidence(image.path)
    assert as_stored.read_at(place, 3) != b"\xff\xd8\xff"
    as_stored.close()


def test_any_stretch_reads_as_the_whole(image: EncryptedImage, layer: FscryptSource) -> None:
    whole = layer.read_at(0, layer.size)
    random = np.random.default_rng(3)
    for _ in range(60):
        start, length = int(random.integers(0, layer.size)), int(random.integers(0, 20_000))
        assert layer.read_at(start, length) == whole[start : start + length]
    differs = np.frombuffer(whole, np.uint8) != np.frombuffer(image.data, np.uint8)
    for run in (run for runs in image.runs.values() for run in runs):
        differs[run.offset : run.end] = False
    assert not differs.any()  # nothing but the photos reads otherwise


def test_keys_and_counts_are_told(layer: FscryptSource) -> None:
    told = {one.policy: one for one in layer.found.policies}
    assert len(told) == len(POLICIES)
    assert all((one.files, one.folders, one.problem) == (1, 1, None) for one in told.values())
    assert all(one.fingerprint is not None for one in told.values())
    assert "key identifier" in str(told["v2 AES-256-XTS"].confirmed_by)
    assert told["v1 AES-256-XTS"].confirmed_by == "1 of 1 names become readable"
    assert MASTER_2.hex() not in repr(layer.found) + repr(layer.opened) + layer.name


def test_a_version_1_key_without_descriptor_is_found_by_names(image: EncryptedImage) -> None:
    layer = decrypt_files(MemorySource(image.data), (MasterKey(MASTER_1),))
    assert f"/v1/{name_in('v1')}" in contents(layer, read_allocation(layer))


def test_files_without_a_key_are_counted(image: EncryptedImage) -> None:
    layer = decrypt_files(MemorySource(image.data), KEYS[:1])
    missing = [one for one in layer.found.policies if one.fingerprint is None]
    assert [(one.identifier, one.files, one.folders) for one in missing] == [(DESCRIPTOR.hex(), 1, 1)]
    place = image.places[f"/v1/{name_in('v1')}"]
    assert layer.read_at(place, 4096) == image.data[place : place + 4096]


@pytest.mark.parametrize(
    "wrong",
    [
        MasterKey(hashlib.sha512(b"other").digest(), "key 1 of 1"),
        MasterKey(hashlib.sha512(b"other").digest(), "key 1 of 1", DESCRIPTOR),
        MasterKey(MASTER_1, "key 1 of 1", bytes(8)),
        MasterKey(MASTER_2, "key 1 of 1", bytes(16)),
    ],
    ids=["no key", "not that of the descriptor", "another descriptor", "another identifier"],
)
def test_a_key_that_fits_nothing_is_refused(image: EncryptedImage, wrong: MasterKey) -> None:
    with pytest.raises(KeyMismatchError, match=r"key 1 of 1 is the key of no file.*0011223344556677") as error:
        decrypt_files(MemorySource(image.data), (*KEYS, wrong))
    assert wrong.key.hex() not in str(error.value)
    assert error.value.exit_code == 4


def test_a_folder_takes_no_such_key(tmp_path: Path) -> None:
    (tmp_path / "one.jpg").write_bytes(b"\xff\xd8\xff")
    with pytest.raises(UsageError, match="folder"):
        open_evidence(tmp_path, file_keys=KEYS)


def test_photos_that_no_inode_leads_to_are_searched(image: EncryptedImage) -> None:
    """The inodes are gone with all they said but for one, whose key is then the only thing left of it."""
    data = bytearray(image.data)
    reader = ExtReader(MemorySource(image.data), read_geometry(MemorySource(image.data), 0), set())
    lost = {policy: f"/{policy}/{name_in(policy)}" for policy in ("v2", "lblk64", "lblk32", "cbc")}
    places: dict[str, int] = {}
    for index, (policy, path) in enumerate(lost.items()):
        stored = b"".join(image.data[run.offset : run.end] for run in image.runs[path])
        for run in image.runs[path]:
            _free(data, run)
            data[run.offset : run.end] = bytes(run.length)
        places[path] = _FREE + index * (256 << 10)  # where blocks lie does not go into their encryption
        data[places[path] : places[path] + len(stored)] = stored
        place = reader.geometry.place(image.inodes[path])
        assert place is not None
        if policy.startswith("lblk"):
            data[place : place + 256] = bytes(256)
        else:  # as ext4 deletes: links and extents go, the context stays
            struct.pack_into("<H", data, place + 26, 0)
            struct.pack_into("<HH", data, place + 40, 0xF30A, 0)
    layer = decrypt_files(MemorySource(bytes(data)), KEYS)
    for path, place in places.items():
        assert layer.read_at(place, len(image.photos[path])) == image.photos[path], path
    assert sum("no inode leads" in remark for remark in layer.found.remarks) == len(lost)


def _free(data: bytearray, run: Run) -> None:
    """Mark blocks as free in the block bitmap of the only group."""
    (bitmap,) = struct.unpack_from("<I", data, 4096)
    for block in range(run.offset // 4096, run.end // 4096):
        data[bitmap * 4096 + block // 8] &= ~(1 << block % 8)


def test_blocks_of_a_deleted_file_that_are_another_files_now_stay_as_they_are(image: EncryptedImage) -> None:
    data = bytearray(image.data)
    reader = ExtReader(MemorySource(image.data), read_geometry(MemorySource(image.data), 0), set())
    path = f"/v2/{name_in('v2')}"
    place = reader.geometry.place(image.inodes[path])
    assert place is not None
    struct.pack_into("<H", data, place + 26, 0)  # no links, but its blocks are in use
    layer = decrypt_files(MemorySource(bytes(data)), KEYS)
    assert layer.read_at(image.places[path], 4096) == image.data[image.places[path] :][:4096]


def test_a_key_that_opens_names_alone_is_explained(image: EncryptedImage) -> None:
    data = bytearray(image.data)
    for path in (f"/v2/{name_in('v2')}", f"/lblk64/{name_in('lblk64')}"):
        place = image.places[path]
        data[place : place + 4096] = np.random.default_rng(1).bytes(4096)
    told = [remark for remark in decrypt_files(MemorySource(bytes(data)), KEYS).found.remarks if "hardware" in remark]
    assert told == []  # one photo of a policy may be damaged
    second = _with_a_second_photo(data, image)
    told = [remark for remark in decrypt_files(MemorySource(second), KEYS).found.remarks if "hardware" in remark]
    assert len(told) == 1
    assert "none of 2 files called as photos" in told[0]


def _with_a_second_photo(data: bytearray, image: EncryptedImage) -> bytes:
    """The photo of `lblk64` gets the context and folder of that of `v2`, so that one policy has two."""
    geometry = read_geometry(MemorySource(image.data), 0)
    one, other = (geometry.place(image.inodes[f"/{policy}/{name_in(policy)}"]) for policy in ("v2", "lblk64"))
    assert one is not None
    assert other is not None
    changed = bytearray(data)
    changed[other + 128 : other + 256] = data[one + 128 : one + 256]
    return bytes(changed)


HOSTILE = {
    "a size of exabytes": (4, struct.pack("<I", 0xFFFFFFFF), 108, struct.pack("<I", 0x7FFFFFFF)),
    "an extent outside": (60, struct.pack("<I", 0xFFFFFF00), None, b""),
    "an extent over the inode table": (60, None, None, b""),
    "an extent over the superblock": (60, struct.pack("<I", 0), None, b""),
    "more extents than fit": (42, struct.pack("<H", 0xFFFF), None, b""),
    "a tree of six levels": (46, struct.pack("<H", 6), None, b""),
    "a tree that leads to itself": (46, struct.pack("<H", 1), None, b""),
    "attributes outside": (128, struct.pack("<H", 0xFFFF), None, b""),
}


@pytest.mark.parametrize("what", HOSTILE)
def test_hostile_inodes_cost_no_more_than_their_file(image: EncryptedImage, what: str) -> None:
    at, value, other, other_value = HOSTILE[what]
    data = bytearray(image.data)
    reader = ExtReader(MemorySource(image.data), read_geometry(MemorySource(image.data), 0), set())
    victim = f"/v2/{name_in('v2')}"
    place = reader.geometry.place(image.inodes[victim])
    assert place is not None
    written = struct.pack("<I", reader.geometry.tables[0]) if value is None else value
    data[place + at : place + at + len(written)] = written
    if other is not None:
        data[place + other : place + other + len(other_value)] = other_value
    source = MemorySource(bytes(data))
    layer = decrypt_files(source, KEYS)
    kept = {path: photo for path, photo in image.photos.items() if path != victim}
    found = contents(layer, read_allocation(layer))
    assert {path: data for path, data in found.items() if path != victim} == kept
    if "extent o" in what:
        (volume,) = encrypted_volumes(source)
        assert any("claims blocks outside" in finding for finding in volume.findings)


def test_folders_in_a_circle_end(image: EncryptedImage) -> None:
    """The entry of the photo leads to the root: the walk comes by there only once."""
    data = bytearray(image.data)
    number = image.inodes[f"/v2/{name_in('v2')}"]
    (volume,) = encrypted_volumes(MemorySource(image.data))
    (stored,) = (name.stored for name in volume.names if name.inode == number)
    at = image.data.index(stored)
    struct.pack_into("<I", data, at - 8, 2)
    layer = decrypt_files(MemorySource(bytes(data)), KEYS)
    assert layer.found.names


@pytest.mark.parametrize("size", [0, 27, 107, 127])
def test_an_inode_that_is_cut_off_has_no_context(size: int) -> None:
    assert read_ext_context(b"\xff" * size, lambda _: iter(())) is None
