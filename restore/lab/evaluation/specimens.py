"""What is evaluated: pictures to damage on the fly, folders that `simulate` wrote, and the paper's GT and De files."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from carving.errors import UsageError
from carving.jpeg.results import Thumbnail
from restore.lab.simulation.bit_errors import Flip
from restore.lab.simulation.damage import Damage, DamagedFile, flips_that_matter, picture_end
from restore.lab.simulation.embed import beside, find_thumbnail
from restore.lab.simulation.medium import PAPER_MEDIUM, Medium
from restore.lab.simulation.originals import ThumbnailPolicy, pictures_in, read_file, read_original
from restore.lab.simulation.regions import RegionKind
from restore.lab.simulation.replay import PAPER_BER, replay
from restore.lab.simulation.simulate import Simulation
from restore.lab.simulation.truth import SUFFIX, digest, read_truth
from restore.thumbnail.guidance import thumbnail_pixels

SourceKind = Literal["picture", "simulated", "replay"]


@dataclass(frozen=True, slots=True)
class Source:
    """One file to evaluate on.

    Attributes:
        kind: `picture` is damaged here; `simulated` was, and `path` is its truth file; `replay` is a GT file.
        dataset: the name of the argument it came from.
        path: see `kind`.
        other: another photo, where a region is overwritten by bytes of one.
    """

    kind: SourceKind
    dataset: str
    path: Path
    other: Path | None = None

    def files(self) -> tuple[Path, ...]:
        """The files that decide what is measured."""
        if self.kind == "replay":
            return self.path, damaged_twin(self.path)
        if self.kind == "simulated":
            return self.path, self.path.parent / f"{self.path.name.removesuffix(SUFFIX)}.dd"
        return (self.path,) if self.other is None else (self.path, self.other)


def damaged_twin(path: Path) -> Path:
    """The De file of a GT file."""
    return path.parent.parent / "De" / path.name


@dataclass(frozen=True, eq=False, slots=True)
class Specimen:
    """A damaged file for the methods, and the truth for the judge.

    Attributes:
        dataset, ber, seed: of the damage.
        damaged: all that a method sees.
        original: the undamaged file.
        end: offset behind its EOI.
        flips: the flipped bits of the medium that matter.
        destroyed: offsets of the original's bytes that are not what or where they were, int64, ascending.
        region: the kind of region that befell the file; None for flips alone.
    """

    dataset: str
    ber: float
    seed: int
    damaged: DamagedFile
    original: bytes
    end: int
    flips: tuple[Flip, ...]
    destroyed: NDArray[np.int64]
    region: RegionKind | None = None


def find_sources(path: Path) -> list[Source]:
    """The files behind one argument: a picture, a folder of pictures or of simulated files, or one with GT and De.

    Raises:
        UsageError: nothing there.
    """
    dataset = path.stem if path.is_file() else path.resolve().name
    if (path / "GT").is_dir() and (path / "De").is_dir():
        return [Source("replay", dataset, child) for child in pictures_in(path / "GT")]
    truths = sorted(path.glob(f"*{SUFFIX}")) if path.is_dir() else []
    if truths:
        return [Source("simulated", dataset, child) for child in truths]
    return [Source("picture", dataset, child) for child in pictures_in(path)]


Occasion = tuple[float, int, RegionKind | None]
"""Bit error rate, seed and kind of region of one damage."""


def damages(
    source: Source, bers: Sequence[float], seeds: Sequence[int], regions: Sequence[RegionKind | None] = (None,)
) -> Iterator[Occasion]:
    """The occasions to evaluate a source at; files that are damaged already have their own."""
    if source.kind == "picture":
        yield from product(bers, seeds, regions)
    elif source.kind == "replay":
        yield PAPER_BER, 0, None
    else:
        truth = read_truth(source.path)
        yield truth.ber, truth.seed, truth.region


def load(source: Source, simulation: Simulation, blur: float) -> Specimen:
    """Read a source and damage it, or read its damage.

    Args:
        simulation: bit error rate, seed and medium; counts for sources of kind `picture`, the thumbnail policy for all.
        blur: standard deviation, in thumbnail pixels, of a Gaussian blur of the guide.

    Raises:
        UsageError: a file cannot be read, or does not belong to its truth.
        JpegError: the original is no picture.
    """
    if source.kind == "replay":
        return _replayed(source, simulation.thumbnail_quality, blur)
    if source.kind == "simulated":
        return _simulated(source, simulation, blur)
    original = read_original(source.path, simulation.thumbnails, simulation.thumbnail_quality)
    medium = simulation.medium
    other = None if source.other is None else read_original(source.other, "own", simulation.thumbnail_quality).data
    damaged = simulation.damage(original.data, other)
    guide = _guide(original.data, damaged.jpeg, simulation.thumbnails, simulation.thumbnail_quality, blur)
    return _specimen(source, simulation.ber, simulation.seed, original.name, original.data, damaged, medium, guide)


def _replayed(source: Source, thumbnail_quality: int, blur: float) -> Specimen:
    original = read_file(source.path)
    damaged = replay(original, read_file(damaged_twin(source.path)))
    guide = _guide(original, damaged.jpeg, "beside", thumbnail_quality, blur)
    return _specimen(source, PAPER_BER, 0, source.path.stem, original, damaged, PAPER_MEDIUM, guide)


def _simulated(source: Source, simulation: Simulation, blur: float) -> Specimen:
    truth = read_truth(source.path)
    folder = source.path.parent
    original, stored = read_file(folder / truth.original), read_file(folder / f"{truth.name}.dd")
    if digest(original) != truth.sha256:
        raise UsageError(f"{truth.original} is no longer the file that {source.path} tells of")
    jpeg = truth.medium.read(stored)[: truth.damaged_size]
    damaged = Damage(stored, jpeg, truth.flips, truth.spared, truth.regions)
    if simulation.thumbnails == "none" and find_thumbnail(jpeg) is not None:
        raise UsageError(f"{truth.name}.jpg has its thumbnail inside: simulate it with --without-thumbnails")
    policy: ThumbnailPolicy = "beside" if simulation.thumbnails == "beside" else "own"
    guide = _guide(original, damaged.jpeg, policy, simulation.thumbnail_quality, blur)
    return _specimen(source, truth.ber, truth.seed, truth.name, original, damaged, truth.medium, guide)


def _specimen(
    source: Source,
    ber: float,
    seed: int,
    name: str,
    original: bytes,
    damaged: Damage,
    medium: Medium,
    guide: Thumbnail | None,
) -> Specimen:
    end = picture_end(original)
    seen = DamagedFile(name, damaged.jpeg, damaged.stored, medium, guide)
    flips = flips_that_matter(damaged.flips, medium, end)
    region = damaged.regions[0].kind if damaged.regions else None
    return Specimen(source.dataset, ber, seed, seen, original, end, flips, damaged.destroyed(original), region)


def _guide(original: bytes, damaged: bytes, policy: ThumbnailPolicy, quality: int, blur: float) -> Thumbnail | None:
    """The thumbnail the damaged header yields; kept beside the file instead where the original has none of its own."""
    keep_beside = policy == "beside" and find_thumbnail(original) is None
    guide = beside(original, quality) if keep_beside else find_thumbnail(damaged)
    return guide if guide is None or blur == 0 else blurred(guide, blur)


def blurred(thumbnail: Thumbnail, sigma: float) -> Thumbnail:
    """The thumbnail under a Gaussian blur, as uncompressed pixels; one that cannot be read stays as it is.

    Raises:
        UsageError: a negative blur.
    """
    if sigma < 0:
        raise UsageError(f"a blur cannot be negative: {sigma}")
    pixels = thumbnail_pixels(thumbnail)
    if pixels is None:
        return thumbnail
    buffer = io.BytesIO()
    Image.fromarray(pixels).filter(ImageFilter.GaussianBlur(sigma)).save(buffer, "PPM")
    return replace(thumbnail, data=buffer.getvalue())
