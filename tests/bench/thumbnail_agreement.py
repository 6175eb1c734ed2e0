"""How often a thumbnail is right as a witness: for pictures as they are, and with another's rest behind a seam.

    python -m tests.bench.thumbnail_agreement MEDIA

The rest of the wrong picture is brought to the brightness of the last row before the seam, as in a smooth join.
"""

from __future__ import annotations

import argparse
import collections
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from carving.carver.thumbnail_agreement import Samples, agrees, samples_of, thumbnail_samples
from carving.jpeg.coding import coding_of, first_state, walk
from carving.jpeg.coding_kernels import WHOLE
from carving.jpeg.header_walk import walk_header
from carving.jpeg.picture_walk import sound_header
from tests.bench.carver_image import collect

_SEAMS = (0.25, 0.5, 0.75)
_WORDS = {True: "confirmed", False: "refused", None: "not told"}


def witnesses(media: Path) -> Iterator[tuple[Samples, Samples]]:
    """Thumbnail and picture of every sound baseline file that has one."""
    for _, data in collect(media):
        header = sound_header(data, walk_header(data))
        if header is None:
            continue
        coding = coding_of(header)
        thumbnail = thumbnail_samples(data, header.segments)
        if coding is None or thumbnail is None:
            continue
        stored = np.frombuffer(data, dtype=np.uint8)
        levels = np.zeros(coding.mcus, dtype=np.int64)
        state = first_state(header.scan.entropy_start, stored.size)
        whole = walk(stored, state, stored.size, coding, levels) == WHOLE
        picture = samples_of(levels, header) if whole else None
        if picture is not None:
            yield thumbnail, picture


def with_rest_of(picture: Samples, other: Samples, seam: float) -> Samples:
    """The picture with the rest of another behind the seam."""
    levels: NDArray[np.float64] = picture.levels.copy()
    first = int(seam * len(levels))
    rows = np.minimum(picture.down[first:] * len(other.levels), len(other.levels) - 1).astype(int)
    columns = np.minimum(picture.across * other.levels.shape[1], other.levels.shape[1] - 1).astype(int)
    rest = other.levels[np.ix_(rows, columns)]
    if first and len(rest):
        levels[first:] = rest + np.median(levels[first - 1]) - np.median(rest[0])
    return replace(picture, levels=levels)


def main() -> None:
    """Entry point of the script."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("media", type=Path, help="folder with JPEGs")
    found = list(witnesses(parser.parse_args().media))
    generator = np.random.default_rng(1)
    right: collections.Counter[bool | None] = collections.Counter()
    wrong: collections.Counter[bool | None] = collections.Counter()
    for number, (thumbnail, picture) in enumerate(found):
        for seam in _SEAMS:
            other = found[(number + int(generator.integers(1, len(found)))) % len(found)][1]
            right[agrees(thumbnail, picture, seam - 0.01, seam + 0.01)] += 1
            wrong[agrees(thumbnail, with_rest_of(picture, other, seam), seam - 0.01, seam + 0.01)] += 1
    print(f"{len(found)} pictures with a thumbnail, each cut at {', '.join(map(str, _SEAMS))} of its height")
    for name, counts in (("its own rest", right), ("another's rest", wrong)):
        print(f"{name}: {', '.join(f'{counts[answer]} {word}' for answer, word in _WORDS.items())}")


if __name__ == "__main__":
    main()
