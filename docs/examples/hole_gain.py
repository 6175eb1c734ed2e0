"""How much the network adds to the thumbnail that is matched at the rim: PSNR in Y, inside the holes only.

`python docs/examples/hole_gain.py FOLDER --ber 1e-5 --limit 4` damages the first pictures of every folder in FOLDER,
restores them without reversing flips, and compares what stands in the holes before and after the network.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from restore.decoding.robust import decode
from restore.gca.filling import by_network
from restore.gca.holes import Holes
from restore.lab.evaluation.specimens import Source, load
from restore.lab.quality import metrics
from restore.lab.simulation.medium import Medium, seeded_key
from restore.lab.simulation.originals import pictures_in
from restore.lab.simulation.simulate import Simulation
from restore.restoration import restore_with
from restore.thumbnail.guidance import Pixels


def main() -> None:
    """Measure and print one line for each picture, and the means."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--ber", type=float, default=1e-5)
    parser.add_argument("--limit", type=int, default=4)
    options = parser.parse_args()
    simulation = Simulation(options.ber, 1, Medium(seeded_key(0)), spare_headers=True, thumbnails="embedded")
    rows = []
    for folder in sorted(path for path in options.folder.iterdir() if path.is_dir()):
        for path in pictures_in(folder)[: options.limit]:
            row = compare(Source("picture", folder.name, path), simulation)
            if row is not None:
                rows.append(row)
                print(
                    f"{folder.name}/{path.name}: enlarged {row[0]:.2f}, matched {row[1]:.2f}, network {row[2]:.2f} dB"
                )
    means = np.mean(rows, axis=0)
    print(f"{len(rows)} pictures: enlarged {means[0]:.2f}, matched {means[1]:.2f}, network {means[2]:.2f} dB")


def compare(source: Source, simulation: Simulation) -> tuple[float, float, float] | None:
    """PSNR in the holes of one picture, of enlarged and of matched thumbnail and of the network; None without holes."""
    specimen = load(source, simulation, 0.0)
    truth = metrics.luma(decode(specimen.original).pixels)
    network = by_network("cpu")
    found: list[tuple[float, float, float]] = []

    def both(holes: Holes) -> tuple[Pixels, tuple[str, ...]]:
        made, remarks = network(holes)

        def inside(pixels: Pixels) -> float:
            error = metrics.squared_error(truth, metrics.luma(pixels))
            return metrics.psnr(float(error[holes.hole].mean()))

        found.append((inside(holes.guide), inside(holes.filled), inside(made)))
        return made, remarks

    restore_with(both, specimen.damaged.jpeg, thumbnail=specimen.damaged.thumbnail, effort=0)
    return found[0] if found else None


if __name__ == "__main__":
    main()
