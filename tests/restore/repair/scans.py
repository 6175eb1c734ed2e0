"""A photo whose scan is damaged and searched, the state of that scan, and places in it."""

from __future__ import annotations

import io
import json
from functools import lru_cache
from pathlib import Path

import numpy as np
from PIL import Image

from restore import decode
from restore.lab.simulation.bit_errors import Flip
from restore.lab.simulation.embed import embed_thumbnail, make_thumbnail
from restore.repair.search.hypotheses import Reversal
from restore.scan.preparation import open_scan, recalibrate
from restore.scan.scan import Scan
from tests.restore.repair.headers import Damaged, flipped

SAMPLES = Path(__file__).parents[3] / "sample_images"


@lru_cache(maxsize=1)
def photo() -> bytes:
    """A cut of 480×320 from a camera photo, with a thumbnail."""
    first = json.loads((SAMPLES / "plain.truth.json").read_text())["photos"][0]
    with (SAMPLES / "plain.dd").open("rb") as image:
        image.seek(first["offset"])
        stored = image.read(first["size"])
    coded = io.BytesIO()
    Image.open(io.BytesIO(stored)).crop((160, 160, 640, 480)).save(coded, "JPEG", quality=88)
    return embed_thumbnail(coded.getvalue(), make_thumbnail(coded.getvalue()))


def place(share: float) -> int:
    """The first byte of an AES block in the scan that is not its sector's last, at a share of the way through."""
    start = decode(photo()).header.scan.entropy_start
    block = int(start + share * (len(photo()) - start)) // 16
    return 16 * (block - (block % 32 == 31))


def damaged(*flips: Flip) -> tuple[Damaged, Scan]:
    """A photo with these flips, and its undamaged scan as it is when all are reversed."""
    case = flipped(photo(), flips)
    whole = decode(photo())
    scan = open_scan(photo(), whole, whole.end - 2)
    recalibrate(scan)
    return case, scan


def reversal(case: Damaged, flip: Flip) -> Reversal:
    unit = int(np.searchsorted(case.model.starts, flip.offset, side="right")) - 1
    bit = 8 * (flip.offset - int(case.model.starts[unit])) + flip.bit
    assert case.model.place(unit, bit) == (flip.offset, flip.bit)
    return Reversal(unit, bit, 100.0, 50.0, certain=True)
