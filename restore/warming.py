"""The first run compiles the kernels; here that is done at once, so that it can be shown as what it is."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Final

STEPS: Final = ("sequential decoder", "progressive decoder", "search for flipped bits and placement")


def is_cold() -> bool:
    """Whether any kernel that the main job needs is not in numba's cache on disk, made of the sources as they are."""
    from carving.carver.block_kernels import look_over
    from carving.jpeg.coding_kernels import walk_mcus
    from carving.jpeg.mcu_kernel import count_mcus
    from carving.support.compiled import is_cached
    from restore.decoding.entropy_kernels import decode_robust
    from restore.decoding.progressive_kernels import refine_ac
    from restore.placement.anchor_kernels import best_anchor
    from restore.placement.by_seams.chain_kernels import chain_back
    from restore.repair.header.byte_kernels import price
    from restore.scan.extend_kernels import evaluate
    from restore.segments.reading_kernels import seams_of_breaks
    from restore.thumbnail.membrane_kernels import relax

    return not all(
        map(
            is_cached,
            (
                look_over,
                walk_mcus,
                count_mcus,
                decode_robust,
                refine_ac,
                best_anchor,
                chain_back,
                price,
                evaluate,
                seams_of_breaks,
                relax,
            ),
        )
    )


def warm_up(progress: Callable[[str, int, int], None]) -> None:
    """Compile all kernels, or load them from the cache, by restoring small pictures.

    Args:
        progress: hears the name of each step, its number from 0, and how many there are, before it begins; and once
            more with number = count at the end.
    """
    tasks = (_decode_sequential, _decode_progressive, _restore)
    for number, (name, task) in enumerate(zip(STEPS, tasks, strict=True)):
        progress(name, number, len(STEPS))
        task()
    progress("ready", len(STEPS), len(STEPS))


def _decode_sequential() -> None:
    from carving.carver.block_map import judge
    from carving.jpeg.coding import check_scan, coding_of
    from carving.jpeg.markers import read_header
    from carving.jpeg.mcu_count import mcus_between
    from restore.decoding.robust import decode

    for mode in ("RGB", "CMYK"):
        picture = _small_jpeg(mode)
        decode(picture).pixels  # noqa: B018 - a property that renders
    header = read_header(picture)
    mcus_between(picture, header.scan.entropy_start, len(picture) - 2, header)
    coding = coding_of(header)
    assert coding is not None  # it is sequential
    check_scan(picture, header, coding)
    judge(picture, len(picture))


def _decode_progressive() -> None:
    from restore.decoding.robust import decode

    decode(_small_jpeg("RGB", progressive=True))


def _restore() -> None:
    """Restore a picture with noise in one stretch and without another, to be searched and placed."""
    import numpy as np

    from carving.flips.plain_flips import PlainFlips
    from carving.source import Run
    from restore.repair.header.header_bytes import ByteModel
    from restore.restoration import restore
    from restore.segments.reading_kernels import ENTRIES, seams_of_breaks
    from restore.thumbnail.guidance import fill

    edges = np.zeros((2, 1), dtype=np.float32)
    tables = np.zeros((2, 1, ENTRIES), dtype=np.float32)
    seams_of_breaks(edges, edges, np.zeros(1, dtype=np.int64), 1, 0, tables, np.zeros(2))

    ByteModel(np.zeros(1, dtype=np.uint8), np.zeros(1, dtype=np.bool_)).price(0, np.zeros((1, 1), np.uint8), 1, 0.0)
    grey = np.full((16, 16, 3), 128, dtype=np.uint8)
    fill(grey, grey, np.eye(16, dtype=np.bool_))
    picture = _small_jpeg("RGB")
    third, middle = len(picture) // 3, len(picture) * 2 // 3
    noise = np.random.default_rng(1).integers(0, 255, 300, dtype=np.uint8).tobytes()
    damaged = picture[:third] + noise + picture[third + 300 : middle] + picture[middle + 1000 :]
    restore(damaged, PlainFlips(len(damaged), (Run(0, len(damaged)),)))


def _small_jpeg(mode: str, **options: bool) -> bytes:
    """A picture of smooth random tones with enough detail to reach every branch that compiles."""
    import numpy as np
    from PIL import Image

    tones = np.random.default_rng(1).integers(0, 256, (24, 32, 3), dtype=np.uint8)
    buffer = io.BytesIO()
    large = Image.fromarray(tones).resize((320, 240), Image.Resampling.BICUBIC).convert(mode)
    large.save(buffer, "JPEG", quality=75, **options)
    return buffer.getvalue()
