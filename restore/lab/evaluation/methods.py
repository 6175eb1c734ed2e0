"""The methods that are compared, by name: each takes a damaged file and gives a picture, and perhaps more.

To add one, write a function `(damaged: DamagedFile, device: str) -> MethodResult` and name it in `METHODS`. Heavy
imports belong inside the function. A method sees neither the flips nor the original.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFile, UnidentifiedImageError

from carving.errors import JpegError, UsageError
from restore.lab.simulation.damage import DamagedFile
from restore.provenance import BitFlip, Provenance

if TYPE_CHECKING:
    from restore.paper.paper_inference import PaperPictures
    from restore.result import Restoration


@dataclass(frozen=True, eq=False, slots=True)
class MethodResult:
    """What a method made of one damaged file.

    Attributes:
        pixels: uint8 (height, width, 3) RGB; None where the method shows nothing.
        provenance: uint8 (MCU rows, MCU columns) of `Provenance`; None where the method keeps no record.
        bit_flips: the flips it claims to have reversed, in offsets of the medium.
        jpeg: the repaired stream; None where the bytes stay as they are.
        status: a word for the record.
        coefficients: int16 (MCUs, blocks per MCU, 64) as the decoder gives them; None where only pixels are known.
        exact_probability: that its stream, or the bytes as they are where it gives none, is the original; None where
            it says nothing of it.
    """

    pixels: NDArray[np.uint8] | None
    provenance: NDArray[np.uint8] | None = None
    bit_flips: tuple[BitFlip, ...] = ()
    jpeg: bytes | None = None
    status: str = "shown"
    coefficients: NDArray[np.int16] | None = None
    exact_probability: float | None = None


Method = Callable[[DamagedFile, str], MethodResult]
NOTHING: Final = MethodResult(None, status="nothing shown")


def libjpeg(damaged: DamagedFile, device: str) -> MethodResult:
    """What a viewer shows: libjpeg-turbo through Pillow, which decodes on through damage and greys what it misses."""
    del device
    # a second EOI lets libjpeg itself fill the picture, where Pillow would stop and leave the rest black
    stream = io.BytesIO(damaged.jpeg + b"\xff\xd9")
    with _tolerant_pillow():
        try:
            with Image.open(stream) as picture:
                return MethodResult(np.asarray(picture.convert("RGB")))
        except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombError):
            return NOTHING


def robust(damaged: DamagedFile, device: str) -> MethodResult:
    """The robust decoder alone."""
    del device
    from restore.decoding.robust import decode

    try:
        decoded = decode(damaged.jpeg)
    except JpegError:
        return NOTHING
    return MethodResult(decoded.pixels, coefficients=decoded.coefficients)


def sca(damaged: DamagedFile, device: str) -> MethodResult:
    """The robust decoder and self-compensation and alignment."""
    del device
    from restore.decoding.robust import decode
    from restore.sca import self_compensate

    try:
        decoded = decode(damaged.jpeg)
    except JpegError:
        return NOTHING
    return MethodResult(self_compensate(decoded.header, decoded.coefficients))


def sca_published(damaged: DamagedFile, device: str) -> MethodResult:
    """The robust decoder and self-compensation and alignment as the paper gives them, for comparison."""
    del device
    from restore.decoding.robust import decode
    from restore.paper.published_sca import as_published

    try:
        decoded = decode(damaged.jpeg)
    except JpegError:
        return NOTHING
    return MethodResult(as_published(decoded.header, decoded.coefficients)[1])


def thumbnail(damaged: DamagedFile, device: str) -> MethodResult:
    """The thumbnail alone, enlarged by bicubic interpolation to the size the header tells."""
    del device
    from restore.decoding.robust import decode
    from restore.thumbnail import guidance

    try:
        frame = decode(damaged.jpeg).header.frame
    except JpegError:
        return NOTHING
    small = None if damaged.thumbnail is None else guidance.thumbnail_pixels(damaged.thumbnail)
    if small is None:
        return NOTHING
    provenance = np.full((frame.mcu_rows, frame.mcu_columns), Provenance.GENERATED, dtype=np.uint8)
    return MethodResult(guidance.enlarge(small, frame.height, frame.width), provenance)


def placed(damaged: DamagedFile, device: str) -> MethodResult:
    """The tool's main job without the reversal of flips and without the network: placed, filled from the thumbnail."""
    del device
    from restore.gca.filling import by_thumbnail
    from restore.restoration import restore_with

    return of_restoration(restore_with(by_thumbnail, damaged.jpeg, thumbnail=damaged.thumbnail, effort=0))


