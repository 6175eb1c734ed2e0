"""Evidence in memory, and JPEGs to put on it."""

from __future__ import annotations

import io
import random
from typing import Any

import numpy as np
from PIL import Image

from carving.carver.carver import carve
from carving.fragments import Fragment
from carving.jpeg.markers import read_header
from carving.source import ByteSource, Run, clamp

SECTOR = 512


class MemorySource(ByteSource):
    """Bytes as evidence; remembers the longest single read and the number of bytes read."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.longest_read = 0
        self.bytes_read = 0

    @property
    def name(self) -> str:
        return "memory"

    @property
    def size(self) -> int:
        return len(self._data)

    @property
    def below(self) -> None:
        return None

    def read_at(self, offset: int, length: int) -> bytes:
        self.longest_read = max(self.longest_read, length)
        run = clamp(offset, length, self.size)
        self.bytes_read += run.length
        return self._data[run.offset : run.end]

    def trace(self, offset: int, length: int) -> tuple[Run, ...]:
        return (clamp(offset, length, self.size),)

    def close(self) -> None:
        pass


def carve_bytes(data: bytes, alignment: int = SECTOR) -> dict[int, Fragment]:
    """The fragments in `data` by offset."""
    return {fragment.offset: fragment for fragment in carve(MemorySource(data), alignment=alignment)}


def picture(seed: int, width: int = 480, height: int = 360) -> Image.Image:
    """A picture with gradients and texture, so that its entropy-coded data look like a photograph's."""
    generator = np.random.default_rng(seed)
    rows, columns = np.mgrid[0:height, 0:width]
    base = np.stack([rows * 0.4, columns * 0.3, (rows + columns) * 0.2], axis=2)
    noise = np.repeat(np.repeat(generator.normal(0, 25, (height // 4, width // 4, 3)), 4, axis=0), 4, axis=1)
    return Image.fromarray(np.clip(base + noise + generator.normal(0, 8, base.shape), 0, 255).astype(np.uint8))


def jpeg(seed: int, width: int = 480, height: int = 360, **options: Any) -> bytes:
    """That picture as a JPEG with Pillow's (libjpeg-turbo's) options."""
    buffer = io.BytesIO()
    picture(seed, width, height).save(buffer, "JPEG", **{"quality": 90, **options})
    return buffer.getvalue()


def exif_segment(thumbnail: bytes, order: str = "big", offset: int | None = None, length: int | None = None) -> bytes:
    """An APP1 segment whose IFD1 names a JPEG thumbnail; `offset` and `length` override what it claims."""
    big = order == "big"

    def number(value: int, size: int) -> bytes:
        return value.to_bytes(size, "big" if big else "little")

    def entry(tag: int, kind: int, value: int) -> bytes:
        return (
            number(tag, 2) + number(kind, 2) + number(1, 4) + (number(value, 4) if kind == 4 else number(value, 2) * 2)
        )

    named = ((0x100, 4, 640), (0x101, 4, 480), (0x112, 3, 1), (0x128, 3, 2), (0x213, 3, 1))
    ifd0 = number(len(named), 2) + b"".join(entry(*fields) for fields in named)
    second = 8 + len(ifd0) + 4
    place = second + 2 + 3 * 12 + 4
    ifd1 = number(3, 2) + entry(0x103, 3, 6)
    ifd1 += entry(0x201, 4, place if offset is None else offset)
    ifd1 += entry(0x202, 4, len(thumbnail) if length is None else length)
    tiff = (b"MM" if big else b"II") + number(42, 2) + number(8, 4) + ifd0 + number(second, 4) + ifd1 + number(0, 4)
    payload = b"Exif\0\0" + tiff + thumbnail
    return b"\xff\xe1" + (len(payload) + 2).to_bytes(2, "big") + payload


def camera_jpeg(seed: int, thumbnail: bytes | None = None, **options: Any) -> bytes:
    """A JPEG as cameras write it: an Exif segment with a thumbnail, no JFIF."""
    plain = jpeg(seed, **options)
    small = jpeg(seed, 160, 120, quality=70)[:] if thumbnail is None else thumbnail
    return b"\xff\xd8" + exif_segment(small) + plain[2 + 18 :]


def up_to_eoi(data: bytes) -> bytes:
    """A single-scan JPEG without the padding behind its EOI."""
    return data[: data.index(b"\xff\xd9", read_header(data).scan.entropy_start) + 2]


def lay_out(files: list[bytes], seed: int, gap: str) -> tuple[bytes, list[int]]:
    """Put files on sector boundaries of an image, with a gap of `zeros`, `noise` or `none` behind each."""
    source = random.Random(seed)
    image = bytearray(source.randbytes(3 * SECTOR))
    offsets = []
    for data in files:
        offsets.append(len(image))
        image += data + bytes(-len(data) % SECTOR)
        length = SECTOR * source.randrange(1, 160)
        image += {"zeros": bytes(length), "noise": source.randbytes(length), "none": b""}[gap]
    return bytes(image), offsets


def damage(data: bytes, bit_error_rate: float, seed: int, start: int = 0) -> bytes:
    """What dm-crypt in CBC mode makes of flipped bits from `start` on: 16 bytes of noise, and one bit 16 bytes on."""
    generator = np.random.default_rng(seed)
    damaged = np.frombuffer(data, dtype=np.uint8).copy()
    bits = generator.integers(8 * start, 8 * len(data), generator.poisson(8 * (len(data) - start) * bit_error_rate))
    for bit in bits.tolist():
        flip_block(damaged, bit, generator)
    return damaged.tobytes()


def flip_block(damaged: np.ndarray[tuple[int], np.dtype[np.uint8]], bit: int, generator: np.random.Generator) -> None:
    """Garble the 16-byte block of one bit and flip the same bit of the next block in the sector, in place."""
    block = bit // 128 * 16
    size = min(16, damaged.size - block)
    damaged[block : block + size] = generator.integers(0, 256, size)
    next_byte = bit // 8 + 16
    if (block + 16) % SECTOR and next_byte < damaged.size:
        damaged[next_byte] ^= 0x80 >> bit % 8
