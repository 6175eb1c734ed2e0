"""Photos that go into the samples: what is known of each beforehand, and the seeded bit flips that damage it."""

from __future__ import annotations

import csv
import hashlib
import io
import random
import re
from dataclasses import dataclass
from pathlib import Path

from PIL import ExifTags, Image

from carving.jpeg.markers import read_header

SECTOR = 512
FLIP_DISTANCE = 4096
"""Least distance of two flips in bytes, so that no two touch the same sector or its neighbour."""

_MARKER_THAT_ENDS_A_SCAN = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")


@dataclass(frozen=True)
class Choice:
    """A photo to put into a sample, by its file name in the source directory, and how many flips it gets."""

    file_name: str
    flips: int
    deleted: bool = False


@dataclass(frozen=True)
class Origin:
    """A row of the photo collection's manifest."""

    repository: str
    commit: str
    licence: str
    description: str


@dataclass(frozen=True)
class Photo:
    """The bytes of one photo and the landmarks in them, in bytes from its start."""

    choice: Choice
    data: bytes
    entropy_start: int
    size_to_eoi: int
    thumbnail_offset: int
    thumbnail_size: int
    origin: Origin

    @property
    def name(self) -> str:
        return self.choice.file_name


@dataclass(frozen=True)
class Flip:
    """One flipped bit: `offset` in bytes of the media, `bit` 0 being the most significant."""

    offset: int
    bit: int
    photo: str


def read_manifest(path: Path) -> dict[str, Origin]:
    """The manifest's rows by photo file name."""
    with path.open(encoding="utf-8", newline="") as lines:
        rows = csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)
        return {
            Path(row["path"]).name: Origin(
                row["source_repo"], row["commit"], row["licence_as_stated"], row["what_it_is"]
            )
            for row in rows
            if row["path"].startswith("photos/")
        }


def read_photo(path: Path, choice: Choice, origin: Origin) -> Photo:
    """Read a single-scan camera photo with an EXIF thumbnail and find its landmarks.

    Raises:
        ValueError: the photo has no EOI or no thumbnail, or its scan is not where the manifest says.
    """
    data = path.read_bytes()
    header = read_header(data)
    if f"sos@{header.segments[-1].offset};" not in origin.description:
        raise ValueError(f"{path}: the scan header is not where the manifest says")
    end = _MARKER_THAT_ENDS_A_SCAN.search(data, header.scan.entropy_start)
    if end is None or end.group() != b"\xff\xd9":
        raise ValueError(f"{path}: the first scan does not end with EOI")
    with Image.open(io.BytesIO(data)) as image:
        directory = image.getexif().get_ifd(ExifTags.IFD.IFD1)
    offset = data.index(b"Exif\0\0") + 6 + int(directory[ExifTags.Base.JpegIFOffset])
    size = int(directory[ExifTags.Base.JpegIFByteCount])
    if data[offset : offset + 2] != b"\xff\xd8":
        raise ValueError(f"{path}: no JPEG thumbnail where EXIF says")
    return Photo(choice, data, header.scan.entropy_start, end.end(), offset, size, origin)


def choose_flips(photo: Photo, offset: int, dice: random.Random) -> list[Flip]:
    """Draw the flips of a photo that lies at `offset` of the media, inside its entropy-coded scan.

    Whole sectors inside the scan are drawn from, so that a flip's effect under CBC (its own block of 16 bytes and the
    same bit of the next block in the sector) stays inside the scan too.
    """
    first = -(-(offset + photo.entropy_start) // SECTOR)
    last = (offset + photo.size_to_eoi - 2) // SECTOR
    step = FLIP_DISTANCE // SECTOR
    slots = dice.sample(range((last - first) // step), photo.choice.flips)
    places = [(first + slot * step) * SECTOR + dice.randrange(SECTOR) for slot in sorted(slots)]
    return [Flip(place, dice.randrange(8), photo.name) for place in places]


def flip_bits(media: bytes, flips: list[Flip]) -> bytes:
    """`media` with the flips applied."""
    damaged = bytearray(media)
    for flip in flips:
        damaged[flip.offset] ^= 0x80 >> flip.bit
    return bytes(damaged)


def truth_of(photo: Photo, offset: int, as_found: bytes) -> dict[str, object]:
    """What is true of one photo: its place in the media, its bytes as taken and as a carver must find them."""
    thumbnail = photo.data[photo.thumbnail_offset : photo.thumbnail_offset + photo.thumbnail_size]
    return {
        "name": photo.name,
        "offset": offset,
        "size": len(photo.data),
        "size_to_eoi": photo.size_to_eoi,
        "entropy_start": photo.entropy_start,
        "sha256": sha256(photo.data[: photo.size_to_eoi]),
        "sha256_as_found": sha256(as_found[offset : offset + photo.size_to_eoi]),
        "flips": photo.choice.flips,
        "deleted": photo.choice.deleted,
        "thumbnail": {
            "offset": photo.thumbnail_offset,
            "size": photo.thumbnail_size,
            "sha256": sha256(thumbnail),
        },
    }


def sha256(data: bytes) -> str:
    """SHA-256 as hex."""
    return hashlib.sha256(data).hexdigest()
