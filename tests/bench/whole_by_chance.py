"""How often a damaged scan decodes to its last bit all the same: `python -m tests.bench.whole_by_chance PHOTOS`.

Every picture is damaged in each way `--draws` times, behind its header, and decoded. Counted is how often nothing in
the scan betrays it: all blocks in order, legal codes, restart markers in their places, the right end right behind.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Final

import numpy as np

from carving.errors import JpegError
from carving.jpeg.markers import read_header
from restore.decoding.robust import decode
from restore.lab.simulation.damage import picture_end
from restore.lab.simulation.medium import Medium, seeded_key

Damage = Callable[[bytes, int, int, np.random.Generator], bytes]
"""(file, first byte of the scan, byte behind it, random numbers) -> the damaged file."""

_SIZES: Final = ((0, 100_000), (100_000, 500_000), (500_000, 1 << 40))
_MEDIUM: Final = Medium(seeded_key(1))


def flips(count: int, medium: Medium) -> Damage:
    """So many flips of the medium anywhere in the scan."""

    def damage(file: bytes, first: int, last: int, random: np.random.Generator) -> bytes:
        stored = bytearray(medium.store(file))
        low = -(-first // medium.block) * medium.block
        for place in random.integers(8 * low, 8 * last, count).tolist():
            stored[place >> 3] ^= 128 >> (place & 7)
        return medium.read(bytes(stored))[: len(file)]

    return damage


def region(size: int, kind: str) -> Damage:
    """A cluster of the file replaced, missing, or too much."""

    def damage(file: bytes, first: int, last: int, random: np.random.Generator) -> bytes:
        start = int(random.integers(first, max(first + 1, last - size)))
        filling = {"zeros": bytes(size), "ones": b"\xff" * size, "noise": random.bytes(size), "missing": b""}
        put = filling.get(kind, file[first : first + size])  # foreign: entropy-coded bytes from elsewhere
        return file[:start] + put + file[start + (0 if kind == "inserted" else size) :]

    return damage


WAYS: Final[dict[str, Damage]] = (
    {f"{count} flips, encrypted": flips(count, _MEDIUM) for count in (1, 2, 3, 5, 10)}
    | {f"{count} flips, not encrypted": flips(count, Medium(None)) for count in (1, 2, 3, 5, 10, 100)}
    | {f"{size} bytes {kind}": region(size, kind)
       for size in (512, 4096, 32768) for kind in ("zeros", "ones", "noise", "foreign", "missing", "inserted")}
)  # fmt: skip


def main() -> None:
    """Print, by kind of damage and size of file, in how many of how many draws the scan was whole."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("photos", type=Path)
    parser.add_argument("--draws", type=int, default=10)
    parser.add_argument("--limit", type=int, default=25, help="pictures, the smallest first")
    arguments = parser.parse_args()
    tally: dict[tuple[str, int], list[int]] = {}
    paths = sorted(arguments.photos.rglob("*.jp*g"), key=lambda path: path.stat().st_size)
    for path in paths[: arguments.limit]:
        file = path.read_bytes()
        size = next(index for index, (low, high) in enumerate(_SIZES) if low <= len(file) < high)
        try:
            header = read_header(file)
            if header.frame.progressive or not decode(file).flawless:
                continue
        except JpegError:
            continue
        for number, (name, damage) in enumerate(WAYS.items()):
            random = np.random.default_rng([number, len(file)])
            for _ in range(arguments.draws):
                damaged = damage(file, header.scan.entropy_start, picture_end(file) - 2, random)
                if damaged == file:
                    continue
                counts = tally.setdefault((name, size), [0, 0])
                counts[0] += decode(damaged).flawless
                counts[1] += 1
    print("damage".ljust(28) + "".join(f"{low // 1000:>9} kB on" for low, _ in _SIZES))
    for name in WAYS:
        cells = [tally.get((name, size), [0, 0]) for size in range(len(_SIZES))]
        print(name.ljust(28) + "".join(f"{hits:>6} of {draws:<5}" for hits, draws in cells))


if __name__ == "__main__":
    main()
