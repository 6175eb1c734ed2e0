"""What each part of the restoration without flip reversal is worth: Y-PSNR of the picture as the parts are added.

`python docs/examples/ablations.py FOLDER --ber 1e-5 --limit 4` damages the first pictures of every folder in FOLDER and
prints a table with one line for each folder.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np

from restore.decoding.pixels import render
from restore.decoding.robust import decode
from restore.gca.filling import by_network, by_thumbnail, fill
from restore.gca.holes import Filler, Holes
from restore.gca.inference import restore_holes
from restore.lab.evaluation.specimens import Source, load
from restore.lab.quality import metrics
from restore.lab.simulation.damage import DamagedFile
from restore.lab.simulation.medium import Medium, seeded_key
from restore.lab.simulation.originals import pictures_in
from restore.lab.simulation.simulate import Simulation
from restore.repair.search.scan_repair import EFFORTS
from restore.repair.session import examine
from restore.restoration import restore_with
from restore.sca import self_compensate
from restore.thumbnail import guidance
from restore.thumbnail.guidance import Pixels


def robust(damaged: DamagedFile) -> Pixels:
    """The robust decoder alone."""
    return decode(damaged.jpeg).pixels


def sca(damaged: DamagedFile) -> Pixels:
    """And self-compensation and alignment."""
    decoded = decode(damaged.jpeg)
    return self_compensate(decoded.header, decoded.coefficients)


def seams(damaged: DamagedFile) -> Pixels:
    """Placed by seams instead, the thumbnail in the holes only."""
    decoded = decode(damaged.jpeg)
    session = examine(damaged.jpeg, decoded, None, EFFORTS[0])
    frame = decoded.header.frame
    provenance = session.provenance.reshape(frame.mcu_rows, frame.mcu_columns)
    picture = render(decoded.header, session.coefficients)
    small = None if damaged.thumbnail is None else guidance.thumbnail_pixels(damaged.thumbnail)
    return fill(picture, provenance, (frame.mcu_height, frame.mcu_width), small, by_enlargement)[0]


def guided(filler: Filler, damaged: DamagedFile) -> Pixels:
    """Placed by seams and thumbnail, filled by `filler`."""
    restored = restore_with(filler, damaged.jpeg, thumbnail=damaged.thumbnail, effort=0)
    return decode(damaged.jpeg).pixels if restored.pixels is None else restored.pixels


def by_enlargement(holes: Holes) -> tuple[Pixels, tuple[str, ...]]:
    """The enlarged thumbnail as it is."""
    return np.where(holes.hole[..., np.newaxis], holes.guide, holes.filled), ()


def unprojected(holes: Holes) -> tuple[Pixels, tuple[str, ...]]:
    """The network without the limits that the thumbnail sets to its colours."""
    return restore_holes(holes, "cpu").pixels, ()


PARTS: dict[str, Callable[[DamagedFile], Pixels]] = {
    "robust": robust,
    "SCA": sca,
    "placed by seams": seams,
    "and by thumbnail": partial(guided, by_enlargement),
    "and matched at the rim": partial(guided, by_thumbnail),
    "and network": partial(guided, unprojected),
    "and projected": partial(guided, by_network("cpu")),
}


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--ber", type=float, default=1e-5)
    parser.add_argument("--limit", type=int, default=4)
    options = parser.parse_args()
    simulation = Simulation(options.ber, 1, Medium(seeded_key(0)), spare_headers=True, thumbnails="embedded")
    print(f"| set | BER | files | {' | '.join(PARTS)} |\n|{' --- |' * (len(PARTS) + 3)}")
    for folder in sorted(path for path in options.folder.iterdir() if path.is_dir()):
        rows = [measure(Source("picture", folder.name, path), simulation) for path in _first(folder, options.limit)]
        means = " | ".join(f"{mean:.2f}" for mean in np.mean(rows, axis=0))
        print(f"| {folder.name} | {options.ber:g} | {len(rows)} | {means} |", flush=True)


def measure(source: Source, simulation: Simulation) -> list[float]:
    """Y-PSNR of one picture with each of the parts, dB; identical pictures as 100."""
    specimen = load(source, simulation, 0.0)
    truth = metrics.luma(decode(specimen.original).pixels)
    errors = (metrics.squared_error(truth, metrics.luma(part(specimen.damaged))).mean() for part in PARTS.values())
    return [min(100.0, metrics.psnr(float(error))) for error in errors]


def _first(folder: Path, limit: int) -> list[Path]:
    return list(pictures_in(folder))[:limit]


if __name__ == "__main__":
    main()
