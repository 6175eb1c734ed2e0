"""What becomes of one undamaged JPEG when it is restored as the tool does, against what libjpeg-turbo shows."""

from __future__ import annotations

import hashlib
import io
import time
import warnings
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from carving.carver.carver import carve
from carving.encryption.ciphers import parse_cipher
from carving.encryption.dmcrypt import DmCryptSource
from carving.errors import JpegError
from carving.flips.model import FlipModel
from carving.flips.of_fragment import flip_model
from carving.fragments import Claim, Fragment
from carving.selection.taking import make_fragment
from carving.source import ByteSource, Run
from restore.decoding.robust import decode
from restore.lab.simulation.medium import Medium, MemorySource, seeded_key
from restore.provenance import Provenance, Status
from restore.restoration import DEFAULT_EFFORT, restore

Way = Literal["folder", "carved", "encrypted", "alone"]
"""How a file is handed in: as one of a folder, carved from a plain volume, carved from a dm-crypt volume
(aes-cbc-essiv:sha256), or by itself, without a flip model, as `carve-restore image` does."""

Half = Literal["tune", "held", "both"]

_MODEL_TAG: Final = 0x0110
NOT_FOUND: Final = "not found"
"""The status of a file that the carver did not find at its beginning, or not to its last byte."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """One picture.

    Attributes:
        kind, name: subfolder and path below it.
        status: what the restoration says; `unrecoverable` where it refuses the file.
        claims: flips said to have been reversed.
        moved, lost, generated, repaired: MCUs of each provenance but intact; `moved` are those placed.
        different: pixels that are not libjpeg-turbo's; all of them where there is no picture; -1 where libjpeg-turbo
            shows none through Pillow.
        pixels: pixels of the picture.
        seconds, plain: CPU time of the restoration, and of decoding alone.
        notes: what the restoration remarks.
    """

    kind: str
    name: str
    status: str
    claims: int
    moved: int
    lost: int
    generated: int
    repaired: int
    different: int
    pixels: int
    seconds: float
    plain: float
    notes: str

    @property
    def not_intact(self) -> int:
        """MCUs that are not intact."""
        return self.moved + self.lost + self.generated + self.repaired

    @property
    def is_right(self) -> bool:
        """Whether the picture came out as it was."""
        return self.status == Status.INTACT and not (self.claims or self.not_intact or self.different > 0)


COLUMNS: Final = tuple(field.name for field in fields(Outcome))


def half_of(kind: str, path: Path) -> Half:
    """The half of a set to which a picture belongs, by the model of its camera or, without one, by its name.

    The model keeps pictures of one camera and, often, of one scene on one side.
    """
    group = f"{kind}/{_model(path) or path.name}"
    return "held" if hashlib.sha256(group.encode("utf-8", "replace")).digest()[0] & 1 else "tune"


def _model(path: Path) -> str:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow's remarks on metadata
        try:
            with Image.open(path) as image:
                return str(image.getexif().get(_MODEL_TAG, "")).strip("\0 ")
        except (UnidentifiedImageError, OSError, ValueError, SyntaxError, KeyError, TypeError):
            return ""


def measure(path: Path, kind: str, name: str, way: Way, effort: int = DEFAULT_EFFORT) -> Outcome:
    """Restore one file and compare."""
    data = path.read_bytes()
    theirs = by_libjpeg(data)
    try:
        begin = time.process_time()
        size = decode(data).pixels.shape
        plain = time.process_time() - begin
    except JpegError as error:
        size, plain = (0, 0, 3), 0.0
        if theirs is None:  # nobody shows it
            return Outcome(kind, name, Status.UNRECOVERABLE, 0, 0, 0, 0, 0, -1, 0, 0.0, 0.0, str(error))
    found = _handed_in(data, way)
    if found is None:
        return Outcome(kind, name, NOT_FOUND, 0, 0, 0, 0, 0, size[0] * size[1], size[0] * size[1], 0.0, plain, "")
    fragment, model = found
    begin = time.process_time()
    try:
        result = restore(fragment, model, effort=effort, device="cpu")
    except JpegError as error:
        spent = time.process_time() - begin
        pixels = size[0] * size[1]
        return Outcome(kind, name, Status.UNRECOVERABLE, 0, 0, 0, 0, 0, pixels, pixels, spent, plain, str(error))
    spent = time.process_time() - begin
    marks = np.zeros(0, dtype=np.uint8) if result.provenance is None else result.provenance
    counts = {mark: int(np.count_nonzero(marks == mark)) for mark in Provenance}
    return Outcome(
        kind,
        name,
        str(result.status),
        len(result.bit_flips),
        counts[Provenance.PLACED],
        counts[Provenance.LOST],
        counts[Provenance.GENERATED],
        counts[Provenance.REPAIRED],
        different_pixels(result.pixels, theirs),
        size[0] * size[1],
        spent,
        plain,
        "; ".join(result.notes),
    )


def _handed_in(data: bytes, way: Way) -> tuple[Fragment | bytes, FlipModel | None] | None:
    """What the restorer is given; None where the carver does not find the file, or not all of its picture."""
    if way == "alone":
        return data, None
    source: ByteSource
    if way == "folder":
        source = MemorySource(data)
        fragment = make_fragment(source, data, (Run(0, len(data)),), "decrypted", Claim("picture.jpg", None))
        return fragment, flip_model(source, fragment)
    medium = Medium(seeded_key(0) if way == "encrypted" else None)
    source = MemorySource(medium.store(data))
    if medium.key is not None:
        source = DmCryptSource(source, medium.key, parse_cipher("aes-cbc-essiv:sha256"), medium.numbering)
    first = next((fragment for fragment in carve(source) if fragment.offset == 0), None)
    return None if first is None else (first, flip_model(source, first))


def by_libjpeg(data: bytes) -> NDArray[np.uint8] | None:
    """RGB pixels as Pillow, that is libjpeg-turbo with its defaults, decodes them; None where it does not."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow's remarks on metadata
        try:
            with Image.open(io.BytesIO(data)) as image:
                return np.asarray(image.convert("RGB"))
        except (UnidentifiedImageError, OSError, ValueError, SyntaxError):
            return None


def different_pixels(ours: NDArray[np.uint8] | None, theirs: NDArray[np.uint8] | None) -> int:
    """Pixels in which two pictures differ in any channel; -1 where the second is not there."""
    if theirs is None:
        return -1
    if ours is None or ours.shape != theirs.shape:
        return int(theirs.shape[0]) * int(theirs.shape[1])
    return int(np.count_nonzero((ours != theirs).any(axis=2)))
