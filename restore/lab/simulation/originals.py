"""Undamaged pictures as the lab takes them in: JPEG files as they are, anything else coded as JPEG first."""

from __future__ import annotations

import hashlib
import io
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from PIL import Image, UnidentifiedImageError

from carving.errors import JpegStructureError, UsageError
from carving.media.files import reason
from restore.lab.simulation.embed import embed_thumbnail, find_thumbnail, make_thumbnail, without_thumbnail

ThumbnailPolicy = Literal["own", "none", "embedded", "beside"]
"""What a source without a thumbnail gets: none, one embedded before the damage, or one kept beside the file. `none`:
thumbnails of their own are taken out of the files before the damage."""

JPEG_SUFFIXES: Final = frozenset((".jpg", ".jpeg", ".jpe", ".jfif"))
OTHER_SUFFIXES: Final = frozenset((".png", ".bmp", ".tif", ".tiff", ".ppm", ".webp"))
CODING_QUALITY: Final = 75
"""Quality for pictures that are no JPEG, with 4:2:0 subsampling: the paper's."""


@dataclass(frozen=True, slots=True)
class Original:
    """One undamaged JPEG; `made` says how it came from the file: `as stored`, `coded`, `thumbnail embedded`,
    `thumbnail removed`."""

    name: str
    data: bytes
    made: tuple[str, ...]


def read_file(path: Path) -> bytes:
    """The bytes of a file.

    Raises:
        UsageError: it cannot be read.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {reason(error)}") from error


def read_original(path: Path, policy: ThumbnailPolicy, thumbnail_quality: int) -> Original:
    """Take in one picture.

    Raises:
        UsageError: the file cannot be read.
        JpegError: it is no picture.
    """
    data = read_file(path)
    made: list[str] = []
    if data[:2] != b"\xff\xd8":
        data = _coded(data, path)
        made.append("coded")
    if policy == "embedded" and find_thumbnail(data) is None:
        data = embed_thumbnail(data, make_thumbnail(data, thumbnail_quality))
        made.append("thumbnail embedded")
    if policy == "none" and find_thumbnail(data) is not None:
        data = without_thumbnail(data)
        made.append("thumbnail removed")
    return Original(path.stem, data, tuple(made) or ("as stored",))


def pictures_in(path: Path) -> list[Path]:
    """The pictures under a folder, at any depth, in the order of their paths; a file is taken as it is.

    Raises:
        UsageError: nothing there, or no picture in it.
    """
    if path.is_file():
        return [path]
    if not path.is_dir():
        raise UsageError(f"{path} is not there")
    wanted = JPEG_SUFFIXES | OTHER_SUFFIXES
    found = sorted(child for child in path.rglob("*") if child.suffix.lower() in wanted and child.is_file())
    if not found:
        raise UsageError(f"{path} holds no picture")
    return found


def donor_of(path: Path, paths: Sequence[Path], seed: int) -> Path | None:
    """Another of these files, from which foreign bytes are taken; it follows from the seed and what `path` holds.

    Raises:
        UsageError: the file cannot be read.
    """
    others = [other for other in paths if other != path]
    if not others:
        return None
    recipe = f"{seed} donor ".encode("ascii") + hashlib.sha256(read_file(path)).digest()
    return others[int.from_bytes(hashlib.sha256(recipe).digest()[:8], "big") % len(others)]


def _coded(data: bytes, path: Path) -> bytes:
    buffer = io.BytesIO()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(io.BytesIO(data)) as picture:
                picture.convert("RGB").save(buffer, "JPEG", quality=CODING_QUALITY, subsampling="4:2:0")
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise JpegStructureError(f"{path.name} is no picture that can be read") from error
    return buffer.getvalue()
