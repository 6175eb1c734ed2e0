"""A picture with a thumbnail in its header, stored under encryption or as it is, with one bit flipped."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from carving.flips.model import FlipModel
from carving.flips.of_fragment import flip_model
from carving.jpeg.markers import read_header
from carving.source import Run
from restore.lab.simulation.bit_errors import Flip, apply_flips
from restore.lab.simulation.damage import DamagedFile
from restore.lab.simulation.embed import embed_thumbnail, find_thumbnail, make_thumbnail
from restore.lab.simulation.made_pictures import coded_at, fractal_picture
from restore.lab.simulation.medium import Medium, seeded_key

ENCRYPTED = Medium(seeded_key(7))
PLAIN = Medium()


@dataclass(frozen=True)
class Damaged:
    """A file read from a medium with flipped bits, and its flip model."""

    data: bytes
    model: FlipModel
    file: DamagedFile


@lru_cache(maxsize=1)
def photo() -> bytes:
    """A picture of 320×240 with a thumbnail of 160×120."""
    picture = coded_at(fractal_picture(240, 320, 11), 1.2)
    return embed_thumbnail(picture, make_thumbnail(picture))


def flipped(data: bytes, flips: tuple[Flip, ...], medium: Medium = ENCRYPTED) -> Damaged:
    """Store `data`, flip bits of the medium, and read it again."""
    stored = apply_flips(medium.store(data), flips)
    file = DamagedFile("photo", medium.read(stored)[: len(data)], stored, medium, find_thumbnail(data))
    return Damaged(file.jpeg, flip_model(file.source(), file.fragment()), file)


def structure(data: bytes) -> range:
    """The bytes of the marker segments between the Exif segment and the scan."""
    header = read_header(data)
    return range(header.segments[2].offset, header.scan.entropy_start)


def thumbnail_run(data: bytes) -> Run:
    """Where the thumbnail lies."""
    thumbnail = find_thumbnail(data)
    assert thumbnail is not None
    return thumbnail.run
