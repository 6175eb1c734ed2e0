"""Damage one photo as worn encrypted flash does, restore it, and measure against the original: the Python interface.

`python docs/examples/measure.py photo.jpg --ber 1e-5 --seed 1`
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import numpy as np

import carving
import restore
from carving.encryption.sectors import encrypt_sectors
from restore.lab.quality.metrics import psnr, squared_error
from restore.lab.simulation.bit_errors import apply_flips, draw_flips, generator
from restore.provenance import counts

KEY = bytes(range(16))
SECTOR = 512


def main() -> None:
    """Read the arguments, damage the photo, and print what each way of reading it gives."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photo", type=Path)
    parser.add_argument("--ber", type=float, default=1e-5, help="bit error rate of the medium")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    original = options.photo.read_bytes()
    truth = restore.decode(original).pixels
    with tempfile.TemporaryDirectory() as folder:
        medium = Path(folder) / "medium.dd"
        flips = write_damaged(original, medium, options.ber, options.seed)
        print(f"{flips} bits of the medium flipped")
        measure(medium, truth)


def write_damaged(photo: bytes, medium: Path, ber: float, seed: int) -> int:
    """Write an encrypted medium that holds the photo, with bits of it flipped; their number."""
    stored = encrypt_sectors(photo.ljust(-len(photo) % SECTOR + len(photo), b"\0"), KEY)
    flips = draw_flips(generator(seed, ber, photo), 0, len(stored), ber)
    medium.write_bytes(apply_flips(stored, flips))
    return len(flips)


def measure(medium: Path, truth: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]) -> None:
    """Carve the medium, decode and restore what is in it, and print how close each comes to the truth."""
    source = carving.open_evidence(medium, key=KEY)
    for fragment in carving.carve(source):
        decoded = restore.decode(fragment.data).pixels
        restored = restore.restore(fragment, carving.flip_model(source, fragment))
        print(f"{fragment.offset}: {restored.status}, {len(restored.bit_flips)} flips reversed")
        for name, pixels in (("decoded past the damage", decoded), ("restored", restored.pixels)):
            if pixels is not None and pixels.shape == truth.shape:
                print(f"  {name}: {psnr(float(squared_error(pixels, truth).mean())):.2f} dB")
        if restored.provenance is not None:
            print("  blocks:", ", ".join(f"{number} {what}" for what, number in counts(restored.provenance).items()))


if __name__ == "__main__":
    main()
