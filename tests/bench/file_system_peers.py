"""Photos that this tool and others bring back from file systems that a kernel left full, in many pieces, and how fast.

    python -m tests.bench.file_system_peers ../shared/data/forensic/fs

The folder holds `fs.json` (name, SHA-256, deleted, sparse) and `KIND.img.gz`. A second table says the same of ext4 and
FAT32 that are made here, by the number of pieces that a photo lies in. The peers are Debian's tsk_recover, which
follows file systems, photorec, which carves, and both as Autopsy runs them: allocated files, then photorec over what
no file occupies. A photo counts when its SHA-256 is that of the file that was put there.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from tests.bench.pieces_images import PIECES, SPARSE, Photo, ext4, fat32

_LIMIT: Final = 240
_BACK: Final = {
    (True, True): "both",
    (True, False): "allocated",
    (False, True): "deleted",
    (False, False): "none",
}


def _ours(image: Path, folder: Path) -> None:
    _call([sys.executable, "-m", "plugin", str(image), "--carve-only", "--quiet", "-o", str(folder / "found")])


def _tsk_recover(image: Path, folder: Path) -> None:
    _call(["tsk_recover", "-e", str(image), str(folder / "found")])


def _photorec(image: Path, folder: Path) -> None:
    steps = "partition_none,options,paranoid,fileopt,everything,disable,jpg,enable,search"
    _call(["photorec", "/d", str(folder / "carved"), "/cmd", str(image), steps], folder)


def _autopsy(image: Path, folder: Path) -> None:
    _call(["tsk_recover", "-a", str(image), str(folder / "found")])
    free = folder / "free.dd"
    with free.open("wb") as file:
        subprocess.run(["blkls", str(image)], stdout=file, stderr=subprocess.DEVNULL, timeout=_LIMIT, check=False)
    if free.stat().st_size == 0:  # a file system that The Sleuth Kit does not know: all of it is carved
        free = image
    _photorec(free, folder)


CONTESTANTS: Final[dict[str, Callable[[Path, Path], None]]] = {
    "carve-restore": _ours,
    "tsk_recover -e": _tsk_recover,
    "photorec, paranoid": _photorec,
    "Autopsy's order of work": _autopsy,
}


def _call(command: list[str], folder: Path | None = None) -> None:
    subprocess.run(command, cwd=folder, capture_output=True, timeout=_LIMIT, check=False)


def recovered(contestant: str, image: Path) -> tuple[set[str], float]:
    """SHA-256 of the photos that a contestant brings back from an image, and seconds."""
    with tempfile.TemporaryDirectory(dir=image.parent) as temporary:
        begun = time.perf_counter()
        CONTESTANTS[contestant](image, Path(temporary))
        seconds = time.perf_counter() - begun
        found = {
            hashlib.sha256(path.read_bytes()).hexdigest()
            for path in Path(temporary).rglob("*")
            if path.suffix.lower() == ".jpg" and path.is_file()
        }
    return found, seconds


def measure(contestant: str, image: Path, truth: list[dict[str, object]]) -> str:
    """A cell of the table: allocated and deleted photos that came back, and seconds."""
    found, seconds = recovered(contestant, image)
    counts = (sum(photo["sha256"] in found for photo in truth if photo["deleted"] is gone) for gone in (False, True))
    return ", ".join(map(str, counts)) + f"; {seconds:.0f} s"


def by_pieces(contestant: str, image: Path, photos: tuple[Photo, ...]) -> str:
    """A row of the second table: what came back of each number of pieces, and seconds."""
    found, seconds = recovered(contestant, image)
    came = {(photo.pieces, photo.deleted): hashlib.sha256(photo.data).hexdigest() in found for photo in photos}
    cells = [
        _BACK[came[pieces, False], came[pieces, True]] if (pieces, True) in came else "" for pieces in (*PIECES, SPARSE)
    ]
    return f"| {contestant} | {image.stem} | {' | '.join(cells)} | {seconds:.0f} s |"


def _print_by_pieces(folder: Path) -> None:
    print(f"\n| | | {' | '.join(map(str, PIECES))} | with a hole | |\n|---|---|{'---|' * (len(PIECES) + 2)}")
    for image, photos in (ext4(folder), fat32(folder)):
        for contestant in CONTESTANTS:
            print(by_pieces(contestant, image, photos), flush=True)


def main() -> None:
    """Entry point of the script."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    truth = json.loads((folder / "fs.json").read_bytes())["files"]
    kinds = [path.name.partition(".")[0] for path in sorted(folder.glob("*.img.gz"))]
    print(f"| | {' | '.join(kinds)} |\n|---|{'---|' * len(kinds)}")
    with tempfile.TemporaryDirectory() as temporary:
        images = [Path(temporary) / f"{kind}.dd" for kind in kinds]
        for kind, image in zip(kinds, images, strict=True):
            image.write_bytes(gzip.decompress((folder / f"{kind}.img.gz").read_bytes()))
        for contestant in CONTESTANTS:
            cells = [measure(contestant, image, truth) for image in images]
            print(f"| {contestant} | {' | '.join(cells)} |", flush=True)
        _print_by_pieces(Path(temporary))


if __name__ == "__main__":
    main()
