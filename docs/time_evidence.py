"""Time the reading of a compressed E01 beside libewf, and reading with hashing beside one after the other.

`python docs/time_evidence.py` writes a medium of text, program code, photographs' bytes and blanks, has `ewfacquire`
compress it, and prints Markdown. It needs ewf-tools and libewf-python.
"""

from __future__ import annotations

import argparse
import hashlib
import random
import subprocess
import sys
import tempfile
import time
import zlib
from collections.abc import Callable
from pathlib import Path
from unittest.mock import patch

import pyewf

from carving.media.ewf import decoding_pool
from carving.media.ewf.ewf_source import open_ewf
from carving.support.cores import available_cores
from plugin.custody.hashing import hash_source
from restore.lab.speed.timing import race

PIECE = 1 << 20
READ = 4 << 20
ALGORITHMS = ("sha256",)


def main() -> None:
    """Make the image, let the contestants take turns, print their speeds."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=int, default=128, help="MiB of the medium")
    parser.add_argument("--rounds", type=int, default=5, help="measured runs of each")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        image = make_image(Path(folder), options.size)
        stored = image.stat().st_size >> 20
        print(f"{options.size} MiB, compressed to {stored} MiB, {available_cores()} cores\n")
        print("| task | MB per second | MB per second of one core |\n| --- | --- | --- |")
        contestants: dict[str, Callable[[], object]] = {
            "read, all cores": lambda: read(image),
            "read, one core": lambda: on_one_core(lambda: read(image)),
            "read, libewf": lambda: read_with_libewf(image),
            f"hash ({' and '.join(ALGORITHMS)}) while reading": lambda: hash_beside(image),
            "hash, then read on, one core": lambda: on_one_core(lambda: hash_in_turn(image)),
        }
        by_wall = race(contestants, options.rounds)
        by_core = race(contestants, options.rounds, time.process_time)
        for name in contestants:
            speeds = (options.size * 1.048576 / timings[name].median for timings in (by_wall, by_core))
            print(f"| {name} | {' | '.join(f'{speed:.0f}' for speed in speeds)} |")


def make_image(folder: Path, size: int) -> Path:
    """An E01 of `size` MiB, compressed with ewfacquire's `fast`."""
    source = random.Random(6)
    code = Path(sys.modules["_hashlib"].__file__ or sys.executable).read_bytes()
    text = zlib.__doc__.encode() * 400 if zlib.__doc__ else b"text " * 40_000
    raw = folder / "medium.raw"
    with raw.open("wb") as stream:
        for _ in range(size):
            kind = source.randrange(4)
            content = (bytes(PIECE), code, text, source.randbytes(PIECE))[kind]
            stream.write((content * (PIECE // len(content) + 1))[:PIECE])
    target = folder / "medium"
    subprocess.run(["ewfacquire", "-u", "-q", "-c", "deflate:fast", "-t", str(target), str(raw)], check=True)
    raw.unlink()
    return target.with_suffix(".E01")


def read(image: Path) -> None:
    """Every byte, with the tool's own reader."""
    source = open_ewf(image)
    for offset in range(0, source.size, READ):
        source.read_at(offset, READ)
    source.close()


def read_with_libewf(image: Path) -> None:
    """Every byte, with libewf's Python binding."""
    handle = pyewf.handle()
    handle.open([str(image)])
    while handle.read(READ):
        pass
    handle.close()


def hash_beside(image: Path) -> None:
    """As a run hashes: each digest in a thread of its own, beside the reading."""
    source = open_ewf(image)
    hash_source(source, ALGORITHMS, lambda _done, _total: None)
    source.close()


def hash_in_turn(image: Path) -> None:
    """Read a piece, then one digest after the other, then the next piece."""
    source = open_ewf(image)
    digests = [hashlib.new(name, usedforsecurity=False) for name in ALGORITHMS]
    for offset in range(0, source.size, READ):
        data = source.read_at(offset, READ)
        for digest in digests:
            digest.update(data)
    source.close()


def on_one_core(work: Callable[[], object]) -> None:
    """Without the threads that decode side by side and ahead."""
    with patch.object(decoding_pool, "available_cores", lambda: 1):
        work()


if __name__ == "__main__":
    main()
