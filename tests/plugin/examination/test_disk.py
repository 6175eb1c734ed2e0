"""A disk in one run: every volume of a partition table, opened by whatever of the given keys and passwords does it."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import plugin
from carving.encryption.disk import DiskSource
from carving.encryption.sectors import encrypt_sectors
from carving.errors import KeyMismatchError, UsageError
from carving.evidence import open_evidence
from carving.flips.of_fragment import flip_model
from carving.fragments import Fragment
from carving.jpeg.results import Ending
from carving.source import Run, evidence_runs
from plugin.common.settings import Parameters
from plugin.examination.journal import read_journal
from plugin.examination.opening import read_secrets
from tests.carving.conftest import run_tool
from tests.carving.memory import camera_jpeg
from tests.plugin.conftest import KEY, RunCommand

CARVE = Parameters(carve_only=True)
PASSWORD = "correct horse"
OTHER = "battery staple"
SECTOR = 512
BETWEEN = 40 * 2048
"""Sector between volumes where a photo lies that belongs to none."""
VOLUMES = {1: (2048, 36 * 2048), 2: (44 * 2048, 24 * 2048), 3: (70 * 2048, 4 * 2048), 4: (75 * 2048, 24 * 2048)}
"""First sector and number of sectors: FAT32, LUKS, dm-crypt without a header, LUKS with another password."""


@pytest.fixture(scope="module")
def photographs() -> dict[int | None, bytes]:
    """A photo for each volume, and one for the space between."""
    return {number: camera_jpeg(20 + index) for index, number in enumerate((1, 2, 3, 4, None))}


@pytest.fixture(scope="module")
def disk(tmp_path_factory: pytest.TempPathFactory, photographs: dict[int | None, bytes]) -> Path:
    """100 MiB: a GPT of sfdisk's, FAT32 of mkfs.vfat's and mtools', LUKS of qemu-img's, a photo in ext4 in each."""
    folder = tmp_path_factory.mktemp("disk")
    path = folder / "disk.dd"
    with path.open("wb") as file:
        file.truncate(100 << 20)
    table = ["label: gpt", *(f"start={start}, size={size}" for start, size in VOLUMES.values())]
    subprocess.run(["sfdisk", "-q", path], input="\n".join(table), text=True, check=True, capture_output=True)
    volumes = {1: fat32(folder, photographs[1]), 3: encrypt_sectors(ext4(folder, 3, photographs[3]), KEY)}
    for number, password in ((2, PASSWORD), (4, OTHER)):
        volumes[number] = luks(folder, ext4(folder, number, photographs[number]), password)
    with path.open("r+b") as file:
        for number, (start, size) in VOLUMES.items():
            assert len(volumes[number]) <= size * SECTOR
            file.seek(start * SECTOR)
            file.write(volumes[number])
        file.seek(BETWEEN * SECTOR)
        file.write(photographs[None])
    return path


def ext4(folder: Path, number: int, photo: bytes) -> bytes:
    content = folder / f"content-{number}"
    content.mkdir()
    (content / "photo.jpg").write_bytes(photo)
    run_tool("mke2fs", "-q", "-t", "ext4", "-d", str(content), str(folder / "ext4"), "4M")
    data = (folder / "ext4").read_bytes()
    (folder / "ext4").unlink()
    return data


def fat32(folder: Path, photo: bytes) -> bytes:
    (folder / "photo.jpg").write_bytes(photo)
    image = folder / "fat"
    with image.open("wb") as file:
        file.truncate(VOLUMES[1][1] * SECTOR)
    run_tool("mkfs.vfat", "-F", "32", str(image))
    run_tool("mcopy", "-i", str(image), str(folder / "photo.jpg"), "::/PHOTO.JPG")
    return image.read_bytes()


def luks(folder: Path, content: bytes, password: str) -> bytes:
    raw, image = folder / "plain", folder / "luks"
    raw.write_bytes(content)
    secret = ("--object", f"secret,id=s,data={password}")
    options = ("-o", "key-secret=s,cipher-alg=aes-256,cipher-mode=xts,ivgen-alg=plain64,iter-time=10")
    run_tool("qemu-img", "convert", *secret, "-f", "raw", "-O", "luks", *options, str(raw), str(image))
    return image.read_bytes()


def in_volume(number: int | None, offset: int) -> bool:
    start, size = VOLUMES[number] if number is not None else (BETWEEN, 2048)
    return start * SECTOR <= offset < (start + size) * SECTOR


def test_photos_of_all_volumes_in_one_run(
    command: RunCommand, tmp_path: Path, disk: Path, photographs: dict[int | None, bytes]
) -> None:
    out = tmp_path / "out"
    secrets = ("--password", PASSWORD, "--key", f"3:{KEY.hex()}", "--password", f"4:{OTHER}")
    done = command("--carve-only", disk, *secrets, "-o", out)
    assert done.returncode == 0, done.stderr
    report: dict[str, Any] = json.loads((out / "report.json").read_bytes())
    assert {entry["volume"]: (out / entry["carved"]["path"]).read_bytes() for entry in report["files"]} == photographs
    assert len(report["files"]) == len(photographs)
    layers = {entry["volume"]: entry["layer"] for entry in report["files"]}
    assert layers == {1: "plain", 2: "decrypted", 3: "decrypted", 4: "decrypted", None: "plain"}
    for entry in report["files"]:
        assert in_volume(entry["volume"], entry["offset"])
        assert in_volume(entry["volume"], entry["evidence_runs"][0]["offset"])
    volumes = report["volumes"]
    assert [(one["number"], one["offset"] // SECTOR) for one in volumes] == [(n, VOLUMES[n][0]) for n in VOLUMES]
    assert [one["key"] and one["key"]["cipher"] for one in volumes] == [
        None,
        "aes-xts-plain64",
        "aes-cbc-essiv:sha256",
        "aes-xts-plain64",
    ]
    claims = {entry["volume"]: entry["allocated"] and entry["allocated"]["path"] for entry in report["files"]}
    assert claims == {1: "/PHOTO.JPG", 2: "/photo.jpg", 3: "/photo.jpg", 4: "/photo.jpg", None: None}
    written = b"".join(path.read_bytes() for path in out.rglob("*") if path.is_file())
    assert not any(secret.encode() in written for secret in (PASSWORD, OTHER, KEY.hex()))
    assert b"4:[redacted]" in written
    checked = command("verify", out, "--evidence", disk, *secrets)
    assert checked.returncode == 0, checked.stderr
    assert f"{len(photographs)} carved files: read again" in checked.stdout


def test_a_volume_that_nothing_opens_is_named(tmp_path: Path, disk: Path, photographs: dict[int | None, bytes]) -> None:
    report = plugin.run(disk, tmp_path / "out", password=PASSWORD, parameters=CARVE)
    assert report.exit_code == 0
    assert {entry.volume for entry in report.files} == {1, 2, None}
    assert [one.key is not None for one in report.volumes] == [False, True, False, False]
    told = [note for note in report.notes if note.startswith("volume ")]
    assert any(note.startswith("volume 3 (") and "random-looking" in note for note in told)
    assert any(note.startswith("volume 4 (") and "is a LUKS1 volume" in note for note in told)
    assert all(note.endswith("nothing that was given opens it") for note in told)
    assert len(told) == 2


def test_volume_narrows_as_before(tmp_path: Path, disk: Path, photographs: dict[int | None, bytes]) -> None:
    alone = Parameters(carve_only=True, volume=2)
    report = plugin.run(disk, tmp_path / "out", password=f"2:{PASSWORD}", parameters=alone)
    (entry,) = report.files
    assert (entry.volume, entry.layer) == (2, "decrypted")
    assert entry.offset < VOLUMES[2][1] * SECTOR
    assert report.volumes == ()
    with pytest.raises(UsageError, match="the password is for volume 3, but only volume 2 is looked at"):
        plugin.run(disk, tmp_path / "other", password=f"3:{PASSWORD}", parameters=alone)


@pytest.mark.parametrize(
    ("secrets", "code", "message"),
    [
        (("--password", "wrong"), 4, "the password opened none of the volumes 1 ("),
        (("--key", "00" * 16), 4, "the key opened none"),
        (("--password", PASSWORD, "--password", "wrong"), 4, "password 2 of 2 opened none"),
        (("--password", PASSWORD, "--key", f"1:{KEY.hex()}"), 4, "the key opened none"),
        (("--password", f"9:{PASSWORD}"), 2, "the password is for volume 9, but the volumes are 1 ("),
    ],
)
def test_what_opens_nothing(
    command: RunCommand, tmp_path: Path, disk: Path, secrets: tuple[str, ...], code: int, message: str
) -> None:
    done = command("--carve-only", disk, *secrets, "-o", tmp_path / "out")
    assert (done.returncode, message in done.stderr) == (code, True), done.stderr
    assert not (tmp_path / "out").exists()


def test_without_a_key_volumes_are_numbered_all_the_same(tmp_path: Path, disk: Path) -> None:
    report = plugin.run(disk, tmp_path / "out", parameters=CARVE)
    assert {entry.volume for entry in report.files} == {1, None}
    assert [one.number for one in report.volumes] == [1, 2, 3, 4]
    assert report.scan.layer == "plain"


def test_what_no_file_occupies(tmp_path: Path, disk: Path) -> None:
    free = Parameters(carve_only=True, scan="unallocated")
    report = plugin.run(disk, tmp_path / "out", password=PASSWORD, parameters=free)
    assert {entry.volume for entry in report.files} == {None}


def test_the_disk_as_a_layer(disk: Path, photographs: dict[int | None, bytes]) -> None:
    source = open_evidence(disk, credentials=read_secrets(KEY, (PASSWORD, OTHER)).credentials)
    assert isinstance(source, DiskSource)
    stored = disk.read_bytes()
    whole = source.read_at(0, source.size + 1)
    assert len(whole) == len(stored)
    differing = [
        part for part in source.parts if whole[part.run.offset : part.run.end] != stored[part.run.offset : part.run.end]
    ]
    assert [(part.volume, part.layer) for part in differing] == [(2, "decrypted"), (3, "decrypted"), (4, "decrypted")]
    assert sum(part.run.length for part in source.parts) == source.size
    for number in (2, 3, 4):
        place = whole.index(photographs[number])
        assert in_volume(number, place)
        assert source.read_at(place + 7, 5000) == photographs[number][7:5007]
        assert evidence_runs(source, place, 100) == (Run(place, 100),)
        run = Run(place, len(photographs[number]))
        found = source.decryption_of((run,))
        assert found is not None
        decryption, (inside,) = found
        assert decryption.read_at(inside.offset, inside.length) == photographs[number]
    assert source.decryption_of((Run(whole.index(photographs[1]), 10),)) is None
    source.close()


def test_several_keys_for_one_volume(command: RunCommand, tmp_path: Path, encrypted_image: Path) -> None:
    wrong = bytes(16).hex()
    done = command("--carve-only", encrypted_image, "--key", KEY.hex(), "--key", wrong, "-o", tmp_path / "out")
    assert (done.returncode, "key 2 of 2 does not open the volume" in done.stderr) == (4, True), done.stderr
    done = command("--carve-only", encrypted_image, "--key", f"2:{KEY.hex()}", "-o", tmp_path / "out")
    assert (done.returncode, "there is no partition table" in done.stderr) == (2, True), done.stderr
    with pytest.raises(KeyMismatchError):
        plugin.run(encrypted_image, tmp_path / "out", key=(KEY, bytes(32)), parameters=CARVE)


def test_flips_are_those_of_the_medium(disk: Path, photographs: dict[int | None, bytes]) -> None:
    """A hypothesis about a bit below a volume is what the disk reads as with that bit of the medium flipped."""
    credentials = read_secrets(KEY, (PASSWORD, OTHER)).credentials
    source = open_evidence(disk, credentials=credentials)
    for number, is_encrypted in ((2, True), (3, True), (1, False)):
        photo = photographs[number]
        place = source.read_at(0, source.size).index(photo)
        fragment = fragment_at(place, photo)
        model = flip_model(source, fragment)
        assert model.encrypted == is_encrypted
        unit = len(model.starts) // 2
        flip = model.place(unit, 5)
        flipped = open_evidence(disk, credentials=credentials, flips=(flip,))
        start, reach = int(model.starts[unit]), int(model.reaches[unit])
        expected = model.variants(np.frombuffer(photo, dtype=np.uint8), unit, ())[5][:reach].tobytes()
        assert flipped.read_at(place + start, reach) == expected
        assert expected != photo[start : start + reach]


def fragment_at(place: int, photo: bytes) -> Fragment:
    run = Run(place, len(photo))
    return Fragment("decrypted", place, photo, (run,), (run,), Ending.EOI, None)


def test_a_run_over_a_disk_that_was_cut_short_is_gone_on_with(tmp_path: Path, disk: Path) -> None:
    folder = tmp_path / "out"
    secrets: dict[str, Any] = {"key": KEY, "password": (PASSWORD, OTHER)}
    report = plugin.run(disk, folder, parameters=CARVE, **secrets)
    log = (folder / "custody.jsonl").read_bytes().splitlines(keepends=True)
    names = [json.loads(line)["event"] for line in log]
    assert names.count("decrypting") == 3
    for end in (names.index("evidence_hashed") + 1, len(names) - names[::-1].index("scan_finished")):
        (folder / "custody.jsonl").write_bytes(b"".join(log[:end]))
        with pytest.raises(UsageError, match="was begun with other"):
            plugin.run(disk, folder, parameters=CARVE, password=PASSWORD, journal=read_journal(folder))
        again = plugin.run(disk, folder, parameters=CARVE, journal=read_journal(folder), **secrets)
        assert (again.files, again.volumes, again.notes) == (report.files, report.volumes, report.notes)
