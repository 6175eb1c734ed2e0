"""Damage files as a medium would and write them down with the truth: `carve-restore simulate`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from carving.errors import JpegError, UnsupportedJpegError, UsageError
from carving.source import Run
from restore.lab.simulation.damage import Damage, damage, picture_end, spared_header
from restore.lab.simulation.embed import THUMBNAIL_QUALITY
from restore.lab.simulation.medium import Medium
from restore.lab.simulation.originals import Original, ThumbnailPolicy, donor_of, read_original
from restore.lab.simulation.regions import RegionKind
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
        region: the kind of region to destroy besides; None for flips alone.
    """

    ber: float
    seed: int
    medium: Medium = field(default_factory=Medium)
    spare_headers: bool = False
    thumbnails: ThumbnailPolicy = "own"
    thumbnail_quality: int = THUMBNAIL_QUALITY
    region: RegionKind | None = None

    def damage(self, original: bytes, other: bytes | None = None) -> Damage:
        """What happens to one file on its medium; `other` is another photo, for `foreign32k`.

        Raises:
            UsageError: an empty file, a rate that is no probability, no other photo where one is needed.
            UnsupportedJpegError: the region is too long for the file.
            JpegError: a header cannot be read.
        """
        spared = spared_header(original, self.medium) if self.spare_headers else Run(0, 0)
        return damage(original, self.medium, self.ber, self.seed, spared, self.region, other)

    def other_photo(self, path: Path, paths: Sequence[Path]) -> Path | None:
        """The photo among `paths` whose bytes overwrite a part of `path`, where the kind of region takes any."""
        return donor_of(path, paths, self.seed) if self.region is RegionKind.FOREIGN_32K else None


def simulate(
    paths: Sequence[Path], simulation: Simulation, output: Path, kinds: Sequence[RegionKind | None] = (None,)
) -> Iterator[Truth]:
    """Damage pictures one after the other, each once for every kind of region, or by flips alone where that is None.

    A picture that is too short for a kind of region is passed over.

    Writes into `output`, which exists, for each: `NAME.jpg` (the damaged file), `NAME.dd` (the damaged medium, which
    opens as evidence), `NAME.truth.json`, and `originals/NAME.jpg` where the original was made here. NAME ends on the
    kind of region.

    Raises:
        UsageError: a file cannot be read or is no picture; a rate that is no probability; no other photo where a region
            takes bytes of one.
    """
    taken: set[str] = set()
    for path in paths:
        for kind in kinds:
            one = replace(simulation, region=kind)
            try:
                original = read_original(path, one.thumbnails, one.thumbnail_quality)
                donor = one.other_photo(path, paths)
                other = None if donor is None else read_original(donor, "own", one.thumbnail_quality).data
                damaged = one.damage(original.data, other)
            except UnsupportedJpegError as error:
                if kind is None:
                    raise UsageError(f"{path}: {error}") from error
                continue
            except JpegError as error:
                raise UsageError(f"{path}: {error}") from error
            name = _unused(original.name if kind is None else f"{original.name}-{kind}", taken)
            yield _write(original, name, path, one, damaged, output)


def _write(original: Original, name: str, path: Path, simulation: Simulation, damaged: Damage, output: Path) -> Truth:
    medium, data = simulation.medium, original.data
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
        spared=damaged.spared,
        flips=damaged.flips,
        damaged_size=len(damaged.jpeg),
        regions=damaged.regions,
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
