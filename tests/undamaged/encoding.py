"""Pictures as JPEG in the ways that cameras, editors and web sites write them."""

from __future__ import annotations

import io
import shutil
import struct
import subprocess
from dataclasses import dataclass
from typing import Final

from PIL import Image, ImageFile, ImageOps

from carving.errors import UsageError
from tests.undamaged.picture import Picture, Random, stamp, words

_PILLOW_SAMPLING: Final = {"2x2": "4:2:0", "2x1": "4:2:2", "1x1": "4:4:4"}
ImageFile.MAXBLOCK = 1 << 24  # Pillow's encoder needs all of an optimised or much restarted file in one block
_ODD: Final = ("1x2", "4x1", "1x2", "2x2,2x1,2x1", "2x2,1x2,1x2", "1x4")


@dataclass(frozen=True, slots=True)
class Coding:
    """How a picture is encoded.

    Attributes:
        quality: 1 to 100, as libjpeg scales its tables.
        sampling: factors of Y as `cjpeg -sample` takes them.
        restart: MCUs between restart markers; 0 without.
        thumbnail: longest side of the Exif thumbnail; 0 without.
        stale: whether the thumbnail shows the picture as it was before it was changed.
        camera: whether the file begins as a camera's does, without a JFIF segment.
    """

    quality: int
    sampling: str
    optimise: bool
    progressive: bool
    restart: int
    grey: bool
    thumbnail: int
    stale: bool
    camera: bool


def draw_coding(random: Random, progressive: float = 0.06, grey: float = 0.04) -> Coding:
    """A coding as they occur: most 4:2:0 and of quality 60 to 95, but all others too.

    Args:
        random: decides.
        progressive, grey: how often.
    """
    ranges = ((5, 40), (40, 80), (75, 98), (100, 101))
    low, high = ranges[int(random.choice(4, p=[0.12, 0.25, 0.57, 0.06]))]
    quality = int(random.integers(low, high))
    sampling = str(random.choice(["2x2", "2x1", "1x1", "odd"], p=[0.5, 0.22, 0.2, 0.08]))
    if sampling == "odd":
        sampling = str(random.choice(_ODD))
    return Coding(
        quality=quality,
        sampling=sampling,
        optimise=bool(random.random() < 0.35),
        progressive=bool(random.random() < progressive),
        restart=int(random.choice([0, 1, 4, 16, 60, 252], p=[0.8, 0.02, 0.05, 0.05, 0.04, 0.04])),
        grey=bool(random.random() < grey),
        thumbnail=int(random.choice([0, 120, 160, 320, 512], p=[0.5, 0.05, 0.37, 0.05, 0.03])),
        stale=bool(random.random() < 0.5),
        camera=bool(random.random() < 0.5),
    )


def encode(random: Random, picture: Picture, coding: Coding) -> bytes:
    """The picture as a JPEG file.

    Raises:
        UsageError: sampling factors that need `cjpeg`, which is not installed.
    """
    image = picture.image
    if coding.grey:
        image = image.convert("L")
    data = _encoded(image, coding)
    if not coding.thumbnail or image.mode == "CMYK":
        return data
    shown = picture.before if picture.before is not None and coding.stale else image
    exif = exif_segment(random, thumbnail(random, shown, coding.thumbnail))
    return data[:2] + exif + (without_jfif(data) if coding.camera else data)[2:]


def _encoded(image: Image.Image, coding: Coding) -> bytes:
    if coding.sampling not in _PILLOW_SAMPLING and image.mode == "RGB":
        return _by_cjpeg(image, coding)
    buffer = io.BytesIO()
    image.save(
        buffer,
        "JPEG",
        quality=coding.quality,
        subsampling=_PILLOW_SAMPLING.get(coding.sampling, "4:4:4"),
        optimize=coding.optimise,
        progressive=coding.progressive,
        restart_marker_blocks=coding.restart,
    )
    return buffer.getvalue()


def _by_cjpeg(image: Image.Image, coding: Coding) -> bytes:
    """Encode with sampling factors that Pillow does not offer."""
    tool = shutil.which("cjpeg")
    if tool is None:
        raise UsageError("cjpeg is not installed: apt-get install libjpeg-turbo-progs")
    command = [tool, "-quality", str(coding.quality), "-sample", coding.sampling]
    command += ["-optimize"] * coding.optimise + ["-progressive"] * coding.progressive
    command += ["-restart", f"{coding.restart}B"] if coding.restart else []
    source = io.BytesIO()
    image.save(source, "PPM")
    return subprocess.run(command, input=source.getvalue(), capture_output=True, check=True).stdout


def without_jfif(data: bytes) -> bytes:
    """A file without the JFIF segment that stands first in it."""
    if data[2:4] != b"\xff\xe0":
        return data
    return data[:2] + data[4 + int.from_bytes(data[4:6], "big") :]


def thumbnail(random: Random, image: Image.Image, longest: int) -> bytes:
    """A small JPEG of the picture, as cameras write them: its own shape, or with black bars to 4:3."""
    small = image.convert("RGB")
    if random.random() < 0.4:
        size = (longest, longest * 3 // 4)
        small = ImageOps.pad(small, size, color=0)
    else:
        small = ImageOps.contain(small, (longest, longest))
    buffer = io.BytesIO()
    small.save(buffer, "JPEG", quality=int(random.integers(40, 92)), subsampling=str(random.choice(["4:2:0", "4:2:2"])))
    return without_jfif(buffer.getvalue()) if random.random() < 0.5 else buffer.getvalue()


def exif_segment(random: Random, small: bytes) -> bytes:
    """An APP1 segment with a thumbnail in IFD1 (Exif 2.3, 4.5 and 4.6)."""
    order = str(random.choice(["<", ">"]))
    texts = {270: words(random, 3).encode("ascii") + b"\0", 306: stamp(random).encode("ascii") + b"\0"}
    first = 8 + 2 + 12 * (len(texts) + 1) + 4
    heap, entries = b"", []
    for tag, text in sorted(texts.items()):
        value = text.ljust(4, b"\0") if len(text) <= 4 else struct.pack(order + "I", first + len(heap))
        heap += text + b"\0" * (len(text) % 2) if len(text) > 4 else b""
        entries.append(struct.pack(order + "HHI", tag, 2, len(text)) + value)
    entries.insert(1, struct.pack(order + "HHIHH", 274, 3, 1, 1, 0))
    second = first + len(heap)
    place = second + 2 + 12 * 3 + 4
    pointers = struct.pack(order + "H", 3)
    pointers += struct.pack(order + "HHIHH", 259, 3, 1, 6, 0)
    pointers += struct.pack(order + "HHII", 513, 4, 1, place) + struct.pack(order + "HHII", 514, 4, 1, len(small))
    pointers += struct.pack(order + "I", 0)
    head = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "I", 8)
    body = head + struct.pack(order + "H", len(entries)) + b"".join(entries) + struct.pack(order + "I", second)
    payload = b"Exif\0\0" + body + heap + pointers + small
    if len(payload) > 65533:
        return b""
    return b"\xff\xe1" + struct.pack(">H", len(payload) + 2) + payload