def gca(damaged: DamagedFile, device: str) -> MethodResult:
    """The tool's main job without the reversal of flips: decoded, placed, what is lost generated by the network."""
    from restore.restoration import restore

    return of_restoration(restore(damaged.jpeg, thumbnail=damaged.thumbnail, effort=0, device=device))


def paper_gca(damaged: DamagedFile, device: str) -> MethodResult:
    """The paper's two stages: robust decoder and SCA as published, then its networks as trained by its recipe."""
    pictures = _papers_pictures(damaged, device)
    return NOTHING if pictures is None else MethodResult(pictures.fused)


def paper_coarse(damaged: DamagedFile, device: str) -> MethodResult:
    """The same, ending with the coarse network: SCA and pix2pix, as the paper's comparison with EPDN."""
    pictures = _papers_pictures(damaged, device)
    return NOTHING if pictures is None else MethodResult(pictures.coarse)


def repair(damaged: DamagedFile, device: str) -> MethodResult:
    """Flips reversed and the rest placed, nothing filled in: no thumbnail is used."""
    del device
    from carving.flips.of_fragment import flip_model
    from restore.restoration import restore

    fragment = replace(damaged.fragment(), thumbnail=None)
    return of_restoration(restore(fragment, flip_model(damaged.source(), fragment)))


def full(damaged: DamagedFile, device: str) -> MethodResult:
    """The tool's main job: flips reversed, the rest placed, what is lost generated by the network."""
    from carving.flips.of_fragment import flip_model
    from restore.restoration import restore

    fragment = damaged.fragment()
    return of_restoration(restore(fragment, flip_model(damaged.source(), fragment), damaged.thumbnail, device=device))


METHODS: Final[Mapping[str, Method]] = MappingProxyType(
    {
        "libjpeg": libjpeg,
        "robust": robust,
        "sca-published": sca_published,
        "sca": sca,
        "thumbnail": thumbnail,
        "placed": placed,
        "gca": gca,
        "paper-coarse": paper_coarse,
        "paper-gca": paper_gca,
        "repair": repair,
        "full": full,
    }
)


def find_method(name: str) -> Method:
    """The method of that name.

    Raises:
        UsageError: there is none.
    """
    if name not in METHODS:
        raise UsageError(f"there is no method {name}; there are {', '.join(METHODS)}")
    return METHODS[name]


def of_restoration(restoration: Restoration) -> MethodResult:
    """The result of a `Restoration`."""
    return MethodResult(
        restoration.pixels,
        restoration.provenance,
        restoration.bit_flips,
        restoration.jpeg,
        str(restoration.status),
        exact_probability=restoration.exact_probability,
    )


@contextmanager
def _tolerant_pillow() -> Iterator[None]:
    """Pillow as a viewer uses it: truncated files are shown, warnings are not."""
    previous, ImageFile.LOAD_TRUNCATED_IMAGES = ImageFile.LOAD_TRUNCATED_IMAGES, True
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        ImageFile.LOAD_TRUNCATED_IMAGES = previous


def _papers_pictures(damaged: DamagedFile, device: str) -> PaperPictures | None:
    """What the paper's stages make of a file; None where it cannot be decoded or has no thumbnail."""
    from restore.decoding.robust import decode
    from restore.paper.paper_inference import restore_as_paper, weights_folder
    from restore.paper.published_sca import as_published
    from restore.thumbnail import guidance

    weights = weights_folder()
    small = None if damaged.thumbnail is None else guidance.thumbnail_pixels(damaged.thumbnail)
    if small is None:
        return None
    try:
        decoded = decode(damaged.jpeg)
    except JpegError:
        return None
    compensated = as_published(decoded.header, decoded.coefficients)[1]
    inner = guidance.without_bars(small, *compensated.shape[:2])
    return restore_as_paper(compensated, inner, device, weights)
