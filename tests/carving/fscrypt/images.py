"""An ext4 image with encrypted files: laid out by mke2fs, then encrypted in place by the reference."""

from __future__ import annotations

import hashlib
import struct
from dataclasses import dataclass, field
from pathlib import Path

from carving.file_systems.stored_files.ext_geometry import read_geometry
from carving.file_systems.stored_files.ext_reader import ExtReader
from carving.source import Run
from tests.carving.conftest import run_tool
from tests.carving.fscrypt import reference
from tests.carving.memory import MemorySource, camera_jpeg

MASTER_2, MASTER_1 = hashlib.sha512(b"two").digest(), hashlib.sha512(b"one").digest()
DESCRIPTOR = bytes.fromhex("0011223344556677")
UUID = bytes.fromhex("00112233445566778899aabbccddeeff")
_ENCRYPTED = 0x800
_PLACEHOLDER = 32

POLICIES: dict[str, tuple[int, int, tuple[int, int]]] = {
    "v2": (2, 0, (reference.XTS_256, reference.CTS_256)),
    "lblk64": (2, reference.LBLK_64, (reference.XTS_256, reference.CTS_256)),
    "lblk32": (2, reference.LBLK_32, (reference.XTS_256, reference.CTS_256)),
    "v1": (1, 0, (reference.XTS_256, reference.CTS_256)),
    "cbc": (2, 0, (reference.CBC_128, reference.CTS_128)),
}
"""By folder: version, flags, ciphers of contents and names."""


@dataclass
class EncryptedImage:
    """An image and what is in it: photos by their path, and where inodes, first blocks and all blocks of the encrypted
    ones lie."""

    path: Path
    photos: dict[str, bytes]
    inodes: dict[str, int] = field(default_factory=dict)
    places: dict[str, int] = field(default_factory=dict)
    runs: dict[str, tuple[Run, ...]] = field(default_factory=dict)

    @property
    def data(self) -> bytes:
        return self.path.read_bytes()


def name_in(folder: str) -> str:
    """What the photo of a folder is called: longer than a block of AES, shorter than two."""
    return f"Urlaub am Meer {folder}.jpg"


def encrypted_ext4(folder: Path, *options: str) -> EncryptedImage:
    """A folder for each policy with one photo in it, and one photo that is not encrypted.

    Args:
        folder: where the image and what goes into it are written.
        options: of mke2fs besides.
    """
    content, path = folder / "content", folder / "fbe.dd"
    image = EncryptedImage(path, {})
    for number, policy in enumerate(POLICIES, start=1):
        (content / policy).mkdir(parents=True)
        photo = camera_jpeg(number)
        image.photos[f"/{policy}/{name_in(policy)}"] = photo
        (content / policy / _placeholder(policy)).write_bytes(photo)
    (content / "plain").mkdir()
    image.photos["/plain/open.jpg"] = camera_jpeg(9)
    (content / "plain" / "open.jpg").write_bytes(image.photos["/plain/open.jpg"])
    features = "encrypt,^metadata_csum,^has_journal,^resize_inode"
    settings = ("-b", "4096", "-I", "256", "-N", "64", "-O", features, "-U", _uuid_text(), *options)
    run_tool("mke2fs", "-q", "-t", "ext4", *settings, "-d", str(content), str(path), "8M")
    data = bytearray(path.read_bytes())
    for policy in POLICIES:
        _encrypt(image, data, policy)
    path.write_bytes(data)
    return image


def _uuid_text() -> str:
    text = UUID.hex()
    return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))


def _placeholder(policy: str) -> str:
    return f"placeholder-of-{policy}".ljust(_PLACEHOLDER, "x")


def context_of(policy: str, what: str) -> bytes:
    """The context of the folder or of the file in it."""
    version, flags, modes = POLICIES[policy]
    named = DESCRIPTOR if version == 1 else reference.identifier(MASTER_2)
    return reference.context(version, flags, named, hashlib.sha256(f"{policy} {what}".encode()).digest()[:16], modes)


def _encrypt(image: EncryptedImage, data: bytearray, policy: str) -> None:
    """Encrypt a folder's name and its photo, and mark both."""
    source = MemorySource(bytes(data))
    reader = ExtReader(source, read_geometry(source, 0), set())
    master = MASTER_1 if policy == "v1" else MASTER_2
    told = run_tool("debugfs", "-R", f"stat /{policy}", str(image.path))
    folder = int(told.split("Inode: ")[1].split()[0])
    told = run_tool("debugfs", "-R", f"stat /{policy}/{_placeholder(policy)}", str(image.path))
    number = int(told.split("Inode: ")[1].split()[0])
    inode = reader.inode(number)
    assert inode is not None
    context, above = context_of(policy, "file"), context_of(policy, "folder")
    path = f"/{policy}/{name_in(policy)}"
    image.inodes[path] = number
    pieces = sorted(reader.tree().pieces(inode), key=lambda piece: piece[0])
    image.runs[path] = tuple(run for _, run in pieces)
    image.places[path] = pieces[0][1].offset
    for start, run in pieces:
        plain, first = bytes(data[run.offset : run.end]), start // reference.UNIT
        data[run.offset : run.end] = reference.encrypt_contents(plain, context, master, UUID, number, first)
    stored = reference.encrypt_name(name_in(policy).encode(), above, master, UUID, folder)
    place = data.index(_placeholder(policy).encode())
    data[place : place + _PLACEHOLDER] = stored
    for one, ctx in ((folder, above), (number, context)):
        mark_encrypted(data, reader, one, ctx)


def mark_encrypted(data: bytearray, reader: ExtReader, inode: int, context: bytes) -> None:
    """Set the flag of an inode, and put a context into its extended attributes."""
    place = reader.geometry.place(inode)
    assert place is not None
    (flags,) = struct.unpack_from("<I", data, place + 32)
    struct.pack_into("<I", data, place + 32, flags | _ENCRYPTED)
    start = place + 128 + struct.unpack_from("<H", data, place + 128)[0]
    room = place + 256 - (start + 4)
    assert not any(data[start : place + 256])
    value = room - len(context)
    struct.pack_into("<IBBHIII", data, start, 0xEA020000, 1, 9, value, 0, len(context), 0)
    data[start + 20] = ord("c")
    data[start + 4 + value : place + 256] = context
