"""Time the reading of raw NAND: random data in the layouts of some presets, with no error and with one per code word.

`python docs/time_nand.py` prints Markdown; speeds are of one core, in MB of corrected data.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from carving.evidence import open_evidence
from carving.media.nand.bch import BchCode
from carving.media.nand.layout import NandLayout
from carving.media.nand.pages import PageDecoder
from carving.media.nand.settings import load_layout

PRESETS = ("linux-bch4-2048", "mt29f4g08-pmecc", "mx30lf2g18ac-gpmi", "linux-hamming-2048", "bch40-8192")
READ = 16 << 20


def main() -> None:
    """Make dumps, read them, print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=int, default=16, help="MiB of data in each dump")
    options = parser.parse_args()
    print("| layout | no error | one per code word |\n|---|---|---|")
    for name in PRESETS:
        layout = load_layout(name)
        pages = _pages(layout, (options.size << 20) // layout.page.data)
        clean = _speed(pages, name)
        sectors = np.arange(layout.page.sectors) * layout.page.sector + 100
        pages[:, PageDecoder(layout).data_columns[sectors]] ^= 4
        print(f"| {name} | {clean:.0f} MB/s | {_speed(pages, name):.0f} MB/s |")


def _pages(layout: NandLayout, count: int) -> NDArray[np.uint8]:
    """Pages of random data with their parities: uint8 (count, page size)."""
    generator = np.random.default_rng(1)
    pages = generator.integers(0, 256, (count, layout.page.size), dtype=np.uint8)
    for words in PageDecoder(layout).code_words:
        for messages, parities in zip(words.messages, words.parities, strict=True):
            parity = words.code.encode(np.ascontiguousarray(pages[:, messages]))
            if isinstance(words.code, BchCode):
                parity = words.code.bits[parity ^ words.code.mask]
            pages[:, parities] = parity
    return pages


def _speed(pages: NDArray[np.uint8], name: str) -> float:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "dump.bin")
        path.write_bytes(pages.tobytes())
        source = open_evidence(path, nand=name)
        source.read_at(0, 1)  # compiles
        begun = time.process_time()
        for offset in range(0, source.size, READ):
            source.read_at(offset, READ)
        spent = time.process_time() - begun
        size = source.size
        source.close()
    return size / 1e6 / spent


if __name__ == "__main__":
    main()
