"""Restore a picture as the paper does, with networks trained by its recipe; none are shipped, they are too large."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray

from carving.errors import UsageError
from restore.gca.devices import pick, settle
from restore.gca.training.shards import read_set
from restore.paper.paper_model import SIZES, PaperGca, inputs_of, to_pixels
from restore.paper.paper_set import small

VARIABLE: Final = "CARVE_RESTORE_PAPER_WEIGHTS"
"""Environment variable with the folder of weights that `carve-restore train --recipe paper` has left."""

Pixels = NDArray[np.uint8]


@dataclass(frozen=True, eq=False, slots=True)
class PaperPictures:
    """Both stages of the network, uint8 (height, width, 3)."""

    coarse: Pixels
    fused: Pixels


def weights_folder() -> Path:
    """Where the trained networks are.

    Raises:
        UsageError: the variable that tells is not set.
    """
    folder = os.environ.get(VARIABLE)
    if not folder:
        raise UsageError(
            f"the paper's networks are not shipped: train them (carve-restore train --recipe paper) and name the "
            f"folder `weights` of the training in {VARIABLE}"
        )
    return Path(folder)


def restore_as_paper(compensated: Pixels, thumbnail: Pixels, device: str, weights: Path) -> PaperPictures:
    """Both pictures that the networks make of an SCA picture and a thumbnail.

    Args:
        compensated: uint8 (height, width, 3), the picture after the paper's SCA.
        thumbnail: uint8 (rows, columns, 3); it is brought to 160 pixels first, the size that was trained with.

    Raises:
        UsageError: the folder does not hold such networks; no such device.
    """
    network, place, levels = _ready(weights, device)
    height, width = compensated.shape[:2]
    multiple = max(network.generator.multiple, 1 << levels)
    pad = ((0, -height % multiple), (0, -width % multiple), (0, 0))
    whole = np.pad(compensated, pad, mode="edge")
    guide = np.pad(thumbnail, _share(pad, thumbnail, compensated), mode="edge")
    inputs, low = inputs_of(whole, small(guide), levels)
    with torch.inference_mode():
        coarse, fused = network(inputs[None].to(place), low[None].to(place))
    return PaperPictures(to_pixels(coarse[0])[:height, :width], to_pixels(fused[-1][0])[:height, :width])


def _share(pad: tuple[tuple[int, int], ...], thumbnail: Pixels, whole: Pixels) -> tuple[tuple[int, int], ...]:
    """How much a thumbnail grows where its picture is padded."""
    return tuple((0, round(amount * thumbnail.shape[axis] / whole.shape[axis])) for axis, (_, amount) in enumerate(pad))


@lru_cache(maxsize=1)
def _ready(weights: Path, device: str) -> tuple[PaperGca, torch.device, int]:
    found = read_set(weights)
    place = pick(device)
    try:
        size = SIZES[found.facts["settings"]["size"]]
        network = PaperGca(size)
        network.load_state_dict(dict(found.tensors))
    except (KeyError, RuntimeError) as error:
        raise UsageError(f"{weights} does not hold the paper's networks: {error}") from error
    return settle(network.eval().requires_grad_(False), place), place, size.levels
