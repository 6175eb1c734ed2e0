"""Make undamaged JPEG pictures of many kinds, the same ones for the same seed.

python -m tests.undamaged FOLDER --per-kind 40 --seed 0 --photos PHOTOS [--photos MORE] [--kind NAME …]

Each kind is a subfolder. Photographs are taken from PHOTOS; everything else is drawn. Odd sampling factors need
`cjpeg` (Debian: libjpeg-turbo-progs).
"""

from __future__ import annotations

import argparse
import sys
import zlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from carving.errors import CarveRestoreError
from tests.undamaged.encoding import draw_coding, encode
from tests.undamaged.kinds import KINDS
from tests.undamaged.photos import Photos


def make(kind: str, number: int, seed: int, photos: Photos) -> bytes:
    """One picture: the same for the same kind, number, seed and photographs."""
    random = np.random.default_rng([seed, zlib.crc32(kind.encode("ascii")), number])
    picture = KINDS[kind](random, photos)
    return encode(random, picture, draw_coding(random))


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the pictures."""
    parser = argparse.ArgumentParser(prog="python -m tests.undamaged", description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--per-kind", type=int, default=40)
    parser.add_argument("--first", type=int, default=0, help="number of the first picture of each kind")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--photos", type=Path, action="append", required=True)
    parser.add_argument("--kind", choices=list(KINDS), action="append")
    chosen = parser.parse_args(arguments)
    try:
        photos = Photos(chosen.photos)
        for kind in chosen.kind or KINDS:
            folder = chosen.folder / kind
            folder.mkdir(parents=True, exist_ok=True)
            for number in range(chosen.first, chosen.first + chosen.per_kind):
                (folder / f"{kind}-{chosen.seed}-{number:04}.jpg").write_bytes(make(kind, number, chosen.seed, photos))
    except CarveRestoreError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
