"""Build a medium on which carvers can be compared: whole, fragmented, truncated, shifted, mixed and headless JPEGs.

    python -m tests.bench.carver_image MEDIA bench.img

writes the image and, beside it, `bench.json` with what lies where. The same media, seed and size give the same bytes.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import json
import warnings
import zlib
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import BinaryIO, Final

import numpy as np
from PIL import Image

BLOCK: Final = 4096
_SMALLEST: Final = 4096
_LARGEST_GAP_IN_FILE: Final = 63
_MIB: Final = 1 << 20
COUNTS: Final = {"bifragmented": 64, "truncated": 44, "shifted": 6, "interleaved": 6, "orphan": 8}
"""How many files of each kind; all others are whole."""


@dataclass(frozen=True)
class Placed:
    """One file on the medium: its kind, the digest and size of its bytes there, and the runs that hold them."""

    name: str
    kind: str
    sha256: str
    size: int
    runs: list[tuple[int, int]]
    gap: str = ""


@dataclass
class Medium:
    """The image being written, block by block, and what has been put on it."""

    stream: BinaryIO
    generator: np.random.Generator
    placed: list[Placed] = field(default_factory=list)

    def fill(self, kind: str, length: int) -> None:
        """Write bytes that are no JPEG (`noise`, `zeros`, `text`, `packed`)."""
        self.stream.write(filling(kind, length, self.generator))

    def gap(self, mean: int) -> None:
        """Up to twice `mean` bytes between files, in whole blocks."""
        kind = str(self.generator.choice(["noise", "zeros", "text", "packed"], p=[0.4, 0.4, 0.1, 0.1]))
        self.fill(kind, BLOCK * int(self.generator.integers(1, max(2, 2 * mean // BLOCK))))

    def put(self, data: bytes) -> tuple[int, int]:
        """Write bytes, fill up their last block with zeros, and tell their run."""
        run = (self.stream.tell(), len(data))
        self.stream.write(data + bytes(-sum(run) % BLOCK))
        return run

    def note(self, name: str, kind: str, data: bytes, runs: list[tuple[int, int]], gap: str = "") -> None:
        self.placed.append(Placed(name, kind, hashlib.sha256(data).hexdigest(), len(data), runs, gap))


def filling(kind: str, length: int, generator: np.random.Generator) -> bytes:
    """`length` bytes that are no JPEG."""
    if kind == "zeros":
        return bytes(length)
    if kind == "noise":
        return generator.bytes(length)
    words = np.array([b"evidence ", b"of ", b"the ", b"quick ", b"brown\n", b"invoice ", b"2023 ", b"<p>", b"</p>\n"])
    text = b"".join(words[generator.integers(0, len(words), length // 2 + 64)])
    return text[:length] if kind == "text" else (zlib.compress(generator.bytes(length) + text))[:length]


def collect(media: Path) -> list[tuple[str, bytes]]:
    """Distinct JPEGs of at least 4 KiB below a folder that begin and end as such and that Pillow decodes."""
    found: dict[bytes, tuple[str, bytes]] = {}
    for path in sorted(path for path in media.rglob("*") if path.is_file()):
        data = path.read_bytes()
        if (
            len(data) >= _SMALLEST
            and data.startswith(b"\xff\xd8\xff")
            and data.endswith(b"\xff\xd9")
            and _decodes(data)
        ):
            found.setdefault(hashlib.sha256(data).digest(), (str(path.relative_to(media)), data))
    return list(found.values())


def _decodes(data: bytes) -> bool:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            with Image.open(io.BytesIO(data)) as picture:
                picture.load()
        except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
            return False
    return True


def build(files: list[tuple[str, bytes]], image: Path, size: int, seed: int) -> list[Placed]:
    """Write the image and return what lies on it."""
    generator = np.random.default_rng(seed)
    order = [files[index] for index in generator.permutation(len(files))]
    long = [entry for entry in order if len(entry[1]) >= 8 * BLOCK]
    kinds = iter(long)
    chosen = {kind: [next(kinds) for _ in range(count)] for kind, count in COUNTS.items()}
    taken = {name for entries in chosen.values() for name, _ in entries}
    jobs = [("whole", [entry]) for entry in order if entry[0] not in taken]
    jobs += [(kind, [entry]) for kind, entries in chosen.items() if kind != "interleaved" for entry in entries]
    jobs += [("interleaved", list(pair)) for pair in zip(*[iter(chosen["interleaved"])] * 2, strict=True)]
    mean = max(2 * BLOCK, (size - sum(len(data) for _, data in files)) // len(jobs) - 16 * BLOCK)
    with image.open("wb") as stream:
        medium = Medium(stream, generator)
        for index in generator.permutation(len(jobs)):
            kind, entries = jobs[index]
            medium.gap(mean)
            _PLACERS[kind](medium, entries, [data for _, data in long])
        while stream.tell() < size:
            medium.gap(16 * mean)
        stream.truncate(size)
    return medium.placed


def _whole(medium: Medium, entries: list[tuple[str, bytes]], _others: list[bytes]) -> None:
    for name, data in entries:
        medium.note(name, "whole", data, [medium.put(data)])


def _shifted(medium: Medium, entries: list[tuple[str, bytes]], _others: list[bytes]) -> None:
    for name, data in entries:
        medium.fill("noise", int(medium.generator.integers(1, BLOCK)))
        medium.note(name, "shifted", data, [medium.put(data)])


def _cut(data: bytes, generator: np.random.Generator) -> int:
    """A block boundary inside the file that leaves at least a block of its second half behind it."""
    return BLOCK * int(generator.integers(1, (len(data) - 1) // BLOCK))


def _truncated(medium: Medium, entries: list[tuple[str, bytes]], _others: list[bytes]) -> None:
    for name, data in entries:
        kept = data[: max(2 * BLOCK, _cut(data, medium.generator))]
        medium.note(name, "truncated", kept, [medium.put(kept)])


def _orphan(medium: Medium, entries: list[tuple[str, bytes]], _others: list[bytes]) -> None:
    for name, data in entries:
        kept = data[_cut(data, medium.generator) :]
        medium.note(name, "orphan", kept, [medium.put(kept)])


def _bifragmented(medium: Medium, entries: list[tuple[str, bytes]], others: list[bytes]) -> None:
    for name, data in entries:
        cut = _cut(data, medium.generator)
        first = medium.put(data[:cut])
        length = BLOCK * int(medium.generator.integers(1, _LARGEST_GAP_IN_FILE + 1))
        kind = str(medium.generator.choice(["noise", "text", "zeros", "stale"], p=[0.6, 0.1, 0.1, 0.2]))
        if kind == "stale":
            medium.stream.write(_stale(others, length, medium.generator))
        else:
            medium.fill(kind, length)
        medium.note(name, "bifragmented", data, [first, medium.put(data[cut:])], kind)


def _stale(others: list[bytes], length: int, generator: np.random.Generator) -> bytes:
    """Blocks from inside of other pictures, as deleted files leave them."""
    stale = bytearray()
    while len(stale) < length:
        other = others[int(generator.integers(len(others)))]
        start = _cut(other, generator)
        stale += other[start : start + (len(other) - start) // BLOCK * BLOCK]
    return bytes(stale[:length])


def _interleaved(medium: Medium, entries: list[tuple[str, bytes]], _others: list[bytes]) -> None:
    """A first part, B first part, A's rest, B's rest."""
    cuts = [_cut(data, medium.generator) for _, data in entries]
    heads = [medium.put(data[:cut]) for (_, data), cut in zip(entries, cuts, strict=True)]
    tails = [medium.put(data[cut:]) for (_, data), cut in zip(entries, cuts, strict=True)]
    for (name, data), head, tail in zip(entries, heads, tails, strict=True):
        medium.note(name, "interleaved", data, [head, tail])


_PLACERS: Final = {
    "whole": _whole,
    "shifted": _shifted,
    "truncated": _truncated,
    "orphan": _orphan,
    "bifragmented": _bifragmented,
    "interleaved": _interleaved,
}


def _lines(placed: list[Placed]) -> Iterator[str]:
    for kind in _PLACERS:
        entries = [entry for entry in placed if entry.kind == kind]
        yield f"{kind}: {len(entries)} files, {sum(entry.size for entry in entries):,} bytes"


def main() -> None:
    """Entry point of the script."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("media", type=Path, help="folder with JPEGs")
    parser.add_argument("image", type=Path)
    parser.add_argument("--size", type=int, default=1024, help="MiB")
    parser.add_argument("--seed", type=int, default=20230618)
    options = parser.parse_args()
    placed = build(collect(options.media), options.image, options.size * _MIB, options.seed)
    options.image.with_suffix(".json").write_text(json.dumps([asdict(entry) for entry in placed], indent=1))
    print(*_lines(placed), sep="\n")


if __name__ == "__main__":
    main()
