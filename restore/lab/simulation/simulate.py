"""Damage files as a medium would and write them down with the truth: `carve-restore simulate`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from carving.errors import JpegError, UsageError
from carving.source import Run
from restore.lab.simulation.damage import damage, picture_end, spared_header
from restore.lab.simulation.embed import THUMBNAIL_QUALITY
from restore.lab.simulation.medium import Medium
from restore.lab.simulation.originals import Original, ThumbnailPolicy, read_original
from restore.lab.simulation.truth import SUFFIX, Truth, digest, write_truth


@dataclass(frozen=True, slots=True)
class Simulation:
    """What `simulate` is asked for.

    Attributes:
        ber: probability of each bit of the medium to be flipped.
        seed: every file's own random numbers follow from it and from the file's content.
        medium: how files are stored.
        spare_headers: flip nothing that would change a byte before the first scan's first one.
        thumbnails: what a source without a thumbnail gets.
        thumbnail_quality: JPEG quality of a thumbnail that is made.
    """

    ber: float
    seed: int
    medium: Medium = field(default_factory=Medium)
    spare_headers: bool = False
    thumbnails: ThumbnailPolicy = "own"
    thumbnail_quality: int = THUMBNAIL_QUALITY


def simulate(paths: Iterable[Path], simulation: Simulation, output: Path) -> Iterator[Truth]:
    """Damage pictures one after the other.

    Writes into `output`, which exists, for each: `NAME.jpg` (the damaged file), `NAME.dd` (the damaged medium, which
    opens as evidence), `NAME.truth.json`, and `originals/NAME.jpg` where the original was made here.

    Raises:
        UsageError: a file cannot be read or is no picture; a rate that is no probability.
    """
    taken: set[str] = set()
    for path in paths:
        try:
            original = read_original(path, simulation.thumbnails, simulation.thumbnail_quality)
            spared = spared_header(original.data, simulation.medium) if simulation.spare_headers else Run(0, 0)
        except JpegError as error:
            raise UsageError(f"{path}: {error}") from error
        name = _unused(original.name, taken)
        yield _write(original, name, path, simulation, spared, output)


def _write(original: Original, name: str, path: Path, simulation: Simulation, spared: Run, output: Path) -> Truth:
    medium, data = simulation.medium, original.data
    damaged = damage(data, medium, simulation.ber, simulation.seed, spared)
    if original.made == ("as stored",):
        origin = str(path.resolve())
    else:
        origin = f"originals/{name}.jpg"
        (output / "originals").mkdir(exist_ok=True)
        (output / origin).write_bytes(data)
    end = picture_end(data)
    truth = Truth(
        name=name,
        original=origin,
        made=original.made,
        size=len(data),
        sha256=digest(data),
        picture_size=end,
        picture_sha256=digest(data[:end]),
        ber=simulation.ber,
        seed=simulation.seed,
        medium=medium,
        spared=spared,
        flips=damaged.flips,
    )
    (output / f"{name}.jpg").write_bytes(damaged.jpeg)
    (output / f"{name}.dd").write_bytes(damaged.stored)
    write_truth(truth, output / f"{name}{SUFFIX}")
    return truth


def _unused(name: str, taken: set[str]) -> str:
    """`name`, or `name-2` and so on where an earlier file has it, whatever the case of its letters."""
    candidate, number = name, 1
    while candidate.lower() in taken:
        number += 1
        candidate = f"{name}-{number}"
    taken.add(candidate.lower())
    return candidate
