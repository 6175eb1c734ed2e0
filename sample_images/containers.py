"""The containers of the encrypted sample, each made by an independent tool: ext4, LUKS payload, E01."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from sample_images.photos import SECTOR, Photo

FILE_SYSTEM_UUID = "6f1c3a52-0b7d-4e0a-9d55-7a4c1e20f3b1"
FILE_SYSTEM_BLOCK = 4096
SPARE_BLOCKS = 48
"""Room for the metadata and a little free space."""
PHOTO_TIME = 1_100_000_000
"""Unix time given to every file and to the file system, so that a rebuild lays out the same volume."""

_DIRECTORY = "DCIM"


def ext4_volume(photos: Sequence[Photo], scratch: Path) -> bytes:
    """An ext4 file system without a journal, just large enough, with the photos in `/DCIM`; some deleted again."""
    tree = scratch / "tree"
    (tree / _DIRECTORY).mkdir(parents=True)
    for photo in photos:
        path = tree / _DIRECTORY / photo.name
        path.write_bytes(photo.data)
        os.utime(path, (PHOTO_TIME, PHOTO_TIME))
    blocks = sum(-(-len(photo.data) // FILE_SYSTEM_BLOCK) for photo in photos)
    image = scratch / "volume.raw"
    features = "^has_journal,^resize_inode"
    extended = (
        f"hash_seed={FILE_SYSTEM_UUID},packed_meta_blocks=1"  # metadata in front, so that no photo is split around it
    )
    _run(
        f"mke2fs -q -F -t ext4 -b {FILE_SYSTEM_BLOCK} -m 0 -N 32 -L CARD -U {FILE_SYSTEM_UUID}",
        *("-O", features, "-E", extended, "-d"),
        tree,
        image,
        str(blocks + SPARE_BLOCKS),
    )
    for photo in photos:
        if photo.choice.deleted:
            _run("debugfs -w -R", f"rm /{_DIRECTORY}/{photo.name}", image)
    _run("e2fsck -fn", image)
    return image.read_bytes()


def luks_payload(volume: bytes, scratch: Path) -> tuple[bytes, bytes]:
    """Encrypt with qemu-img (LUKS1) and cut the header off: the ciphertext, and the master key cryptsetup reads out."""
    plain, container = scratch / "plain.raw", scratch / "container.luks"
    passphrase, key = scratch / "passphrase", scratch / "master.key"
    plain.write_bytes(volume)
    passphrase.write_text("demo", encoding="ascii")
    options = "key-secret=pass,cipher-alg=aes-128,cipher-mode=cbc,ivgen-alg=essiv,ivgen-hash-alg=sha256,iter-time=10"
    _run(
        f"qemu-img convert -f raw -O luks -o {options} --object", f"secret,id=pass,file={passphrase}", plain, container
    )
    header = _run("cryptsetup luksDump", container)
    payload_offset = next(int(line.split()[-1]) for line in header.splitlines() if line.startswith("Payload offset:"))
    _run(
        "cryptsetup luksDump --dump-volume-key --batch-mode --volume-key-file", key, "--key-file", passphrase, container
    )
    return container.read_bytes()[payload_offset * SECTOR :][: len(volume)], key.read_bytes()


def decrypt(media: bytes, key: bytes) -> bytes:
    """Plain aes-cbc-essiv:sha256, 512-byte sectors, one by one: slow, and independent of the tool's own layer."""
    salt = Cipher(algorithms.AES(hashlib.sha256(key).digest()), modes.ECB()).encryptor()
    plain = bytearray()
    for sector in range(len(media) // SECTOR):
        vector = salt.update(sector.to_bytes(8, "little") + bytes(8))
        decryptor = Cipher(algorithms.AES(key), modes.CBC(vector)).decryptor()
        plain += decryptor.update(media[sector * SECTOR : (sector + 1) * SECTOR])
    return bytes(plain)


def acquire(media: bytes, target: Path, scratch: Path) -> None:
    """Wrap `media` into the single segment `target` (`….E01`) with ewfacquire, and let ewfverify check it."""
    raw = scratch / "media.raw"
    raw.write_bytes(media)
    target.unlink(missing_ok=True)
    _run(
        "ewfacquire -u -q -f encase6 -c none -d sha1 -S 1GiB -m removable -C demo -E 1 -e carve-restore -N sample",
        *("-D", "encrypted card with bit errors", "-t", target.with_suffix(""), raw),
    )
    _run("ewfverify -q", target)


def missing_tools() -> list[str]:
    """The programs needed here that are not on the PATH."""
    tools = ("mke2fs", "debugfs", "e2fsck", "qemu-img", "cryptsetup", "ewfacquire", "ewfverify")
    return [tool for tool in tools if shutil.which(tool) is None]


def as_json(value: object) -> str:
    """The form in which truth files are written."""
    return json.dumps(value, indent=2) + "\n"


def _run(words: str, *more: str | Path) -> str:
    """Run the command `words` (split at spaces) with the arguments `more`; what it printed."""
    command = [*words.split(), *map(str, more)]
    environment = os.environ | {"E2FSPROGS_FAKE_TIME": str(PHOTO_TIME), "LC_ALL": "C"}
    for _ in range(30):
        done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
        if "accurate CPU usage" not in done.stderr:  # qemu-img cannot time its key derivation by a coarse clock
            break
    if done.returncode != 0:
        raise SystemExit(f"{command[0]} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stdout
