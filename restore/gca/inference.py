"""Fill what is lost with the restorer: only windows around holes are computed, and only pixels in holes change."""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray

from restore.gca.devices import pick
from restore.gca.holes import Holes
from restore.gca.inputs import Pixels, network_input
from restore.gca.restorer import Restorer
from restore.gca.shipped import SHIPPED
from restore.gca.weight_files import load_restorer
from restore.thumbnail.hole_windows import HoleWindow, windows

MARGIN: Final = 40
"""Pixels of surroundings that the network sees around the holes of a window."""

_BLOCK: Final = (128, 256)
_BYTES_PER_PIXEL: Final = 2048
"""Memory that the network takes for one pixel of a window, measured and rounded up."""

DEFAULT_MEMORY: Final = 512 << 20
"""Bytes that the network may take."""

STEP: Final = 32
"""Window sides are multiples of it: few shapes, so that what is prepared for one serves the next."""


@dataclass(frozen=True, slots=True)
class Restored:
    """A picture with its holes filled, where it was computed, and the SHA-256 of the weights."""

    pixels: Pixels
    device: str
    weights_sha256: str


def restore_holes(holes: Holes, device: str, *, weights: Path = SHIPPED, memory: int = DEFAULT_MEMORY) -> Restored:
    """Replace the rim-matched thumbnail in holes by what the restorer makes of it; all other pixels stay exactly.

    Args:
        device: `auto`, `cpu` or `cuda`.
        memory: bytes that the network may take at a time.

    Raises:
        UsageError: `cuda` where there is none.
        WeightsError: the weights cannot be read.
    """
    network, digest, place = _ready(weights, device)
    threads = torch.get_num_threads() if place.type == "cpu" else 1
    pixels = holes.filled.copy()
    side = max(STEP, math.isqrt(memory // (threads * _BYTES_PER_PIXEL)) - 2 * MARGIN - STEP)
    found = windows(holes.hole, (min(side, _BLOCK[0]), min(side, _BLOCK[1])), MARGIN, STEP)
    # One window a thread: threads inside an operation wait for one another at every layer, and long on a busy machine.
    with ThreadPoolExecutor(threads, initializer=torch.set_num_threads, initargs=(1,)) as pool:
        for _ in pool.map(partial(_restore_window, network, place, holes, pixels), found):
            pass
    return Restored(pixels, place.type, digest)


def _restore_window(network: Restorer, device: torch.device, holes: Holes, pixels: Pixels, window: HoleWindow) -> None:
    """Set what the network makes of one window into `pixels`; the cores of windows do not overlap."""
    seen, inside = window.seen, holes.hole[window.core][..., np.newaxis]
    planes = network_input(holes.filled[seen], holes.guide[seen], holes.hole[seen], holes.doubtful[seen])
    core = holes.filled[window.core]
    added = 255.0 * _residual(network, device, planes)[window.inner]
    pixels[window.core] = np.where(inside, np.clip(np.rint(core + added), 0, 255).astype(np.uint8), core)


@lru_cache(maxsize=4)
def _ready(weights: Path, device: str) -> tuple[Restorer, str, torch.device]:
    place = pick(device)
    network, digest = load_restorer(weights, place)
    return network, digest, place


def _residual(network: Restorer, device: torch.device, planes: NDArray[np.float32]) -> NDArray[np.float32]:
    """What the network adds, float32 (height, width, 3) on a scale of 1, of two looks, one mirrored."""
    height, width = planes.shape[1:]
    pad = ((0, 0), (0, -height % network.multiple), (0, -width % network.multiple))
    inputs = torch.from_numpy(np.pad(planes, pad, mode="edge"))
    looks = torch.stack([inputs, inputs.flip(2)])
    with torch.inference_mode(), torch.backends.cudnn.flags(enabled=True, benchmark=False, deterministic=True):
        straight, mirrored = network(looks.to(device, memory_format=torch.channels_last))
    residual = 0.5 * (straight + mirrored.flip(2))
    return np.asarray(residual[:, :height, :width].permute(1, 2, 0).cpu().numpy(), dtype=np.float32)
